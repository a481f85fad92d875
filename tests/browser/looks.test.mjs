// Everybody can use it: keyboard, screen reader, phone, direction, language, colours, motion.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DESKTOP, PHONE, picture, SMALL_PHONE } from './harness.mjs';
import { ANSWER, SLEEPING, stage, until } from './support.mjs';

const it = stage();
const { gate, visit } = it;
const AXE = await readFile(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** What axe calls serious or critical on the page as it is now, shadow trees included. */
async function faults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(' ')} ${failureSummary}`).join('; ')}`);
}

async function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

// Each state, the way a visitor gets there, in one visit: a page costs more than a state.
async function everyState({ page, widget }, look) {
  await look('idle');
  await widget.part('start').click();
  await widget.part('accept').waitFor();
  await look('age');
  await widget.part('accept').click();
  await page.getByRole('heading', { name: /AI|IA|KI/ }).last().waitFor();
  await widget.part('accept').click();
  await widget.state('ready');
  await widget.part('meter').waitFor();
  await look('ready');
  await widget.say('How does a sprint work?');
  await widget.answer(2);
  await look('chat');
  await widget.part('video').click();
  await widget.part('leave').waitFor();
  await look('video');
  await widget.part('leave').click();
  const tick = async (change, state) => {
    Object.assign(gate.is, { tick: {}, refuse: {} }, change);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await widget.state(state);
    await look(state);
  };
  await tick({ tick: { throttled: true } }, 'throttled');
  await tick({ tick: { mode: 'text', decision: 'downgrade' } }, 'text-only');
  await tick({ refuse: { tick: { status: 503, error: { type: 'offline', fallback: { mode: 'offline', message: 'Back after the tide' } } } } }, 'offline');
  await tick({ refuse: { tick: { status: 429, error: { type: 'burst' }, retryAfter: 60 } } }, 'busy');
  await tick({ refuse: { tick: { status: 402, error: { type: 'hard_cap', fallback: SLEEPING } } } }, 'denied');
}

const LOOKS = {
  'light, desktop': { viewport: DESKTOP },
  'dark, phone': { viewport: SMALL_PHONE, dark: true },
  'right to left, phone, German': { viewport: SMALL_PHONE, html: 'lang="de" dir="rtl"' },
};
for (const [name, { html = 'lang="en"', ...look }] of Object.entries(LOOKS)) {
  test(`axe finds no serious fault in any state: ${name}`, async () => {
    const visited = await visit({ minimumAge: 21, consent: true, html }, { ...look, started: false });
    await everyState(visited, async (state) => {
      assert.deepEqual(await faults(visited.page), [], state);
      assert.ok((await sideways(visited.page)) <= 0, `${state}: nothing to scroll sideways`);
      await picture(visited.page, `looks-${name.replaceAll(/\W+/g, '-')}-${state}`);
    });
  });
}

test('a phone has room for everything and nothing to scroll sideways', async () => {
  const { page, widget } = await visit({}, { viewport: PHONE, landing: true });
  await widget.say('Who wins?');
  await widget.answer(2);
  assert.ok((await sideways(page)) <= 0);
  const small = await page.evaluate(() => [...document.querySelector('twin-widget').shadowRoot.querySelectorAll('button')]
    .filter((button) => button.checkVisibility() && button.getBoundingClientRect().height < 36).map((button) => button.textContent));
  assert.deepEqual(small, [], 'buttons a thumb would miss');
});

test('a keyboard alone is enough', async () => {
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
  assert.equal(await page.locator('twin-widget [aria-busy]').count(), 0);
  await page.getByRole('textbox', { name: 'Your message' }).waitFor();
  await page.getByRole('meter', { name: 'Budget left' }).waitFor();
  // Backwards from where one writes, in the order of what is seen.
  const order = [];
  for (let step = 0; step < 4; step += 1) {
    await page.keyboard.press('Shift+Tab');
    order.push(await focused(page));
  }
  assert.deepEqual(order, ['aloud', 'video', 'listen', 'log']);
});

const focused = (page) => page.evaluate(() => document.querySelector('twin-widget').shadowRoot.activeElement?.part[0] ?? null);

test('the keyboard keeps its place when what it was on goes away', async () => {
  const { page, widget } = await visit();
  gate.is.refuse = { chat: { status: 402, error: { type: 'hard_cap', fallback: SLEEPING } } };
  await widget.say('Who wins?');
  await widget.state('denied');
  assert.equal(await focused(page), 'text', 'what was written can be read and copied');
  assert.equal(await widget.part('text').isEditable(), false);
  gate.is.refuse = {};
  await widget.part('act').focus();
  await page.keyboard.press('Enter');
  await widget.state('ready');
  assert.equal(await focused(page), 'text');
  await page.keyboard.press('Enter');
  assert.equal(await widget.answer(2), ANSWER);
});

test('Escape silences the voice, then stops the answer, and else belongs to the page', async () => {
  const { page, widget } = await visit({ answer: 'word '.repeat(400), pauseMs: 20, audioFrames: 1_000 });
  await page.evaluate(() => {
    globalThis.escaped = 0;
    document.addEventListener('keydown', ({ key }) => { globalThis.escaped += key === 'Escape' ? 1 : 0; });
  });
  await widget.say('Talk a lot');
  await widget.part('stop').waitFor();
  await until('some words', async () => ((await widget.part('answer').nth(1).textContent()) ?? '').length > 20);
  await page.keyboard.press('Escape');
  await widget.answer(2);
  await widget.part('listen').click();
  await until('the voice starts', async () => (await widget.part('listen').textContent()) === 'Stop');
  await page.keyboard.press('Escape');
  await until('the voice stops', async () => (await widget.part('listen').textContent()) === 'Listen');
  assert.equal(await page.evaluate(() => globalThis.escaped), 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => globalThis.escaped), 1);
});

test('a screen reader is told a finished answer once, and no token on the way', async () => {
  const { page, widget } = await visit({ answer: 'one two three four five six', pauseMs: 15 });
  await page.evaluate(() => {
    globalThis.told = [];
    const root = document.querySelector('twin-widget').shadowRoot;
    const live = [...root.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]')].filter((one) => one.ariaLive !== 'off');
    for (const region of live) {
      new MutationObserver(() => globalThis.told.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
  await widget.say('Count');
  await widget.answer(2);
  await until('it is told', async () => (await page.evaluate(() => globalThis.told)).length > 0);
  assert.deepEqual((await page.evaluate(() => globalThis.told)).map((text) => text.trim()), ['Juna Halvard: one two three four five six']);
  gate.is.refuse = { chat: { status: 402, error: { type: 'hard_cap', fallback: SLEEPING } } };
  await widget.say('Again');
  await widget.state('denied');
  assert.equal((await page.evaluate(() => globalThis.told)).at(-1), 'I am sleeping now');
});

test('it speaks the language that is stated: its own, else the page\'s, else the browser\'s', async () => {
  const check = async (html, page, locale, start, language) => {
    const { widget } = await visit({ html, page }, { started: false, locale });
    await widget.state('idle');
    assert.equal(await widget.part('start').textContent(), start, `${html} ${page} ${locale}`);
    assert.equal(await widget.part('booth').getAttribute('lang'), language);
  };
  await check('lang="de"', 'lang="es"', 'en-GB', 'Hablar con Juna', 'es');
  await check('lang="de-CH"', '', 'es-ES', 'Mit Juna sprechen', 'de');
  await check('', '', 'es-MX', 'Hablar con Juna', 'es');
  await check('lang="ja"', '', 'de-DE', 'Talk to Juna', 'en');
});

test('a page adds a language, changes words, and turns the direction, while the widget is in use', async () => {
  const { page, widget } = await visit();
  await page.evaluate(() => {
    customElements.get('twin-widget').translate('ar', { ready: 'مباشر', send: 'إرسال' });
    document.querySelector('twin-widget').lang = 'ar';
  });
  assert.equal(await widget.part('state').textContent(), 'مباشر');
  await page.getByRole('button', { name: 'إرسال' }).waitFor();
  const order = () => widget.part('send').evaluate((send) => send.getBoundingClientRect().x < send.previousElementSibling.getBoundingClientRect().x);
  assert.equal(await order(), true, 'Arabic runs from right to left');
  await page.evaluate(() => { document.querySelector('twin-widget').words = { ready: 'Live from the pier' }; });
  assert.equal(await widget.part('state').textContent(), 'Live from the pier');
  await page.evaluate(() => { document.querySelector('twin-widget').dir = 'ltr'; });
  assert.equal(await order(), false, 'the page\'s own word goes first');
});

test('a page themes it: variables, parts, and a scheme of its own', async () => {
  const { page, widget } = await visit({}, { dark: true });
  const colour = (part) => widget.part(part).first().evaluate((one) => getComputedStyle(one).backgroundColor);
  assert.equal(await colour('booth'), 'rgb(18, 24, 23)');
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('twin-widget { color-scheme: light; --twin-accent: rgb(1, 2, 3); } twin-widget::part(composer) { background: rgb(4, 5, 6); }');
    document.adoptedStyleSheets = [sheet];
  });
  assert.deepEqual([await colour('booth'), await colour('send'), await colour('composer')], ['rgb(255, 255, 255)', 'rgb(1, 2, 3)', 'rgb(4, 5, 6)']);
});

test('nothing moves for a visitor who asked for calm', async () => {
  const moving = (page) => page.evaluate(() => document.querySelector('twin-widget').shadowRoot.getAnimations({ subtree: true }).length
    + document.getAnimations().length);
  const lively = await visit({}, { calm: false });
  assert.ok((await moving(lively.page)) > 0, 'the lamp is on air');
  const { page } = await visit();
  assert.equal(await moving(page), 0);
});
