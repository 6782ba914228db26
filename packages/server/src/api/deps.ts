import type { Applications, ConsoleUsers, RestKeys } from '../apps/index.ts';
import type { Log } from '../base/index.ts';
import type { CallbackLog } from '../callback/index.ts';
import type { Library } from '../library/index.ts';
import type { TaskOrders } from '../recording/index.ts';
import type { Store } from '../store/index.ts';
import type { UsageReader } from '../usage/index.ts';
import type { DialectParts, RateLimiter, TrtcParts } from './dialect/index.ts';

/** A list that another stage reads for the API: the newest first; `sdkAppId` missing means all applications, `taskId` all tasks. */
export interface ListReader {
  list(query: { sdkAppId?: number; taskId?: string; limit: number }): Promise<readonly object[]>;
}

/** What the REST dialect is answered by besides; see `Dialect`. */
export type DialectDeps = Omit<TrtcParts, 'applications'> &
  Pick<DialectParts, 'nowMs' | 'answerTimeoutMs'> & {
    /** Default: 20 requests a second for each action of a key. */
    limiter?: RateLimiter;
  };

/** What the API is made of. It holds no logic of its own: everything is asked of these. */
export type ApiDeps = {
  log: Log;
  applications: Applications;
  consoleUsers: ConsoleUsers;
  restKeys: RestKeys;
  library: Library;
  store: Store;
  calls: ListReader;
  recordings: ListReader;
  taskOrders: Pick<TaskOrders, 'owner' | 'start' | 'modify' | 'pause' | 'resume' | 'stop'>;
  callbacks: Pick<CallbackLog, 'list' | 'get' | 'resend' | 'test'>;
  usage: Pick<UsageReader, 'days' | 'points'>;
  dialect: DialectDeps;
  /** Each answers when that part works and throws when it does not. */
  checks: { database: () => Promise<void>; mediaServer: () => Promise<void> };
  /** Demo mode: the call page may be used without a UserSig. */
  demo: boolean;
  /** Whether X-Forwarded-For and -Proto are believed; default false. */
  trustProxy?: boolean;
  /** The built call page; default that of packages/callkit. */
  callPageFolder?: string;
};
