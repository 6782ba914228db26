import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { RecordingSettings } from '../apps/recording-settings.ts';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import { Journal } from '../capture/journal.ts';
import type { JournalEvent, TaskStopReason } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import { mixedBaseName, prefixedName } from './file-name.ts';
import type { PictureFetches } from './picture-fetch.ts';
import { finishTask, insertTask, stopTask, unfinishedTasks } from './queries.ts';
import { RecordedRoom } from './recorded-room.ts';
import { RenderChild } from './render-child.ts';
import type { RenderedFile } from './render-protocol.ts';
import { RenderSlots } from './render-slots.ts';
import { SpentCaptures } from './spent-captures.ts';
import type { StartOrder } from './start-order.ts';
import type { Task } from './task.ts';
import { completeJournal } from './task-journal.ts';
import type { TaskNews } from './task-news.ts';
import { TaskOrders } from './task-orders.ts';
import { TaskTurns } from './task-turns.ts';
import type { UsageCount } from './usage-count.ts';
import { UsageWriter } from './usage-writer.ts';

/** Where the words of recording go. */
export interface RecorderOutlet {
  /** Keeps a finished file, and tells of it; when this returns the file is in the library, or in the store of the task's order. */
  keep(task: Task, file: RenderedFile): Promise<void>;
  /** Tells outside of a task. Called in the transaction that writes what is told; what it throws undoes that. */
  tell(transaction: Kysely<Tables>, task: Task, news: TaskNews): Promise<void>;
  /** The transaction is over: what was told is there. */
  told(): void;
  /** The recording sign of a room: whether a task runs in it that is not paused. Never waited for. */
  sign(room: RoomIdentity, recording: boolean): void;
  /**
   * Whether what is published in a room is captured from now on; said again when nothing is new. Only an order waits
   * for it: never an event of the room, in whose turn it may come.
   */
  capture(room: RoomIdentity, captured: boolean): Promise<void>;
  /** Opens a room that a task is to wait in. @throws {CallreelError} `RoomTaken`, `MediaUnavailable`. */
  open(room: Pick<RoomIdentity, 'sdkAppId' | 'roomId' | 'roomIdType'>): Promise<void>;
  /** Nobody is in the room and no task runs in it any more. Never waited for. */
  spent(room: RoomIdentity): void;
  /**
   * Keeps how long a task has recorded: all of it so far, which replaces what was kept of the task before. Said again when
   * nothing is new. While the task is not over it may be less than before: a render that begins again counts again.
   * `isOver`: nothing will be added, and what is less is less. A task that failed has recorded nothing.
   */
  usage(task: Task, counts: readonly UsageCount[], how: { isOver: boolean }): Promise<void>;
}

/** What recording works with. */
export type RecorderParts = {
  db: Kysely<Tables>;
  log: Log;
  outlet: RecorderOutlet;
  settingsOf(sdkAppId: number): Promise<RecordingSettings>;
  /** Brings the pictures that tasks ask for into their bundles. */
  pictures: PictureFetches;
  /** Folder of renders under way. */
  rendersFolder: string;
  capturesFolder: string;
  captureRetentionHours: number;
  /** Renders at the same time; 0: as many as the machine carries. */
  maxRenders: number;
  /** Tasks that back ends may have running at once, of one application. */
  maxTasks: number;
};

type RecordedTask = { task: Task; render: RenderChild; usage: UsageWriter; finished: Promise<void> };

/** Pause between two tries to keep a finished file, or to stop an idle task, while the store or the database is away. */
const KEEP_RETRY_MS = 5_000;

/** How long what was sent before the end of the last task may be under way; the capture goes on for it. */
const CAPTURE_TAIL_MS = 2_000;

/**
 * Starts, stops and finishes recording tasks; what can be ordered of them from outside is in {@link Recorder.orders}.
 *
 * Life: {@link Recorder.resume} once, then room events; {@link Recorder.close} leaves running tasks to the next process.
 */
export class Recorder {
  /** Orders for tasks that run. */
  readonly orders: TaskOrders;
  readonly #parts: RecorderParts;
  readonly #slots: RenderSlots;
  readonly #turns = new TaskTurns();
  readonly #rooms = new Map<string, RecordedRoom>();
  readonly #tasks = new Map<string, RecordedTask>();
  readonly #captures: SpentCaptures;
  #closed = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#slots = new RenderSlots(parts.maxRenders);
    this.#captures = new SpentCaptures(parts);
    this.orders = new TaskOrders({
      db: parts.db,
      log: parts.log,
      turns: this.#turns,
      find: (taskId) => {
        const task = this.#tasks.get(taskId)?.task;
        return task === undefined ? null : { task, journal: this.#roomOf(task)?.journal ?? null };
      },
      changed: (task, journal) => {
        this.#tell(journal, task);
        return this.#tellRoom(task.room);
      },
      start: (order) => this.#start(order),
      stop: (task, untilUs) => this.#stop(task, untilUs, 'order', this.#roomOf(task)?.journal ?? null),
    });
  }

  /** Whether what is published in an application's rooms is captured from the first packet on. */
  async capturesAll(sdkAppId: number): Promise<boolean> {
    return (await this.#parts.settingsOf(sdkAppId)).mode === 'automatic';
  }

  /** The tasks whose files are not in the library yet. */
  get unfinished(): { taskId: string; roomSessionId: string; renderPid: number | null; renderedUntilUs: number }[] {
    return [...this.#tasks.values()].map(({ task, render }) => ({
      taskId: task.taskId,
      roomSessionId: task.room.roomSessionId,
      renderPid: render.pid,
      renderedUntilUs: render.renderedUntilUs,
    }));
  }

  /** Waits until every task that is known now has its files in the library, or has failed. */
  async settled(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ finished }) => finished));
  }

  /** Takes the rooms of an earlier process over; before the rooms themselves are, which may already end some. */
  async resume(rooms: { identity: RoomIdentity; journal: Journal }[]): Promise<void> {
    for (const { identity, journal } of rooms) await this.#enterRoom(identity, journal);
    for (const task of await unfinishedTasks(this.#parts.db)) {
      const room = this.#rooms.get(task.room.roomSessionId);
      if (room === undefined) await this.#stopWithoutRoom(task);
      else this.#tell(room.journal, task);
      this.#render(task);
      if (room !== undefined && task.state === 'running') this.#awaitIdle(room, task);
    }
    await this.#captures.start();
  }

  /** Switches signs and captures of the rooms that were taken over to what is true now. */
  tellRooms(): void {
    for (const { identity } of this.#rooms.values()) this.#detached(this.#tellRoom(identity));
  }

  /** Whether a task runs in a room. */
  needs(roomSessionId: string): boolean {
    return [...this.#tasks.values()].some(
      ({ task }) => task.state === 'running' && task.room.roomSessionId === roomSessionId,
    );
  }

  /** Takes an event of a room, after it was written into the journal. */
  async roomEvent(identity: RoomIdentity, journal: Journal, event: JournalEvent): Promise<void> {
    if (event.type === 'roomOpened') await this.#enterRoom(identity, journal);
    const room = this.#rooms.get(identity.roomSessionId);
    if (room === undefined) return;
    switch (event.type) {
      case 'userEntered':
        room.occupied(event.userId);
        break;
      case 'userLeft':
        this.#vacated(room, event.userId, event.atUs);
        break;
      case 'streamPublished':
        if (this.#startsBy(room)) await this.#startAutomatic(room, event.atUs);
        break;
      case 'roomClosing':
        room.closing = true;
        await this.#stopAll(room, room.emptySinceUs ?? event.atUs, 'roomClosed');
        break;
      case 'roomClosed':
        this.#leaveRoom(room);
        break;
      default:
        break;
    }
  }

  /** Ends the render children without ending their tasks. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#captures.close();
    for (const room of this.#rooms.values()) room.close();
    await this.#parts.pictures.close();
    await Promise.all([...this.#tasks.values()].map(({ render }) => render.close()));
    await Promise.all([...this.#tasks.values()].map(({ usage }) => usage.idle));
  }

  async #enterRoom(identity: RoomIdentity, journal: Journal): Promise<void> {
    const settings = await this.#parts.settingsOf(identity.sdkAppId);
    this.#rooms.set(identity.roomSessionId, new RecordedRoom(identity, journal, settings));
  }

  #leaveRoom(room: RecordedRoom): void {
    room.close();
    this.#rooms.delete(room.identity.roomSessionId);
  }

  #vacated(room: RecordedRoom, userId: string, atUs: number): void {
    if (!room.vacated(userId, atUs)) return;
    for (const task of this.#runningIn(room.identity)) this.#awaitIdle(room, task);
  }

  /** Ends a task when its room stays empty for too long; what it was empty for is not in the file. */
  #awaitIdle(room: RecordedRoom, task: Task): void {
    if (room.emptySinceUs === null) return;
    const untilUs = Math.max(room.emptySinceUs, task.startedUs);
    const end = (): void => {
      this.#stop(task, untilUs, 'idle', room.journal).catch((error: unknown) => {
        this.#parts.log.error({ err: error, taskId: task.taskId }, 'an idle task could not be stopped yet');
        if (!this.#closed) room.wait(task.taskId, KEEP_RETRY_MS, end);
      });
    };
    room.wait(task.taskId, task.parameters.maxIdleMs, end);
  }

  #roomOf({ room }: Task): RecordedRoom | null {
    return this.#rooms.get(room.roomSessionId) ?? null;
  }

  #runningIn(room: RoomIdentity | null): Task[] {
    return [...this.#tasks.values()]
      .map(({ task }) => task)
      .filter((task) => task.state === 'running' && task.room.roomSessionId === room?.roomSessionId);
  }

  #roomNamed({ sdkAppId, roomId, roomIdType }: StartOrder): RecordedRoom | null {
    const isNamed = ({ identity }: RecordedRoom): boolean =>
      identity.sdkAppId === sdkAppId && identity.roomId === roomId && identity.roomIdType === roomIdType;
    return [...this.#rooms.values()].find((room) => !room.closing && isNamed(room)) ?? null;
  }

  /** How many tasks run that back ends of an application have ordered. */
  #orderedOf(sdkAppId: number): number {
    return [...this.#tasks.values()].filter(
      ({ task }) => task.state === 'running' && task.origin === 'rest' && task.room.sdkAppId === sdkAppId,
    ).length;
  }

  /** Whether a stream that comes begins an automatic task: not when one runs, nor when somebody has ordered its end. */
  #startsBy(room: RecordedRoom | undefined): boolean {
    if (room?.settings.mode !== 'automatic') return false;
    const isRunning = this.#runningIn(room.identity).some(({ origin }) => origin === 'automatic');
    return !isRunning && !room.journal.isStoppedByOrder;
  }

  /** Tells a room what its tasks make of it now: its sign, and its capture, which is switched when the promise is kept. */
  async #tellRoom(room: RoomIdentity): Promise<void> {
    const running = this.#runningIn(room);
    this.#parts.outlet.sign(
      room,
      running.some(({ paused }) => !paused),
    );
    const recorded = this.#rooms.get(room.roomSessionId);
    recorded?.stopTail();
    if (running.length > 0)
      await this.#parts.outlet.capture(
        room,
        running.some(({ paused, parameters }) => !paused || parameters.pauseCapture !== true),
      );
    // Behind an ordered end it stays as it is: what was not to be captured is not because nobody records any more.
    else if (this.#startsBy(recorded)) await this.#parts.outlet.capture(room, true);
    else if (recorded !== undefined && recorded.settings.mode !== 'automatic')
      recorded.setTail(CAPTURE_TAIL_MS, () => this.#detached(this.#parts.outlet.capture(room, false)));
  }

  async #start(order: StartOrder): Promise<Task> {
    const { sdkAppId, roomId, roomIdType, robotId, parameters, namePrefix, expiresHours, storage = null } = order;
    if ((await this.#parts.settingsOf(sdkAppId)).mode === 'off') throw new CallreelError('RecordingOff');
    const isOfRobot = (task: Task): boolean => task.robotId === robotId;
    // One after the other: whoever opens the room, and which task of a robot is the last, is clear then.
    const task = await this.#turns.take(`room ${sdkAppId} ${roomId}`, async () => {
      const replaced = this.#runningIn(this.#roomNamed(order)?.identity ?? null).filter(isOfRobot).length;
      if (this.#orderedOf(sdkAppId) - replaced >= this.#parts.maxTasks) throw new CallreelError('TaskLimitReached');
      if (this.#roomNamed(order) === null) await this.#parts.outlet.open({ sdkAppId, roomId, roomIdType });
      const room = this.#roomNamed(order);
      if (room === null) throw new CallreelError('RoomTaken');
      const atUs = nowUs();
      const expiresUs = expiresHours === null ? null : atUs + expiresHours * 3_600_000_000;
      try {
        for (const former of this.#runningIn(room.identity).filter(isOfRobot))
          await this.#stop(former, atUs, 'robotAgain', room.journal);
        return await this.#begin(room, {
          ...{
            origin: 'rest',
            parameters,
            robotId,
            namePrefix,
            expiresUs,
            storage,
            indexAlways: false,
            startedUs: atUs,
          },
        });
      } catch (error) {
        this.#tellSpent(room.identity);
        throw error;
      }
    });
    await this.#tellRoom(task.room);
    return task;
  }

  #tellSpent(room: RoomIdentity): void {
    const isEmpty = this.#rooms.get(room.roomSessionId)?.emptySinceUs != null;
    if (isEmpty && this.#runningIn(room).length === 0) this.#parts.outlet.spent(room);
  }

  async #startAutomatic(room: RecordedRoom, startedUs: number): Promise<void> {
    const { template: parameters, indexAlways } = room.settings;
    const { room: identity } = await this.#begin(room, {
      ...{ origin: 'automatic', parameters, indexAlways, startedUs },
      ...{ robotId: null, namePrefix: null, expiresUs: null, storage: null },
    });
    this.#detached(this.#tellRoom(identity));
  }

  async #begin(
    room: RecordedRoom,
    asked: Omit<Task, 'taskId' | 'room' | 'state' | 'paused' | 'untilUs' | 'stopReason'>,
  ): Promise<Task> {
    const task: Task = {
      taskId: randomBytes(18).toString('base64url'),
      room: room.identity,
      ...asked,
      ...{ state: 'running', paused: false, untilUs: null, stopReason: null },
    };
    // The row first: a journal that does not say so yet is completed from it.
    await this.#write(task, { type: 'started' }, (db) => insertTask(db, task));
    this.#tell(room.journal, task);
    this.#parts.log.info(
      { taskId: task.taskId, roomSessionId: room.identity.roomSessionId, origin: task.origin },
      'task started',
    );
    this.#render(task);
    this.#awaitIdle(room, task);
    return task;
  }

  async #stopAll(room: RecordedRoom, untilUs: number, reason: TaskStopReason): Promise<void> {
    for (const task of this.#runningIn(room.identity)) await this.#stop(task, untilUs, reason, room.journal);
  }

  /** Behind the orders that were given before; whoever comes second finds it stopped. */
  #stop(task: Task, untilUs: number, reason: TaskStopReason, journal: Journal | null): Promise<void> {
    return this.#turns.take(task.taskId, async () => {
      if (task.state !== 'running') return;
      const { paused } = task;
      Object.assign(task, { state: 'stopped', untilUs, stopReason: reason, paused: false } satisfies Partial<Task>);
      try {
        await this.#write(task, { type: 'stopped', reason }, (db) => stopTask(db, task));
      } catch (error) {
        // It goes on, and can be stopped again.
        Object.assign(task, { state: 'running', untilUs: null, stopReason: null, paused } satisfies Partial<Task>);
        throw error;
      }
      if (journal !== null) completeJournal(journal, task);
      this.#roomOf(task)?.stopWaiting(task.taskId);
      this.#detached(this.#tellRoom(task.room));
      this.#tellSpent(task.room);
      this.#parts.log.info({ taskId: task.taskId, reason }, 'task stopped');
    });
  }

  /** The room of an unfinished task was closed before: its journal still has to say that the task's window is. */
  async #stopWithoutRoom(task: Task): Promise<void> {
    const folder = join(this.#parts.capturesFolder, task.room.roomSessionId);
    const journal = Journal.exists(folder) ? Journal.open(folder) : null;
    try {
      if (task.state === 'running') await this.#stop(task, nowUs(), 'roomClosed', journal);
      else if (journal !== null) completeJournal(journal, task);
    } finally {
      journal?.close();
    }
  }

  /** Brings the journal to what a task is now, and the pictures that it asks for. */
  #tell(journal: Journal, task: Task): void {
    completeJournal(journal, task);
    if (task.state === 'running') this.#parts.pictures.want(journal, task.parameters);
  }

  #render(task: Task): void {
    const folder = join(this.#parts.rendersFolder, task.taskId);
    const { log, outlet } = this.#parts;
    const usage = new UsageWriter((counts, how) => outlet.usage(task, counts, how), log.child({ taskId: task.taskId }));
    const render = new RenderChild(
      {
        taskId: task.taskId,
        bundleFolder: join(this.#parts.capturesFolder, task.room.roomSessionId),
        workFolder: join(folder, 'segments'),
        outFolder: join(folder, 'files'),
        baseName: prefixedName(task.namePrefix, mixedBaseName(task.room)),
        indexAlways: task.indexAlways,
        userUnderscores: task.storage === null ? 1 : 2,
      },
      { slots: this.#slots, log, used: (counts) => usage.take(counts) },
    );
    const finished = this.#finish({ task, render, usage }, folder);
    this.#tasks.set(task.taskId, { task, render, usage, finished });
    this.#detached(finished);
  }

  async #finish({ task, render, usage }: Omit<RecordedTask, 'finished'>, folder: string): Promise<void> {
    const outcome = await render.outcome;
    for (;;) {
      if (this.#closed) return;
      try {
        await usage.last(outcome.type === 'finished' ? outcome.usage : []);
        if (outcome.type === 'finished') {
          for (const file of outcome.files) await this.#parts.outlet.keep(task, file);
          const { files, report } = outcome;
          const news = { type: 'ended', ok: true, files, alarms: report.alarms } as const;
          await this.#write(task, news, (db) => finishTask(db, task.taskId, 'rendered', report));
        } else {
          const { code, detail } = outcome;
          const refusal = { code, detail };
          const news = { type: 'ended', ok: false, files: [], alarms: [] } as const;
          await this.#write(task, news, (db) => finishTask(db, task.taskId, 'failed', refusal));
        }
        break;
      } catch (error) {
        // The render is done and lies on disk: only keeping it has to wait.
        this.#parts.log.error({ err: error, taskId: task.taskId }, 'finished files cannot be kept yet');
        await new Promise((resolve) => setTimeout(resolve, KEEP_RETRY_MS));
      }
    }
    task.state = outcome.type === 'finished' ? 'rendered' : 'failed';
    task.storage = null;
    this.#tasks.delete(task.taskId);
    this.#parts.log.info(
      {
        taskId: task.taskId,
        state: task.state,
        ...(outcome.type === 'failed' ? { code: outcome.code, detail: outcome.detail } : {}),
      },
      'task finished',
    );
    await rm(folder, { recursive: true, force: true });
    if (this.#parts.captureRetentionHours === 0) await this.#captures.sweep();
  }

  /** Writes what happened to a task, and in the same transaction what is told of it. */
  async #write(task: Task, news: TaskNews, change: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    await this.#parts.db.transaction().execute(async (transaction) => {
      await change(transaction);
      await this.#parts.outlet.tell(transaction, task, news);
    });
    this.#parts.outlet.told();
  }

  #detached(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.log.error({ err: error }, 'recording work failed'));
  }
}
