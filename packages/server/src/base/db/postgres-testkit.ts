import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';

/**
 * For tests: Debian's Postgres in a folder of its own, on a Unix socket. Nothing of the system's own is touched.
 *
 * @param place is made; the folders above it must be open to the user `postgres`.
 */
export function startPostgres(place: string): { url: string; stop(): void } {
  const version = readdirSync('/usr/lib/postgresql').sort().at(-1);
  const programs = `/usr/lib/postgresql/${version}/bin`;
  mkdirSync(place, { mode: 0o777 });
  chmodSync(place, 0o777);
  // Postgres refuses to run as root.
  const asUser = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const run = (...command: string[]): void => {
    const [program = '', ...args] = [...asUser, ...command];
    execFileSync(program, args, { stdio: 'pipe', cwd: '/' });
  };
  const options = `-k ${place} -c listen_addresses= -c fsync=off`;
  run(`${programs}/initdb`, '-D', `${place}/data`, '-U', 'callreel', '-A', 'trust', '-E', 'UTF8', '--no-sync');
  run(`${programs}/pg_ctl`, '-D', `${place}/data`, '-w', '-l', `${place}/log`, '-o', options, 'start');
  return {
    url: `postgres://callreel@localhost/postgres?host=${encodeURIComponent(place)}`,
    stop: () => run(`${programs}/pg_ctl`, '-D', `${place}/data`, '-m', 'immediate', 'stop'),
  };
}
