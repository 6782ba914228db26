import type { TaskFile } from '../api/index.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import {
  fileFormatsOf,
  mixedBaseName,
  playlistType,
  prefixedName,
  singleBaseName,
  type Task,
} from '../recording/index.ts';
import { type ReelSubject, readRoomHistory, reelHistory, reelsOf } from '../timeline/index.ts';

const TRACK_TYPES = Object.freeze({ both: 'audio_video', audio: 'audio', video: 'video' } as const);

/**
 * The files that a running task is making, by the names that they will have where they are not split, and without those of
 * single streams in the codecs of the call, whose names say the codec.
 */
export function expectedFiles(task: Task, events: readonly JournalEvent[]): TaskFile[] {
  const history = readRoomHistory(events, task.taskId);
  const { output, single } = task.parameters;
  const base = prefixedName(task.namePrefix, mixedBaseName(task.room));
  return reelsOf(history).flatMap((reel) => {
    if (reel.kind === 'single' && single?.original === true) return [];
    const streams = reelHistory(history, reel).streams.filter(({ dump }) => dump !== null);
    if (streams.length === 0) return [];
    const startMs = Math.round(Math.max(task.startedUs, Math.min(...streams.map(({ fromUs }) => fromUs))) / 1000);
    return fileFormatsOf(output).map((format) => ({
      ...{ userId: reel.kind === 'mixed' ? '' : reel.userId, startMs },
      ...{
        name: nameOf(base, reel, format, task),
        trackType: TRACK_TYPES[format === 'aac' ? 'audio' : mediaIn(reel, task)],
      },
    }));
  });
}

function mediaIn(reel: ReelSubject, { parameters: { output } }: Task): 'both' | 'audio' | 'video' {
  if (reel.kind === 'single') return reel.media;
  return output.format === 'aac' ? 'audio' : (output.media ?? 'both');
}

function nameOf(base: string, reel: ReelSubject, format: 'mp4' | 'aac' | 'hls', task: Task): string {
  const index = task.indexAlways && format !== 'hls' ? '_1' : '';
  if (reel.kind === 'mixed') return `${base}${index}.${format === 'hls' ? 'm3u8' : format}`;
  const name = singleBaseName(base, reel, task.storage === null ? 1 : 2);
  if (format === 'hls') return `${name}_${playlistType(reel.media)}.m3u8`;
  // Sound apart from its picture would have the same name as an MP4.
  const isSoundApart = reel.media === 'audio' && (task.parameters.output.media ?? 'both') === 'both';
  return `${name}${index}.${isSoundApart ? 'aac' : format}`;
}
