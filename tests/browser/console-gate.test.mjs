// The finance person's way on a real gate: sign in, find the entry of a chat just made, verify it in the browser, take the
// receipt home, and have it checked by the command line without the gate. Set TOLLGATE_URL to the gate's address.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { DESKTOP, launch, PHONE, watchedPage, wholePicture } from './harness.mjs';

const url = process.env.TOLLGATE_URL?.replace(/\/+$/, '');
const { TOLLGATE_ADMIN_KEY: adminKey, TOLLGATE_SECRET_KEY: secretKey, TOLLGATE_BIN: program } = process.env;
const skip = url && adminKey && secretKey ? false : 'TOLLGATE_URL, TOLLGATE_ADMIN_KEY and TOLLGATE_SECRET_KEY name no gate';
const run = promisify(execFile);

async function call(method, path, key, body) {
  const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20_000) });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? '' : await response.text()}`);
  return response;
}

/** A chat, whose entry is in the log once it is settled. */
async function chat() {
  const messages = [{ role: 'user', content: 'Say hello to the harbour.' }];
  const response = await call('POST', '/v1/chat/completions', secretKey, { model: 'gpt-5.4-mini', messages });
  await response.text();
  return response.headers.get('x-limit-check-id');
}

async function signIn(page, hash, key = adminKey) {
  await page.goto(`${url}/console${hash}`);
  await page.locator('#key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('the log on a real gate', { skip }, () => {
  let browser;
  let folder;
  before(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'tollgate-console-'));
  });
  after(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    test(`a chat, its entry, its proof, its receipt: ${size}`, { timeout: 120_000 }, async () => {
      const { page, seen, close } = await watchedPage(browser, { viewport, origins: [new URL(url).origin] });
      try {
        const id = await chat();
        await signIn(page, '#/log');
        await page.getByText('Signature holds').waitFor();
        await page.locator(`a[href="#/log/${id}"]`).click();
        await page.getByText('gpt-5.4-mini').first().waitFor();
        const saved = page.waitForEvent('download', { timeout: 60_000 });
        await page.getByRole('button', { name: 'Download receipt' }).click();
        const file = await saved;
        await page.getByText('Proven: the log has this entry, word for word').waitFor();
        assert.deepEqual(await page.locator('.step').evaluateAll((steps) => steps.map(({ className }) => className)), new Array(8).fill('step is-ok'));
        await wholePicture(page, `console-gate-entry-${size}`);

        const receipt = join(folder, file.suggestedFilename());
        await file.saveAs(receipt);
        const shown = await call('GET', `/v1/audit/entries/${id}/proof`, secretKey);
        assert.equal((await readFile(receipt, 'utf8')).split('\n')[1], (await shown.text()).split('\n')[1], 'the entry in it is the one the gate has');
        await page.goto(`${url}/console#/log/check`);
        await page.locator('#receipt-file').setInputFiles(receipt);
        await page.getByText('Proven: the log has this entry, word for word').waitFor();

        await page.goto(`${url}/console#/log`);
        await page.getByText(/nothing rewritten/).waitFor();
        await wholePicture(page, `console-gate-log-${size}`);
        assert.deepEqual([seen.errors, seen.strangers], [[], []]);
      } finally {
        await close();
      }
    });
  }

  test('every filter is one the gate takes, and a month is saved as it has it', { timeout: 120_000 }, async () => {
    const { page, seen, close } = await watchedPage(browser, { origins: [new URL(url).origin] });
    try {
      const id = await chat();
      await signIn(page, '#/log?tenant=demo&kind=money&type=TWIN_INTERACTION&capability=chat&provider=openai&from=2026-01-01&until=2099-12-31');
      await page.locator(`a[href="#/log/${id}"]`).waitFor();
      await page.goto(`${url}/console#/log?session=ses_none&until=2026-01-01`);
      await page.getByText('No entry is like that.').waitFor();
      await page.locator('#invoice-tenant').fill('demo');
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download CSV' }).click();
      const csv = await readFile(await (await saved).path(), 'utf8');
      assert.match(csv, /^row,tenant_id,/);
      assert.match(csv, /\r\ntotal,demo,/);
      assert.deepEqual([seen.errors, seen.refusals, seen.strangers], [[], [], []]);
    } finally {
      await close();
    }
  });

  test('the command line agrees with the browser', { skip: program ? false : 'TOLLGATE_BIN names no program', timeout: 120_000 }, async () => {
    const { page, close } = await watchedPage(browser, { origins: [new URL(url).origin] });
    try {
      const id = await chat();
      await signIn(page, `#/log/${id}`, secretKey);
      const saved = page.waitForEvent('download', { timeout: 60_000 });
      await page.getByRole('button', { name: 'Download receipt' }).click();
      const [good, bad] = [join(folder, `${id}.receipt`), join(folder, 'changed.receipt')];
      await (await saved).saveAs(good);
      const key = (await (await call('GET', '/v1/audit/log/key', secretKey)).text()).trim();
      const env = { PATH: process.env.PATH, TOLLGATE_STATE: folder };
      const check = (path) => run(program, ['audit', 'check', path, '--vkey', key], { env, timeout: 30_000 });
      assert.match((await check(good)).stdout, new RegExp(`^proven: the log has this entry[^]*${id}`));
      await writeFile(bad, (await readFile(good, 'utf8')).replace(/^index (\d)/m, (_, digit) => `index ${(Number(digit) + 1) % 10}`));
      await assert.rejects(check(bad), ({ code, stdout }) => code === 1 && stdout.startsWith('NOT PROVEN'));
      // What the command line has fetched is proven here, too.
      const theirs = join(folder, 'theirs.receipt');
      await run(program, ['audit', 'receipt', id, '-o', theirs], { env: { ...env, TOLLGATE_URL: url, TOLLGATE_SECRET_KEY: secretKey }, timeout: 60_000 });
      await page.goto(`${url}/console#/log/check`);
      await page.locator('#receipt-file').setInputFiles(theirs);
      await page.getByText('Proven: the log has this entry, word for word').waitFor();
      await page.locator('#receipt-file').setInputFiles(bad);
      await page.getByText('Not proven').waitFor();
    } finally {
      await close();
    }
  });
});
