import { expect, test } from 'vitest';
import { createLog } from './log.ts';

test('a line is JSON, carries its scope and hides secrets', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', to: { write: (line) => lines.push(line) } });
  log
    .child({ callId: 'c1' })
    .child({ taskId: 't1' })
    .info({ userId: 'alice', userSig: 'hush', app: { secretKey: 'hush' } }, 'task started');
  log.debug('not written');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    callId: 'c1',
    taskId: 't1',
    userId: 'alice',
    msg: 'task started',
    userSig: '[secret]',
    app: { secretKey: '[secret]' },
  });
});
