import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What was posted. */
export type Posted = {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  deliveryId: string;
  attempt: number;
};

/** What a receiver does with a post; by default it answers 200. */
export type Behaviour = (post: Posted, response: ServerResponse) => void;

/** For tests: a real receiver of callbacks on the loopback. */
export class Receiver {
  readonly posts: Posted[] = [];
  behave: Behaviour;
  readonly #server: Server;
  readonly #waiting: { count: number; done: () => void }[] = [];
  #connections = 0;

  private constructor(behave: Behaviour) {
    this.behave = behave;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#take(request, Buffer.concat(chunks).toString('utf8'), response));
    });
    this.#server.on('connection', () => {
      this.#connections += 1;
    });
  }

  /** @param behave default: answers 200 to everything. */
  static async open(behave: Behaviour = (_, response) => void response.end('{"code":0}')): Promise<Receiver> {
    const receiver = new Receiver(behave);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** `http://127.0.0.1:port`. */
  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The receiver is closed.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** How often somebody connected. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves when that many posts have come in all. */
  async until(count: number): Promise<void> {
    if (this.posts.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, done: resolve });
    await promise;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take(request: IncomingMessage, body: string, response: ServerResponse): void {
    const post: Posted = {
      path: request.url ?? '',
      headers: request.headers,
      body,
      deliveryId: String(request.headers['x-callreel-delivery']),
      attempt: Number(request.headers['x-callreel-attempt']),
    };
    this.posts.push(post);
    this.behave(post, response);
    for (const { count, done } of this.#waiting) if (this.posts.length >= count) done();
  }
}
