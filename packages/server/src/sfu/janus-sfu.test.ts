import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endJanus, findRunningJanus, type JanusProcessOptions, janusRuns, startJanus } from './janus-process.ts';
import { JanusSfu } from './janus-sfu.ts';
import { TestPeer } from './peer-testkit.ts';
import type { SfuRoomListener } from './sfu.ts';

const log = pino({ level: 'silent' });
let folder = '';
let options: JanusProcessOptions;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callreel-sfu-'));
  options = {
    folder: join(folder, 'janus'),
    rtpPortRange: '45000-45499',
    publicAddress: null,
    janusPath: null,
    orphanTimeoutMinutes: 10,
  };
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  const running = await findRunningJanus(options);
  if (running !== null) await endJanus(running);
  await rm(folder, { recursive: true });
});

function closing<T extends { close(): Promise<void> }>(each: T): T {
  opened.push(each);
  return each;
}

function listener(): SfuRoomListener & {
  up: ReturnType<typeof vi.fn>;
  lost: ReturnType<typeof vi.fn>;
  gone: ReturnType<typeof vi.fn>;
} {
  const up = vi.fn();
  const lost = vi.fn();
  const gone = vi.fn();
  return {
    up,
    lost,
    gone,
    changed: () => Promise.resolve(),
    publisherUp: async (userId) => up(userId),
    connectionLost: async (userId, role) => lost(userId, role),
    roomLost: async () => gone(),
    receiving: () => undefined,
  };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

async function publishing(sfu: JanusSfu, heard = listener()) {
  const room = await sfu.open({ roomKey: 'room', captureFolder: folder, maxUsers: 25 }, heard);
  const peer = closing(new TestPeer());
  const answer = await room.publish({ userId: 'alice', sdp: await peer.offer(), captureBase: 'p1' });
  await peer.connect(answer.sdp);
  peer.send();
  return { room, peer, heard, tracks: answer.tracks };
}

test('publishes into dumps, hands media on, and closes the dumps before it says so', async () => {
  const sfu = await JanusSfu.start({ ...options, log }, false);
  closing({ close: () => sfu.close({ keep: false }) });
  const { room, heard, tracks } = await publishing(sfu);
  await vi.waitFor(() => expect(heard.up).toHaveBeenCalledWith('alice'), 10_000);
  expect(tracks.map(({ kind }) => kind)).toEqual(['audio', 'video']);

  const bob = closing(new TestPeer());
  const offer = await room.subscribe('bob', tracks);
  expect(offer?.tracks).toHaveLength(2);
  expect(await room.subscribe('bob', []), 'an offer waits for its answer').toBeNull();
  await expect(room.answer('bob', 99, 'v=0')).rejects.toMatchObject({ code: 'OfferStale' });
  await room.answer('bob', offer?.offerId ?? 0, await bob.answer(offer?.sdp ?? ''));
  await vi.waitFor(() => expect(bob.received).toBeGreaterThan(20), 10_000);

  await room.unpublish('alice');
  const [audio, video] = [
    await readFile(join(folder, 'p1-audio-0.mjr')),
    await readFile(join(folder, 'p1-video-1.mjr')),
  ];
  expect(audio.subarray(0, 8).toString()).toBe('MJR00002');
  // Nothing is left in a buffer of Janus: the last packet is whole, and no byte follows.
  expect(wholePackets(audio)).toBeGreaterThanOrEqual(5);
  expect(wholePackets(video)).toBeGreaterThanOrEqual(5);
  await room.close();
  expect(await sizeOf(join(folder, 'p1-audio-0.mjr'))).toBe(audio.length);
});

test.each(['VP9', 'AV1'] as const)('takes %s, and says in its dump how orientation is carried', async (codec) => {
  const sfu = await JanusSfu.start({ ...options, log }, false);
  closing({ close: () => sfu.close({ keep: false }) });
  const room = await sfu.open({ roomKey: 'room', captureFolder: folder, maxUsers: 25 }, listener());
  const peer = closing(new TestPeer(codec));
  const answer = await room.publish({ userId: 'alice', sdp: await peer.offer(), captureBase: 'p1' });
  await peer.connect(answer.sdp);
  peer.send();
  const path = join(folder, 'p1-video-1.mjr');
  await vi.waitFor(async () => expect(await sizeOf(path)).toBeGreaterThan(0), 10_000);
  await room.unpublish('alice');
  const dump = await readFile(path);
  const head: unknown = JSON.parse(dump.toString('utf8', 10, 10 + dump.readUInt16BE(8)));
  expect(head).toMatchObject({ t: 'v', c: codec.toLowerCase() });
  expect(Object.values((head as { x?: Record<string, string> }).x ?? {})).toEqual(['urn:3gpp:video-orientation']);
  expect(wholePackets(dump)).toBeGreaterThan(20);
  await room.close();
});

test('refuses what Janus refuses, and changes nothing', async () => {
  const sfu = await JanusSfu.start({ ...options, log }, false);
  closing({ close: () => sfu.close({ keep: false }) });
  const room = await sfu.open({ roomKey: 'room', captureFolder: folder, maxUsers: 25 }, listener());
  await expect(room.publish({ userId: 'alice', sdp: 'v=0 nonsense', captureBase: null })).rejects.toMatchObject({
    code: 'OfferRefused',
  });
  expect(room.state.publishers).toEqual({});
  await room.close();
});

test('goes on without us, and is claimed by the next process', async () => {
  const first = await JanusSfu.start({ ...options, log }, false);
  const { room, peer } = await publishing(first);
  const dump = join(folder, 'p1-video-1.mjr');
  await vi.waitFor(async () => expect(await sizeOf(dump)).toBeGreaterThan(0), 10_000);
  const state = structuredClone(room.state);
  await first.close({ keep: true });
  const before = await sizeOf(dump);
  await vi.waitFor(async () => expect(await sizeOf(dump)).toBeGreaterThan(before + 8192), 10_000);

  const second = await JanusSfu.start({ ...options, rtpPortRange: '45100-45499', log }, true);
  closing({ close: () => second.close({ keep: false }) });
  const heard = listener();
  const resumed = await second.resume(state, heard);
  expect(resumed?.state.publishers['alice']?.flowing).toBe(true);
  await resumed?.unpublish('alice');
  expect(wholePackets(await readFile(dump))).toBeGreaterThan(100);
  expect(heard.lost).not.toHaveBeenCalled();
  await peer.close();
  expect(await second.resume({ ...state, instance: 'another' }, heard)).toBeNull();
});

test('a Janus that dies is started again, and its rooms are told', async () => {
  const sfu = await JanusSfu.start({ ...options, log }, false);
  closing({ close: () => sfu.close({ keep: false }) });
  const { heard } = await publishing(sfu);
  const instance = sfu.instance;
  process.kill(Number(await readFile(join(options.folder, 'janus.pid'), 'utf8')), 'SIGKILL');
  await vi.waitFor(() => expect(heard.gone).toHaveBeenCalledTimes(1), 15_000);
  expect(sfu.instance).not.toBe(instance);
  expect(sfu.ready).toBe(true);
});

test('an orphan that nobody claims ends by itself', async () => {
  const running = await startJanus({ ...options, orphanTimeoutMinutes: 0.05 });
  expect(await janusRuns(running)).toBe(true);
  await vi.waitFor(async () => expect(await janusRuns(running)).toBe(false), 15_000);
  expect(await readFile(join(options.folder, 'janus.log'), 'utf8')).toContain('no server claimed Janus');
});

test('an orphan whose data folder was deleted ends by itself', async () => {
  const running = await startJanus(options);
  await rm(options.folder, { recursive: true });
  await vi.waitFor(async () => expect(await janusRuns(running)).toBe(false), 15_000);
});

test('says that Janus is missing, or why it does not start', async () => {
  await expect(startJanus({ ...options, janusPath: '/nowhere/janus' })).rejects.toMatchObject({
    code: 'MediaServerMissing',
  });
  await expect(startJanus({ ...options, janusPath: '/bin/false' })).rejects.toMatchObject({
    code: 'MediaServerFailed',
  });
});

/** Counts the packets of a dump; fails when the last one is torn. */
function wholePackets(dump: Buffer): number {
  let at = 10 + dump.readUInt16BE(8);
  let packets = 0;
  while (at < dump.length) {
    expect(dump.toString('latin1', at, at + 4)).toBe('MEET');
    at += 10 + dump.readUInt16BE(at + 8);
    packets += 1;
  }
  expect(at).toBe(dump.length);
  return packets;
}
