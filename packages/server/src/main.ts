import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { CallreelError } from './base/index.ts';

// Entry of `./callreel`: each command is loaded when it is asked for, so that `help` costs nothing and no
// command can be broken by another.

const HELP = `callreel: self-hosted calls and cloud recording

  ./callreel serve  [--port 8080] [--data ./data] [--host 0.0.0.0] [--config <json>] [--demo]
  ./callreel demo   one recorded call of two simulated callers, then the end
  ./callreel bots   --server <url> --calls <n> --minutes <m> [--help]
  ./callreel render <capture bundle> --params <json> --out <folder>
  ./callreel help

Every key of the configuration: docs/reference/config.md
`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  async serve(args) {
    const { runServe } = await import('./serve.ts');
    return (await runServe(args)) ?? 0;
  },
  async demo(args) {
    const { runDemo } = await import('./demo.ts');
    return (await runDemo(args)) ?? 0;
  },
  // Media code stays in children: a crash of FFmpeg or WebRTC costs that child only.
  bots: (args) => runChild(join(import.meta.dirname, '../../bots/src/main.ts'), args),
  async render(args) {
    const { runRender } = await import('./render-command.ts');
    return runRender(args);
  },
  async help() {
    process.stdout.write(HELP);
    return 0;
  },
};

/** Runs a program of ours in a child with our terminal, and hands on the signals that we get. */
function runChild(path: string, args: string[]): Promise<number> {
  const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
  const handOn = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', handOn).on('SIGTERM', handOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', handOn).off('SIGTERM', handOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

const [name = 'help', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name)
  ? commands[name]
  : name === '--help' || name === '-h'
    ? commands.help
    : undefined;
if (command === undefined) {
  process.stderr.write(`callreel: there is no command "${name}".\n\n${HELP}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    // An error of the catalogue is a sentence for people; anything else is a bug and shows where it is.
    process.stderr.write(
      error instanceof CallreelError
        ? `callreel: ${error.message}\n`
        : `callreel: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
