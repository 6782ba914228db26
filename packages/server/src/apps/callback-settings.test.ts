import { describe, expect, test } from 'vitest';
import { checkCallbackSettings } from './callback-settings-schema.ts';

const good = { url: 'https://example.com/callbacks?a=1', key: 'abcXYZ019' };

describe('callback settings', () => {
  test.each([
    {},
    { room: good },
    { room: good, media: good, recording: good, call: good, own: good },
    { own: { url: 'http://[2606:4700::1]:8080', key: 'a' } },
    { own: { url: `https://example.com/${'a'.repeat(2028)}`, key: 'a'.repeat(32) } },
  ])('%j is taken', (settings) => {
    expect(checkCallbackSettings(settings)).toEqual(settings);
  });

  test.each([
    [null, 'must be object'],
    [[], 'must be object'],
    ['x', 'must be object'],
    [{ rooms: good }, 'rooms is not known'],
    [{ room: null }, 'room is null'],
    [{ room: 'https://example.com' }, 'must be object'],
    [{ room: {} }, 'is missing'],
    [{ room: { url: good.url } }, 'room.key is missing'],
    [{ room: { key: 'a' } }, 'room.url is missing'],
    [{ room: { ...good, secret: 'x' } }, 'room.secret is not known'],
    [{ room: { ...good, key: '' } }, 'room.key'],
    [{ room: { ...good, key: 'a'.repeat(33) } }, 'room.key'],
    [{ room: { ...good, key: 'with space' } }, 'room.key'],
    [{ room: { ...good, key: 7 } }, 'room.key'],
    [{ room: { ...good, url: '' } }, 'room.url'],
    [{ room: { ...good, url: 7 } }, 'room.url'],
    [{ media: { ...good, url: `https://example.com/${'a'.repeat(2029)}` } }, 'media.url'],
    [{ media: { ...good, url: 'ftp://example.com' } }, 'media.url is "ftp://example.com"'],
    [{ media: { ...good, url: 'file:///etc/passwd' } }, 'http:// or https://'],
    [{ media: { ...good, url: 'example.com' } }, 'http:// or https://'],
    [{ media: { ...good, url: 'http://' } }, 'http:// or https://'],
    [{ media: { ...good, url: 'http://a b' } }, 'http:// or https://'],
    [{ media: { ...good, url: 'http://example.com:99999' } }, 'http:// or https://'],
    [{ media: { ...good, url: 'http://user:pass@example.com' } }, 'no user, password'],
    [{ media: { ...good, url: 'http://example.com/#part' } }, 'fragment'],
    [{ media: { ...good, url: 'http://example.com/\r\nX: y' } }, 'http:// or https://'],
  ])('%j is refused', (settings, sentence) => {
    expect(() => checkCallbackSettings(settings)).toThrowError(
      expect.objectContaining({ code: 'ParameterInvalid', message: expect.stringContaining(sentence) }),
    );
  });
});
