import { describe, expect, it } from 'vitest';
import { connectionIdOf, withOpusFec, withStartBitrate } from './session-description.ts';

const head =
  'v=0\r\no=- 1234567 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n';

describe('connectionIdOf', () => {
  it('reads the ICE user name, wherever it stands', () => {
    expect(connectionIdOf(`${head}a=ice-ufrag:Ab+1\r\na=ice-pwd:x\r\n`)).toBe('Ab+1');
    expect(connectionIdOf('v=0\r\n')).toBe('');
  });
});

describe('withOpusFec', () => {
  it('adds a line where there is none', () => {
    expect(withOpusFec(`${head}a=sendonly\r\n`)).toBe(`${head}a=fmtp:111 useinbandfec=1\r\na=sendonly\r\n`);
  });
  it('adds to the line that there is', () => {
    expect(withOpusFec(`${head}a=fmtp:111 minptime=10\r\n`)).toBe(`${head}a=fmtp:111 minptime=10;useinbandfec=1\r\n`);
  });
  it('turns 0 into 1 and leaves 1 alone', () => {
    expect(withOpusFec(`${head}a=fmtp:111 useinbandfec=0;stereo=1\r\n`)).toBe(
      `${head}a=fmtp:111 stereo=1;useinbandfec=1\r\n`,
    );
    const on = `${head}a=fmtp:111 useinbandfec=1\r\n`;
    expect(withOpusFec(on)).toBe(on);
  });
  it('leaves other codecs alone', () => {
    const other = 'a=rtpmap:96 VP8/90000\r\na=fmtp:96 max-fr=30\r\n';
    expect(withOpusFec(other)).toBe(other);
  });
});

describe('withStartBitrate', () => {
  it('speaks of every video codec, and of nothing else', () => {
    const lines = (...texts: string[]): string => texts.map((text) => `${text}\r\n`).join('');
    expect(
      withStartBitrate(
        lines(
          'a=rtpmap:96 VP8/90000',
          'a=rtpmap:97 rtx/90000',
          'a=fmtp:97 apt=96',
          'a=rtpmap:102 H264/90000',
          'a=fmtp:102 packetization-mode=1',
        ),
        600,
      ),
    ).toBe(
      lines(
        'a=rtpmap:96 VP8/90000',
        'a=fmtp:96 x-google-start-bitrate=600',
        'a=rtpmap:97 rtx/90000',
        'a=fmtp:97 apt=96',
        'a=rtpmap:102 H264/90000',
        'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=600',
      ),
    );
  });
});
