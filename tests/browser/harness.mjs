// A browser for the tests: starts Chromium, opens pages that watch themselves, and takes pictures.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const SHOTS = fileURLToPath(new URL('./screenshots/', import.meta.url));

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
export const SMALL_PHONE = { width: 360, height: 740 };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=user-gesture-required'],
  });
}

/**
 * A page that notes console errors, uncaught errors and requests that leave `origins`; those are answered here and never
 * sent. A refusal of the gate (4xx, 5xx) is written to the console by the browser itself: `refusals` counts them apart.
 */
export async function watchedPage(browser, { viewport = DESKTOP, dark = false, origins = [], calm = true, locale = 'en-GB' } = {}) {
  const context = await browser.newContext({
    viewport, locale, colorScheme: dark ? 'dark' : 'light', reducedMotion: calm ? 'reduce' : 'no-preference',
    isMobile: viewport.width < 500, hasTouch: viewport.width < 500,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const seen = { errors: [], refusals: [], strangers: [], bodies: [] };
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const refused = /the server responded with a status of (\d+)/.exec(message.text());
    if (refused) seen.refusals.push({ status: Number(refused[1]), path: new URL(message.location().url).pathname });
    else seen.errors.push(message.text());
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('response', (response) => {
    // Kept as promises: the bodies of streams come later, and those of aborted calls never.
    seen.bodies.push(response.text().then((text) => ({ url: response.url(), headers: response.headers(), text }), () => null));
  });
  await context.route('**/*', (route) => {
    const url = new URL(route.request().url());
    if (!url.protocol.startsWith('http') || origins.includes(url.origin)) return route.continue();
    seen.strangers.push({ url: url.href, type: route.request().resourceType() });
    return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>room</title><p>A room would be here.' });
  });
  return { page, seen, close: () => context.close() };
}

export async function picture(page, name) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png` });
}

export async function wholePicture(page, name) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true });
}

/** The parts of the widget by the names its own markup gives them, which a page styles them by; the locators reach into the shadow tree. */
export function widgetOf(page) {
  const part = (name) => page.locator(`twin-widget [part~="${name}"]`);
  return {
    part,
    /** Waits until the widget says this. */
    says: (text) => page.locator('twin-widget [part~="message"]', { hasText: text }).waitFor(),
    state: async (name) => {
      try {
        await page.locator(`twin-widget .booth[data-state="${name}"]`).waitFor();
      } catch {
        throw new Error(`wanted state ${name}, have ${await page.locator('twin-widget .booth').getAttribute('data-state')}`);
      }
    },
    say: async (text) => {
      await part('text').fill(text);
      await part('text').press('Enter');
    },
    /** The newest answer, once it is whole. */
    answer: async (count) => {
      await page.locator('twin-widget .turn.twin:not([aria-busy])').nth(count - 1).waitFor();
      return part('answer').nth(count - 1).textContent();
    },
  };
}

/** Says yes to whatever is asked until the twin is there. */
export async function agree(page, widget) {
  const there = page.locator('twin-widget .booth:is([data-state=ready], [data-state=throttled])');
  const accept = widget.part('accept');
  for (let question = 0; question < 4; question += 1) {
    await there.or(accept).first().waitFor();
    if (await there.count()) return;
    // This very question goes away; the next one may be there at once.
    const asked = await accept.elementHandle();
    await asked.click();
    await asked.waitForElementState('hidden');
  }
  await there.waitFor();
}
