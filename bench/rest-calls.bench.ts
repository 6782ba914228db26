import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { DialectServer } from '../packages/server/src/api/dialect/testing/dialect-server.ts';
import { signRequest } from '../packages/server/src/api/dialect/testing/sign-request.ts';

// How many describe and create calls of the REST dialect one core answers: HTTP, signature, key from the database, limit,
// all checks, the answer; behind that recording is held in memory, so that starting a task costs nothing here. The server is
// a process of its own, whose CPU time is counted. Arguments: seconds for each (10), requests under way (16).

type Facts = { host: string; sdkAppId: number; key: { secretId: string; secretKey: string }; userSig: string };
type Usage = { cpuMs: number };

const seconds = Number(process.argv[2] ?? 10);
const underWay = Number(process.argv[3] ?? 16);

if (process.send === undefined) await measure();
else await serve();

async function serve(): Promise<void> {
  const server = await DialectServer.start();
  const { host, sdkAppId, key } = server;
  const before = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuMs: (user + system) / 1000 } satisfies Usage);
  });
  process.once('disconnect', () => void server.close());
  process.send?.({ host, sdkAppId, key, userSig: server.userSig('robot') } satisfies Facts);
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, [], { stdio: 'inherit' });
  const [facts] = (await once(child, 'message')) as [Facts];
  const agent = new Agent({ keepAlive: true, maxSockets: underWay });
  const usage = async (): Promise<number> => {
    child.send('usage');
    const [{ cpuMs }] = (await once(child, 'message')) as [Usage];
    return cpuMs;
  };
  const create = (n: number): object => ({
    SdkAppId: facts.sdkAppId,
    RoomId: String(n + 1_000),
    UserId: 'robot',
    UserSig: facts.userSig,
    RecordParams: { RecordMode: 2, MaxIdleTime: 30, StreamType: 0 },
    StorageParams: { CloudVod: { TencentVod: { MediaType: 0 } } },
    MixLayoutParams: { MixLayoutMode: 3 },
  });
  const ask = (action: string, parameters: object): Promise<string> => {
    const body = JSON.stringify(parameters);
    const headers = signRequest({ ...facts.key, host: facts.host, action, body });
    return new Promise((resolve, reject) => {
      const sent = httpRequest(`http://${facts.host}/`, { method: 'POST', agent, headers }, (answer) => {
        let text = '';
        answer.on('data', (data: Buffer) => {
          text += data.toString();
        });
        answer.on('end', () => resolve(text));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
  const { Response } = JSON.parse(await ask('CreateCloudRecording', create(0))) as { Response: { TaskId: string } };
  const describe = { SdkAppId: facts.sdkAppId, TaskId: Response.TaskId };

  console.log('action                  calls   calls/s   CPU ms a call   calls/s on one core');
  for (const [action, parameters] of [
    ['DescribeCloudRecording', () => describe],
    ['CreateCloudRecording', create],
  ] as const) {
    let count = 0;
    const run = async (untilMs: number): Promise<void> => {
      while (performance.now() < untilMs) {
        count += 1;
        const answer = await ask(action, parameters(count));
        if (answer.includes('"Error"')) throw new Error(answer);
      }
    };
    const all = (forMs: number): Promise<unknown> =>
      Promise.all(Array.from({ length: underWay }, () => run(performance.now() + forMs)));
    await all(1_000);
    const [from, cpuFrom, countFrom] = [performance.now(), await usage(), count];
    await all(seconds * 1_000);
    const [calls, ms, cpuMs] = [count - countFrom, performance.now() - from, (await usage()) - cpuFrom];
    const each = cpuMs / calls;
    const figures = [calls, ((1000 * calls) / ms).toFixed(0), each.toFixed(2), (1000 / each).toFixed(0)].map(String);
    console.log(action.padEnd(24) + figures.map((figure, n) => figure.padEnd([8, 10, 16, 0][n] ?? 0)).join(''));
  }
  agent.destroy();
  child.disconnect();
}
