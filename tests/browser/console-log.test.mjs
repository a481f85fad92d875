// The console's log pages in a browser: finding entries among many, and being usable for everybody.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { DESKTOP, PHONE, wholePicture } from './harness.mjs';
import { SECRET } from './log-gate.mjs';
import { all, gate, rows, stage, verdict, verify, visit } from './log-stage.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
stage();

async function axe(page) {
  // Through the tool's own channel, not as a script of the page: the page's policy is left as it is.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 300)}`);
}

describe('looking', () => {
  test('the first page is one request, newest first, and few rows', async () => {
    const page = await visit();
    await rows(page).first().waitFor();
    assert.equal(gate.of('list').length, 1);
    assert.deepEqual(gate.of('list')[0].query, { order: 'newest', limit: '50', kind: 'all' });
    assert.equal(await rows(page).count(), 50);
    assert.match(await rows(page).first().innerText(), /5,299/);
    await page.getByText('5,300 entries').waitFor();
    await page.getByText('Signature holds').waitFor();
  });

  test('reading on takes further pages and leaves the document small', async () => {
    const page = await visit();
    await rows(page).first().waitFor();
    for (let step = 0; step < 12; step += 1) {
      await page.getByRole('button', { name: 'More', exact: true }).scrollIntoViewIfNeeded();
      await page.waitForTimeout(60);
    }
    assert.ok(gate.of('list').length > 4, 'pages were read');
    assert.ok(await rows(page).count() <= 200, 'rows are bounded');
  });

  test('every filter is asked of the gate, and a secret key sees what costs its tenant', async () => {
    const page = await visit();
    await page.getByLabel('Kind').selectOption('money');
    await page.getByLabel('Tenant').first().fill('demo');
    await page.getByText('More filters').click();
    await page.getByLabel('Event').selectOption('TWIN_INTERACTION');
    await page.getByLabel('Capability').selectOption('chat');
    await page.getByLabel('Vendor').fill('openai');
    await page.getByLabel('Session').fill('ses_15');
    await page.getByLabel('From').fill('2026-10-01');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('link', { name: 'Interaction' }).first().waitFor();
    const { query } = gate.of('list').at(-1);
    assert.deepEqual(query, { order: 'newest', limit: '50', tenant: 'demo', kind: 'money', event_type: 'TWIN_INTERACTION', capability: 'chat', provider: 'openai', session_id: 'ses_15', from: '2026-10-01' });
    assert.equal(await rows(page).count(), 1);
    assert.equal(await page.getByLabel('Vendor').inputValue(), 'openai');

    const tenant = await visit('#/log', { key: SECRET });
    await rows(tenant).first().waitFor();
    assert.deepEqual(gate.of('list').at(-1).query, { order: 'newest', limit: '50', kind: 'money' });
    assert.equal(await tenant.locator('#log-tenant').count(), 0);
  });

  test('a search of several looks says how far it has come', async () => {
    gate.reset({ all, size: 5_300, scan: 100 });
    const page = await visit('#/log?session=ses_9');
    await page.getByText(/Looked back to .* Oct 2026|Looked back to .* Nov 2026/).waitFor();
    await page.getByRole('button', { name: 'Look further' }).waitFor();
    const looks = gate.of('list').length;
    assert.ok(looks % 5 === 0 && looks <= 40, `${looks} looks, then somebody is asked`);
    const rested = page.locator('.paged-foot button:not([disabled], [hidden])').or(rows(page).first());
    for (let looks = 0; looks < 6 && await rows(page).count() === 0; looks += 1) {
      await page.getByRole('button', { name: 'Look further' }).click();
      await rested.first().waitFor();
    }
    assert.equal(await rows(page).count(), 1);
  });

  test('a date in a long list is found in a few requests, and a period doesn’t go on behind its beginning', async () => {
    const page = await visit();
    await rows(page).first().waitFor();
    gate.calls.length = 0;
    await page.getByLabel('Jump to a date').fill('2026-10-10');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText('10 Oct 2026, 23:50:00').waitFor();
    assert.match(await rows(page).first().innerText(), /10 Oct 2026, 23:50:00/);
    assert.ok(gate.of('list').length < 18, `${gate.of('list').length} requests`);

    gate.reset({ all, size: 5_300, scan: 500 });
    await page.goto(`${gate.origin}/console#/log?kind=admin&from=2026-10-10&until=2026-10-11`);
    await page.locator('.paged-foot').getByText(/^\d+ entries$/).waitFor();
    const when = await rows(page).evaluateAll((list) => list.map((row) => row.querySelector('time').dateTime.slice(0, 10)));
    assert.ok(when.length >= 5 && when.every((day) => day === '2026-10-10' || day === '2026-10-11'), String(when));
    assert.equal(await page.getByRole('button', { name: 'More', exact: true }).isVisible(), false);
    const pages = gate.of('list').filter(({ query }) => query.order === 'newest');
    // From three days after the period to three before it, 500 entries at a time; the whole of what is below it would be two more.
    assert.ok(pages.length <= 3, `${pages.length} pages`);
  });

  test('an entry by its id, with its corrections, its exact cost, and nothing read as markup', async () => {
    const page = await visit();
    await page.getByLabel('An entry’s id').fill('lc_21');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('$9,007,199.254740993 USD', { exact: true }).waitFor();
    await page.goto(`${gate.origin}/console#/log/lc_10`);
    await page.getByText('the vendor’s credit <b>note</b>').waitFor();
    await page.getByText('$0.04000001 USD').waitFor();
    await page.getByRole('link', { name: 'lc_11' }).click();
    await page.getByText('Corrects').waitFor();
    await page.goto(`${gate.origin}/console#/log/lc_none`);
    await page.getByText('No such entry').waitFor();
  });

  test('a month’s invoice is saved as the gate wrote it', async () => {
    const page = await visit();
    await page.locator('#invoice-tenant').fill('demo');
    await page.locator('#invoice-month').fill('2026-10');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    const file = await saved;
    assert.equal(file.suggestedFilename(), 'invoice-demo-2026-10.csv');
    assert.equal(await readFile(await file.path(), 'utf8'), 'row,tenant_id\r\ntotal,demo\r\n');
    await page.getByText('$12.50 USD, open').waitFor();
    gate.refuse = { invoice: 503 };
    await page.getByRole('button', { name: 'Download CSV' }).click();
    await page.getByText('The gate can’t reach its store').waitFor();
  });
});

describe('for everybody', () => {
  for (const [size, viewport, dark] of [['desktop', DESKTOP, false], ['desktop-dark', DESKTOP, true], ['phone', PHONE, false], ['phone-dark', PHONE, true]]) {
    test(`no serious fault, nothing wider than the page: ${size}`, async () => {
      const page = await visit('#/log', { viewport, dark });
      const fits = async (name) => {
        assert.deepEqual(await axe(page), [], name);
        // A phone widens its window to what is too wide: the screen is what counts.
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= viewport.width, `${name} is wider than the screen`);
        await wholePicture(page, `console-log-${name}-${size}`);
      };
      await rows(page).first().waitFor();
      await page.getByText('Signature holds').waitFor();
      await page.getByText('More filters').click();
      await fits('list');
      await verify(page, 'lc_10');
      await page.locator('.folds summary').click();
      await fits('entry');
      await page.goto(`${gate.origin}/console#/log/check`);
      await page.locator('#receipt-file').setInputFiles({ name: 'r', mimeType: 'text/plain', buffer: Buffer.from(gate.log.receipt(21).replace('index 21', 'index 20')) });
      await verdict(page).waitFor();
      await fits('file');
      gate.reset({ all, size: 5_200, seed: 3 });
      await page.goto(`${gate.origin}/console#/log`);
      await page.locator('.log-alarm').waitFor();
      await fits('alarm');
    });
  }

  test('with the keyboard alone', async () => {
    const page = await visit();
    await rows(page).first().waitFor();
    await page.getByLabel('An entry’s id').focus();
    await page.keyboard.type('lc_10');
    await page.keyboard.press('Enter');
    const button = page.getByRole('button', { name: 'Verify in this browser' });
    await button.waitFor();
    for (let presses = 0; presses < 30 && !(await button.evaluate((one) => one === document.activeElement)); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await verdict(page).waitFor();
    await page.locator('#announcer', { hasText: 'Proven.' }).waitFor({ state: 'attached' });
    assert.equal(await button.evaluate((one) => one === document.activeElement), true, 'the keyboard keeps its place');
  });
});
