import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { extname } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { guardedLookup, isPublicAddress, mustBeAllowed, type Resolve } from '../base/outbound-fetch.ts';
import type { CloudStorageTarget } from './cloud-storage-target.ts';
import { checkKey } from './key.ts';
import { storeError } from './store-error.ts';

/** Larger files go in parts of this size. 10 000 parts are the most: enough for 80 GB, where files end at 2 GB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts on their way at once, each of which is in memory. */
const PARTS_AT_ONCE = 2;
/** Tries of one request, before the whole file is left to be tried again later. */
const TRIES = 3;
const CONNECT_TIMEOUT_MS = 10_000;
/** Of one request: a part of 8 MiB at half a megabit a second. */
const REQUEST_TIMEOUT_MS = 120_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = Object.freeze({
  '.mp4': 'video/mp4',
  '.aac': 'audio/aac',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
});

/** How a store is reached. */
export type S3StoreOptions = {
  /** Which addresses may be connected to; public ones by default. */
  allows?: (address: string) => boolean;
  /** Finds the addresses of a name; the system's way by default. */
  resolve?: Resolve;
  /** Longest time of one request, in ms; 120 000 by default. */
  requestTimeoutMs?: number;
};

/**
 * Files in a bucket of an S3 store that somebody else has named: takes them, and does nothing else. What is
 * connected to is checked as in `fetchOutside`: at the moment of connecting, whatever name led there.
 *
 * Life: {@link S3Store.close} ends uploads that are under way.
 */
export class S3Store {
  readonly #bucket: string;
  readonly #client: S3Client;
  readonly #closing = new AbortController();

  /** @throws {CallreelError} `StoreRefused` for an address that must not be connected to. */
  constructor(
    target: CloudStorageTarget,
    { allows = isPublicAddress, resolve, requestTimeoutMs = REQUEST_TIMEOUT_MS }: S3StoreOptions = {},
  ) {
    const { region, bucket, accessKey, secretKey } = target;
    const endpoint = endpointOf(target);
    try {
      if (endpoint !== null) mustBeAllowed(new URL(endpoint), allows);
    } catch (error) {
      throw storeError(error);
    }
    const connections = { keepAlive: true, lookup: guardedLookup(allows, resolve) };
    this.#bucket = bucket;
    this.#client = new S3Client({
      region,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      ...(endpoint === null ? {} : { endpoint }),
      // Stores of one's own seldom have a name for each bucket.
      forcePathStyle: target.endpointUrl !== null,
      // What this machine's own configuration says of AWS is not meant.
      ignoreConfiguredEndpointUrls: true,
      maxAttempts: TRIES,
      // Other stores than Amazon's do not know its newer checksums. TLS and the signature cover the content.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: new HttpAgent(connections),
        httpsAgent: new HttpsAgent(connections),
      },
    });
    // The uploader goes on with requests that it had begun; this is asked before every try of every one.
    this.#client.middlewareStack.add(
      (next) => (request) => {
        this.#closing.signal.throwIfAborted();
        return next(request);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'callreelClosing' },
    );
  }

  /**
   * Puts the file at `path` under `key`, and leaves it where it is. When this returns the whole object is there; a crash
   * in the middle leaves nothing under the key that was not there before. Putting it again is harmless.
   *
   * @throws {CallreelError} `StoreUnavailable` for what may pass by itself, `StoreRefused` for what will not. | file errors.
   */
  async put(key: string, path: string): Promise<void> {
    checkKey(key);
    // A file that cannot be read is no fault of the store.
    await (await open(path, 'r')).close();
    const body = createReadStream(path, { highWaterMark: PART_BYTES });
    const type = CONTENT_TYPES[extname(path)];
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.#bucket, Key: key, Body: body, ...(type === undefined ? {} : { ContentType: type }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const abort = (): void => void upload.abort();
    this.#closing.signal.addEventListener('abort', abort, { once: true });
    try {
      this.#closing.signal.throwIfAborted();
      await upload.done();
    } catch (error) {
      throw body.errored ?? storeError(error);
    } finally {
      this.#closing.signal.removeEventListener('abort', abort);
      body.destroy();
    }
  }

  /** Ends what is under way. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#client.destroy();
  }
}

/** Null: that of Amazon's store, which the client knows. */
function endpointOf({ vendor, region, endpointUrl }: CloudStorageTarget): string | null {
  if (endpointUrl !== null) return endpointUrl;
  return vendor === 'cos' ? `https://cos.${region}.myqcloud.com` : null;
}
