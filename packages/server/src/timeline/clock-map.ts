import { SlidingMinimum } from './sliding-minimum.ts';

/** How far behind the newest packet a packet's media time can be known: it needs the second after its arrival. */
export const CLOCK_LOOKAHEAD_US = 1_000_000;
/** How far back the packets that waited least are looked for. */
const WINDOW_US = 10_000_000;
/** Largest difference of two crystal clocks, in parts of a million: ns of slew per ms of time, divided by 1000. */
const LARGEST_SLEW_PPM = 300;
/** All packets of a second came this much later than the mapping says: the sender's clock has leapt, or the path has changed for good. */
const LEAP_LATE_NS = 500_000_000;
/** A packet came this much before the mapping says, which cannot be: the mapping was wrong. */
const LEAP_EARLY_NS = 100_000_000;
/** A packet came this much before any other: the sender's clock has leapt forward, and what came before is not of it. */
const LEAP_FORWARD_NS = 2_000_000_000;

/** What the clock must know of a packet. */
export type PacketTime = { arrivalUs: number; epoch: number; rtpTime: number };

/** RTP time and arrival of a packet in ns behind those of the epoch's first one. */
type Fact = { arrivalUs: number; turn: number; delayNs: number; mediaNs: number; baseUs: number };

/**
 * Maps the RTP time of one dump to media time, packet by packet, in the order of arrival.
 *
 * Arrival − RTP time of a packet is the difference of the clocks plus what the packet has waited on its way.
 * The packets that waited least tell the difference, so the mapping follows the lower envelope: the smallest
 * value from 10 s before a packet's arrival to 1 s after it. It begins with that of the first second and then
 * moves by at most 300 µs a second, so jitter does not shake the picture and drift does not add up. Only a
 * leap (half a second late for a whole second; a tenth of a second early at once) begins anew, as another
 * SSRC does. A leap forward by more than two seconds parts what came before it from what comes after it, so that
 * neither moves the other. The result for a packet depends on packets that arrived at most 1 s after it, so a live reader
 * and a later one get the same. Pure: no clock, no I/O.
 */
export class ClockMap {
  readonly #clockHz: number;
  readonly #facts: Fact[] = [];
  readonly #past = new SlidingMinimum();
  readonly #future = new SlidingMinimum();
  #entered = 0;
  #epoch: number | null = null;
  #baseUs = 0;
  #baseRtpTime = 0;
  #offsetNs: number | null = null;
  #offsetAtUs = 0;
  #mappedTurn: number | null = null;
  /** Counts the beginnings of the sender's clock. */
  #turn = 0;
  #leastDelayNs = Number.POSITIVE_INFINITY;

  /** @param clockHz Of the RTP time. */
  constructor(clockHz: number) {
    this.#clockHz = clockHz;
  }

  /** Takes the next packet as it arrived. */
  push({ arrivalUs, epoch, rtpTime }: PacketTime): void {
    if (epoch !== this.#epoch) this.#begin(arrivalUs, epoch, rtpTime);
    let mediaNs = Math.round(((rtpTime - this.#baseRtpTime) / this.#clockHz) * 1e9);
    let delayNs = (arrivalUs - this.#baseUs) * 1000 - mediaNs;
    if (delayNs < this.#leastDelayNs - LEAP_FORWARD_NS) {
      this.#begin(arrivalUs, epoch, rtpTime);
      [mediaNs, delayNs] = [0, 0];
    }
    this.#leastDelayNs = Math.min(this.#leastDelayNs, delayNs);
    this.#facts.push({ arrivalUs, turn: this.#turn, delayNs, mediaNs, baseUs: this.#baseUs });
  }

  /**
   * Media time, in µs, of the oldest packet that was pushed and not shifted; null while the second after it
   * is not there.
   * @param ended Whether no packet will come any more.
   */
  shift(ended: boolean): number | null {
    const fact = this.#facts[0];
    if (fact === undefined) return null;
    const horizonUs = fact.arrivalUs + CLOCK_LOOKAHEAD_US;
    if (!ended && (this.#facts.at(-1)?.arrivalUs ?? 0) <= horizonUs && this.#facts.at(-1)?.turn === fact.turn)
      return null;
    if (fact.turn !== this.#mappedTurn) this.#restart(fact.turn);
    this.#enter(fact.turn, horizonUs);
    this.#past.dropBefore(fact.arrivalUs - WINDOW_US);
    this.#future.dropBefore(fact.arrivalUs);
    this.#follow(fact);
    this.#facts.shift();
    this.#entered -= 1;
    return fact.baseUs + Math.round((fact.mediaNs + (this.#offsetNs ?? 0)) / 1000);
  }

  #begin(arrivalUs: number, epoch: number, rtpTime: number): void {
    this.#turn += 1;
    this.#epoch = epoch;
    this.#baseUs = arrivalUs;
    this.#baseRtpTime = rtpTime;
    this.#leastDelayNs = Number.POSITIVE_INFINITY;
  }

  #restart(turn: number): void {
    this.#mappedTurn = turn;
    this.#past.clear();
    this.#future.clear();
    this.#entered = 0;
    this.#offsetNs = null;
  }

  #enter(turn: number, horizonUs: number): void {
    for (;;) {
      const next = this.#facts[this.#entered];
      if (next === undefined || next.turn !== turn || next.arrivalUs > horizonUs) return;
      this.#past.push(next.arrivalUs, next.delayNs);
      this.#future.push(next.arrivalUs, next.delayNs);
      this.#entered += 1;
    }
  }

  #follow(fact: Fact): void {
    const target = this.#past.minimum ?? fact.delayNs;
    const nearest = this.#future.minimum ?? fact.delayNs;
    if (this.#offsetNs === null) {
      this.#offsetNs = nearest;
    } else if (nearest > this.#offsetNs + LEAP_LATE_NS) {
      this.#offsetNs = nearest;
      // What came before the leap would pull the mapping back.
      this.#past.clear();
      for (const later of this.#facts.slice(0, this.#entered)) this.#past.push(later.arrivalUs, later.delayNs);
    } else if (target < this.#offsetNs - LEAP_EARLY_NS) {
      this.#offsetNs = target;
    } else {
      const reachNs = Math.floor(((fact.arrivalUs - this.#offsetAtUs) * LARGEST_SLEW_PPM) / 1000);
      this.#offsetNs += Math.max(-reachNs, Math.min(reachNs, target - this.#offsetNs));
    }
    this.#offsetAtUs = fact.arrivalUs;
  }
}
