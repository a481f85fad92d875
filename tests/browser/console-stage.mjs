// What the console's tests share: one gate and one browser per file, a page per test, and what must hold after each: nothing
// that the policy forbids, no error, no other origin, no key in any address, nothing kept but in the tab's own storage.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { ADMIN_KEY, FakeConsole, SECRET_KEY } from './fake-console.mjs';
import { DESKTOP, watchedPage } from './harness.mjs';
import { house } from './support.mjs';

export { pause, until } from './support.mjs';

export function consoleStage() {
  const it = house(new FakeConsole());
  afterEach(async () => {
    const pages = it.open;
    it.open = [];
    for (const { page, seen, close } of pages) {
      const left = await page
        .evaluate(() => ({ violations: globalThis.violations, kept: localStorage.length, cookies: document.cookie }))
        .catch(() => ({}));
      await close();
      assert.deepEqual(left.violations ?? [], [], 'what the policy forbids');
      assert.deepEqual([left.kept ?? 0, left.cookies ?? ''], [0, ''], 'nothing is kept beyond the tab');
      assert.deepEqual(seen.errors, []);
      assert.deepEqual(seen.strangers, []);
    }
    const told = it.gate.calls.map(({ url }) => url).join(' ');
    assert.ok(!told.includes(ADMIN_KEY) && !told.includes(SECRET_KEY), 'no key in an address');
  });

  /** A page at the door of the console, at `hash`. */
  it.door = async (hash = '', { options = {}, viewport = DESKTOP, ...more } = {}) => {
    if (options !== null) it.gate.reset(options);
    const watched = await watchedPage(it.browser, { viewport, ...more, origins: [it.gate.origin] });
    it.open.push(watched);
    await watched.page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    await watched.page.goto(`${it.gate.origin}/console${hash}`);
    return watched;
  };

  /** The same, signed in. */
  it.enter = async (hash = '', { key = ADMIN_KEY, ...more } = {}) => {
    const watched = await it.door(hash, more);
    await signIn(watched.page, key);
    await watched.page.locator('.rail').waitFor();
    return watched;
  };

  /** The browser itself reports a request that a test has cut. */
  it.forgive = () => {
    it.open.at(-1).seen.errors.length = 0;
  };
  return it;
}

export async function signIn(page, key) {
  await page.getByLabel('Key').fill(key);
  await page.keyboard.press('Enter');
}

export const heading = (page, words) => page.getByRole('heading', { level: 1, name: words, exact: true }).waitFor();
