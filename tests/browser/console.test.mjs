// The door and the frame of the console: whose key it is, what each caller sees, where keys are kept, and what is said when the
// gate refuses, is slow, or is away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError, Gate } from '../../widget/console/api.js';
import { consoleStage, heading, pause, signIn, until } from './console-stage.mjs';
import { ADMIN_KEY, OWN, SECRET_KEY } from './fake-console.mjs';
import { PHONE } from './harness.mjs';

const it = consoleStage();
const { gate } = it;
const kept = (page) => page.evaluate(() => ({ ...sessionStorage }));

test('ops_4_a_wrong_key_is_refused_in_plain_words_with_the_id_of_the_request', async () => {
  const { page } = await it.door();
  await signIn(page, 'a-wrong-key');
  await page.getByText('This key isn’t good here').waitFor();
  await page.getByText('req_of_the_fake').waitFor();
  assert.deepEqual(await kept(page), {});
  await signIn(page, ADMIN_KEY);
  await heading(page, 'Overview');
});

test('a publishable key, a space and nothing at all never leave the page', async () => {
  const { page } = await it.door();
  for (const [typed, said] of [
    ['tg_pk_demo', 'publishable key'],
    ['two words', 'no spaces'],
    ['  ', 'Type a key first'],
  ]) {
    await signIn(page, typed);
    await page.getByRole('status').getByText(said).waitFor();
  }
  assert.equal(gate.calls.length, 0);
});

test('the key is kept for this tab alone and forgotten at sign-out', async () => {
  const { page } = await it.enter('#/tenants');
  await heading(page, 'Tenants');
  await page.reload();
  await heading(page, 'Tenants');
  assert.match(JSON.stringify(await kept(page)), new RegExp(ADMIN_KEY));
  const other = await page.context().newPage();
  await other.goto(`${gate.origin}/console`);
  await other.getByLabel('Key').waitFor();
  await other.close();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out').waitFor();
  assert.deepEqual(await kept(page), {});
  assert.ok(!(await page.content()).includes(ADMIN_KEY));
  const before = gate.calls.length;
  await page.reload();
  await page.getByLabel('Key').waitFor();
  assert.equal(gate.calls.length, before, 'nothing is asked without a key');
});

test('a deep link is where one stands after signing in', async () => {
  const { page } = await it.enter(`#/tenants/${OWN}`);
  await heading(page, OWN);
});

test('a secret key sees its own tenant, is offered nothing else, and asks for nothing else', async () => {
  const { page } = await it.enter('', { key: SECRET_KEY });
  await page.getByRole('heading', { name: 'Live usage' }).waitFor();
  await page.getByRole('heading', { name: 'Spending by day' }).waitFor();
  assert.deepEqual(await page.locator('.index a').allTextContents(), ['Overview', 'Limits', 'Sessions', 'Vendors', 'Webhooks', 'Log']);
  for (const hash of ['#/tenants', '#/tenants/basin-00001', '#/usage/basin-00001']) {
    await page.goto(`${gate.origin}/console${hash}`);
    await heading(page, OWN);
  }
  await page.goto(`${gate.origin}/console#/tenants/${OWN}`);
  await page.getByRole('heading', { name: 'Caps and ladder' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Change …' }).count(), 0);
  assert.equal(await page.getByRole('heading', { name: 'Keys' }).count(), 0);
  for (const [word, text] of [
    ['Sessions', 'session'],
    ['Vendors', 'Routing of chat'],
    ['Webhooks', 'To the tenant’s server'],
  ]) {
    await page.getByRole('link', { name: word, exact: true }).first().click();
    await heading(page, word);
    await page.getByText(text).first().waitFor();
  }
  await until('all is answered', () => Object.values(gate.running).every((count) => count === 0));
  const operators = [
    'GET /v1/snapshot',
    'GET /v1/tenants',
    'GET /metrics',
    'GET /v1/tenants/*/keys',
    'GET /v1/tenants/*/vendors/*',
    'GET /v1/webhooks/dead-letters',
  ];
  assert.deepEqual(
    gate.calls.filter(({ name }) => operators.includes(name)).map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    gate.calls.filter(({ query }) => query.tenant !== undefined),
    [],
  );
});

test('a key that is revoked meanwhile leads back to the door', async () => {
  const { page } = await it.enter();
  await heading(page, 'Overview');
  gate.is.refuse = { 'GET /v1/tenants': { status: 401, error: { type: 'unauthenticated' } } };
  await page.getByRole('link', { name: 'Tenants', exact: true }).click();
  await page.getByText('The key isn’t good any more').waitFor();
  assert.deepEqual(await kept(page), {});
});

test('ops_4_every_refusal_is_in_plain_words_with_an_id_and_a_way_to_try_again', async () => {
  const { page } = await it.enter();
  const check = async (status, error, said, more = {}) => {
    gate.is.refuse = { 'GET /v1/tenants': { status, error, ...more } };
    await page.goto(`${gate.origin}/console#/overview`);
    await page.goto(`${gate.origin}/console#/tenants`);
    const notice = page.getByRole('alert');
    await notice.getByText(said).waitFor();
    await notice.getByText('req_of_the_fake').waitFor();
    gate.is.refuse = {};
    await notice.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: OWN }).waitFor();
  };
  await check(503, { type: 'offline', message: 'The store is away.' }, 'can’t reach its store');
  await check(429, { type: 'rate_limited' }, 'asks for 7 s of patience', { retryAfter: 7 });
  await check(500, { type: 'internal' }, 'The gate answered 500');
  await check(403, { type: 'forbidden', message: 'Not yours.' }, 'The gate says: Not yours.');
});

test('a gate that is away is said so, and what failed comes by itself when the network does', async () => {
  const { page } = await it.enter('#/sessions');
  await heading(page, 'Sessions');
  await page.getByText('50 sessions, and more').waitFor();
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Look again' }).click();
  await page.getByText('What stands here may be old').waitFor();
  await page.getByRole('alert').getByText('The gate can’t be reached').waitFor();
  await page.context().setOffline(false);
  await page.getByText('50 sessions, and more').waitFor();
  await until('the banner goes', () => page.locator('.adrift').isHidden());
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Vendors', exact: true }).click();
  await page.getByRole('alert').getByText('The gate can’t be reached').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('row', { name: /^openai/ }).waitFor();
  it.forgive();
});

test('the page stands before any answer does, and what is asked for it is taken back when it is left', async () => {
  const { page } = await it.enter();
  await heading(page, 'Overview');
  gate.is.mute = true;
  for (const word of ['Tenants', 'Sessions', 'Vendors', 'Webhooks']) {
    await page.getByRole('link', { name: word, exact: true }).click();
    await heading(page, word);
  }
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await heading(page, 'Overview');
  const asked = () =>
    gate.calls.filter(({ name }) => /tenants|sessions|vendors|health|dead-letters|metrics/.test(name) && !name.includes('*'));
  assert.ok(asked().length >= 4);
  await until('they are taken back', () => asked().every(({ aborted }) => aborted));
});

test('every question has a time limit, and one that is cut says what it was', async () => {
  gate.reset({ mute: true });
  const seen = [];
  const client = new Gate(ADMIN_KEY, { reached: (yes) => seen.push(yes) });
  const began = Date.now();
  await assert.rejects(
    client.get(`${gate.origin}/v1/snapshot`, { waitMs: 150 }),
    (error) => error instanceof GateError && error.kind === 'slow',
  );
  assert.ok(Date.now() - began < 2_000);
  assert.deepEqual(seen, [false]);
  await assert.rejects(client.get('http://127.0.0.1:9/'), ({ kind }) => kind === 'unreachable');
  await assert.rejects(client.get(`${gate.origin}/v1/snapshot`, { signal: AbortSignal.abort() }), ({ name }) => name === 'AbortError');
});

test('live numbers are asked for while somebody sees them, and never in a hidden tab', async () => {
  const { page } = await it.door('', {});
  await page.clock.install();
  await page.goto(`${gate.origin}/console#/tenants/${OWN}`);
  await signIn(page, ADMIN_KEY);
  await page.getByText('As of 14:03:22 UTC').waitFor();
  const asked = () => gate.of('GET /v1/usage').length;
  const rounds = async (ms) => {
    await page.clock.runFor(ms);
    await until('it is answered', () => !gate.running['GET /v1/usage']);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve))).catch(() => {});
  };
  const hide = (hidden) =>
    page.evaluate((is) => {
      Object.defineProperty(document, 'hidden', { value: is, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  assert.equal(asked(), 1);
  await rounds(5_100);
  await until('the second round', () => asked() === 2);
  await hide(true);
  // In steps, each long enough for a question to reach the gate and for its answer to plan the next.
  for (let step = 0; step < 4; step += 1) {
    await rounds(15_000);
    await pause(150);
  }
  assert.equal(asked(), 2);
  await hide(false);
  await rounds(100);
  await until('at once when it is seen again', () => asked() === 3);
});

test('the keyboard alone is enough, from the door to a tenant', async () => {
  const { page } = await it.door('', { viewport: PHONE });
  const on = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.id);
  await page.keyboard.type(ADMIN_KEY);
  await page.keyboard.press('Enter');
  await heading(page, 'Overview');
  assert.equal(await on(), 'Overview', 'at the heading');
  const order = ['Skip to the page'];
  await page.locator('.skip').focus();
  for (let step = 1; step < 9; step += 1) {
    await page.keyboard.press('Tab');
    order.push(await on());
  }
  assert.deepEqual(order, ['Skip to the page', 'Tollgate', 'Overview', 'Tenants', 'Sessions', 'Vendors', 'Webhooks', 'Log', 'Sign out']);
  await page.getByRole('link', { name: 'Tenants', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: OWN }).waitFor();
  assert.equal(await on(), 'Tenants', 'at the heading of the view');
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await heading(page, OWN);
});

test('an address that names nothing says so', async () => {
  const { page } = await it.enter('#/nowhere');
  await page.getByText('There is no such page').waitFor();
});
