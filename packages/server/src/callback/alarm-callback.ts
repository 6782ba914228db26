import { type CallbackEvent, eventTimes, msOf, roomIdOf } from './callback-event.ts';
import type { RecordingSubject } from './recording-callbacks.ts';

/** `EventType` of group 90: something was wrong with what a recording holds. */
const CONTENT_ALARMS = 9001;

/** A time in which a stream was not as it should have been. */
export type ContentAlarm = {
  kind: 'missing' | 'black' | 'frozen' | 'silent' | 'loss';
  userId: string;
  fromUs: number;
  untilUs: number;
  /** Of `loss`: the highest share of packets lost, in per cent. */
  lossPercent?: number;
};

/** The event that tells of all alarms of a recording, in the order of its task. */
export function alarmCallback(
  task: RecordingSubject,
  alarms: readonly ContentAlarm[],
  atUs: number,
): Exclude<CallbackEvent, { kind: 'call' }> {
  return {
    sdkAppId: task.sdkAppId,
    orderKey: `task ${task.taskId}`,
    kind: 'own',
    type: CONTENT_ALARMS,
    info: {
      RoomId: roomIdOf(task),
      ...eventTimes(atUs),
      UserId: task.robotId,
      TaskId: task.taskId,
      Payload: {
        Alarms: alarms.map(({ kind, userId, fromUs, untilUs, lossPercent }) => ({
          ...{ Kind: kind, UserId: userId, StartTimeStamp: msOf(fromUs), EndTimeStamp: msOf(untilUs) },
          ...(lossPercent === undefined ? {} : { LossPercent: lossPercent }),
        })),
      },
    },
  };
}
