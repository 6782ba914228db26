import type { Migration } from '../migrate.ts';
import { first } from './0001-first.ts';
import { soundFiles } from './0002-sound-files.ts';
import { originalFiles } from './0003-original-files.ts';
import { stills } from './0004-stills.ts';
import { pausedTasks } from './0005-paused-tasks.ts';
import { callbacks } from './0006-callbacks.ts';
import { restScopes } from './0007-rest-scopes.ts';
import { orderedTasks } from './0008-ordered-tasks.ts';
import { usage } from './0009-usage.ts';
import { storedTasks } from './0010-stored-tasks.ts';

/** All migrations, by number. A migration that has been released never changes. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([
  first,
  soundFiles,
  originalFiles,
  stills,
  pausedTasks,
  callbacks,
  restScopes,
  orderedTasks,
  usage,
  storedTasks,
]);
