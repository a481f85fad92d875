// How the console looks and how it bears size: axe on every view in both themes and at three widths, nothing that scrolls the
// page sideways, and bounded requests and rows with ten thousand tenants.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { consoleStage, heading, until } from './console-stage.mjs';
import { OWN, SECRET_KEY } from './fake-console.mjs';
import { DESKTOP, PHONE, SMALL_PHONE, wholePicture } from './harness.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const it = consoleStage();
const { gate } = it;

/** All that axe finds, of whatever weight. */
async function faults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(
    ({ id, impact, nodes }) =>
      `${impact} ${id}: ${nodes
        .slice(0, 3)
        .map((node) => `${node.target} ${node.any[0]?.message ?? node.all[0]?.message ?? ''}`)
        .join('; ')}`,
  );
}

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
/** What a thumb would miss: below 36 px, but for links within text. */
const small = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, input, .choice a, .index a, summary')]
      .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < (one.matches('summary') ? 20 : 36))
      .map((one) => `${one.tagName} ${one.textContent || one.id}`),
  );

/** Name, address, and what stands there once its answers have come. */
const VIEWS = [
  ['overview', '#/overview', 'Settled ever'],
  ['tenants', '#/tenants', '50 tenants, and more'],
  ['tenant', '#/tenants/delta-00003', 'the vendor’s own'],
  ['usage', '#/usage/basin-00001?days=90', 'In these days'],
  ['sessions', '#/sessions?state=all', '50 sessions, and more'],
  ['vendors', `#/vendors?tenant=${OWN}`, 'Fell back'],
  ['routing', '#/vendors', 'All in all'],
  ['webhooks', `#/webhooks?tenant=${OWN}`, 'the server answered 500'],
];

async function look(page, name, phone) {
  assert.deepEqual(await faults(page), [], name);
  assert.ok((await sideways(page)) <= 0, `${name}: nothing to scroll sideways`);
  if (phone) assert.deepEqual(await small(page), [], `${name}: large enough for a thumb`);
  await wholePicture(page, `console-looks-${name}`);
}

const LOOKS = {
  'desktop, light': { viewport: DESKTOP },
  'desktop, dark': { viewport: DESKTOP, dark: true },
  'phone, light': { viewport: PHONE },
  'small phone, dark': { viewport: SMALL_PHONE, dark: true },
};
for (const [name, { ...how }] of Object.entries(LOOKS)) {
  const phone = how.viewport.width < 500;
  const file = name.replaceAll(/\W+/g, '-');
  test(`axe finds nothing on any view, and nothing overflows: ${name}`, async () => {
    const { page } = await it.door('', how);
    await look(page, `${file}-door`, phone);
    await page.getByLabel('Key').fill(' ');
    await page.keyboard.press('Enter');
    await look(page, `${file}-door-refused`, phone);
    await page.getByLabel('Key').fill('admin-key-of-the-fake');
    await page.keyboard.press('Enter');
    for (const [view, hash, ready] of VIEWS) {
      await page.goto(`${gate.origin}/console${hash}`);
      await page.locator('#main').getByText(ready).first().waitFor();
      await until('all is answered', () => Object.values(gate.running).every((count) => count === 0));
      await look(page, `${file}-${view}`, phone);
    }
    await page.goto(`${gate.origin}/console#/tenants/${OWN}`);
    await page.getByRole('button', { name: 'Change …' }).click();
    await look(page, `${file}-form`, phone);
    await page.getByLabel('Money a month').fill('nothing');
    await page.getByRole('button', { name: 'Review' }).click();
    await look(page, `${file}-form-fault`, phone);
    await page.getByLabel('Money a month').fill('');
    await page.getByRole('button', { name: 'Review' }).click();
    await look(page, `${file}-form-review`, phone);
    await page.keyboard.press('Escape');
    gate.is.refuse = {
      'GET /v1/usage/days': { status: 503, error: { type: 'offline', message: 'The store is away.' } },
      'GET /v1/snapshot': { status: 500, error: { type: 'internal' } },
    };
    await page.goto(`${gate.origin}/console#/overview`);
    await page.getByRole('alert').nth(1).waitFor();
    await look(page, `${file}-refused`, phone);
  });

  test(`a gate where nothing has happened yet, and a tenant's own view: ${name}`, async () => {
    const options = { empty: true, tenants: 1, sessions: 0, dead: 0, eventsDead: 0 };
    const { page } = await it.enter('#/overview', { ...how, options });
    for (const [view, hash, ready] of [
      ['overview', '#/overview', 'Nothing was spent'],
      ['tenants', '#/tenants?q=zzz', 'No tenant by that name.'],
      ['sessions', '#/sessions', 'No session is open.'],
      ['vendors', '#/vendors', 'No tenant has a route.'],
      ['webhooks', `#/webhooks?tenant=${OWN}`, 'Every event was taken.'],
    ]) {
      await page.goto(`${gate.origin}/console${hash}`);
      await page.locator('#main').getByText(ready).first().waitFor();
      await look(page, `${file}-empty-${view}`, phone);
    }
    const own = await it.enter('#/overview', { ...how, key: SECRET_KEY });
    await own.page.getByText('In these days').waitFor();
    await own.page.getByRole('meter').first().waitFor();
    await look(own.page, `${file}-secret`, phone);
  });
}

test('ten thousand tenants: few requests, three at once, some rows, and none for what has left', async () => {
  const { page } = await it.enter('#/tenants', { options: { delayMs: 40 } });
  await page.getByText('50 tenants, and more').waitFor();
  await page.waitForTimeout(1_500);
  const asked = gate.of('GET /v1/usage').length;
  assert.equal(gate.of('GET /v1/tenants').length, 1);
  assert.ok(asked > 5 && asked <= 20, `${asked} questions for the rows in view`);
  assert.ok(gate.most['GET /v1/usage'] <= 3, `${gate.most['GET /v1/usage']} at once`);
  let most = 0;
  for (let turn = 0; turn < 14; turn += 1) {
    await page.mouse.wheel(0, 6_000);
    await page.waitForTimeout(120);
    most = Math.max(most, await page.locator('tbody tr').count());
  }
  assert.ok(gate.of('GET /v1/tenants').length > 5, 'it reads on');
  assert.ok(most <= 200, `${most} rows at most`);
  assert.ok(gate.of('GET /v1/usage').length < asked + 120, 'rows that only flew by are not asked about');
  await page.getByRole('button', { name: 'Earlier rows' }).click();
  assert.ok((await page.locator('tbody tr').count()) <= 200);
  const pages = gate.of('GET /v1/tenants').length;
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(200);
  gate.is.delayMs = 400;
  await page.evaluate(() => scrollTo(0, 2_000));
  await until('rows ask again', () => (gate.running['GET /v1/usage'] ?? 0) > 0);
  await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
  await heading(page, 'Webhooks');
  await until('what was asked is taken back', () => gate.running['GET /v1/usage'] === 0);
  const after = gate.of('GET /v1/usage').length;
  await page.waitForTimeout(600);
  assert.equal(gate.of('GET /v1/usage').length, after);
  assert.ok(pages <= gate.of('GET /v1/tenants').length);
});

test('a tenant is found by a part of its name, by one request for what was typed, however far it stands', async () => {
  const { page } = await it.enter('#/tenants');
  await page.getByText('50 tenants, and more').waitFor();
  const before = gate.of('GET /v1/tenants').length;
  await page.getByLabel('Find a tenant').pressSequentially('09999', { delay: 20 });
  await page.getByRole('link', { name: 'juniper-09999' }).waitFor();
  const searched = gate.of('GET /v1/tenants').slice(before);
  assert.deepEqual([...new Set(searched.map(({ query }) => query.q))], ['09999']);
  assert.ok(searched.length <= 8, `${searched.length} looks`);
  assert.match(page.url(), /q=09999/);
  await page.reload();
  assert.equal(await page.getByLabel('Find a tenant').inputValue(), '09999');
  await page.getByRole('link', { name: 'juniper-09999' }).waitFor();
});

test('three thousand sessions: pages as one reads on, some hundred rows, by the button as well', async () => {
  const { page } = await it.enter('#/sessions?state=all');
  await page.getByText('50 sessions, and more').waitFor();
  assert.equal(gate.of('GET /v1/sessions').length, 1);
  for (let turn = 0; turn < 6; turn += 1) {
    const had = gate.of('GET /v1/sessions').length;
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await until('a page comes', () => gate.of('GET /v1/sessions').length > had);
  }
  await until('it settles', () => Object.values(gate.running).every((count) => count === 0));
  assert.ok((await page.locator('tbody tr').count()) <= 200);
  await page.getByText(/^\d+ to \d+, and more$/).waitFor();
});

test('nothing moves once it stands: the first answers shift no layout', async () => {
  const { page } = await it.enter('', { options: { delayMs: 150 } });
  for (const word of ['Tenants', 'Sessions', 'Overview']) {
    await page.getByRole('link', { name: word, exact: true }).click();
    await heading(page, word);
    const shift = page.evaluate(
      () =>
        new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const one of list.getEntries()) sum += one.value;
          }).observe({ type: 'layout-shift' });
          setTimeout(() => resolve(sum), 1_300);
        }),
    );
    assert.ok((await shift) < 0.1, `${word}: ${await shift}`);
  }
});
