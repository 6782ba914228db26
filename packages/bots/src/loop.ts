/**
 * A stretch of media, encoded and packetised once and sent again and again: only headers are made anew for
 * each packet sent.
 */
export type Loop = {
  /** One entry a unit of time (a picture, or 20 ms of sound). */
  units: readonly { payloads: readonly Buffer[] /** Decodable without what came before. */; key: boolean }[];
  /** Ticks of the RTP clock in a second. */
  clockRate: number;
  /** Units in a second. */
  unitsPerSecond: number;
};
