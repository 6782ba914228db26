import { expect, it } from 'vitest';
import { preferCodec } from './codec-preference.ts';

const codecs = [
  { mimeType: 'video/VP8' },
  { mimeType: 'video/rtx' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=1;profile-level-id=640c1f' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=0;profile-level-id=42e01f' },
  { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=1;profile-level-id=42e01f' },
];

it('puts the wanted codec first and keeps the order of the rest', () => {
  expect(preferCodec(codecs, 'vp8').map((codec) => codecs.indexOf(codec))).toEqual([0, 1, 2, 4]);
  expect(preferCodec(codecs, 'h264').map((codec) => codecs.indexOf(codec))).toEqual([4, 2, 0, 1]);
});
