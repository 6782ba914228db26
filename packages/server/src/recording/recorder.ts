import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { RecordingSettings } from '../apps/recording-settings.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import { Journal } from '../capture/journal.ts';
import type { JournalEvent, TaskStopReason } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import { mixedBaseName } from './file-name.ts';
import type { PictureFetches } from './picture-fetch.ts';
import { finishTask, insertTask, spentCaptures, stopTask, unfinishedTasks } from './queries.ts';
import { RenderChild } from './render-child.ts';
import type { RenderedFile } from './render-protocol.ts';
import { RenderSlots } from './render-slots.ts';
import type { Task } from './task.ts';
import { completeJournal } from './task-journal.ts';
import { TaskOrders } from './task-orders.ts';
import { TaskTurns } from './task-turns.ts';
import type { UsageCount } from './usage-count.ts';
import { UsageWriter } from './usage-writer.ts';

/** Where the words of recording go. */
export interface RecorderOutlet {
  /** Keeps a finished file; when this returns the file is in the library. */
  keep(task: Task, file: RenderedFile): Promise<void>;
  /** The recording sign of a room: whether a task runs in it that is not paused. Never waited for. */
  sign(room: RoomIdentity, recording: boolean): void;
  /**
   * Whether what is published in a room is captured from now on; said again when nothing is new. Only an order waits
   * for it: never an event of the room, in whose turn it may come.
   */
  capture(room: RoomIdentity, captured: boolean): Promise<void>;
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
};

type RecordedRoom = {
  identity: RoomIdentity;
  journal: Journal;
  settings: RecordingSettings;
  users: Set<string>;
  /** Since when nobody is in the room. */
  emptySinceUs: number | null;
  idle: NodeJS.Timeout | null;
};

type RecordedTask = { task: Task; render: RenderChild; usage: UsageWriter; finished: Promise<void> };

/** Pause between two tries to keep a finished file while the store or the database is away. */
const KEEP_RETRY_MS = 5_000;

/** How often captures are looked at that nobody needs any more. */
const SWEEP_MS = 600_000;

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
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#slots = new RenderSlots(parts.maxRenders);
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
    }
    this.#sweep = setInterval(() => this.#detached(this.#deleteSpentCaptures()), SWEEP_MS);
    await this.#deleteSpentCaptures();
  }

  /** Switches signs and captures of the rooms that were taken over to what is true now. */
  tellRooms(): void {
    for (const { identity } of this.#rooms.values()) this.#detached(this.#tellRoom(identity));
  }

  /** Takes an event of a room, after it was written into the journal. */
  async roomEvent(identity: RoomIdentity, journal: Journal, event: JournalEvent): Promise<void> {
    if (event.type === 'roomOpened') await this.#enterRoom(identity, journal);
    const room = this.#rooms.get(identity.roomSessionId);
    if (room === undefined) return;
    switch (event.type) {
      case 'userEntered':
        this.#occupied(room, event.userId);
        break;
      case 'userLeft':
        this.#vacated(room, event.userId, event.atUs);
        break;
      case 'streamPublished':
        if (this.#startsBy(room)) await this.#start(room, event.atUs);
        break;
      case 'roomClosing':
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
    if (this.#sweep !== null) clearInterval(this.#sweep);
    for (const room of this.#rooms.values()) if (room.idle !== null) clearTimeout(room.idle);
    await this.#parts.pictures.close();
    await Promise.all([...this.#tasks.values()].map(({ render }) => render.close()));
    await Promise.all([...this.#tasks.values()].map(({ usage }) => usage.idle));
  }

  async #enterRoom(identity: RoomIdentity, journal: Journal): Promise<void> {
    const settings = await this.#parts.settingsOf(identity.sdkAppId);
    const room: RecordedRoom = {
      identity,
      journal,
      settings,
      users: new Set(journal.users),
      emptySinceUs: null,
      idle: null,
    };
    this.#rooms.set(identity.roomSessionId, room);
    if (room.users.size === 0) this.#vacated(room, '', nowUs());
  }

  #leaveRoom(room: RecordedRoom): void {
    if (room.idle !== null) clearTimeout(room.idle);
    this.#rooms.delete(room.identity.roomSessionId);
  }

  #occupied(room: RecordedRoom, userId: string): void {
    room.users.add(userId);
    room.emptySinceUs = null;
    if (room.idle !== null) clearTimeout(room.idle);
    room.idle = null;
  }

  #vacated(room: RecordedRoom, userId: string, atUs: number): void {
    room.users.delete(userId);
    if (room.users.size > 0 || room.idle !== null) return;
    room.emptySinceUs = atUs;
    const { maxIdleMs } = room.settings.template;
    room.idle = setTimeout(() => this.#detached(this.#stopAll(room, atUs, 'idle')), maxIdleMs);
  }

  #roomOf({ room }: Task): RecordedRoom | null {
    return this.#rooms.get(room.roomSessionId) ?? null;
  }

  #runningIn({ roomSessionId }: RoomIdentity): Task[] {
    return [...this.#tasks.values()]
      .map(({ task }) => task)
      .filter((task) => task.state === 'running' && task.room.roomSessionId === roomSessionId);
  }

  /** Whether a stream that comes begins a task: not when one runs, nor when somebody has ordered an end. */
  #startsBy(room: RecordedRoom | undefined): boolean {
    if (room?.settings.mode !== 'automatic') return false;
    return this.#runningIn(room.identity).length === 0 && !room.journal.isStoppedByOrder;
  }

  /** Tells a room what its tasks make of it now: its sign, and its capture, which is switched when the promise is kept. */
  async #tellRoom(room: RoomIdentity): Promise<void> {
    const running = this.#runningIn(room);
    this.#parts.outlet.sign(
      room,
      running.some(({ paused }) => !paused),
    );
    if (running.length > 0)
      await this.#parts.outlet.capture(
        room,
        running.some(({ paused, parameters }) => !paused || parameters.pauseCapture !== true),
      );
    // Behind an ordered end it stays as it is: what was not to be captured is not because nobody records any more.
    else if (this.#startsBy(this.#rooms.get(room.roomSessionId))) await this.#parts.outlet.capture(room, true);
  }

  async #start(room: RecordedRoom, fromUs: number): Promise<void> {
    const task: Task = {
      taskId: randomBytes(18).toString('base64url'),
      room: room.identity,
      origin: 'automatic',
      state: 'running',
      parameters: room.settings.template,
      paused: false,
      indexAlways: room.settings.indexAlways,
      startedUs: fromUs,
      untilUs: null,
      stopReason: null,
    };
    // The row first: a journal that does not say so yet is completed from it.
    await insertTask(this.#parts.db, task);
    this.#tell(room.journal, task);
    this.#parts.log.info(
      { taskId: task.taskId, roomSessionId: room.identity.roomSessionId, origin: task.origin },
      'task started',
    );
    this.#render(task);
    this.#detached(this.#tellRoom(room.identity));
  }

  async #stopAll(room: RecordedRoom, untilUs: number, reason: TaskStopReason): Promise<void> {
    for (const task of this.#runningIn(room.identity)) await this.#stop(task, untilUs, reason, room.journal);
  }

  /** Behind the orders that were given before; whoever comes second finds it stopped. */
  #stop(task: Task, untilUs: number, reason: TaskStopReason, journal: Journal | null): Promise<void> {
    return this.#turns.take(task.taskId, async () => {
      if (task.state !== 'running') return;
      Object.assign(task, { state: 'stopped', untilUs, stopReason: reason, paused: false } satisfies Partial<Task>);
      await stopTask(this.#parts.db, task);
      if (journal !== null) completeJournal(journal, task);
      this.#detached(this.#tellRoom(task.room));
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
        baseName: mixedBaseName(task.room),
        indexAlways: task.indexAlways,
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
          await finishTask(this.#parts.db, task.taskId, 'rendered', outcome.report);
        } else await finishTask(this.#parts.db, task.taskId, 'failed', { code: outcome.code, detail: outcome.detail });
        break;
      } catch (error) {
        // The render is done and lies on disk: only keeping it has to wait.
        this.#parts.log.error({ err: error, taskId: task.taskId }, 'finished files cannot be kept yet');
        await new Promise((resolve) => setTimeout(resolve, KEEP_RETRY_MS));
      }
    }
    task.state = outcome.type === 'finished' ? 'rendered' : 'failed';
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
    if (this.#parts.captureRetentionHours === 0) await this.#deleteSpentCaptures();
  }

  /** Captures are kept for a while after the last render, and always while a task is not rendered. */
  async #deleteSpentCaptures(): Promise<void> {
    const before = nowUs() - this.#parts.captureRetentionHours * 3_600_000_000;
    await mkdir(this.#parts.capturesFolder, { recursive: true, mode: 0o700 });
    const present = await readdir(this.#parts.capturesFolder);
    for (const roomSessionId of await spentCaptures(this.#parts.db, present, before)) {
      await rm(join(this.#parts.capturesFolder, roomSessionId), { recursive: true, force: true });
    }
  }

  #detached(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.log.error({ err: error }, 'recording work failed'));
  }
}
