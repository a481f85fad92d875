// What the tests of the console's log pages share: a gate with a signed log, a browser, a page that is signed in.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';
import { launch, watchedPage } from './harness.mjs';
import { ADMIN, entries, LogGate } from './log-gate.mjs';

export const all = entries(5_400);
export const gate = new LogGate();
let browser;
let open = [];

/** Registers the hooks of a test file. Every test begins with an honest log of 5,300 entries. */
export function stage() {
  before(async () => {
    await gate.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await gate.stop();
  });
  beforeEach(() => gate.reset({ all, size: 5_300 }));
  afterEach(async () => {
    const pages = open;
    open = [];
    for (const { seen, close } of pages) {
      await close();
      assert.deepEqual([seen.errors, seen.strangers], [[], []]);
    }
  });
}

export async function visit(hash = '#/log', { key = ADMIN, ...options } = {}) {
  const watched = await watchedPage(browser, { ...options, origins: [gate.origin] });
  open.push(watched);
  const { page } = watched;
  await page.goto(`${gate.origin}/console${hash}`);
  await page.locator('#key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

export const rows = (page) => page.getByRole('table', { name: 'Entries' }).locator('tbody tr');
export const verdict = (page) => page.locator('.steps-verdict .notice > strong');

export async function verify(page, id) {
  await page.goto(`${gate.origin}/console#/log/${id}`);
  await page.getByRole('button', { name: 'Verify in this browser' }).click();
  await verdict(page).waitFor();
}
