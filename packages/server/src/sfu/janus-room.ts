import type { IceCandidate, StreamKind } from '@callreel/protocol';
import type { Logger } from 'pino';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { CallreelError } from '../base/callreel-error.ts';
import { JanusError, type JanusMessage } from './janus-connection.ts';
import type { JanusSfu } from './janus-sfu.ts';
import type { ConnectionRole, SfuOffer, SfuRoom, SfuRoomListener, SfuRoomState, SfuTrack } from './sfu.ts';

const PLUGIN = 'janus.plugin.videoroom';
/**
 * How often senders are asked for a key frame. Receivers ask for one when they miss something; nobody else asks
 * for the capture, whose pictures would stand still until then, and files could not be split.
 */
const KEY_FRAME_EVERY_S = 5;

/** Codes of the VideoRoom plugin: room unknown, feed unknown, already gone. */
const NO_SUCH_FEED = 428;

const PublisherStreams = Type.Object({
  streams: Type.Array(
    Type.Object({
      type: Type.String(),
      mid: Type.String(),
      codec: Type.Optional(Type.String()),
      disabled: Type.Optional(Type.Boolean()),
    }),
  ),
});
const SubscriberStreams = Type.Object({
  streams: Type.Array(
    Type.Object({
      mid: Type.String(),
      active: Type.Optional(Type.Boolean()),
      feed_id: Type.Optional(Type.String()),
      feed_mid: Type.Optional(Type.String()),
    }),
  ),
});
const Participants = Type.Object({
  participants: Type.Array(Type.Object({ id: Type.String(), publisher: Type.Boolean() })),
});

/** One VideoRoom with a Janus session of its own, so that it is claimed, or lost, as a whole. */
export class JanusRoom implements SfuRoom {
  readonly state: SfuRoomState;
  readonly #sfu: JanusSfu;
  readonly #listener: SfuRoomListener;
  readonly #log: Logger;
  /** Work on one user's connection is done in order. */
  readonly #queues = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(sfu: JanusSfu, state: SfuRoomState, listener: SfuRoomListener, log: Logger) {
    this.#sfu = sfu;
    this.state = state;
    this.#listener = listener;
    this.#log = log.child({ roomSessionId: state.roomKey });
  }

  /** Makes the room in Janus. */
  async create(maxUsers: number): Promise<void> {
    this.state.control = await this.#attach();
    await this.#message(this.state.control, {
      request: 'create',
      room: this.state.roomKey,
      permanent: false,
      is_private: true,
      // A user who publishes anew stands twice for a moment.
      publishers: maxUsers * 2,
      audiocodec: 'opus',
      videocodec: 'vp8,h264,vp9,av1',
      opus_fec: true,
      videoorient_ext: true,
      transport_wide_cc_ext: true,
      fir_freq: KEY_FRAME_EVERY_S,
      notify_joining: false,
      rec_dir: this.state.captureFolder,
    });
    await this.#listener.changed(this.state);
  }

  continues(userId: string, sdp: string): boolean {
    return this.state.publishers[userId]?.origin === originOf(sdp);
  }

  publish(offer: {
    userId: string;
    sdp: string;
    captureBase: string | null;
  }): Promise<{ sdp: string; tracks: SfuTrack[] }> {
    return this.#inOrder(`p:${offer.userId}`, async () => {
      const { userId, sdp, captureBase } = offer;
      const running = this.state.publishers[userId];
      if (running !== undefined && running.origin === originOf(sdp)) {
        const answer = await this.#offered(() =>
          this.#message(running.handle, { request: 'configure' }, { type: 'offer', sdp }),
        );
        return { sdp: answer.sdp, tracks: running.tracks };
      }
      if (running !== undefined) await this.#endPublisher(userId);
      const handle = await this.#attach();
      this.state.feeds += 1;
      const feed = `${this.state.feeds}`;
      this.state.publishers[userId] = { handle, feed, origin: originOf(sdp), tracks: [], flowing: false, captureBase };
      await this.#listener.changed(this.state);
      try {
        const recording = captureBase === null ? { record: false } : { record: true, filename: captureBase };
        const answer = await this.#offered(() =>
          this.#message(
            handle,
            { request: 'joinandconfigure', ptype: 'publisher', room: this.state.roomKey, id: feed, ...recording },
            { type: 'offer', sdp },
          ),
        );
        const tracks = Value.Parse(PublisherStreams, answer.data).streams.flatMap(
          ({ type, mid, disabled }): SfuTrack[] =>
            disabled !== true && (type === 'audio' || type === 'video')
              ? [{ feed, mid, kind: type satisfies StreamKind }]
              : [],
        );
        this.state.publishers[userId].tracks = tracks;
        await this.#listener.changed(this.state);
        return { sdp: answer.sdp, tracks };
      } catch (error) {
        delete this.state.publishers[userId];
        await this.#detach(handle);
        await this.#listener.changed(this.state);
        throw error;
      }
    });
  }

  capture(userId: string, captureBase: string | null): Promise<void> {
    return this.#inOrder(`p:${userId}`, async () => {
      const running = this.state.publishers[userId];
      if (running === undefined) return;
      await this.#closeCapture(running.handle);
      running.captureBase = null;
      await this.#listener.changed(this.state);
      if (captureBase === null) return;
      // Janus asks the sender for a key frame by itself.
      await this.#message(running.handle, { request: 'configure', record: true, filename: captureBase });
      running.captureBase = captureBase;
      await this.#listener.changed(this.state);
    });
  }

  unpublish(userId: string): Promise<void> {
    return this.#inOrder(`p:${userId}`, async () => {
      if (this.state.publishers[userId] === undefined) return;
      await this.#endPublisher(userId);
      await this.#listener.changed(this.state);
    });
  }

  subscribe(userId: string, tracks: SfuTrack[]): Promise<SfuOffer | null> {
    return this.#inOrder(`s:${userId}`, async () => {
      const wanted = tracks.filter(({ feed }) =>
        Object.values(this.state.publishers).some((publisher) => publisher.feed === feed && publisher.flowing),
      );
      const running = this.state.subscribers[userId];
      try {
        return running === undefined
          ? await this.#firstSubscription(userId, wanted)
          : await this.#nextSubscription(running, wanted);
      } catch (error) {
        // A publisher went while we asked for it; word of that follows and asks again.
        if (error instanceof JanusError && error.janusCode === NO_SUCH_FEED) return null;
        throw error;
      }
    });
  }

  unsubscribe(userId: string): Promise<void> {
    return this.#inOrder(`s:${userId}`, async () => {
      const running = this.state.subscribers[userId];
      if (running === undefined) return;
      delete this.state.subscribers[userId];
      await this.#detach(running.handle);
      await this.#listener.changed(this.state);
    });
  }

  answer(userId: string, offerId: number, sdp: string): Promise<void> {
    return this.#inOrder(`s:${userId}`, async () => {
      const running = this.state.subscribers[userId];
      if (running === undefined || running.offerId !== offerId || running.answered)
        throw new CallreelError('OfferStale');
      try {
        await this.#message(running.handle, { request: 'start' }, { type: 'answer', sdp });
      } catch (error) {
        if (error instanceof JanusError) throw new CallreelError('OfferRefused', undefined, { cause: error });
        throw error;
      }
      running.answered = true;
      await this.#listener.changed(this.state);
    });
  }

  async candidate(userId: string, role: ConnectionRole, candidate: IceCandidate): Promise<void> {
    const handle =
      role === 'publisher' ? this.state.publishers[userId]?.handle : this.state.subscribers[userId]?.handle;
    // A candidate may overtake the end of its connection; it is of no use then.
    if (handle === undefined) return;
    await this.#sfu.connection.request({
      janus: 'trickle',
      session_id: this.state.session,
      handle_id: handle,
      candidate: candidate === null || candidate.candidate === '' ? { completed: true } : candidate,
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sfu.forget(this.state.session);
    try {
      for (const userId of Object.keys(this.state.publishers)) await this.#endPublisher(userId);
      await this.#message(this.state.control, { request: 'destroy', room: this.state.roomKey });
      await this.#sfu.connection.request({ janus: 'destroy', session_id: this.state.session });
    } catch (error) {
      // Janus is gone or has let the room go: nothing is left to close.
      if (!isGone(error)) throw error;
      this.#log.debug({ err: error }, 'room was gone already');
    }
  }

  /** After a claim: finds out what happened while no server listened. */
  async reconcile(): Promise<void> {
    const { data } = await this.#message(this.state.control, { request: 'listparticipants', room: this.state.roomKey });
    const { participants } = Value.Parse(Participants, data);
    for (const [userId, publisher] of Object.entries(this.state.publishers)) {
      const seen = participants.find(({ id }) => id === publisher.feed);
      if (seen === undefined) await this.#listener.connectionLost(userId, 'publisher');
      else if (seen.publisher && !publisher.flowing) await this.#up(userId);
    }
  }

  /** Janus, or this room in it, is gone. */
  async lost(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sfu.forget(this.state.session);
    await this.#listener.roomLost();
  }

  /** Takes what Janus says by itself. */
  async event(message: JanusMessage): Promise<void> {
    if (this.#closed) return;
    const publisher = Object.entries(this.state.publishers).find(([, { handle }]) => handle === message.sender);
    const subscriber = Object.entries(this.state.subscribers).find(([, { handle }]) => handle === message.sender);
    const userId = publisher?.[0] ?? subscriber?.[0];
    if (userId === undefined) return;
    switch (message.janus) {
      case 'webrtcup':
        if (publisher !== undefined) await this.#up(userId);
        break;
      case 'media':
        if (publisher !== undefined) this.#listener.receiving(userId, message.receiving === true);
        break;
      case 'hangup':
        this.#log.info(
          { role: publisher === undefined ? 'subscriber' : 'publisher', reason: message.reason },
          'connection ended',
        );
        await this.#listener.connectionLost(userId, publisher === undefined ? 'subscriber' : 'publisher');
        break;
      default:
        break;
    }
  }

  async #up(userId: string): Promise<void> {
    const publisher = this.state.publishers[userId];
    if (publisher === undefined || publisher.flowing) return;
    publisher.flowing = true;
    await this.#listener.changed(this.state);
    await this.#listener.publisherUp(userId);
  }

  async #firstSubscription(userId: string, wanted: SfuTrack[]): Promise<SfuOffer | null> {
    if (wanted.length === 0) return null;
    const handle = await this.#attach();
    const running = { handle, offerId: 0, answered: true, tracks: [] };
    this.state.subscribers[userId] = running;
    await this.#listener.changed(this.state);
    try {
      const { data, sdp } = await this.#message(handle, {
        request: 'join',
        ptype: 'subscriber',
        room: this.state.roomKey,
        // We tell Janus ourselves when somebody goes, in one offer with whoever comes.
        autoupdate: false,
        streams: wanted.map(({ feed, mid }) => ({ feed, mid })),
      });
      return await this.#offer(running, data, sdp);
    } catch (error) {
      delete this.state.subscribers[userId];
      await this.#detach(handle);
      await this.#listener.changed(this.state);
      throw error;
    }
  }

  async #nextSubscription(running: SfuRoomState['subscribers'][string], wanted: SfuTrack[]): Promise<SfuOffer | null> {
    if (!running.answered) return null;
    const add = wanted.filter(
      ({ feed, mid }) => !running.tracks.some((track) => track.feed === feed && track.feedMid === mid),
    );
    const remove = running.tracks.filter(
      (track) => !wanted.some(({ feed, mid }) => track.feed === feed && track.feedMid === mid),
    );
    if (add.length === 0 && remove.length === 0) return null;
    const { data, sdp } = await this.#message(running.handle, {
      request: 'update',
      ...(add.length === 0 ? {} : { subscribe: add.map(({ feed, mid }) => ({ feed, mid })) }),
      ...(remove.length === 0 ? {} : { unsubscribe: remove.map(({ mid }) => ({ sub_mid: mid })) }),
    });
    return this.#offer(running, data, sdp);
  }

  async #offer(
    running: SfuRoomState['subscribers'][string],
    data: Record<string, unknown>,
    sdp: string | null,
  ): Promise<SfuOffer | null> {
    running.tracks = Value.Parse(SubscriberStreams, data).streams.flatMap(
      ({ mid, active, feed_id: feed, feed_mid: feedMid }) =>
        active !== false && feed !== undefined && feedMid !== undefined ? [{ mid, feed, feedMid }] : [],
    );
    if (sdp === null) {
      await this.#listener.changed(this.state);
      return null;
    }
    running.offerId += 1;
    running.answered = false;
    await this.#listener.changed(this.state);
    return { offerId: running.offerId, sdp, tracks: running.tracks };
  }

  /** Switches the capture off first: the answer to that comes when the dumps are closed. */
  async #endPublisher(userId: string): Promise<void> {
    const publisher = this.state.publishers[userId];
    if (publisher === undefined) return;
    delete this.state.publishers[userId];
    await this.#closeCapture(publisher.handle);
    await this.#detach(publisher.handle);
  }

  async #closeCapture(handle: number): Promise<void> {
    try {
      await this.#message(handle, { request: 'configure', record: false });
    } catch (error) {
      if (!isGone(error)) throw error;
      // The connection ended by itself before, and its dumps with it.
      this.#log.debug({ err: error }, 'capture was closed already');
    }
  }

  async #offered(
    ask: () => Promise<{ data: Record<string, unknown>; sdp: string | null }>,
  ): Promise<{ data: Record<string, unknown>; sdp: string }> {
    try {
      const { data, sdp } = await ask();
      if (sdp === null) throw new CallreelError('OfferRefused');
      return { data, sdp };
    } catch (error) {
      if (error instanceof JanusError) throw new CallreelError('OfferRefused', undefined, { cause: error });
      throw error;
    }
  }

  async #attach(): Promise<number> {
    const handle = (
      await this.#sfu.connection.request({ janus: 'attach', session_id: this.state.session, plugin: PLUGIN })
    ).data?.id;
    if (handle === undefined) throw new CallreelError('MediaUnavailable');
    return handle;
  }

  async #detach(handle: number): Promise<void> {
    try {
      await this.#sfu.connection.request({ janus: 'detach', session_id: this.state.session, handle_id: handle });
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#log.debug({ err: error }, 'connection was gone already');
    }
  }

  #message(
    handle: number,
    body: Record<string, unknown>,
    jsep?: { type: string; sdp: string },
  ): Promise<{ data: Record<string, unknown>; sdp: string | null }> {
    return this.#sfu.connection.message({ session: this.state.session, handle }, body, jsep);
  }

  #inOrder<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#queues.get(key) ?? Promise.resolve()).then(work, work);
    this.#queues.set(key, result);
    return result;
  }
}

/** Janus does not know it any more, or is away itself: what was to be closed is closed. */
function isGone(error: unknown): boolean {
  return error instanceof JanusError || (error instanceof CallreelError && error.code === 'MediaUnavailable');
}

/** The session id of an SDP's `o=` line: the same for every offer of one connection. */
function originOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}
