// Getting in: age and consent, asked when the gate or the page demands them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;

test('age and consent are asked only when the gate demands them, and only once', async () => {
  const { page, widget } = await visit({ minimumAge: 21, consent: true }, { started: false });
  await widget.part('start').click();
  await page.getByRole('dialog', { name: 'Are you 21 or older?' }).waitFor();
  assert.equal(await page.locator('twin-widget').getAttribute('data-age-gate'), '21');
  await page.keyboard.press('Escape');
  await widget.state('idle');
  await widget.part('start').click();
  await page.getByRole('dialog', { name: 'Are you 21 or older?' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.querySelector('twin-widget').shadowRoot.activeElement.part.contains('accept')), true);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'You are about to talk to an AI' }).waitFor();
  await widget.part('accept').click();
  await widget.state('ready');
  assert.deepEqual(gate.of('session').at(-1).body, { channel: 'landing', consent: true, age_attested: 21, page: '/bare' });
  await page.evaluate(() => document.querySelector('twin-widget').end());
  await widget.state('ended');
  await widget.part('act').click();
  await widget.state('ready');
});

test('the marker of the page asks before the gate is troubled', async () => {
  const { page, widget } = await visit({ minimumAge: 21, ageGate: 21 }, { started: false, landing: true });
  await page.locator('twin-widget[data-age-gate="21"]').waitFor();
  await widget.part('start').click();
  await widget.part('refuse').click();
  await widget.state('idle');
  assert.deepEqual(gate.calls, []);
});

test('ses_4: a page that sells says so by its marker, and the gate says which age', async () => {
  const { page, widget } = await visit({ minimumAge: 21 }, { started: false });
  const twin = page.locator('twin-widget');
  assert.equal(await twin.locator('.booth').getAttribute('data-age-gate'), null);
  await twin.evaluate((element) => {
    element.dataset.ageGate = 'active';
    element.setAttribute('link', 'mt-link://shop/juna?mode=host');
  });
  assert.equal(await twin.locator('.booth').getAttribute('data-age-gate'), 'active');
  await widget.part('start').click();
  await page.getByRole('dialog', { name: 'Are you 21 or older?' }).waitFor();
  await widget.part('accept').click();
  await widget.state('ready');
  assert.equal(await twin.getAttribute('data-age-gate'), 'active');
  assert.deepEqual(gate.of('session').map((call) => call.body), [
    { channel: 'landing', consent: false, page: '/bare', link: 'mt-link://shop/juna?mode=host' },
    { channel: 'landing', consent: false, age_attested: 21, page: '/bare', link: 'mt-link://shop/juna?mode=host' },
  ]);
});

test('a refused start says why and can be tried again', async () => {
  const { widget } = await visit({ refuse: { session: { status: 503, error: { type: 'offline' } } } }, { state: 'offline' });
  gate.is.refuse = {};
  await widget.part('act').click();
  await widget.state('ready');
});

test('a start that fails in any way leaves a way on', async () => {
  const check = async (status, state) => {
    const { widget } = await visit({ refuse: { session: { status, error: { type: 'x' } } } }, { started: false });
    await widget.part('start').click();
    await until(`${status} leads to ${state}`, async () => gate.of('session').length > 0
      && (await it.open.at(-1).page.locator('twin-widget .booth').getAttribute('data-state')) === state);
    gate.is.refuse = {};
    await (state === 'idle' ? widget.part('start') : widget.part('act')).click();
    await widget.state('ready');
  };
  await check(401, 'denied');
  await check(402, 'denied');
  await check(403, 'denied');
  await check(404, 'idle');
  await check(500, 'idle');
});
