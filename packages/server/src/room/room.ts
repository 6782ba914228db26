import { randomBytes } from 'node:crypto';
import type { IceCandidate, RequestBodyOf, RoomSnapshot, StreamKind, StreamSource } from '@callreel/protocol';
import { Absences } from '../base/absences.ts';
import { CallreelError } from '../base/callreel-error.ts';
import type { Log } from '../base/log.ts';
import type { ConnectionRole, SfuRoom, SfuRoomListener, SfuRoomState, SfuTrack } from '../sfu/index.ts';
import { type DeclaredLine, sendingLines } from './declared-lines.ts';
import type { RoomEvent } from './room-event.ts';
import type { RoomIdentity, RoomNotice, RoomParts } from './room-parts.ts';
import { dumpOf, type PublishedStream, type RoomState, snapshotOf } from './room-state.ts';
import { matchCaptures } from './stream-captures.ts';

/** Most people in one room. */
const MAX_USERS = 25;

/**
 * One life of a room.
 *
 * Entry: {@link Room.open} or {@link Room.resume}. Work: orders of users are done one after the other. Exit:
 * {@link Room.close}, which takes everybody out; nothing is heard of the room afterwards.
 */
export class Room implements SfuRoomListener {
  readonly identity: RoomIdentity;
  readonly #parts: RoomParts;
  readonly #state: RoomState;
  readonly #log: Log;
  #sfuRoom: SfuRoom | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;
  readonly #absences: Absences;
  readonly #receiving = new Set<string>();

  private constructor(identity: RoomIdentity, parts: RoomParts, state: RoomState) {
    this.identity = identity;
    this.#parts = parts;
    this.#state = state;
    this.#absences = new Absences(parts.mediaTimeoutMs, (userId) => this.#lose(userId));
    this.#log = parts.log.child({ roomSessionId: identity.roomSessionId, sdkAppId: identity.sdkAppId });
  }

  /** Opens a room session. @param captured whether what is published is captured. */
  static async open(identity: RoomIdentity, parts: RoomParts, captured: boolean): Promise<Room> {
    const room = new Room(identity, parts, {
      users: [],
      streams: [],
      captured,
      recording: false,
      mediaEpoch: 1,
      publishings: 0,
      sfu: null,
    });
    await room.#record({
      type: 'roomOpened',
      sdkAppId: identity.sdkAppId,
      roomId: identity.roomId,
      roomIdType: identity.roomIdType,
    });
    room.#sfuRoom = await room.#openInSfu();
    room.#log.info('room opened');
    return room;
  }

  /**
   * Takes a room over from a process that is gone. Whatever the journal says beyond the state never took effect and
   * is ended there.
   */
  static async resume(
    identity: RoomIdentity,
    parts: RoomParts,
    state: RoomState,
    journal: { users: string[]; streams: { streamId: string; userId: string }[] },
  ): Promise<Room> {
    const room = new Room(identity, parts, state);
    for (const { userId } of state.users) room.deviceGone(userId);
    await room.#inOrder(async () => {
      for (const stream of journal.streams) {
        if (!state.streams.some(({ streamId }) => streamId === stream.streamId))
          await room.#record({
            ...{ type: 'streamUnpublished', ...stream, reason: 'timeout' },
            ...(state.users.some(({ userId }) => userId === stream.userId) ? {} : { leaving: true }),
          });
      }
      for (const userId of journal.users) {
        if (!state.users.some((user) => user.userId === userId))
          await room.#record({ type: 'userLeft', userId, reason: 'timeout' });
      }
    });
    room.#sfuRoom = state.sfu === null ? null : await parts.sfu.resume(state.sfu, room);
    if (room.#sfuRoom === null) {
      await room.roomLost();
      return room;
    }
    for (const [userId, { answered }] of Object.entries(room.#sfuRoom.state.subscribers)) {
      if (!answered) await room.connectionLost(userId, 'subscriber');
    }
    for (const userId of Object.keys(room.#sfuRoom.state.publishers)) {
      if (!state.streams.some((stream) => stream.userId === userId && stream.feed !== ''))
        await room.connectionLost(userId, 'publisher');
    }
    room.#log.info('room taken over');
    return room;
  }

  /** What devices are told of the room. */
  get snapshot(): RoomSnapshot {
    return snapshotOf(
      this.identity.roomIdType === 'number' ? Number(this.identity.roomId) : this.identity.roomId,
      this.#state,
    );
  }

  /** Who is in the room, in order of entry. */
  get users(): readonly { userId: string; deviceId: string }[] {
    return this.#state.users;
  }

  /** Takes a user in. Entering again from another device moves the user there. */
  enter(userId: string, deviceId: string): Promise<RoomSnapshot> {
    return this.#inOrder(async () => {
      const present = this.#state.users.find((user) => user.userId === userId);
      if (present !== undefined) {
        if (present.deviceId !== deviceId) {
          await this.#stopConnections(userId, 'normal');
          present.deviceId = deviceId;
          await this.#save();
        }
        return this.snapshot;
      }
      await this.#record({ type: 'userEntered', userId });
      this.#state.users.push({ userId, deviceId });
      await this.#save();
      this.#log.info({ users: this.#state.users.length }, 'user entered');
      this.#tellOthers(userId, { type: 'userEntered', userId });
      return this.snapshot;
    });
  }

  /** Takes a user out. Leaving twice changes nothing. */
  leave(userId: string, reason: 'normal' | 'timeout' | 'removed'): Promise<void> {
    return this.#inOrder(() => this.#leave(userId, reason));
  }

  /**
   * Publishes a device's streams. While the media server works on one user's offer, the room goes on with others.
   * @throws {CallreelError} `RoomNotEntered`, `OfferRefused`, `OfferStale`, `MediaUnavailable`.
   */
  async publish(
    userId: string,
    { sdp, streams }: Pick<RequestBodyOf<'room.publish'>, 'sdp' | 'streams'>,
  ): Promise<{ sdp: string; streamIds: string[] }> {
    const lines = sendingLines(sdp, streams);
    const { sfuRoom, published, captureBase } = await this.#inOrder(async () => {
      this.#mustBeIn(userId);
      const media = this.#media();
      return media.continues(userId, sdp)
        ? { sfuRoom: media, published: this.#sameStreams(userId, lines), captureBase: null }
        : { sfuRoom: media, ...(await this.#announce(userId, lines)) };
    });
    try {
      const { sdp: answer, tracks } = await sfuRoom.publish({ userId, sdp, captureBase });
      await this.#inOrder(async () => {
        if (!published.every((stream) => this.#state.streams.includes(stream))) throw new CallreelError('OfferStale');
        for (const stream of published) stream.feed = tracks.find(({ mid }) => mid === stream.mid)?.feed ?? '';
        await this.#save();
        this.#log.info({ streams: published.length }, 'streams published');
        this.#tellAll({ type: 'changed', room: this.snapshot });
        // It may have been switched since the offer was announced.
        await this.#matchCaptures();
      });
      return { sdp: answer, streamIds: published.map(({ streamId }) => streamId) };
    } catch (error) {
      await this.#inOrder(async () => {
        if (published.some((stream) => this.#state.streams.includes(stream)))
          await this.#stopPublishing(userId, 'normal');
      });
      throw error;
    }
  }

  /** Says that a stream sends nothing of its user, or does again. @throws {CallreelError} `RoomNotEntered`, `StreamUnknown`. */
  mute(
    userId: string,
    { kind, source, muted }: { kind: StreamKind; source: StreamSource; muted: boolean },
  ): Promise<void> {
    return this.#inOrder(async () => {
      this.#mustBeIn(userId);
      const stream = this.#streamsOf(userId).find((each) => each.kind === kind && each.source === source);
      if (stream === undefined) throw new CallreelError('StreamUnknown', `kind ${kind}, source ${source}`);
      if (stream.muted === muted) return;
      await this.#record({ type: muted ? 'streamMuted' : 'streamUnmuted', userId, streamId: stream.streamId });
      stream.muted = muted;
      await this.#save();
      this.#tellAll({ type: 'changed', room: this.snapshot });
    });
  }

  /** Offers the others' streams to a user anew. @throws {CallreelError} `RoomNotEntered`, `MediaUnavailable`. */
  subscribe(userId: string, restart: boolean): Promise<void> {
    return this.#inOrder(async () => {
      this.#mustBeIn(userId);
      const sfuRoom = this.#media();
      // An offer whose answer never came (the device or we were away) cannot be gone on with.
      if (restart || sfuRoom.state.subscribers[userId]?.answered === false) await sfuRoom.unsubscribe(userId);
      await this.#offerTo(userId);
    });
  }

  /** Takes a user's answer. @throws {CallreelError} `RoomNotEntered`, `OfferStale`, `OfferRefused`, `MediaUnavailable`. */
  answer(userId: string, offerId: number, sdp: string): Promise<void> {
    return this.#inOrder(async () => {
      this.#mustBeIn(userId);
      await this.#media().answer(userId, offerId, sdp);
      await this.#offerTo(userId);
    });
  }

  /** Hands an ICE candidate on. @throws {CallreelError} `RoomNotEntered`, `MediaUnavailable`. */
  async candidate(userId: string, role: ConnectionRole, candidate: IceCandidate): Promise<void> {
    this.#mustBeIn(userId);
    await this.#media().candidate(userId, role, candidate);
  }

  /** Switches the recording sign. */
  setRecording(recording: boolean): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#state.recording === recording) return;
      this.#state.recording = recording;
      await this.#save();
      this.#tellAll({ type: 'changed', room: this.snapshot });
    });
  }

  /** Says whether what is published is captured, from now on; what a crash left half done is done. */
  setCaptured(captured: boolean): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#state.captured !== captured) {
        this.#state.captured = captured;
        await this.#save();
      }
      await this.#matchCaptures();
    });
  }

  /** The signalling of a user's device is cut. When no packet comes either for the media time-out, the user has left. */
  deviceGone(userId: string): void {
    if (this.#closing === null) this.#absences.gone(userId);
  }

  /** The signalling of a user's device is back. */
  deviceBack(userId: string): void {
    this.#absences.back(userId);
  }

  /** Takes everybody out and ends the room. Closing twice is the same as once. */
  close(): Promise<void> {
    this.#closing ??= this.#inOrder(async () => {
      await this.#record({ type: 'roomClosing' });
      for (const { userId } of [...this.#state.users]) await this.#leave(userId, 'normal');
      await this.#sfuRoom?.close();
      await this.#record({ type: 'roomClosed' });
      this.#absences.close();
      this.#log.info('room closed');
    });
    return this.#closing;
  }

  /** Lets go of the room without ending it: the next process takes it over. */
  async letGo(): Promise<void> {
    await this.#queue.catch(() => null);
    this.#absences.close();
  }

  // What the media server tells.

  /** @internal */
  async changed(state: SfuRoomState): Promise<void> {
    this.#state.sfu = state;
    await this.#save();
  }

  /** @internal */
  publisherUp(userId: string): Promise<void> {
    return this.#inOrder(async () => {
      for (const other of this.#state.users) if (other.userId !== userId) await this.#offerTo(other.userId);
    });
  }

  /** @internal */
  connectionLost(userId: string, role: ConnectionRole): Promise<void> {
    return this.#inOrder(async () => {
      if (role === 'subscriber') await this.#sfuRoom?.unsubscribe(userId);
      else if (this.#streamsOf(userId).length > 0 || this.#sfuRoom?.state.publishers[userId] !== undefined) {
        await this.#stopPublishing(userId, 'timeout');
        this.#tellAll({ type: 'changed', room: this.snapshot });
        if (this.#absences.isDue(userId)) this.#lose(userId);
      }
    });
  }

  /** @internal */
  roomLost(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#closing !== null) return;
      for (const { userId, streamId } of [...this.#state.streams])
        await this.#record({ type: 'streamUnpublished', userId, streamId, reason: 'mediaServerLost' });
      this.#state.streams = [];
      this.#receiving.clear();
      this.#state.mediaEpoch += 1;
      this.#sfuRoom = await this.#openInSfu();
      await this.#save();
      this.#log.warn({ mediaEpoch: this.#state.mediaEpoch }, 'media was lost; everybody publishes again');
      this.#tellAll({ type: 'changed', room: this.snapshot });
    });
  }

  /** @internal */
  receiving(userId: string, receiving: boolean): void {
    if (receiving) this.#receiving.add(userId);
    else this.#receiving.delete(userId);
    if (!receiving && this.#absences.isDue(userId)) this.#lose(userId);
  }

  // Inside.

  #openInSfu(): Promise<SfuRoom> {
    return this.#parts.sfu.open(
      { roomKey: this.identity.roomSessionId, captureFolder: this.#parts.captureFolder, maxUsers: MAX_USERS },
      this,
    );
  }

  #lose(userId: string): void {
    if (this.#receiving.has(userId)) return;
    this.leave(userId, 'timeout').then(
      () => this.#parts.outlet.userLost(this.identity, userId),
      (error: unknown) => this.#log.error({ err: error }, 'a lost user could not be taken out'),
    );
  }

  /** The streams of a connection that goes on: they cannot change with it. */
  #sameStreams(userId: string, lines: readonly DeclaredLine[]): PublishedStream[] {
    const running = this.#streamsOf(userId);
    const same = lines.flatMap(({ mid }) => running.filter((stream) => stream.mid === mid));
    if (same.length !== lines.length || same.length !== running.length) {
      throw new CallreelError(
        'OfferRefused',
        'The streams of a running connection cannot change; publish them over a new connection.',
      );
    }
    return same;
  }

  /** Writes new streams into the journal, in place of whatever the user published before. */
  async #announce(
    userId: string,
    lines: readonly DeclaredLine[],
  ): Promise<{ published: PublishedStream[]; captureBase: string | null }> {
    await this.#stopPublishing(userId, 'normal');
    // First of all, so that no name is given twice.
    this.#state.publishings += 1;
    await this.#save();
    const captureBase = this.#state.captured ? `p${this.#state.publishings}` : null;
    const published: PublishedStream[] = [];
    for (const { mid, kind, source, muted, index } of lines) {
      const streamId = randomBytes(9).toString('base64url');
      const stream = { streamId, userId, kind, source, muted, mid, feed: '', index, captureBase };
      await this.#record({
        ...{ type: 'streamPublished', userId, streamId, kind, source, muted },
        dump: dumpOf(stream),
      });
      published.push(stream);
    }
    this.#state.streams.push(...published);
    await this.#save();
    return { published, captureBase };
  }

  async #leave(userId: string, reason: 'normal' | 'timeout' | 'removed'): Promise<void> {
    const index = this.#state.users.findIndex((user) => user.userId === userId);
    if (index < 0) return;
    await this.#stopConnections(userId, reason, { leaving: true });
    await this.#record({ type: 'userLeft', userId, reason });
    this.#state.users.splice(index, 1);
    await this.#save();
    this.deviceBack(userId);
    this.#log.info({ reason, users: this.#state.users.length }, 'user left');
    if (this.#closing !== null) return;
    this.#tellAll({ type: 'userLeft', userId, reason });
    this.#tellAll({ type: 'changed', room: this.snapshot });
    for (const other of this.#state.users) await this.#offerTo(other.userId);
  }

  async #stopConnections(
    userId: string,
    reason: 'normal' | 'timeout' | 'removed',
    why: { leaving?: true } = {},
  ): Promise<void> {
    await this.#stopPublishing(userId, reason, why);
    await this.#sfuRoom?.unsubscribe(userId);
  }

  /** Closes a user's capture; only then the journal says so. */
  async #stopPublishing(
    userId: string,
    reason: 'normal' | 'timeout' | 'removed',
    why: { leaving?: true } = {},
  ): Promise<void> {
    const streams = this.#streamsOf(userId);
    await this.#sfuRoom?.unpublish(userId);
    this.#receiving.delete(userId);
    for (const { streamId } of streams)
      await this.#record({ type: 'streamUnpublished', userId, streamId, reason, ...why });
    this.#state.streams = this.#state.streams.filter((stream) => stream.userId !== userId);
    if (streams.length > 0) await this.#save();
  }

  async #offerTo(userId: string): Promise<void> {
    const sfuRoom = this.#sfuRoom;
    if (sfuRoom === null) return;
    const wanted = this.#state.streams.filter((stream) => stream.userId !== userId && stream.feed !== '');
    const offer = await sfuRoom.subscribe(
      userId,
      wanted.map(({ feed, mid, kind }): SfuTrack => ({ feed, mid, kind })),
    );
    if (offer === null) return;
    const streams = offer.tracks.flatMap(({ mid, feed, feedMid }) => {
      const stream = wanted.find((each) => each.feed === feed && each.mid === feedMid);
      return stream === undefined ? [] : [{ mid, streamId: stream.streamId }];
    });
    this.#parts.outlet.notify(this.identity, [userId], {
      type: 'offer',
      offerId: offer.offerId,
      sdp: offer.sdp,
      streams,
    });
  }

  #matchCaptures(): Promise<void> {
    return matchCaptures(this.#state, this.#sfuRoom, {
      record: (event) => this.#record(event),
      save: () => this.#save(),
    });
  }

  #media(): SfuRoom {
    if (this.#sfuRoom === null) throw new CallreelError('MediaUnavailable');
    return this.#sfuRoom;
  }

  #mustBeIn(userId: string): void {
    if (!this.#state.users.some((user) => user.userId === userId)) throw new CallreelError('RoomNotEntered');
  }

  #streamsOf(userId: string): PublishedStream[] {
    return this.#state.streams.filter((stream) => stream.userId === userId);
  }

  #tellAll(notice: RoomNotice): void {
    this.#parts.outlet.notify(
      this.identity,
      this.#state.users.map(({ userId }) => userId),
      notice,
    );
  }

  #tellOthers(userId: string, notice: RoomNotice): void {
    this.#parts.outlet.notify(
      this.identity,
      this.#state.users.map((user) => user.userId).filter((other) => other !== userId),
      notice,
    );
  }

  #record(event: RoomEvent): Promise<void> {
    return this.#parts.outlet.event(this.identity, event);
  }

  #save(): Promise<void> {
    return this.#parts.outlet.save(this.identity, this.#state);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result;
    // Whoever asked hears of a failure; the queue itself goes on.
    this.#queue.catch(() => null);
    return result;
  }
}
