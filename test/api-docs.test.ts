import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './harness/chromium.ts';
import { ServerProcess } from './harness/server-process.ts';

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([ServerProcess.start({ CALLREEL_DEMO: 'true' }), startChromium()]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test('the page of the API shows every route, loads nothing from elsewhere and breaks no rule', async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${server.address}/api/docs`);
  await page.locator('html[data-state="shown"]').waitFor({ state: 'attached', timeout: 30_000 });

  const { paths } = (await (await fetch(`${server.address}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { summary: string }>>;
  };
  const wanted = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { summary }]) => `${method.toUpperCase()}${path} ${summary}`),
  );
  expect((await page.locator('main details > summary').allTextContents()).sort()).toEqual(wanted.sort());
  expect(wanted.length).toBeGreaterThan(20);

  const start = page.locator('details', { hasText: 'Starts a recording' });
  await start.locator('summary').click();
  await start.getByText('TaskLimitReached').waitFor({ state: 'visible' });
  await page.locator('#part-TaskParameters').getByText('keyframeIntervalS').waitFor({ state: 'visible' });
  // What a link to a part names is there.
  const targets = await page.locator('main a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  for (const target of new Set(targets)) expect(await page.locator(target ?? 'none').count(), String(target)).toBe(1);

  expect(asked.filter((url) => !url.startsWith(server.address))).toEqual([]);
  expect(complaints).toEqual([]);
});
