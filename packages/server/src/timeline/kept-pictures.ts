import type { JournalEvent } from '../capture/journal-event.ts';

/** A picture that a task asks for by its address: its file in the bundle, or why there is none. Shown from `fromUs` on. */
export type KeptPicture = { url: string; fromUs: number } & ({ file: string } | { detail: string });

/** Takes what the journal says of a picture; what is said of an address first counts. */
export function addKeptPicture(
  pictures: KeptPicture[],
  event: Extract<JournalEvent, { type: 'pictureKept' | 'pictureFailed' }>,
): void {
  const { url, atUs: fromUs } = event;
  if (pictures.some((picture) => picture.url === url)) return;
  pictures.push(
    event.type === 'pictureKept' ? { url, fromUs, file: event.file } : { url, fromUs, detail: event.detail },
  );
}
