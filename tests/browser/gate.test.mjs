// The landing page on a real gate, in a real browser, at two sizes. Set TOLLGATE_URL to the gate's address.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { agree, DESKTOP, launch, PHONE, picture, watchedPage, wholePicture, widgetOf } from './harness.mjs';

const url = process.env.TOLLGATE_URL?.replace(/\/+$/, '');
const skip = url ? false : 'TOLLGATE_URL is not set: start a gate (cargo xtask up) and name its address';

// What vendors' keys look like, and the tenant's own secret; none of them has any business in a browser.
const SECRETS = [/(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{6,}/, /tg_sk_[A-Za-z0-9]/, /xi-api-key/i, /AIza[A-Za-z0-9_-]{20,}/];

describe('the landing page on a real gate', { skip }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    test(`a visit, ${size}`, { timeout: 120_000 }, async () => {
      const { director } = await (await fetch(`${url}/site.json`)).json();
      const origins = [new URL(url).origin, ...(director ? [director] : [])];
      const { page, seen, close } = await watchedPage(browser, { viewport, origins });
      const rooms = new Set();
      page.on('response', async (response) => {
        if (response.request().method() === 'POST' && new URL(response.url()).pathname === '/v1/video/sessions' && response.ok()) {
          rooms.add(new URL((await response.json()).join_url).href);
        }
      });
      try {
        await visit(page, size);
        assert.deepEqual(seen.errors, [], 'console errors');
        // The gate refuses a session until age and consent are given, and the browser reports each refusal.
        assert.deepEqual(seen.refusals.filter(({ status, path }) => !(status === 403 && path === '/v1/sessions')), []);
        assert.deepEqual(seen.strangers.filter((stranger) => !rooms.has(stranger.url)), [], 'only the room the gate named is elsewhere');
        await noSecrets(seen.bodies);
      } catch (error) {
        await picture(page, `gate-${size}-failed`).catch(() => {});
        throw error;
      } finally {
        await close();
      }
    });
  }
});

describe('the demo on a real gate', { skip }, () => {
  let browser;
  let director;
  before(async () => {
    browser = await launch();
    ({ director } = await (await fetch(`${url}/site.json`)).json());
  });
  after(() => browser?.close());

  // What each button comes to: what the director saw, and how the widget stands in the end.
  const DRILLS = [
    ['/demo/shop', 'flood', /× 429 burst\. Cost: \$0\.00\./, 'busy'],
    ['/demo/shop', 'cap', /402 monthly_cap\. Cost: \$0\.00\./, 'denied'],
    ['/demo/portal', 'vendor', /is down\. .*502 .*Cost: \$0\.00\./, 'ready'],
    ['/demo/portal', 'store', /503 offline\. Nothing was called/, 'offline'],
    ['/demo/portal', 'webhook', /200 accepted, 200 duplicate, 401 bad_signature\. Cost: \$0\.00\./, 'ready'],
  ];
  for (const [path, name, says, state] of DRILLS) {
    test(`a button breaks it and it mends: ${name}`, { timeout: 60_000 }, async (t) => {
      if (!director) return t.skip('this gate\'s demo has no director');
      const { page, seen, close } = await watchedPage(browser, { origins: [new URL(url).origin, director] });
      const widget = widgetOf(page);
      const drill = page.locator(`[data-drill=${name}]`);
      try {
        await page.goto(url + path);
        await widget.part('start').click();
        await agree(page, widget);
        await widget.say('Hello');
        await widget.answer(2);
        await page.waitForTimeout(1_000); // its settlement, which would count as the drill's
        await drill.getByRole('button').first().click();
        await drill.locator('.said', { hasText: 'The gate answered' }).waitFor({ timeout: 20_000 });
        assert.match(await drill.locator('.said').textContent(), says);
        await widget.state(state);
        if (name === 'vendor') await widget.answer(3);
        await picture(page, `gate-demo-${name}`);
        await page.evaluate((origin) => fetch(`${origin}/demo/mend`, { method: 'POST' }), director);
        await drill.locator('.left').waitFor({ state: 'hidden' });
        assert.deepEqual(seen.errors, []);
        assert.deepEqual(seen.strangers, []);
      } finally {
        await fetch(`${director}/demo/mend`, { method: 'POST', headers: { origin: new URL(url).origin } });
        await close();
      }
    });
  }
});

async function visit(page, size) {
  const widget = widgetOf(page);
  const response = await page.goto(url);
  assert.equal(response.status(), 200);
  assert.match(response.headers()['content-security-policy'] ?? '', /default-src 'self'/);
  await widget.state('idle');
  assert.equal(await widget.part('badge').textContent(), 'AI Host');
  await wholePicture(page, `gate-${size}-1-page`);

  await widget.part('start').click();
  await agree(page, widget);
  await widget.part('meter').waitFor();
  await page.locator('twin-widget').scrollIntoViewIfNeeded();
  await picture(page, `gate-${size}-2-ready`);

  const before = await reading(widget);
  await widget.say('Say hello to the harbour in one sentence.');
  const answer = await widget.answer((await page.locator('twin-widget').getAttribute('greeting')) ? 2 : 1);
  assert.ok(answer.trim().length > 0, 'an answer was streamed');
  await moved(widget, before, 'the meter moves with a chat turn');
  await picture(page, `gate-${size}-3-chat`);

  const heard = await reading(widget);
  const spoken = page.waitForResponse((one) => new URL(one.url()).pathname === '/v1/speech' && one.request().method() === 'POST');
  await widget.part('listen').first().click();
  const speech = await spoken;
  assert.equal(speech.status(), 200);
  assert.match(speech.headers()['content-type'] ?? '', /^audio\//);
  // Until the sound has played to its end, which takes as long as it lasts.
  await page.waitForFunction(
    () => document.querySelector('twin-widget').shadowRoot.querySelector('[part~=listen]').textContent === 'Listen',
    null,
    { timeout: 45_000 },
  );
  await moved(widget, heard, 'the meter moves with speech');

  await widget.part('video').click();
  await widget.part('join').waitFor();
  await page.locator('twin-widget').scrollIntoViewIfNeeded();
  await picture(page, `gate-${size}-4-video`);
  await widget.part('join').click();
  await page.locator('twin-widget iframe').waitFor();
  const ended = page.waitForResponse((one) => one.request().method() === 'DELETE' && new URL(one.url()).pathname.startsWith('/v1/video/sessions/'));
  await widget.part('leave').click();
  assert.equal((await ended).status(), 204);
  assert.equal(await page.locator('twin-widget iframe').count(), 0);
  await page.waitForTimeout(1_500); // the tick that follows
  await picture(page, `gate-${size}-5-after`);

  const left = page.waitForResponse((one) => one.request().method() === 'DELETE' && new URL(one.url()).pathname.startsWith('/v1/sessions/'));
  await page.evaluate(() => document.querySelector('twin-widget').end());
  assert.equal((await left).status(), 204);
  await widget.state('ended');
}

const reading = (widget) => widget.part('left').textContent();

async function moved(widget, before, what) {
  for (let left = 60; left > 0; left -= 1) {
    if ((await reading(widget)) !== before) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  assert.fail(`${what}: still ${before}`);
}

async function noSecrets(bodies) {
  // What never ended (an aborted stream) has no body to read; half a second is plenty for all others.
  const late = new Promise((resolve) => setTimeout(resolve, 500, null));
  const all = (await Promise.all(bodies.map((body) => Promise.race([body, late])))).filter(Boolean);
  assert.ok(all.length > 5, 'responses were looked at');
  for (const { url: from, headers, text } of all) {
    for (const secret of SECRETS) assert.doesNotMatch(`${JSON.stringify(headers)}\n${text}`, secret, `a secret in ${from}`);
  }
}
