import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { renderArguments } from '../../packages/server/src/recording/render-program.ts';
import type { RenderMessage, RenderOrder } from '../../packages/server/src/recording/render-protocol.ts';

/** A render child that runs, as the server starts it. */
export type Rendering = { child: ChildProcess; ended: Promise<Extract<RenderMessage, { type: 'finished' }>> };

/** Starts a render child. `ended` throws when it does not finish. */
export function startRendering(order: RenderOrder, onMessage: (message: RenderMessage) => void): Rendering {
  const child = spawn(process.execPath, renderArguments(order), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let last: RenderMessage | null = null;
  child.on('message', (message: RenderMessage) => {
    last = message;
    onMessage(message);
  });
  const ended = new Promise<Extract<RenderMessage, { type: 'finished' }>>((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0 && last?.type === 'finished') resolve(last);
      else reject(new Error(`render ended with ${code}: ${JSON.stringify(last)}`));
    });
  });
  return { child, ended };
}

/** Memory that a process holds now, in MB of a million bytes; 0 when it is gone. `peak`: the most that it ever held. */
export function memoryOf(pid: number | undefined): { nowMb: number; peakMb: number } {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It has ended since.
  }
  const field = (name: string): number =>
    (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024) / 1e6;
  return { nowMb: field('VmRSS'), peakMb: field('VmHWM') };
}

/** CPU time that a process has taken so far, in ms; 0 when it is gone. */
export function cpuMsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // Fields 14 and 15 of proc(5), in ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
