import { expect, test } from 'vitest';
import { CallreelError } from '../base/index.ts';
import { SignInLimiter } from './sign-in-limiter.ts';

const wrong = async (): Promise<never> => {
  throw new CallreelError('PasswordWrong');
};

test('ten failures close the door for this address and name, for five minutes', async () => {
  let nowMs = 0;
  const limiter = new SignInLimiter(() => nowMs);
  for (let n = 0; n < 10; n += 1)
    await expect(limiter.guard('1.1.1.1', 'admin', wrong)).rejects.toMatchObject({ code: 'PasswordWrong' });
  let asked = false;
  const right = async (): Promise<string> => {
    asked = true;
    return 'in';
  };
  await expect(limiter.guard('1.1.1.1', 'admin', right)).rejects.toMatchObject({ code: 'RequestTooFrequent' });
  expect(asked).toBe(false);
  expect(await limiter.guard('2.2.2.2', 'admin', right)).toBe('in');
  expect(await limiter.guard('1.1.1.1', 'other', right)).toBe('in');
  nowMs = 5 * 60_000;
  expect(await limiter.guard('1.1.1.1', 'admin', right)).toBe('in');
});

test('success forgets failures, and errors of other kinds are none', async () => {
  const limiter = new SignInLimiter(() => 0);
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 9; n += 1)
      await expect(limiter.guard('a', 'b', wrong)).rejects.toMatchObject({ code: 'PasswordWrong' });
    expect(await limiter.guard('a', 'b', async () => 'in')).toBe('in');
  }
  for (let n = 0; n < 30; n += 1) {
    await expect(
      limiter.guard('a', 'b', async () => {
        throw new Error('database away');
      }),
    ).rejects.toThrow('database away');
  }
});
