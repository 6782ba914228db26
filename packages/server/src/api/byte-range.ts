/** What a client asks of a file: all of it, one part (both ends included), or a part that is not there. */
export type ByteRange = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'outside' };

/**
 * Reads a `Range` header (RFC 9110, 14.2). What is not understood, and a list of several parts, is answered
 * by the whole file, as the standard allows.
 *
 * @param sizeBytes size of the file.
 */
export function byteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const match = header === undefined ? null : /^bytes=\s*([0-9]{0,16})-([0-9]{0,16})\s*$/i.exec(header);
  if (match === null) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: 'outside' } : { kind: 'part', start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  if (start >= sizeBytes) return { kind: 'outside' };
  return { kind: 'part', start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
