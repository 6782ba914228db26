import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CallreelError } from './callreel-error.ts';

/** The data folder of this process, and the places in it. */
export type DataFolder = {
  /** Absolute. */
  path: string;
  databasePath: string;
  capturesPath: string;
  filesPath: string;
  credentialsPath: string;
  /** Lets another process have the folder. May be called twice. */
  close(): void;
};

/**
 * Makes the data folder and takes it for this process alone. The lock is a POSIX lock of SQLite on
 * `lock.db`: the kernel lets go of it when the process dies, however it dies, and nothing native is needed.
 *
 * @throws {CallreelError} `DataFolderUnusable`, `DataFolderInUse`.
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  try {
    makeFolder(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new CallreelError('DataFolderUnusable', `data is "${folder}" (${codeOf(cause)}).`, { cause });
  }
  const lock = await takeLock(join(path, 'lock.db'), folder);
  return {
    path,
    databasePath: join(path, 'db'),
    capturesPath: join(path, 'captures'),
    filesPath: join(path, 'files'),
    credentialsPath: join(path, 'credentials.json'),
    close() {
      if (lock.isOpen) lock.close();
    },
  };
}

/** One level at a time: Node's recursive way never returns where a parent answers ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o750 });
}

async function takeLock(path: string, folder: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await withoutExperimentalWarning(() => import('node:sqlite'));
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path);
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    // 5 is SQLITE_BUSY: somebody else holds the lock; everything else is about the disk.
    const busy = cause instanceof Error && 'errcode' in cause && cause.errcode === 5;
    throw new CallreelError(busy ? 'DataFolderInUse' : 'DataFolderUnusable', `data is "${folder}".`, { cause });
  }
}

/** node:sqlite says with its first import that it is experimental; that is no news for an operator. */
async function withoutExperimentalWarning<T>(load: () => Promise<T>): Promise<T> {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('SQLite')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
