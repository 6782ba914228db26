import { expect, test } from 'vitest';
import { RenderSlots } from './render-slots.ts';

test('gives as many slots as there are, and the next in order as they are given back', async () => {
  const slots = new RenderSlots(2);
  const got: string[] = [];
  const take = async (name: string): Promise<() => void> => {
    const giveBack = await slots.take();
    got.push(name);
    return giveBack;
  };
  const first = await take('a');
  await take('b');
  const [third, fourth] = [take('c'), take('d')];
  await Promise.resolve();
  expect(got).toEqual(['a', 'b']);
  first();
  // Given back twice is given back once: `d` goes on waiting.
  first();
  const giveBack = await third;
  expect(got).toEqual(['a', 'b', 'c']);
  giveBack();
  await fourth;
  expect(got).toEqual(['a', 'b', 'c', 'd']);
});

test('a machine has at least two', async () => {
  const slots = new RenderSlots(0);
  await Promise.all([slots.take(), slots.take()]);
});
