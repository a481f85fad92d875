// The newcomer's path on a real gate: open the page, chat, hit the cap, see the receipt, verify it; in under a minute.
// Set TOLLGATE_URL and TOLLGATE_SECRET_KEY to those of a development gate (cargo xtask up), whose demo has a director.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { agree, DESKTOP, launch, PHONE, picture, watchedPage, widgetOf } from './harness.mjs';

const url = process.env.TOLLGATE_URL?.replace(/\/+$/, '');
const secret = process.env.TOLLGATE_SECRET_KEY;
const skip = url && secret ? false : 'TOLLGATE_URL and TOLLGATE_SECRET_KEY are not set: start a gate (cargo xtask up) and name them';
const MINUTE_MS = 60_000;

describe('the newcomer\'s path', { skip }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    test(`chat, cap, receipt, proof in under a minute, ${size}`, { timeout: 2 * MINUTE_MS }, async (t) => {
      const site = await (await fetch(`${url}/site.json`)).json();
      assert.ok(site.director, 'this gate\'s demo has a director');
      const { page, seen, close } = await watchedPage(browser, { viewport, origins: [new URL(url).origin, site.director] });
      page.setDefaultTimeout(20_000);
      try {
        const began = performance.now();
        await path(page, size);
        const took = performance.now() - began;
        t.diagnostic(`from the first navigation to the proof: ${(took / 1_000).toFixed(1)} s (${size})`);
        assert.ok(took < MINUTE_MS, `it took ${took} ms`);
        assert.deepEqual(seen.errors, [], 'console errors');
        assert.deepEqual(seen.strangers, []);
      } catch (error) {
        await picture(page, `newcomer-${size}-failed`).catch(() => {});
        throw error;
      } finally {
        await fetch(`${site.director}/demo/mend`, { method: 'POST', headers: { origin: new URL(url).origin } });
        await close();
      }
    });
  }
});

async function path(page, size) {
  const widget = widgetOf(page);
  await page.goto(url);
  await widget.part('start').click();
  await agree(page, widget);
  await widget.say('How does a sprint work?');
  assert.ok((await widget.answer(2)).trim().length > 0);

  const handle = page.locator('.gate-handle');
  if (await handle.isVisible()) await handle.click();
  const entry = page.locator('[data-ledger=rows] .charged').first();
  const id = await entry.locator('code').textContent();
  await page.locator('[data-drill=cap]').getByRole('button').click();
  await page.locator('[data-drill=cap]').getByText('402 monthly_cap').waitFor();
  await widget.state('denied');
  await widget.says('I am sleeping now');
  await page.locator('[data-ledger=rows]').getByText('402 monthly_cap').waitFor();
  await picture(page, `newcomer-${size}-1-denied`);
  await page.getByRole('button', { name: 'Lift the cap again' }).click();
  await widget.state('ready');

  await page.locator('[data-ledger=rows] .charged', { hasText: id }).getByRole('link', { name: 'See the receipt' }).click();
  await page.getByLabel('Key', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(id).first().waitFor();
  await page.getByRole('button', { name: 'Verify in this browser' }).click();
  await page.getByText('Proven: the log has this entry, word for word').waitFor();
  await picture(page, `newcomer-${size}-2-proven`);
}
