import type { RequestBodyOf, StreamSource } from '@callreel/protocol';
import { CallreelError } from '../base/callreel-error.ts';
import { type MediaLine, mediaLinesOf } from './session-description.ts';

/** A sending line of an offer, with what the client says of its stream. */
export type DeclaredLine = MediaLine & { source: StreamSource; muted: boolean };

/**
 * The sending lines of an offer with what the client says of them; both must name the same.
 * @throws {CallreelError} `OfferRefused`, naming the line.
 */
export function sendingLines(sdp: string, streams: RequestBodyOf<'room.publish'>['streams']): DeclaredLine[] {
  const lines = mediaLinesOf(sdp).filter(({ sends }) => sends);
  const declared = streams.map(({ mid, kind, source, muted = false }): DeclaredLine => {
    const line = lines.find((each) => each.mid === mid);
    if (line === undefined || line.kind !== kind)
      throw new CallreelError(
        'OfferRefused',
        `streams names mid "${mid}" (${kind}); the offer has ${describe(lines)}.`,
      );
    return { ...line, source, muted };
  });
  if (new Set(declared.map(({ mid }) => mid)).size !== lines.length || declared.length !== lines.length) {
    throw new CallreelError(
      'OfferRefused',
      `streams has ${declared.length} entries; the offer sends ${describe(lines)}.`,
    );
  }
  if (new Set(declared.map(({ kind, source }) => `${kind} ${source}`)).size !== declared.length) {
    throw new CallreelError('OfferRefused', 'streams names one kind and source twice.');
  }
  return declared;
}

function describe(lines: readonly MediaLine[]): string {
  return lines.length === 0 ? 'no sending line' : lines.map(({ mid, kind }) => `"${mid}" (${kind})`).join(', ');
}
