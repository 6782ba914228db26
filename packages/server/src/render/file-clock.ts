import { fileTimeUs, mediaTimeUs, type RoomHistory, type Span } from '../timeline/index.ts';

/** Where moments of a file lie in media time: pauses of the task are not in the file. */
export class FileClock {
  /** Media time of the file's beginning. */
  readonly startUs: number;
  #pauses: readonly Span[] = [];

  constructor(startUs: number) {
    this.startUs = startUs;
  }

  /** Takes the pauses that are known now. What lies before them does not move. */
  follow({ task }: RoomHistory): void {
    this.#pauses = task?.pauses ?? [];
  }

  /** Media time of a moment of the file; null: the task is paused there and nobody knows for how long. */
  mediaUs(fileUs: number): number | null {
    return mediaTimeUs(this.startUs, fileUs, this.#pauses);
  }

  /** As `mediaUs`, for a moment that is in the file. */
  pastUs(fileUs: number): number {
    return this.mediaUs(fileUs) ?? this.startUs + fileUs;
  }

  /** How far into the file a media time lies. */
  fileUs(mediaUs: number): number {
    return fileTimeUs(this.startUs, mediaUs, this.#pauses);
  }

  /** Media time at which a pause cuts the file between two of its moments, or null. */
  cutBetween(fromFileUs: number, untilFileUs: number): { fileUs: number } | null {
    for (const { fromUs } of this.#pauses) {
      if (fromUs <= this.startUs) continue;
      const fileUs = this.fileUs(fromUs);
      if (fileUs > fromFileUs && fileUs < untilFileUs) return { fileUs };
    }
    return null;
  }
}
