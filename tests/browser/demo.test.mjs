// The demo pages: what the gate does stands beside the widget, and buttons break things, where a director runs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { FakeDirector } from './fake-director.mjs';
import { DESKTOP, PHONE, picture, wholePicture } from './harness.mjs';
import { stage, until } from './support.mjs';

const it = stage();
const { gate } = it;
const director = new FakeDirector();
const AXE = await readFile(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PAGES = [['landing', '/'], ['widget', '/demo/shop'], ['portal', '/demo/portal']];
before(() => director.start(gate));
after(() => director.stop());

/** One of the pages; `directed: false` is as in production. */
async function open(path, { directed = true, options = {}, ...look } = {}) {
  gate.reset({ director: directed ? director.origin : null, ...options });
  director.reset();
  const watched = await it.newPage({ origins: [director.origin], ...look });
  await watched.page.goto(gate.origin + path);
  await watched.widget.state('idle');
  const part = (name) => watched.page.locator(`[data-ledger=${name}]`);
  const drill = (name) => watched.page.locator(`[data-drill=${name}]`);
  const unfold = async () => {
    const handle = watched.page.locator('.gate-handle');
    if (await handle.isVisible() && (await handle.getAttribute('aria-expanded')) === 'false') await handle.click();
  };
  return { ...watched, part, drill, unfold };
}

async function talk({ widget }) {
  await widget.part('start').click();
  await widget.state('ready');
  await widget.say('Hello there');
  await widget.answer(2);
}

async function faults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(' ')} ${failureSummary}`).join('; ')}`);
}

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

for (const [channel, path] of PAGES) {
  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    for (const dark of [false, true]) {
      const name = `${channel}-${size}-${dark ? 'dark' : 'light'}`;
      test(`the page is whole and open to everybody: ${name}`, async () => {
        const it = await open(path, { viewport, dark });
        await picture(it.page, `demo-${name}-1-first`);
        await talk(it);
        await it.unfold();
        await it.drill('webhook').waitFor();
        await it.drill('webhook').getByRole('button').first().click();
        await it.drill('webhook').getByText('401 bad_signature').waitFor();
        assert.deepEqual(await faults(it.page), []);
        assert.ok((await sideways(it.page)) <= 0, 'nothing to scroll sideways');
        await picture(it.page, `demo-${name}-2-gate`);
        await wholePicture(it.page, `demo-${name}-3-whole`);
        assert.equal(gate.of('session')[0].body.channel, channel);
      });
    }
  }
}

test('the ledger shows the books as they change, and each entry leads to its receipt', async () => {
  const { page, part } = await open('/demo/shop');
  await part('spent').getByText('$0.00044775').waitFor();
  assert.equal(await part('cap').textContent(), 'of $25.00 a month');
  director.write('gemini');
  await part('rows').getByText('chat, gemini').waitFor();
  assert.equal(await part('charged').textContent(), '4');
  const newest = part('rows').locator('li').first();
  assert.match(await newest.textContent(), /\$0\.00014925.*34 tokens, exact, entry 7.*lc_01M7ZGEH44RHE5PCAG32030003/);
  assert.equal(await newest.getByRole('link').getAttribute('href'), '/console#/log/lc_01M7ZGEH44RHE5PCAG32030003');
  assert.equal(await page.getByRole('link', { name: 'Open the console' }).getAttribute('href'), '/console');
});

test('what the director sends is shown as text, whatever it is', async () => {
  const { page, part } = await open('/');
  director.write('<img src=x onerror=alert(1)>');
  await part('rows').getByText('<img src=x').waitFor();
  assert.equal(await page.locator('.ledger img').count(), 0);
});

const OUTCOMES = [
  ['flood', 'busy', /48 × 200 allow, 32 × 429 burst\. Cost: \$0\.00\./],
  ['cap', 'denied', /402 monthly_cap\. Cost: \$0\.00\./],
  ['store', 'offline', /503 offline\. Nothing was called, so nothing was charged\./],
];
for (const [name, state, says] of OUTCOMES) {
  test(`a button breaks it, and the widget says it in the tenant's words: ${name}`, async () => {
    const it = await open('/');
    director.reset(8);
    await talk(it);
    await it.drill(name).getByRole('button').first().click();
    await it.widget.state(state);
    await it.widget.says('I am sleeping now');
    assert.match(await it.drill(name).locator('.said').textContent(), says);
    // Before all that was charged earlier.
    const newest = it.part('rows').locator('li').first();
    await until('it is denied in the ledger', async () => /denied/.test((await newest.textContent()) ?? ''));
    assert.notEqual(await it.part('denied').textContent(), '0');
    await it.drill(name).getByText(/on, \d+ s left/).waitFor();
    if (name === 'store') await it.part('note').getByText('can’t reach its store').waitFor();
    await it.page.getByRole('button', { name: name === 'cap' ? 'Lift the cap again' : 'Mend it now' }).click();
    await until('it is whole', async () => !(await it.drill(name).locator('.left').isVisible()));
    if (name === 'cap') await it.widget.state('ready');
  });
}

test('a vendor that is down costs nobody an answer', async () => {
  const it = await open('/demo/portal');
  await talk(it);
  await it.drill('vendor').getByRole('button').first().click();
  await it.drill('vendor').getByText('openai is down. The gate answered 10 × 502 overloaded, 502 circuit_open.').waitFor();
  await it.widget.answer(3);
});

test('a director that fails says why, one that is gone takes the buttons along', async () => {
  const it = await open('/');
  await it.drill('cap').waitFor();
  director.wrong = 'the gate took too long';
  await it.drill('cap').getByRole('button').first().click();
  await it.drill('cap').getByText('That didn’t work: the gate took too long').waitFor();
  director.gone = true;
  await it.drill('cap').waitFor({ state: 'hidden' });
});

test('without a director there are no buttons, and the page shows what it is told itself', async () => {
  for (const [channel, path] of PAGES) {
    const it = await open(path, { directed: false });
    await talk(it);
    await it.part('cap').getByText('by this visit').waitFor();
    assert.ok((await it.part('rows').locator('li').count()) > 0, channel);
    assert.equal(await it.page.locator('.breaks').isVisible(), false);
    gate.is.refuse = { chat: { status: 402, error: { type: 'hard_cap', code: 'monthly_cap' } } };
    await it.widget.say('Again');
    await it.part('rows').getByText('402 monthly_cap').waitFor();
    assert.deepEqual(director.asked, []);
  }
});

test('the three pages lead to each other', async () => {
  const { page } = await open('/');
  for (const [label, path] of [['Shop', '/demo/shop'], ['Portal', '/demo/portal'], ['Landing', '/']]) {
    await page.getByRole('navigation', { name: 'Demo pages' }).getByRole('link', { name: label }).click();
    await page.waitForURL(gate.origin + path);
    assert.equal(await page.locator('.gate nav [aria-current=page]').textContent(), label);
  }
});

test('on a phone the gate is a bar that a keyboard opens and closes, and the conversation is not under it', async () => {
  const it = await open('/demo/shop', { viewport: PHONE });
  const handle = it.page.locator('.gate-handle');
  assert.equal(await it.page.locator('.gate-sheet').isVisible(), false);
  await handle.focus();
  await it.page.keyboard.press('Enter');
  assert.equal(await it.page.locator('.gate-sheet').isVisible(), true);
  await it.page.keyboard.press('Enter');
  assert.equal(await handle.getAttribute('aria-expanded'), 'false');
  await it.widget.part('start').click();
  await it.widget.state('ready');
  await it.widget.part('text').scrollIntoViewIfNeeded();
  const [field, bar] = [await it.widget.part('text').boundingBox(), await handle.boundingBox()];
  assert.ok(field.y + field.height <= bar.y, 'what one writes in can be seen');
});
