import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { CloudStorageTarget } from './cloud-storage-target.ts';

/** The one key that the server knows. */
export const TEST_KEY = 'S3RVER';
/** The one bucket that there is. */
export const TEST_BUCKET = 'recordings';

/** What names of files end with that hold whole objects. */
const OBJECT = '._S3rver_object';

/** An S3 server for tests, over HTTP on loopback, in a folder of its own. */
export class TestS3 {
  /** Called with every request: `pass` it, `fail` it with 503, or `hold` it without an answer until its connection ends. */
  gate: (request: IncomingMessage) => 'pass' | 'fail' | 'hold' = () => 'pass';
  readonly requests: string[] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #client: S3Client;
  readonly endpointUrl: string;

  private constructor(folder: string, server: Server, endpointUrl: string) {
    this.#folder = folder;
    this.#server = server;
    this.endpointUrl = endpointUrl;
    this.#client = new S3Client({
      region: 'us-east-1',
      endpoint: endpointUrl,
      forcePathStyle: true,
      credentials: { accessKeyId: TEST_KEY, secretAccessKey: TEST_KEY },
    });
  }

  /** Starts it with one empty bucket. */
  static async start(): Promise<TestS3> {
    const folder = await mkdtemp(join(tmpdir(), 'callreel-s3-'));
    const s3 = new S3rver({
      directory: folder,
      silent: true,
      vhostBuckets: false,
      configureBuckets: [{ name: TEST_BUCKET, configs: [] }],
    });
    await s3.configureBuckets();
    const answer = s3.callback();
    const server = createServer((request, response) => {
      test.requests.push(`${request.method} ${request.url}`);
      const what = test.gate(request);
      if (what === 'pass') return void answer(request, response);
      request.resume();
      if (what === 'fail') response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The S3 server does not listen.');
    const test = new TestS3(folder, server, `http://127.0.0.1:${address.port}`);
    return test;
  }

  /** Its bucket, as an order names it. */
  target(changes: Partial<CloudStorageTarget> = {}): CloudStorageTarget {
    const { endpointUrl } = this;
    const keys = { accessKey: TEST_KEY, secretKey: TEST_KEY };
    return { vendor: 'aws', region: 'us-east-1', bucket: TEST_BUCKET, ...keys, endpointUrl, prefix: [], ...changes };
  }

  /** Keys of all objects, ascending, as its folder has them: it does not take the client's signature for a list. */
  async keys(): Promise<string[]> {
    const bucket = join(this.#folder, TEST_BUCKET);
    const names = await readdir(bucket, { recursive: true });
    return names.flatMap((name) => (name.endsWith(OBJECT) ? [name.slice(0, -OBJECT.length)] : [])).sort();
  }

  /** Content of an object. */
  async read(key: string): Promise<Buffer> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: TEST_BUCKET, Key: key }));
    if (Body === undefined) throw new Error(`The object ${key} has no content.`);
    return Buffer.from(await Body.transformToByteArray());
  }

  /** Stops it and deletes everything. */
  async close(): Promise<void> {
    this.#client.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
