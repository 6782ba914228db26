import { createSelfSignedCertificate, type DtlsKeys, HashAlgorithm, SignatureAlgorithm } from 'werift';
import { Bot } from './bot.ts';
import { LoopShelf } from './loops.ts';
import { Pacer } from './pacer.ts';
import { makeUserSig } from './user-sig.ts';
import type { BotVideoCodec } from './video-loop.ts';

/** What {@link runBots} is asked for. */
export type RunBotsOptions = {
  /** Origin of the server: `http://127.0.0.1:8080`. */
  server: string;
  sdkAppId: number;
  /** Key of the application, by which UserSigs are made. Without it and `userSigs` the server must run in demo mode. */
  secretKey?: string | undefined;
  /** Ready UserSigs by user id, instead of a key. */
  userSigs?: Readonly<Record<string, string>> | undefined;
  /** How many calls of two are held at once, default 1. */
  calls?: number;
  /** How long each call lasts once it has begun, in seconds; default: what `minutes` says. */
  seconds?: number;
  /** The same in minutes, default 1. */
  minutes?: number;
  type?: 'video' | 'audio';
  videoCodec?: BotVideoCodec;
  /** Whether the bots receive each other, default true. Not doing so halves what they cost. */
  receive?: boolean;
  /** User ids are this, a hyphen and a number from 1; default `bot`. */
  namePrefix?: string;
  /** Hears a line at each step. */
  onProgress?: (line: string) => void;
  /** Ends all calls early. */
  signal?: AbortSignal | undefined;
};

/** How one call went. */
export type BotCallResult = {
  number: number;
  callId: string | null;
  callerId: string;
  calleeId: string;
  /** Length by the callers' clocks, in ms; 0 when it did not begin. */
  lengthMs: number;
  /** Packets that both sent and received together. */
  sent: number;
  received: number;
  /** Why it failed; null when it went well. */
  problem: string | null;
};

// So many handshakes at once are borne by one core without any of them timing out.
const STARTED_AT_ONCE = 10;
const BEGIN_TIMEOUT_MS = 30_000;

/** Holds calls between simulated users, and says how each went. Does not throw for a call that failed. */
export async function runBots(options: RunBotsOptions): Promise<BotCallResult[]> {
  const { calls = 1, minutes = 1, seconds = 60 * minutes, videoCodec = 'vp8', onProgress = () => undefined } = options;
  const shelf = new LoopShelf(videoCodec);
  onProgress(`encoding picture and sound of ${Math.min(2 * calls, 24)} signals`);
  for (let index = 0; index < 2 * calls; index++) await shelf.of(index);
  const pacer = new Pacer();
  const keys = await newKeys();
  onProgress(`starting ${calls} ${calls === 1 ? 'call' : 'calls'} of ${seconds} s`);
  let starting: Promise<unknown>[] = [];
  try {
    const running: Promise<BotCallResult>[] = [];
    for (let number = 1; number <= calls && options.signal?.aborted !== true; number++) {
      const call = holdCall(number, { ...options, seconds, videoCodec, onProgress }, { shelf, pacer, keys });
      running.push(call.done);
      starting.push(call.begun);
      if (starting.length === STARTED_AT_ONCE) {
        await Promise.all(starting);
        starting = [];
      }
    }
    return await Promise.all(running);
  } finally {
    pacer.close();
  }
}

type Shared = { shelf: LoopShelf; pacer: Pacer; keys: DtlsKeys };
type Wanted = RunBotsOptions & Required<Pick<RunBotsOptions, 'seconds' | 'videoCodec' | 'onProgress'>>;

/** Holds one call. `begun` settles when it has begun or failed; neither promise rejects. */
function holdCall(
  number: number,
  wanted: Wanted,
  shared: Shared,
): { begun: Promise<void>; done: Promise<BotCallResult> } {
  const begun = Promise.withResolvers<void>();
  const done = hold(number, wanted, shared, begun.resolve).finally(begun.resolve);
  return { begun: begun.promise, done };
}

async function hold(
  number: number,
  wanted: Wanted,
  { shelf, pacer, keys }: Shared,
  onBegun: () => void,
): Promise<BotCallResult> {
  const {
    server,
    sdkAppId,
    secretKey,
    userSigs,
    seconds,
    type = 'video',
    videoCodec,
    receive = true,
    namePrefix = 'bot',
    onProgress,
    signal,
  } = wanted;
  const bots = await Promise.all(
    [2 * number - 1, 2 * number].map(async (userNumber) => {
      const userId = `${namePrefix}-${userNumber}`;
      const userSig =
        userSigs?.[userId] ?? (secretKey === undefined ? undefined : makeUserSig({ sdkAppId, secretKey, userId }));
      return new Bot({
        server,
        sdkAppId,
        userId,
        userSig,
        loops: await shelf.of(userNumber - 1),
        videoCodec,
        pacer,
        receive,
        keys,
      });
    }),
  );
  const [caller, callee] = bots as [Bot, Bot];
  const result: BotCallResult = {
    number,
    callId: null,
    callerId: caller.userId,
    calleeId: callee.userId,
    lengthMs: 0,
    sent: 0,
    received: 0,
    problem: null,
  };
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  for (const bot of bots) bot.on('error', (error) => failed.reject(error));
  try {
    await Promise.race([Promise.all(bots.map((bot) => bot.signIn())), failed.promise]);
    const bothBegun = Promise.all(bots.map((bot) => new Promise<void>((resolve) => bot.on('begun', () => resolve()))));
    const bothEnded = Promise.all(
      bots.map(
        (bot) =>
          new Promise<number | null>((resolve) => bot.on('ended', (_callId, _reason, totalMs) => resolve(totalMs))),
      ),
    );
    result.callId = await Promise.race([caller.call([callee.userId], type), failed.promise]);
    await Promise.race([bothBegun, failed.promise, refuseAfter(BEGIN_TIMEOUT_MS, 'was not answered')]);
    const begunAtMs = performance.now();
    onBegun();
    onProgress(`call ${number}: ${caller.userId} and ${callee.userId} talk`);
    const endedEarly = bothEnded.then(() => Promise.reject(new Error('ended before its time')));
    endedEarly.catch(() => undefined);
    await Promise.race([elapsed(seconds * 1000, signal), failed.promise, endedEarly]);
    await caller.hangup();
    result.lengthMs = Math.round(performance.now() - begunAtMs);
    await Promise.race([bothEnded, failed.promise, refuseAfter(BEGIN_TIMEOUT_MS, 'did not end on both sides')]);
    onProgress(`call ${number}: hung up after ${(result.lengthMs / 1000).toFixed(1)} s`);
  } catch (thrown) {
    result.problem = thrown instanceof Error ? thrown.message : String(thrown);
    onProgress(`call ${number}: ${result.problem}`);
  } finally {
    for (const bot of bots) {
      const { sent, receivedAudio, receivedVideo } = bot.traffic;
      result.sent += sent;
      result.received += receivedAudio + receivedVideo;
      bot.close();
    }
  }
  result.problem ??=
    result.sent === 0 ? 'nothing was sent' : receive && result.received === 0 ? 'nothing was received' : null;
  return result;
}

function elapsed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const early = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal?.aborted === true) early();
    else signal?.addEventListener('abort', early, { once: true });
  });
}

function refuseAfter(ms: number, what: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    // Does not keep the process alive when the call has long gone well.
    setTimeout(() => reject(new Error(`The call ${what} within ${ms / 1000} s.`)), ms).unref();
  });
}

async function newKeys(): Promise<DtlsKeys> {
  return createSelfSignedCertificate({ signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 });
}
