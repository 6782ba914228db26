import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { resultsTable } from './results-table.ts';
import { runBots } from './run-bots.ts';

const USAGE = `callreel bots --server http://127.0.0.1:8080 [--calls N] [--minutes M | --seconds S]
  --calls N          calls of two at the same time (1)
  --minutes M        length of each call (1); --seconds S instead of it
  --app FILE         credentials.json of the server: signs in with UserSigs. Without it the server must run in demo mode.
  --video vp8|h264   codec of the pictures (vp8)
  --type video|audio kind of the calls (video)
  --prefix NAME      user ids are NAME-1, NAME-2 ... (bot)
  --no-receive       do not receive the others' streams: half the cost`;

/** A wrong argument; the message is a sentence for the user. */
class ArgumentError extends Error {}

/** Runs `callreel bots` with these arguments. Returns the exit code: 0 when every call went well. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        server: { type: 'string', default: 'http://127.0.0.1:8080' },
        calls: { type: 'string', default: '1' },
        minutes: { type: 'string' },
        seconds: { type: 'string' },
        app: { type: 'string' },
        video: { type: 'string', default: 'vp8' },
        type: { type: 'string', default: 'video' },
        prefix: { type: 'string', default: 'bot' },
        receive: { type: 'boolean', default: true },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const { server, app, receive, prefix } = values;
    const calls = positive('calls', values.calls);
    if (!Number.isInteger(calls)) throw new ArgumentError(`--calls is ${values.calls}; it must be a whole number.`);
    const seconds =
      values.seconds === undefined
        ? 60 * positive('minutes', values.minutes ?? '1')
        : positive('seconds', values.seconds);
    const videoCodec = oneOf('video', values.video, ['vp8', 'h264'] as const);
    const type = oneOf('type', values.type, ['video', 'audio'] as const);
    const application = app === undefined ? await demoApplication(server) : await readApplication(app);
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    process.once('SIGTERM', () => stop.abort());
    const results = await runBots({
      server,
      ...application,
      calls,
      seconds,
      type,
      videoCodec,
      receive,
      namePrefix: prefix,
      signal: stop.signal,
      onProgress: (line) => console.log(line),
    });
    console.log(resultsTable(results));
    return results.length === calls && results.every(({ problem }) => problem === null) ? 0 : 1;
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    const wrongUse =
      thrown instanceof ArgumentError ||
      (thrown instanceof TypeError && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS'));
    if (wrongUse) console.error(USAGE);
    return wrongUse ? 2 : 1;
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new ArgumentError(`--${name} is ${text}; it must be a number above 0.`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new ArgumentError(`--${name} is ${text}; it must be ${allowed.join(' or ')}.`);
  return found;
}

async function readApplication(path: string): Promise<{ sdkAppId: number; secretKey: string }> {
  const credentials: unknown = JSON.parse(await readFile(path, 'utf8'));
  const app = member(credentials, 'app');
  const [sdkAppId, secretKey] = [member(app, 'sdkAppId'), member(app, 'secretKey')];
  if (typeof sdkAppId !== 'number' || typeof secretKey !== 'string')
    throw new ArgumentError(`--app: ${path} has no app.sdkAppId and app.secretKey.`);
  return { sdkAppId, secretKey };
}

async function demoApplication(server: string): Promise<{ sdkAppId: number }> {
  const answer = await fetch(new URL('/call/config.json', server)).catch((cause: unknown) => {
    throw new Error(`The server at ${server} cannot be reached.`, { cause });
  });
  const sdkAppId = answer.ok ? member(await answer.json(), 'sdkAppId') : undefined;
  if (typeof sdkAppId !== 'number')
    throw new ArgumentError('The server does not run in demo mode: give --app with its credentials.json.');
  return { sdkAppId };
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
