// The heartbeat: in time, after sleep, and over a line that fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER, pause, stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;

test('ticks keep time, name what runs, and come at once when the tab wakes', async () => {
  const { page, widget } = await visit({ tickSeconds: 1 });
  await until('three ticks', () => gate.of('tick').length >= 3);
  assert.ok(gate.of('tick').every(({ body }) => body.capability === 'chat'));
  gate.is.tick = { next_tick_s: 600 };
  const known = gate.of('tick').length;
  await until('a slower rhythm', () => gate.of('tick').length > known);
  await page.waitForTimeout(1_300);
  const slow = gate.of('tick').length;
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await until('a tick on waking', () => gate.of('tick').length === slow + 1);
  await widget.part('video').click();
  await widget.part('join').waitFor();
  await until('a tick for video', () => gate.of('tick').at(-1).body.capability === 'video');
});

test('a visitor who left is not ticked for, and one who comes back is', async () => {
  const { page, widget } = await visit({ tickSeconds: 1 }, { started: false });
  await page.evaluate(() => {
    const real = performance.now.bind(performance);
    globalThis.skip = 0;
    performance.now = () => real() + globalThis.skip;
  });
  await widget.part('start').click();
  await widget.state('ready');
  await until('a tick', () => gate.of('tick').length >= 2);
  await page.evaluate(() => { globalThis.skip = 200_000; });
  await page.waitForTimeout(1_500);
  const known = gate.of('tick').length;
  await page.waitForTimeout(2_200);
  assert.equal(gate.of('tick').length, known, 'no ticks without a visitor');
  await widget.part('text').press('a');
  await until('ticks again', () => gate.of('tick').length > known);
});

test('a tick without an answer is tried again with the same key', async () => {
  const { page, widget } = await visit({ tickSeconds: 600 });
  await until('the first tick', () => gate.of('tick').length === 1);
  await page.waitForTimeout(1_100);
  let lost = 0;
  await page.route('**/ticks', (route) => ((lost += 1) === 1 ? route.abort() : route.continue()));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await until('the repeated tick', () => gate.of('tick').length === 2);
  assert.equal(lost, 2);
  await widget.state('ready');
  it.forgive();
});

test('an ended session reconnects at the visitor\'s wish', async () => {
  const { page, widget } = await visit();
  gate.token = 'another';
  await page.waitForTimeout(1_100);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await widget.state('ended');
  await widget.part('act').click();
  await widget.state('ready');
});

test('ses_6: a page that slept past its ticks goes on in a new session, without a burst and without asking twice', async () => {
  const { page, widget } = await visit({ consent: true, tickSeconds: 600 }, { started: false });
  await widget.part('start').click();
  await widget.part('accept').click();
  await widget.state('ready');
  await widget.say('Before the sleep');
  await widget.answer(2);
  await until('the ticks have settled', () => gate.of('tick').length === 2);
  await page.clock.install({ time: Date.now() + 3_600_000 }); // an hour passes in which nothing runs
  gate.token = 'another'; // the gate has ended that session for its missed ticks
  const [sessions, ticks] = [gate.of('session').length, gate.of('tick').length];
  await page.evaluate(() => {
    for (const sign of ['visibilitychange', 'resume', 'visibilitychange']) document.dispatchEvent(new Event(sign));
    globalThis.dispatchEvent(new Event('online'));
  });
  await until('a new session', () => gate.of('session').length > sessions);
  await widget.state('ready');
  await page.clock.runFor(900);
  assert.equal(gate.of('session').length, sessions + 1, 'one new session');
  assert.ok(gate.of('tick').length <= ticks + 2, `${gate.of('tick').length - ticks} ticks: the first found out, the second is the new session's`);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await widget.say('After it');
  await widget.answer(3);
  assert.deepEqual(gate.of('chat').at(-1).body.messages.map(({ content }) => content).slice(1), ['Before the sleep', ANSWER, 'After it']);
});

test('ses_6: words written after a sleep reach the new session', async () => {
  const { page, widget } = await visit({ tickSeconds: 600 });
  await until('the first tick', () => gate.of('tick').length === 1);
  await page.clock.install({ time: Date.now() + 3_600_000 });
  gate.token = 'another';
  await widget.say('Good morning');
  await until('it is said', () => gate.of('chat').length === 1);
  assert.equal(await widget.answer(2), ANSWER);
  assert.equal(gate.of('chat')[0].bearer, gate.token);
});

test('ses_6: a session that its tenant has revoked is not opened anew behind their back', async () => {
  const { page, widget } = await visit({ tickSeconds: 600 });
  await until('the first tick', () => gate.of('tick').length === 1);
  await page.clock.install({ time: Date.now() + 3_600_000 });
  gate.is.refuse = { tick: { status: 401, error: { type: 'unauthenticated', code: 'session_revoked' } } };
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await widget.state('ended');
  assert.equal(gate.of('session').length, 1);
});

test('ops_4: a lost line is announced after a moment, tried ever later, and not for ever', async () => {
  const { page, widget } = await visit({ tickSeconds: 600 });
  await until('the first tick', () => gate.of('tick').length === 1);
  await page.clock.install();
  const tries = [];
  await page.route('**/ticks', (route) => {
    tries.push(Date.now());
    return route.abort();
  });
  await page.clock.runFor(1_100);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await until('a try', () => tries.length === 2); // each tick is sent twice, with one key
  await widget.state('ready');
  for (let seconds = 0; seconds < 400 && tries.length < 6; seconds += 1) {
    await page.clock.runFor(1_000);
    await pause(10);
  }
  await widget.state('offline');
  assert.match(await widget.part('countdown').textContent(), /^Again in \d+ s$/);
  for (let seconds = 0; seconds < 400; seconds += 8) {
    await page.clock.runFor(8_000);
    await pause(5);
  }
  const enough = tries.length;
  assert.ok(enough <= 22, `${enough} requests in minutes`);
  await page.clock.runFor(120_000);
  assert.equal(tries.length, enough, 'not for ever');
  await page.unroute('**/ticks');
  await widget.part('act').click();
  await widget.state('ready');
  it.forgive();
});

test('ops_4: the browser\'s word that it is online again is enough for a try', async () => {
  const { page, widget } = await visit({ tickSeconds: 600 });
  await until('the first tick', () => gate.of('tick').length === 1);
  gate.is.refuse = { tick: { status: 503, error: { type: 'offline' }, retryAfter: 500 } };
  await pause(1_100);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await widget.state('offline');
  gate.is.refuse = {};
  await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
  await widget.state('ready');
});

test('ops_4: a start without a line is tried again by itself, and goes on with the visitor\'s words kept', async () => {
  const { page, widget } = await visit({}, { started: false });
  await page.route('**/v1/sessions', (route) => route.abort());
  await widget.part('start').click();
  await widget.state('offline');
  await widget.says('The line is down.');
  await page.unroute('**/v1/sessions');
  await widget.state('ready');
  it.forgive();
});

test('a page that comes back from the browser\'s cache goes on', async () => {
  const { page, widget } = await visit();
  await page.evaluate(() => globalThis.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await widget.state('ended');
  await page.evaluate(() => globalThis.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await widget.state('ready');
  assert.equal(gate.of('session').length, 2);
});
