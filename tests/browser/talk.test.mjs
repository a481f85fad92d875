// A conversation with the fake gate: turns, streams, stopping, what is remembered and what is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture } from './harness.mjs';
import { ANSWER, stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;

test('nothing is sent before the visitor starts, and then a conversation streams', async () => {
  const { page, widget } = await visit({}, { started: false });
  await widget.state('idle');
  assert.deepEqual(gate.calls, []);
  await widget.part('start').click();
  await widget.state('ready');
  assert.deepEqual(gate.of('session')[0].body, { channel: 'landing', consent: false, page: '/bare' });
  assert.equal(gate.of('session')[0].bearer, 'tg_pk_demo');
  await widget.say('Who wins?');
  assert.equal(await widget.answer(2), ANSWER);
  assert.equal(await page.locator('twin-widget .turn b').count(), 0, 'an answer is text, never markup');
  const { body } = gate.of('chat')[0];
  assert.equal(body.model, 'gpt-5.4-mini');
  assert.equal(body.stream, true);
  assert.deepEqual(body.messages.map(({ role }) => role), ['system', 'user']);
  await widget.say('And then?');
  await widget.answer(3);
  assert.deepEqual(gate.of('chat')[1].body.messages.map(({ role }) => role), ['system', 'user', 'assistant', 'user']);
  assert.notEqual(gate.of('chat')[0].key, gate.of('chat')[1].key, 'each turn has its own idempotency key');
});

test('a stream in pieces of any size gives the same answer', async () => {
  const { widget } = await visit();
  let count = 1;
  for (const chop of [1, 3, 7, 64, 100_000]) {
    gate.is.chop = chop;
    await widget.say(`pieces of ${chop}`);
    assert.equal(await widget.answer((count += 1)), ANSWER, `pieces of ${chop}`);
  }
});

test('stop ends the stream at the gate and keeps what came', async () => {
  const { page, widget } = await visit({ answer: 'word '.repeat(400), pauseMs: 20 });
  await widget.say('Talk a lot');
  await until('some words', async () => ((await widget.part('answer').nth(1).textContent()) ?? '').length > 20);
  await widget.part('stop').click();
  await page.getByText('Stopped.', { exact: true }).waitFor();
  await until('the gate sees the page go', () => gate.of('chat')[0].aborted);
  await widget.part('send').waitFor();
  await widget.state('ready');
});

test('a stream that breaks or reports an error says so', async () => {
  const { page, widget } = await visit({ cutOff: true });
  await widget.say('Who wins?');
  await page.getByText('The answer broke off here.', { exact: true }).first().waitFor();
  gate.is.cutOff = false;
  gate.is.errorEvent = { type: 'vendor_error', message: 'gone' };
  await widget.state('ready'); // the tick after the turn finds the line open again
  await widget.say('Again?');
  await page.getByText('The answer broke off here.', { exact: true }).nth(1).waitFor();
  it.forgive();
});

test('the budget meter moves with each turn', async () => {
  const { page, widget } = await visit({}, { landing: true });
  await widget.part('left').waitFor();
  assert.equal(await widget.part('left').textContent(), '$25.0000');
  await widget.say('Who wins?');
  await widget.answer(2);
  await until('the meter moves', async () => (await widget.part('left').textContent()) === '$24.9987');
  assert.equal(await widget.part('used').textContent(), '$0.001250');
  assert.equal(await widget.part('seconds').textContent(), '59:00');
  assert.equal(await page.locator('[data-ledger=spent]').textContent(), '$0.001250');
});

test('the visitor is told that an AI answers, in the words of the tenant', async () => {
  for (const [disclosure, shown] of [[undefined, 'AI Host'], ['KI-Gästgeber', 'KI-Gästgeber'], ['<i>AI</i>', '<i>AI</i>'], [null, null]]) {
    const { widget } = await visit({ disclosure });
    if (shown === null) assert.equal(await widget.part('badge').isVisible(), false);
    else assert.equal(await widget.part('badge').textContent(), shown);
  }
});

test('a vendor that fails loses no words and no session', async () => {
  const { page, widget } = await visit();
  gate.is.refuse = { chat: { status: 502, error: { type: 'vendor_error' } } };
  await widget.say('Who wins?');
  await widget.says('Please try once more.');
  await widget.state('ready');
  gate.is.refuse = {};
  await widget.part('text').press('Enter');
  assert.equal(await widget.answer(2), ANSWER);
});

test('an empty answer is not taken for one', async () => {
  const { page, widget } = await visit({ answer: '' });
  await widget.say('Who wins?');
  await widget.says('No answer came.');
  assert.equal(await widget.part('text').inputValue(), 'Who wins?');
});

test('leaving the page ends the session', async () => {
  const { page } = await visit();
  await page.goto('about:blank');
  await until('the session is ended', () => gate.of('end').length === 1);
});

test('the token is nowhere a later page could find it', async () => {
  const { page, widget } = await visit();
  await widget.say('Who wins?');
  await widget.answer(2);
  const stored = await page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie,
    (await indexedDB.databases()).length, document.querySelector('twin-widget').shadowRoot.innerHTML, document.documentElement.outerHTML]));
  assert.equal(stored.includes(gate.token), false);
});

test('a page without a key explains itself', async () => {
  const { page, widget } = await visit({ key: null }, { started: false, landing: true });
  await widget.state('unconfigured');
  await page.getByText('Nobody is in the booth yet.').waitFor();
  assert.equal(await widget.part('start').isDisabled(), true);
  await picture(page, 'page-without-key');
});
