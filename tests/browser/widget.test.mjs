// The widget in Chromium against the fake gate: every state, every refusal, every way to stop something.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { FakeGate } from './fake-gate.mjs';
import { DESKTOP, launch, PHONE, picture, watchedPage, widgetOf } from './harness.mjs';

const SLEEPING = { mode: 'text', message: 'I am sleeping now' };
const ANSWER = 'The ebb turns at **nine** — the <b>Kittiwake</b> wins. ⛵';
let gate;
let browser;
let open = [];

before(async () => {
  gate = await new FakeGate().start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await gate?.stop();
});
afterEach(async () => {
  const pages = open;
  open = [];
  for (const { seen, close } of pages) {
    await close();
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.strangers, []);
  }
});

/** The landing page with a gate that behaves as `options` say; `started` presses the button and waits for `ready`. */
async function visit(options = {}, { viewport = DESKTOP, started = true, state = 'ready' } = {}) {
  gate.reset(options);
  const watched = await watchedPage(browser, { viewport, origins: [gate.origin] });
  open.push(watched);
  const widget = widgetOf(watched.page);
  await watched.page.goto(gate.origin);
  if (started) {
    await widget.part('start').click();
    await widget.state(state);
  }
  return { ...watched, widget };
}

async function until(what, condition) {
  for (let left = 100; left > 0; left -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never happened: ${what}`);
}

test('nothing is sent before the visitor starts, and then a conversation streams', async () => {
  const { page, widget } = await visit({}, { started: false });
  await widget.state('idle');
  assert.deepEqual(gate.calls, []);
  await widget.part('start').click();
  await widget.state('ready');
  assert.deepEqual(gate.of('session')[0].body, { channel: 'landing', consent: false, page: '/' });
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
  await page.getByText('Stopped.').waitFor();
  await until('the gate sees the page go', () => gate.of('chat')[0].aborted);
  await widget.part('send').waitFor();
  await widget.state('ready');
});

test('a stream that breaks or reports an error says so', async () => {
  const { page, widget } = await visit({ cutOff: true });
  await widget.say('Who wins?');
  await page.getByText('The answer broke off here.').waitFor();
  gate.is.cutOff = false;
  gate.is.errorEvent = { type: 'vendor_error', message: 'gone' };
  await widget.state('ready'); // the tick after the turn finds the line open again
  await widget.say('Again?');
  await page.getByText('The answer broke off here.').nth(1).waitFor();
  open.at(-1).seen.errors.length = 0; // the browser itself reports the stream we cut
});

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
  assert.equal(await page.evaluate(() => document.querySelector('twin-widget').shadowRoot.activeElement.dataset.part), 'accept');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'You are about to talk to an AI' }).waitFor();
  await widget.part('accept').click();
  await widget.state('ready');
  assert.deepEqual(gate.of('session').at(-1).body, { channel: 'landing', consent: true, age_attested: 21, page: '/' });
  await page.evaluate(() => document.querySelector('twin-widget').end());
  await widget.state('ended');
  await widget.part('act').click();
  await widget.state('ready');
});

test('the marker of the page asks before the gate is troubled', async () => {
  const { page, widget } = await visit({ minimumAge: 21, ageGate: 21 }, { started: false });
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
    { channel: 'landing', consent: false, page: '/', link: 'mt-link://shop/juna?mode=host' },
    { channel: 'landing', consent: false, age_attested: 21, page: '/', link: 'mt-link://shop/juna?mode=host' },
  ]);
});

test('the budget meter moves with each turn', async () => {
  const { page, widget } = await visit();
  await widget.part('left').waitFor();
  assert.equal(await widget.part('left').textContent(), '$25.0000');
  await widget.say('Who wins?');
  await widget.answer(2);
  await until('the meter moves', async () => (await widget.part('left').textContent()) === '$24.9987');
  assert.equal(await widget.part('used').textContent(), '$0.001250');
  assert.equal(await widget.part('seconds').textContent(), '59:00');
  assert.equal(await page.locator('#ledger-used').textContent(), '$0.001250');
});

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
  await widget.part('join-video').waitFor();
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
  open.at(-1).seen.errors.length = 0; // the browser itself reports the request we cut
});

test('throttled, downgraded and back', async () => {
  const { page, widget } = await visit({ tickSeconds: 1, tick: { mode: 'throttled' } }, { state: 'throttled' });
  await page.getByText('answers may be slower').waitFor();
  await widget.part('video').click();
  await widget.part('join-video').waitFor();
  gate.is.tick = { mode: 'text', decision: 'downgrade' };
  await widget.state('text-only');
  await until('the room is given back', () => gate.of('leave').length === 1);
  assert.equal(await widget.part('video').isDisabled(), true);
  assert.equal(await widget.part('end-video').isVisible(), false);
  await widget.say('Still there?');
  await widget.answer(2);
  gate.is.tick = {};
  await widget.state('ready');
});

test('the visitor is told that an AI answers, in the words of the tenant', async () => {
  for (const [disclosure, shown] of [[undefined, 'AI Host'], ['KI-Gästgeber', 'KI-Gästgeber'], ['<i>AI</i>', '<i>AI</i>'], [null, null]]) {
    const { widget } = await visit({ disclosure });
    if (shown === null) assert.equal(await widget.part('badge').isVisible(), false);
    else assert.equal(await widget.part('badge').textContent(), shown);
  }
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
  await page.getByText('I am sleeping now').waitFor();
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
  await page.getByText('I am sleeping now').waitFor();
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
  assert.match(await widget.part('countdown').textContent(), /^[12] s$/);
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
  await page.getByText('Back after the tide').waitFor();
  await page.waitForTimeout(1_100);
  await widget.state('offline');
  gate.is.refuse = {};
  await widget.part('act').click();
  await widget.state('ready');
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
      && (await open.at(-1).page.locator('twin-widget .booth').getAttribute('data-state')) === state);
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

test('a vendor that fails loses no words and no session', async () => {
  const { page, widget } = await visit();
  gate.is.refuse = { chat: { status: 502, error: { type: 'vendor_error' } } };
  await widget.say('Who wins?');
  await page.getByText('Please try once more.').waitFor();
  await widget.state('ready');
  gate.is.refuse = {};
  await widget.part('text').press('Enter');
  assert.equal(await widget.answer(2), ANSWER);
});

test('an empty answer is not taken for one', async () => {
  const { page, widget } = await visit({ answer: '' });
  await widget.say('Who wins?');
  await page.getByText('No answer came.').waitFor();
  assert.equal(await widget.part('text').inputValue(), 'Who wins?');
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

test('an answer can be heard', async () => {
  const { widget } = await visit({ audioFrames: 40 });
  await widget.say('Who wins?');
  await widget.answer(2);
  const listen = widget.part('listen');
  await listen.click();
  await until('the voice starts', async () => (await listen.textContent()) === 'Stop');
  await until('the voice is heard to its end', async () => (await listen.textContent()) === 'Listen');
  assert.deepEqual(gate.of('speech')[0].body, { text: ANSWER, format: 'mp3' });
  assert.equal(gate.of('hush').length, 0);
  assert.equal(await widget.part('banner').isVisible(), false);
});

test('a voice is interrupted in mid-stream', async () => {
  const { widget } = await visit({ audioFrames: 2_000, pauseMs: 30 });
  await widget.say('Who wins?');
  await widget.answer(2);
  const listen = widget.part('listen');
  await listen.click();
  await until('the voice starts', async () => (await listen.textContent()) === 'Stop');
  await until('bytes flow', () => gate.of('speech').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await listen.click();
  await until('the gate is told', () => gate.of('hush')[0]?.path === '/v1/speech/lc_voice');
  await until('the stream is cut', () => gate.of('speech')[0].aborted);
  await until('the button is back', async () => (await listen.textContent()) === 'Listen');
});

test('answers are read aloud when asked to, and noise is no crash', async () => {
  const { page, widget } = await visit({ audio: 'rubbish' });
  await widget.part('aloud').click();
  assert.equal(await widget.part('aloud').getAttribute('aria-pressed'), 'true');
  await widget.say('Who wins?');
  await widget.answer(2);
  await until('speech is asked for', () => gate.of('speech').length === 1);
  await page.getByText('The voice could not be played here.').waitFor();
  await widget.state('ready');
});

test('a video room opens on a click, asks before camera and microphone, and ends', async () => {
  const { page, widget } = await visit();
  assert.equal(gate.of('video').length, 0);
  await page.locator('twin-widget').evaluate((twin) => twin.setAttribute('persona', 'p-juna'));
  await widget.part('video').click();
  await widget.part('join-video').waitFor();
  assert.deepEqual(gate.of('video')[0].body, { persona: 'p-juna' });
  assert.equal(await page.locator('twin-widget iframe').count(), 0, 'no frame before the second click');
  await widget.part('join-video').click();
  const frame = page.locator('twin-widget iframe');
  assert.match(await frame.getAttribute('allow'), /camera; microphone/);
  await page.frameLocator('twin-widget iframe').getByText('Room').waitFor();
  await picture(page, 'widget-video');
  await widget.part('end-video').click();
  await until('the gate is told', () => gate.of('leave')[0]?.path === '/v1/video/sessions/vid_1');
  assert.equal(await frame.count(), 0);
});

test('a double click opens one room', async () => {
  const { widget } = await visit();
  await widget.part('video').dblclick();
  await widget.part('join-video').waitFor();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(gate.of('video').length, 1);
});

test('a room at an unsafe address is not shown', async () => {
  const { widget } = await visit({ joinUrl: 'javascript:alert(1)' });
  await widget.part('video').click();
  await widget.part('join-video').waitFor();
  assert.equal(await widget.part('join-video').isDisabled(), true);
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
  const { page, widget } = await visit({ key: null }, { started: false });
  await widget.state('unconfigured');
  await page.getByText('Nobody is in the booth yet.').waitFor();
  assert.equal(await widget.part('start').isDisabled(), true);
  await picture(page, 'page-without-key');
});

test('another site embeds the widget under a strict policy', async () => {
  gate.reset();
  const policy = `default-src 'self'; script-src 'self' ${gate.origin}; connect-src 'self' ${gate.origin}; img-src 'self' data:; style-src 'self'; object-src 'none'`;
  const host = createServer((request, response) => {
    if (request.url !== '/') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
    return response.end(`<!doctype html><html lang="en"><title>host</title><link rel="icon" href="data:,"><script type="module" src="${gate.origin}/widget/tollgate-widget.js"></script>
      <twin-widget tenant-key="tg_pk_demo" channel="portal" name="Juna"></twin-widget>`);
  });
  await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${host.address().port}`;
  try {
    const watched = await watchedPage(browser, { origins: [gate.origin, origin] });
    open.push(watched);
    const widget = widgetOf(watched.page);
    await watched.page.goto(origin);
    await widget.part('start').click();
    await widget.state('ready');
    await widget.say('Hello');
    assert.equal(await widget.answer(1), ANSWER);
    assert.equal(gate.of('session')[0].body.channel, 'portal');
    gate.is.refuse = { chat: { status: 429, error: { type: 'burst' }, retryAfter: 3 } };
    await widget.say('Again');
    await widget.state('busy');
    await picture(watched.page, 'widget-embedded');
  } finally {
    host.closeAllConnections();
    host.close();
  }
});

test('a phone has room for everything and nothing to scroll sideways', async () => {
  const { page, widget } = await visit({}, { viewport: PHONE });
  await widget.say('Who wins?');
  await widget.answer(2);
  const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= inner, `${wide} wider than ${inner}`);
  const small = await page.evaluate(() => [...document.querySelector('twin-widget').shadowRoot.querySelectorAll('button')]
    .filter((button) => button.checkVisibility() && button.getBoundingClientRect().height < 36).map((button) => button.textContent));
  assert.deepEqual(small, [], 'buttons a thumb would miss');
});

test('a keyboard alone is enough, and the log speaks', async () => {
  const { page, widget } = await visit({}, { started: false });
  await widget.part('start').focus();
  await page.keyboard.press('Enter');
  await widget.state('ready');
  await page.keyboard.type('Typed at once');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('in two lines');
  await page.keyboard.press('Enter');
  await widget.answer(2);
  assert.equal(gate.of('chat')[0].body.messages.at(-1).content, 'Typed at once\nin two lines');
  const log = page.locator('twin-widget [role=log]');
  assert.equal(await log.getAttribute('aria-live'), 'polite');
  assert.equal(await page.locator('twin-widget [aria-busy]').count(), 0);
  await page.getByRole('textbox', { name: 'Your message' }).waitFor();
  await page.getByRole('meter', { name: 'Budget left' }).waitFor();
});
