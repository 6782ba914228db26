import { describe, expect, it } from 'vitest';
import { sessionIdOf, withOpusFec } from './session-description.ts';

const head = 'v=0\r\no=- 1234567 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n';

describe('sessionIdOf', () => {
  it('reads the session id, not the version', () => {
    expect(sessionIdOf(head)).toBe('1234567');
    expect(sessionIdOf('v=0\r\n')).toBe('');
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
    expect(withOpusFec(`${head}a=fmtp:111 useinbandfec=0;stereo=1\r\n`)).toBe(`${head}a=fmtp:111 useinbandfec=1;stereo=1\r\n`);
    const on = `${head}a=fmtp:111 useinbandfec=1\r\n`;
    expect(withOpusFec(on)).toBe(on);
  });
  it('leaves other codecs alone', () => {
    const other = 'a=rtpmap:96 VP8/90000\r\na=fmtp:96 max-fr=30\r\n';
    expect(withOpusFec(other)).toBe(other);
  });
});
