// What the visitor is shown when the gate slows down, cuts back, refuses or is out of reach: the tenant's own words first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER, SLEEPING, stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;

test('throttled, downgraded and back', async () => {
  const { page, widget } = await visit({ tickSeconds: 1, tick: { mode: 'throttled' } }, { state: 'throttled' });
  await widget.says('answers may be slower');
  await widget.part('video').click();
  await widget.part('join').waitFor();
  gate.is.tick = { mode: 'text', decision: 'downgrade' };
  await widget.state('text-only');
  await until('the room is given back', () => gate.of('leave').length === 1);
  assert.equal(await widget.part('video').isDisabled(), true);
  assert.equal(await widget.part('leave').isVisible(), false);
  await widget.say('Still there?');
  await widget.answer(2);
  gate.is.tick = {};
  await widget.state('ready');
});

test('a text session has no voice and no video', async () => {
  const { widget } = await visit({ mode: 'text', tick: { mode: 'text' }, capabilities: ['chat'] }, { state: 'text-only' });
  assert.equal(await widget.part('video').isVisible(), false);
  await widget.say('Hello');
  await widget.answer(2);
  assert.equal(await widget.part('listen').count() === 0 || !(await widget.part('listen').first().isVisible()), true);
});

test('402 shows the tenant\'s own words and ends what runs', async () => {
  const { page, widget } = await visit();
  gate.is.refuse = { chat: { status: 402, error: { type: 'hard_cap', code: 'monthly_cap', fallback: SLEEPING } } };
  await widget.say('Who wins?');
  await widget.state('denied');
  await widget.says('I am sleeping now');
  assert.equal(await widget.part('text').inputValue(), 'Who wins?', 'the words are not lost');
  assert.equal(await widget.part('text').isDisabled(), true);
  await until('the session is ended', () => gate.of('end').length === 1);
  gate.is.refuse = {};
  await widget.part('act').click();
  await widget.state('ready');
});

test('402 for video leaves the writing', async () => {
  const { page, widget } = await visit({ tickSeconds: 1 });
  gate.is.refuse = { video: { status: 402, error: { type: 'hard_cap', fallback: SLEEPING } } };
  await widget.part('video').click();
  await widget.state('text-only');
  await widget.says('I am sleeping now');
  await page.waitForTimeout(2_200);
  await widget.state('text-only'); // ticks for chat that say "full" don't offer video again at once
  await widget.say('Then we write');
  assert.equal(await widget.answer(2), ANSWER);
});

test('429 counts down and goes on', async () => {
  const { widget } = await visit();
  gate.is.refuse = { chat: { status: 429, error: { type: 'burst' }, retryAfter: 2 } };
  await widget.say('Who wins?');
  await widget.state('busy');
  assert.match(await widget.part('countdown').textContent(), /^Again in [12] s$/);
  assert.equal(await widget.part('text').isDisabled(), true);
  gate.is.refuse = {};
  await widget.state('ready');
  assert.equal(await widget.part('text').inputValue(), 'Who wins?');
  await widget.part('text').press('Enter');
  assert.equal(await widget.answer(2), ANSWER);
});

test('503 is offline, and the line comes back', async () => {
  const { page, widget } = await visit();
  await widget.part('meter').waitFor(); // the first tick has passed
  gate.is.refuse = { chat: { status: 503, error: { type: 'offline', fallback: { mode: 'offline', message: 'Back after the tide' } } } };
  gate.is.refuse.tick = gate.is.refuse.chat;
  await widget.say('Who wins?');
  await widget.state('offline');
  await widget.says('Back after the tide');
  await page.waitForTimeout(1_100);
  await widget.state('offline');
  gate.is.refuse = {};
  await widget.part('act').click();
  await widget.state('ready');
});
