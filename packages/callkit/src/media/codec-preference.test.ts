import { expect, it } from 'vitest';
import { preferCodec } from './codec-preference.ts';

const codecs = [
  { mimeType: 'video/VP8' },
  { mimeType: 'video/rtx' },
  { mimeType: 'video/AV1' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=1;profile-level-id=640c1f' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=0;profile-level-id=42e01f' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=1;profile-level-id=42e01f' },
];

it('offers the wanted codec alone, its commonest form first', () => {
  expect(preferCodec(codecs, 'vp8').map((codec) => codecs.indexOf(codec))).toEqual([0, 1]);
  expect(preferCodec(codecs, 'h264').map((codec) => codecs.indexOf(codec))).toEqual([5, 3, 1]);
});

it('offers what there is when the wanted codec is not', () => {
  const without = codecs.filter(({ mimeType }) => mimeType !== 'video/VP8');
  expect(preferCodec(without, 'vp8').map((codec) => codecs.indexOf(codec))).toEqual([1, 2, 3, 5]);
});
