import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';

const MAIN = join(import.meta.dirname, '../../packages/server/src/main.ts');

/** A line of the server's log. */
export type LogLine = { msg: string } & Record<string, unknown>;

/** A finished file, as `GET /api/v1/media` tells. */
export type MediaRow = {
  fileId: string;
  taskId: string;
  roomId: string;
  name: string;
  sizeBytes: number;
  durationUs: number;
  startUs: number;
  sha256: string;
  createdUs: number;
};

/**
 * `callreel serve` in a process of its own, with a data folder of its own. It can be killed and started again on the
 * same folder and port; its log is heard line by line, so that nothing has to be waited for by the clock.
 */
export class ServerProcess {
  readonly folder: string;
  readonly port: number;
  readonly #environment: Record<string, string>;
  #child: ChildProcess | null = null;
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<{
    wanted: (line: LogLine) => boolean;
    found: (line: LogLine) => void;
    failed: (error: Error) => void;
  }>();

  private constructor(folder: string, port: number, environment: Record<string, string>) {
    this.folder = folder;
    this.port = port;
    this.#environment = environment;
  }

  /** Starts a server in an empty folder. @param environment `CALLREEL_…` keys. */
  static async start(environment: Record<string, string> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(await mkdtemp(join(tmpdir(), 'callreel-test-')), await freePort(), environment);
    await server.run();
    return server;
  }

  /** Origin of its HTTP. */
  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Process id. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('The server does not run.');
    return this.#child.pid;
  }

  /** All lines of its log until now. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Starts the process, again after a kill; answers when it serves. */
  async run(): Promise<void> {
    const child = spawn(
      process.execPath,
      [MAIN, 'serve', '--host', '127.0.0.1', '--port', String(this.port), '--data', this.folder],
      {
        env: { ...process.env, ...this.#environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    const serves = this.next(({ msg }) => msg === 'platform serves');
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => {
      complaint += data.toString();
    });
    createInterface({ input: child.stdout }).on('line', (text) => this.#hear(JSON.parse(text) as LogLine));
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#child = null;
      for (const each of [...this.#waiting])
        each.failed(new Error(`The server ended (${signal ?? code}): ${complaint.slice(-2000)}`));
    });
    await serves;
  }

  /** The next line of the log that is wanted, or the `count`th from now; fails when the server ends first. */
  next(wanted: (line: LogLine) => boolean, count = 1): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      let left = count;
      const entry = {
        wanted,
        found: (line: LogLine) => {
          left -= 1;
          if (left > 0) return;
          this.#waiting.delete(entry);
          resolve(line);
        },
        failed: (error: Error) => {
          this.#waiting.delete(entry);
          reject(error);
        },
      };
      this.#waiting.add(entry);
    });
  }

  /** Ends the process by a signal and waits until it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#waiting.clear();
    child.kill(signal);
    await gone;
  }

  /** What the first start wrote. */
  async credentials(): Promise<{
    admin: { user: string; password: string };
    app: { sdkAppId: number; secretKey: string };
    rest: { secretId: string; secretKey: string };
  }> {
    return JSON.parse(await readFile(join(this.folder, 'credentials.json'), 'utf8'));
  }

  /** Asks the HTTP API with the REST key. */
  async api(path: string, init: RequestInit = {}): Promise<Response> {
    const { rest } = await this.credentials();
    const headers = {
      authorization: `Basic ${Buffer.from(`${rest.secretId}:${rest.secretKey}`).toString('base64')}`,
      ...(init.headers ?? {}),
    };
    return fetch(`${this.address}${path}`, { ...init, headers });
  }

  /**
   * Records the calls that begin from now on by a template: the default one with these changes.
   * @param mode Default `automatic`.
   */
  async setTemplate(changes: Partial<TaskParameters>, mode: 'automatic' | 'rest' = 'automatic'): Promise<void> {
    const path = `/api/v1/applications/${(await this.credentials()).app.sdkAppId}/recording`;
    const settings = { mode, template: { ...DEFAULT_TASK_PARAMETERS, ...changes }, indexAlways: false };
    const answer = await this.api(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });
    if (!answer.ok) throw new Error(`PUT ${path} answered ${answer.status}: ${await answer.text()}`);
  }

  /** The finished files of a room. */
  async media(roomId: string): Promise<MediaRow[]> {
    const response = await this.api(`/api/v1/media?roomId=${encodeURIComponent(roomId)}`);
    if (!response.ok) throw new Error(`GET /api/v1/media answered ${response.status}: ${await response.text()}`);
    const { media } = (await response.json()) as { media: MediaRow[] };
    return media;
  }

  /** Where a finished file lies. */
  async filePath({ taskId, name }: MediaRow): Promise<string> {
    return join(this.folder, 'files', String((await this.credentials()).app.sdkAppId), taskId, name);
  }

  /** Stops the server and deletes its folder; with `KEEP=1` in the environment the folder stays, with the log beside it, to be looked at. */
  async close(): Promise<void> {
    await this.kill('SIGTERM');
    if (process.env['KEEP'] !== '1') return rm(this.folder, { recursive: true });
    await writeFile(join(this.folder, 'server.log'), this.#lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    console.log(`kept: ${this.folder}`);
  }

  #hear(line: LogLine): void {
    this.#lines.push(line);
    for (const each of [...this.#waiting]) if (each.wanted(line)) each.found(line);
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}
