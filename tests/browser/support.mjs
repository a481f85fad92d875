// What the widget's tests share: one gate and one browser per file, a page per test, and what must hold after each.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { FakeGate } from './fake-gate.mjs';
import { DESKTOP, launch, watchedPage, widgetOf } from './harness.mjs';

export const ANSWER = 'The ebb turns at **nine** — the <b>Kittiwake</b> wins. ⛵';
export const SLEEPING = { mode: 'text', message: 'I am sleeping now' };

export async function until(what, condition) {
  for (let left = 200; left > 0; left -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`never happened: ${what}`);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A gate and a browser for as long as a test file runs, and the pages that its test has open. */
export function house(gate) {
  const it = { gate, browser: null, open: [] };
  before(async () => {
    await gate.start();
    it.browser = await launch();
  });
  after(async () => {
    await it.browser?.close();
    await gate.stop();
  });
  return it;
}

/** Registers the hooks of a test file and gives it its gate and its way to open pages. */
export function stage() {
  const it = house(new FakeGate());
  afterEach(async () => {
    const pages = it.open;
    it.open = [];
    for (const { seen, close, page } of pages) {
      const broken = await page.evaluate(() => globalThis.violations ?? []).catch(() => []);
      await close();
      assert.deepEqual(broken, [], 'what the page\'s policy forbids');
      assert.deepEqual(seen.errors, []);
      assert.deepEqual(seen.strangers, []);
    }
  });

  /** An empty page that notes what its policy forbids. */
  it.newPage = async (options = {}) => {
    const watched = await watchedPage(it.browser, { ...options, origins: [it.gate.origin, ...(options.origins ?? [])] });
    it.open.push(watched);
    await watched.page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    return { ...watched, widget: widgetOf(watched.page) };
  };

  /**
   * A page under a strict policy with a widget and a gate that behaves as `options` say; `landing` takes the landing page.
   * `started` presses the button and waits for `state`.
   */
  it.visit = async (options = {}, { viewport = DESKTOP, started = true, state = 'ready', landing = false, ...more } = {}) => {
    it.gate.reset(options);
    const watched = await it.newPage({ viewport, ...more });
    await watched.page.goto(landing ? it.gate.origin : `${it.gate.origin}/bare`);
    if (started) {
      await watched.widget.part('start').click();
      await watched.widget.state(state);
    }
    return watched;
  };

  /** The browser itself reports a request that a test has cut. */
  it.forgive = () => {
    it.open.at(-1).seen.errors.length = 0;
  };
  return it;
}
