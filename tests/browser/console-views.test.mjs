// What one reads and does on the console's views: exact money in charts, caps that are changed only after old and new were
// shown, sessions that are ended, webhooks that are replayed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, read } from '../../widget/console/router.js';
import { count, decimal, money, nanos, percent, sum } from '../../widget/console/format.js';
import { samples } from '../../widget/console/metrics.js';
import { patchOf } from '../../widget/console/parts/limits.js';
import { ticks } from '../../widget/console/parts/scale.js';
import { consoleStage, heading, until } from './console-stage.mjs';
import { days, METRICS } from './fake-console-data.mjs';
import { OWN, SECRET_KEY } from './fake-console.mjs';

const it = consoleStage();
const { gate } = it;

test('money is exact: no float is ever between two decimal strings', () => {
  const check = (text, shown) => assert.equal(money(text), shown, text);
  check('0', '$0.00');
  check('1.5', '$1.50');
  check('0.000000001', '$0.000000001');
  check('9007199254740993.000000001', '$9,007,199,254,740,993.000000001');
  check('-2.25', '−$2.25');
  check(null, '–');
  assert.equal(decimal(sum(['0.1', '0.2', '0.000000001'])), '0.300000001');
  assert.equal(decimal(nanos('0.0000000011')), '0.000000002', 'what is finer is rounded up, as the gate does');
  assert.throws(() => nanos('1e3'), RangeError);
  assert.equal(count(1_004_218), '1,004,218');
  assert.equal(percent(0.95), '95 %');
});

test('an axis has round steps that reach beyond the largest value', () => {
  const check = (largest, wanted) => assert.deepEqual(ticks(largest), wanted, String(largest));
  check(0n, [0n, 1n]);
  check(7n, [0n, 2n, 4n, 6n, 8n]);
  check(2_350n, [0n, 1_000n, 2_000n, 3_000n]);
  check(100n, [0n, 50n, 100n]);
});

test('addresses, metrics and patches are read and written without loss', () => {
  const { view, path, query } = read(address(['tenants', 'a/b c'], { days: 7, q: '' }));
  assert.deepEqual([view, path, query.toString()], ['tenants', ['a/b c'], 'days=7']);
  assert.equal(read('#/tenants/%E0%A4%A').path[0], '%E0%A4%A', 'a broken escape is taken as it is');
  assert.deepEqual(
    [...samples(METRICS, 'tollgate_breakers_open', 'vendor')],
    [
      ['openai', 3],
      ['tavus', 0],
    ],
  );
  assert.deepEqual(
    patchOf([
      { path: ['limits', 'daily_units', 'seconds'], now: 60 },
      { path: ['limits', 'burst'], now: null },
      { path: ['fallback_message'], now: 'Zz' },
    ]),
    { limits: { daily_units: { seconds: 60 }, burst: null }, fallback_message: 'Zz' },
  );
});

test('the chart says each day exactly, to the pointer, to the keyboard and as a table', async () => {
  const { page } = await it.enter(`#/usage/${OWN}`);
  const known = days('2026-10-23', '2026-11-21', 1);
  const total = money(sum(known.map(({ cost_usd: cost }) => cost)));
  await page.getByText('In these days').waitFor();
  assert.equal(await page.locator('.figures .is-total dd').first().textContent(), total);
  const reader = page.getByRole('slider');
  await reader.focus();
  await page.keyboard.press('ArrowLeft');
  const day = known.at(-2);
  assert.match(await reader.getAttribute('aria-valuetext'), /^20 Nov 2026: \$/);
  assert.ok(
    (await reader.getAttribute('aria-valuetext')).startsWith(
      `20 Nov 2026: ${money(day.cost_usd)}, of it chat ${money(day.by_capability.chat.cost_usd)}`,
    ),
  );
  await page.keyboard.press('Home');
  assert.match(await reader.getAttribute('aria-valuetext'), /^23 Oct 2026/);
  const box = await reader.boundingBox();
  await page.mouse.move(box.x + box.width - 8, box.y + 60);
  await page.locator('.chart-tip').getByText('21 Nov 2026').waitFor();
  await page
    .locator('.chart-tip')
    .getByText(money(known.at(-1).cost_usd))
    .waitFor();
  await page.getByText('Show as table').click();
  const rows = page.getByRole('table', { name: 'Spending by day' }).getByRole('row');
  assert.equal(await rows.count(), 31);
  assert.match(await rows.nth(1).textContent(), /^21 Nov 2026/);
  await page.getByRole('link', { name: '90 days' }).click();
  await until('ninety days are asked for', () => gate.of('GET /v1/usage/days').at(-1).query.from !== undefined);
  const { from, to, tenant } = gate.of('GET /v1/usage/days').at(-1).query;
  assert.equal((Date.parse(to) - Date.parse(from)) / 86_400_000, 89);
  assert.equal(tenant, OWN);
});

test('lim_5_a_cap_is_changed_only_after_old_and_new_were_shown_and_only_what_differs_is_sent', async () => {
  const { page } = await it.enter(`#/tenants/${OWN}`);
  const change = page.getByRole('button', { name: 'Change …' });
  await change.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Money a month').fill('40.5');
  await dialog.getByLabel('Throttled from').fill('72.5');
  await dialog.getByLabel('Tokens a day', { exact: true }).fill('');
  await dialog.getByLabel('Words of a denial').fill('Back on Monday');
  await page.getByRole('button', { name: 'Review' }).click();
  await dialog.getByText('Change 4 limits of harbour-radio?').waitFor();
  const shown = await dialog.getByRole('row').allTextContents();
  assert.deepEqual(shown.slice(1), [
    'Money a month$25.00$40.50',
    'Tokens a day200,000no limit',
    'Throttled from80 %72.5 %',
    'Words of a denial“I am sleeping now”“Back on Monday”',
  ]);
  assert.equal(gate.of('PATCH /v1/tenants/*').length, 0, 'nothing is sent before');
  await dialog.getByRole('button', { name: 'Back' }).click();
  assert.equal(await dialog.getByLabel('Money a month').inputValue(), '40.5');
  await page.getByRole('button', { name: 'Review' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(
    gate.of('PATCH /v1/tenants/*').map(({ body }) => body),
    [
      {
        limits: { monthly_cost_usd: '40.5', daily_units: { tokens: null } },
        ladder: { throttle_at: 0.725 },
        fallback_message: 'Back on Monday',
      },
    ],
  );
  await page.locator('.facts').getByText('$40.50').waitFor();
});

test('what can’t be read or isn’t taken is said at its field, and Escape changes nothing', async () => {
  const { page } = await it.enter(`#/tenants/${OWN}`);
  await page.getByRole('button', { name: 'Change …' }).click();
  const dialog = page.getByRole('dialog');
  const [cap, throttle] = [dialog.getByLabel('Money a month'), dialog.getByLabel('Throttled from')];
  await cap.fill('a lot');
  await page.getByRole('button', { name: 'Review' }).click();
  await dialog.getByText('An amount such as 25.00.').waitFor();
  assert.equal(await cap.getAttribute('aria-invalid'), 'true');
  await cap.fill('25');
  await page.getByRole('button', { name: 'Review' }).click();
  await dialog.getByText('Nothing differs').waitFor();
  await dialog.getByRole('button', { name: 'Back' }).click();
  await throttle.fill('99');
  await page.getByRole('button', { name: 'Review' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('must not be above text_only_at').waitFor();
  assert.equal(await throttle.getAttribute('aria-invalid'), 'true');
  assert.ok(await throttle.evaluate((one) => one === document.activeElement));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('button', { name: 'Change …' }).evaluate((one) => one === document.activeElement), 'the focus goes back');
  await page.locator('.facts').getByText('80 %').waitFor();
});

test('lim_5_the_ladder_stands_on_the_bar_and_the_bar_says_how_far_it_is', async () => {
  const { page } = await it.enter('#/tenants/cedar-00002');
  const meter = page.getByRole('meter', { name: /^Money, Nov 2026/ });
  await meter.waitFor();
  await page.getByText('Throttled', { exact: true }).waitFor();
  await page.getByText('throttled from 80 %').waitFor();
  await page.getByText('text only from 95 %').waitFor();
  assert.match(await meter.getAttribute('aria-valuetext'), /^\$20\.749997526 used of \$25\.00, \$[\d.]+ left, \$0\.3124 held/);
  const [bar, mark] = await meter.evaluate((one) =>
    [one.querySelector('.gauge-bar'), one.querySelector('.gauge-mark')]
      .map((part) => part.getBoundingClientRect())
      .map(({ x, width }) => ({ x, width })),
  );
  assert.ok(Math.abs((mark.x + mark.width / 2 - bar.x) / bar.width - 0.8) < 0.01, 'the mark is at 80 %');
  await page.goto(`${gate.origin}/console#/tenants/ember-00004`);
  await page.getByText('Denied: the month’s cap is reached').waitFor();
});

test('ending a session asks first, ends it, and takes it from the list', async () => {
  const { page } = await it.enter('#/sessions');
  const first = page.getByRole('button', { name: /^End ses_/ }).first();
  const id = (await first.getAttribute('aria-label')).slice(4);
  await first.click();
  const dialog = page.getByRole('dialog', { name: 'End this session?' });
  assert.ok(
    await dialog.getByRole('button', { name: 'Cancel' }).evaluate((one) => one === document.activeElement),
    'the way back is nearer',
  );
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(gate.of('DELETE /v1/sessions/*').length, 0);
  gate.is.refuse = { 'DELETE /v1/sessions/*': { status: 503, error: { type: 'offline', message: 'The store is away.' } } };
  await first.click();
  await dialog.getByRole('button', { name: 'End the session' }).click();
  await dialog.getByText('can’t reach its store').waitFor();
  gate.is.refuse = {};
  await dialog.getByRole('button', { name: 'End the session' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('table', { name: 'Sessions' }).getByText(id).waitFor({ state: 'detached' });
  assert.equal(gate.of('DELETE /v1/sessions/*').at(-1).path, `/v1/sessions/${id}`);
  assert.ok(await page.getByRole('button', { name: 'Look again' }).evaluate((one) => one === document.activeElement));
});

test('a session that the list looks far for is found by going on, a few looks at a time', async () => {
  const { page } = await it.enter('#/sessions?tenant=juniper-00049&state=all', { options: { sessions: 13_000, tenants: 50 } });
  await page.getByText('juniper-00049').first().waitFor();
  gate.sessions.forEach((session) => {
    session.tenant_id = OWN;
  });
  const before = gate.of('GET /v1/sessions').length;
  await page.getByRole('button', { name: 'Look again' }).click();
  await page.getByRole('paragraph').getByText('No session among those looked at so far.').waitFor();
  assert.equal(gate.of('GET /v1/sessions').length - before, 6, 'then somebody has to ask for more');
  await page.getByRole('button', { name: 'Look further' }).click();
  await page.getByRole('paragraph').getByText('There is no session.').waitFor();
});

test('a key is revoked after a question', async () => {
  const { page } = await it.enter(`#/tenants/${OWN}`);
  await page.getByRole('button', { name: 'Revoke …' }).last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke the key' }).click();
  await until('it is revoked', () => gate.of('DELETE /v1/tenants/*/keys/*').length === 1);
  assert.equal(gate.of('DELETE /v1/tenants/*/keys/*')[0].path, `/v1/tenants/${OWN}/keys/key_${OWN}_2`);
  await until('the button goes', async () => (await page.getByRole('button', { name: 'Revoke …' }).count()) === 1);
});

test('a dead letter is replayed and its outcome stands beside it, whichever it is', async () => {
  const { page } = await it.enter('#/webhooks');
  await page.getByRole('button', { name: 'Replay evt_9000' }).click();
  await page.getByRole('cell').getByText('Applied.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Replay evt_9000' }).isDisabled());
  gate.is.replay = { status: 'failed', reason: 'the permit is still unknown' };
  await page.getByRole('button', { name: 'Replay evt_8999' }).click();
  await page.getByRole('cell').getByText('Failed again: the permit is still unknown').waitFor();
  gate.is.refuse = { 'POST /v1/webhooks/events/*/replay': { status: 404, error: { type: 'not_found', message: 'It is swept.' } } };
  await page.getByRole('button', { name: 'Replay evt_8998' }).click();
  await page.getByRole('cell').getByText('It is swept.').waitFor();
  assert.deepEqual(
    gate.of('POST /v1/webhooks/events/*/replay').map(({ path }) => path.split('/')[4]),
    ['evt_9000', 'evt_8999', 'evt_8998'],
  );
});

test('a tenant sends its own events again', async () => {
  const { page } = await it.enter('#/webhooks', { key: SECRET_KEY });
  assert.equal(await page.getByRole('heading', { name: 'From vendors' }).count(), 0);
  await page.getByRole('button', { name: 'Send again: msg_0001' }).click();
  await page.getByRole('cell').getByText('On its way.').waitFor();
  assert.deepEqual(
    gate.of('POST /v1/events/dead-letters/*/redeliver').map(({ path, query }) => [path, query]),
    [['/v1/events/dead-letters/msg_0001/redeliver', {}]],
  );
});

test('vendors in trouble come first, and of a tenant each has its mode', async () => {
  const { page } = await it.enter('#/vendors');
  const rows = page.getByRole('table', { name: 'Vendors' }).getByRole('row');
  assert.match(await rows.nth(1).textContent(), /^openai.*open for 3 tenants/);
  assert.equal(await page.getByRole('table', { name: 'Routing by tenant' }).getByRole('row').count(), 51);
  await page.getByRole('combobox', { name: 'Tenant' }).fill(OWN.slice(0, 4));
  await until('it suggests', async () => (await page.locator('datalist option').count()) === 1);
  await page.getByRole('combobox', { name: 'Tenant' }).fill(OWN);
  await page.getByRole('heading', { name: `Vendors, as ${OWN} has them` }).waitFor();
  assert.match(await page.getByRole('row', { name: /^tavus/ }).textContent(), /not bound/);
  await page.getByText('68.33 %').waitFor();
  await heading(page, 'Vendors');
});
