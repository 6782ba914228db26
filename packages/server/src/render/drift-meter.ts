/** Span of which the packet that waited least is taken. */
const SPAN_US = 5_000_000;
/** With fewer packets a span tells more of their jitter than of the clock. */
const LEAST_PACKETS = 20;
/** With fewer spans than this the jitter of single packets is all that is measured. */
const LEAST_SPANS = 4;
/** No two crystals differ by so much that their difference grows by this within two spans: the clock has leapt. */
const LEAP_US = 50_000;

/** A point of the lower envelope: the packet of a span that waited least. */
type Point = { atUs: number; delayUs: number };

/**
 * Measures how fast the sender's clock of a dump runs against ours: the slope of a straight line through the
 * packets that waited least, one for each 5 s. Leaps of either clock begin another line; all lines share one slope.
 */
export class DriftMeter {
  #epoch: number | null = null;
  #baseUs = 0;
  #baseRtpTime = 0;
  #span = 0;
  #point: Point | null = null;
  #packets = 0;
  #last: Point | null = null;
  #sums = { n: 0, x: 0, y: 0, xx: 0, xy: 0 };
  #shared = { xx: 0, xy: 0, points: 0 };

  /** Takes the next packet as it arrived. */
  push(packet: { arrivalUs: number; epoch: number; rtpTime: number }, clockHz: number): void {
    const { arrivalUs, epoch, rtpTime } = packet;
    if (epoch !== this.#epoch) {
      // What is left of the last span is too short to tell anything.
      this.#point = null;
      this.#packets = 0;
      this.#closeLine();
      this.#epoch = epoch;
      this.#baseUs = arrivalUs;
      this.#baseRtpTime = rtpTime;
      this.#span = 0;
    }
    const atUs = arrivalUs - this.#baseUs;
    const delayUs = atUs - ((rtpTime - this.#baseRtpTime) * 1_000_000) / clockHz;
    const span = Math.floor(atUs / SPAN_US);
    if (span !== this.#span) this.#closeSpan();
    this.#span = span;
    this.#packets += 1;
    if (this.#point === null || delayUs < this.#point.delayUs) this.#point = { atUs, delayUs };
  }

  /** Positive: the sender's clock is the faster one. In tenths; null with less than 20 s. */
  get ppm(): number | null {
    const open = withinLine(this.#sums);
    const points = this.#shared.points + this.#sums.n;
    const xx = this.#shared.xx + open.xx;
    if (points < LEAST_SPANS || xx === 0) return null;
    return Math.round((-(this.#shared.xy + open.xy) / xx) * 1e7) / 10;
  }

  #closeSpan(): void {
    const point = this.#point;
    this.#point = null;
    const isTelling = this.#packets >= LEAST_PACKETS;
    this.#packets = 0;
    if (point === null || !isTelling) return;
    const before = this.#last;
    if (before !== null && Math.abs(point.delayUs - before.delayUs) > LEAP_US) this.#closeLine();
    this.#last = point;
    const x = point.atUs / 1e6;
    const y = point.delayUs / 1e6;
    const { n, x: sumX, y: sumY, xx, xy } = this.#sums;
    this.#sums = { n: n + 1, x: sumX + x, y: sumY + y, xx: xx + x * x, xy: xy + x * y };
  }

  #closeLine(): void {
    const { xx, xy } = withinLine(this.#sums);
    this.#shared = {
      xx: this.#shared.xx + xx,
      xy: this.#shared.xy + xy,
      points: this.#shared.points + this.#sums.n,
    };
    this.#last = null;
    this.#sums = { n: 0, x: 0, y: 0, xx: 0, xy: 0 };
  }
}

function withinLine({ n, x, y, xx, xy }: { n: number; x: number; y: number; xx: number; xy: number }): {
  xx: number;
  xy: number;
} {
  return n < 2 ? { xx: 0, xy: 0 } : { xx: xx - (x * x) / n, xy: xy - (x * y) / n };
}
