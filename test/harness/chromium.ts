import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type LossyRelay, RELAY_FUNCTION, RELAY_SCRIPT, throughRelay } from './lossy-relay.ts';
import { type PageSignal, pageSignalScript } from './page-signal.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
] as const;

/** Starts Debian's Chromium without a window, with a fresh profile. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...FLAGS] });
}

/** A codec that Chromium can send. */
export type SentCodec = 'vp8' | 'h264' | 'vp9' | 'av1';

/** Lets a page offer nothing but one codec for its camera. H.264 in the form that every browser decodes. */
function onlyCodecScript(codec: SentCodec): string {
  return `(() => {
    const prefer = RTCRtpTransceiver.prototype.setCodecPreferences;
    const form = ({ mimeType, sdpFmtpLine = '' }) => mimeType.toLowerCase() === 'video/${codec}'
      && (${JSON.stringify(codec)} !== 'h264' || /packetization-mode=1.*profile-level-id=42e0/.test(sdpFmtpLine) || /profile-level-id=42e0.*packetization-mode=1/.test(sdpFmtpLine))
      && (${JSON.stringify(codec)} !== 'vp9' || !/profile-id=[123]/.test(sdpFmtpLine));
    RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
      const all = RTCRtpSender.getCapabilities('video').codecs;
      return prefer.call(this, all.filter((one) => form(one) || one.mimeType === 'video/rtx'));
    };
  })();`;
}

/** A caller in a page of its own. */
export type Caller = { context: BrowserContext; page: Page; userId: string; errors: string[] };

/** What the call page says of itself. */
export type PageState = 'signedOut' | 'idle' | 'calling' | 'ringing' | 'active' | 'ended' | 'error';

/** Waits until the call page is in a state. */
export async function inState({ page }: Caller, state: PageState): Promise<void> {
  await page.locator(`[data-state="${state}"]`).waitFor({ state: 'attached', timeout: 30_000 });
}

/** Presses a button of the call page. */
export async function press({ page }: Caller, action: 'hangup' | 'camera' | 'microphone'): Promise<void> {
  // The dispatch needs no pointer and no visible toolbar.
  await page.locator(`[data-action="${action}"]`).dispatchEvent('click');
}

/** Opens the call page for a user who sends the signal. */
export async function openCaller(
  browser: Browser,
  server: string,
  {
    userId,
    signal,
    codec,
    relay,
    ...query
  }: {
    userId: string;
    signal: PageSignal;
    /** What the page sends, whether the call page asks for it or not; default: what the page asks for. */
    codec?: SentCodec | undefined;
    /** What the page publishes goes this way; default: straight. */
    relay?: LossyRelay | undefined;
    sdkAppId: number;
    userSig?: string;
    call?: string;
    autoAccept?: '1';
    type?: 'audio' | 'video';
  },
): Promise<Caller> {
  const context = await browser.newContext({ viewport: { width: 640, height: 480 }, locale: 'en-GB', bypassCSP: true });
  await context.addInitScript(pageSignalScript(signal));
  if (codec !== undefined) await context.addInitScript(onlyCodecScript(codec));
  if (relay !== undefined) {
    await context.exposeFunction(RELAY_FUNCTION, (answer: string) => throughRelay(answer, relay));
    await context.addInitScript(RELAY_SCRIPT);
  }
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const parameters = new URLSearchParams({ userId });
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  await page.goto(`${server}/call?${parameters}`);
  return { context, page, userId, errors };
}
