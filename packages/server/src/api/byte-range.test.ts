import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteRange } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';

describe('a Range header', () => {
  test.each([
    [undefined, { kind: 'whole' }],
    ['bytes=0-', { kind: 'part', start: 0, end: 99 }],
    ['bytes=0-0', { kind: 'part', start: 0, end: 0 }],
    ['bytes=10-19', { kind: 'part', start: 10, end: 19 }],
    ['Bytes=10-19', { kind: 'part', start: 10, end: 19 }],
    ['bytes=90-1000', { kind: 'part', start: 90, end: 99 }],
    ['bytes=-10', { kind: 'part', start: 90, end: 99 }],
    ['bytes=-1000', { kind: 'part', start: 0, end: 99 }],
    ['bytes=100-', { kind: 'outside' }],
    ['bytes=9999999999999999-', { kind: 'outside' }],
    ['bytes=-0', { kind: 'outside' }],
    ['bytes=20-10', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['lines=0-1', { kind: 'whole' }],
    ['bytes=99999999999999999999-', { kind: 'whole' }],
  ])('%o of 100 bytes', (header, expected) => {
    expect(byteRange(header, 100)).toEqual(expected);
  });

  test('of an empty file is never a part', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-5'])
      expect(byteRange(header, 0)).toEqual({ kind: 'outside' });
  });

  test('never leads out of the file', () => {
    const part = fc.oneof(fc.nat().map(String), fc.constant(''), fc.string());
    fc.assert(
      fc.property(part, part, fc.nat({ max: 1000 }), (first, last, size) => {
        const range = byteRange(`bytes=${first}-${last}`, size);
        if (range.kind !== 'part') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThan(size);
      }),
      { numRuns: 1000 },
    );
  });
});

test('a name in Content-Disposition can be read back and breaks out of nothing', () => {
  expect(contentDisposition('attachment', '1_录像.mp4')).toBe(
    `attachment; filename="1___.mp4"; filename*=UTF-8''1_%E5%BD%95%E5%83%8F.mp4`,
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const header = contentDisposition('inline', name);
      expect(header).toMatch(/^inline; filename="[\x20-\x21\x23-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9_.!~%-]*$/);
      expect(decodeURIComponent(header.slice(header.indexOf("''") + 2))).toBe(name.toWellFormed());
    }),
  );
});
