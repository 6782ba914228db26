import type { StreamKind } from '@callreel/protocol';

/** One m-line of a session description, as far as rooms look at it. */
export type MediaLine = {
  /** Position among the m-lines, from 0. */
  index: number;
  mid: string;
  kind: StreamKind;
  sends: boolean;
};

/** The sound and picture lines of an SDP offer; other lines (data channels) count in the index only. */
export function mediaLinesOf(sdp: string): MediaLine[] {
  return sdp
    .split(/^m=/m)
    .slice(1)
    .flatMap((section, index): MediaLine[] => {
      const kind = /^(audio|video) (\d+) /.exec(section);
      const mid = /^a=mid:(\S+)\s*$/m.exec(section)?.[1];
      if (kind === null || mid === undefined || kind[2] === '0') return [];
      return [
        {
          index,
          mid,
          kind: kind[1] === 'audio' ? 'audio' : 'video',
          sends: !/^a=(recvonly|inactive)\s*$/m.test(section),
        },
      ];
    });
}
