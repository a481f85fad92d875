// The console's proofs in a browser, against a gate whose log is really signed, and against gates that lie.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { entries } from './log-gate.mjs';
import { all, gate, stage, verdict, verify, visit } from './log-stage.mjs';
import { keyOf, SmallLog } from './small-log.mjs';

stage();

const steps = (page) => page.locator('.step').evaluateAll((list) => list.map(({ dataset, className }) => `${dataset.step} ${className.replace('step is-', '')}`));

describe('verifying', () => {
  const eight = ['receipt ok', 'entry ok', 'leaf ok', 'path ok', 'root ok', 'signature ok', 'key ok', 'history ok'];

  test('an honest entry, step by step', async () => {
    const page = await visit();
    await page.getByText('Signature holds').waitFor();
    for (const id of ['lc_10', 'lc_21', 'evt_57', 'lc_5299']) {
      await verify(page, id);
      assert.equal(await verdict(page).innerText(), 'Proven: the log has this entry, word for word');
      assert.deepEqual(await steps(page), eight);
    }
    const root = new SmallLog(all, keyOf(1, 'gate.example/log'), 5_300).checkpoint().split('\n')[2];
    await page.locator('[data-step=root]').getByText(Buffer.from(root, 'base64').toString('hex')).first().waitFor();
  });

  test('an entry that the log hasn’t signed yet is waited for', async () => {
    const page = await visit();
    await page.getByText('Signature holds').waitFor();
    gate.late = 2;
    await verify(page, 'lc_10');
    assert.match(await verdict(page).innerText(), /^Proven/);
    assert.equal(gate.of('proof').length, 3);
  });

  test('gates that lie are found out, each at its step', async () => {
    const page = await visit();
    await page.getByText('Signature holds').waitFor();
    const text = (change) => (bytes) => Buffer.from(change(bytes.toString()));
    const lies = [
      ['a cheaper entry', { entry: text((shown) => shown.replace('"cost_nanos":45000010', '"cost_nanos":45000009').replace('0.04500001', '0.045000009')) }, 'entry'],
      ['a sum that isn’t the cost', { entry: text((shown) => shown.replace('0.04500001', '0.045')) }, 'entry'],
      ['another session', { entry: text((shown) => shown.replace('req_10', 'req_99')) }, 'entry'],
      ['another path', { proof: text((proof) => proof.replace(proof.split('\n')[4], Buffer.alloc(32).toString('base64'))) }, 'root'],
      ['another place', { proof: text((proof) => proof.replace('index 10\n', 'index 12\n')) }, 'entry'],
      ['another entry’s receipt', { proof: () => Buffer.from(gate.log.receipt(12)) }, 'entry'],
      ['a checkpoint by another key', { proof: () => Buffer.from(new SmallLog(all, keyOf(9, 'gate.example/log'), 5_300).receipt(10)) }, 'signature'],
      ['another log altogether', { proof: () => Buffer.from(new SmallLog(all, keyOf(9, 'gate.example/log'), 5_300).receipt(10)), key: () => Buffer.from(`${keyOf(9, 'gate.example/log').vkey}\n`) }, 'key'],
      ['a history that was rewritten', { proof: () => Buffer.from(new SmallLog([...all.slice(0, 40), ...all.slice(41, 5_301)], keyOf(1, 'gate.example/log')).receipt(10)) }, 'history'],
      ['half a receipt', { proof: (bytes) => bytes.subarray(0, 300) }, 'receipt'],
    ];
    for (const [what, lie, at] of lies) {
      gate.lie = lie;
      await page.goto(`${gate.origin}/console#/log`);
      await verify(page, 'lc_10');
      assert.equal(await verdict(page).innerText(), 'Not proven', what);
      assert.deepEqual((await steps(page)).filter((step) => step.endsWith('failed')), [`${at} failed`], what);
    }
    await page.getByRole('button', { name: 'Download receipt' }).click();
    await page.getByText('Not saved').waitFor();
  });

  test('a browser without the means never says “proven”', async () => {
    const page = await visit();
    await page.getByText('Signature holds').waitFor();
    await page.addInitScript(() => {
      const own = crypto.subtle.importKey.bind(crypto.subtle);
      crypto.subtle.importKey = (...given) => (given[2]?.name === 'Ed25519' ? Promise.reject(new DOMException('no', 'NotSupportedError')) : own(...given));
    });
    await page.reload();
    await page.getByText('Not checked', { exact: true }).waitFor();
    await verify(page, 'lc_10');
    assert.equal(await verdict(page).innerText(), 'Not checked to the end');
    assert.deepEqual((await steps(page)).slice(4), ['root ok', 'signature unable', 'key skipped', 'history skipped']);
  });

  test('a receipt is saved byte for byte, and checked as a file without asking anybody', async () => {
    const page = await visit('#/log/lc_21');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download receipt' }).click();
    const file = await saved;
    assert.equal(file.suggestedFilename(), 'lc_21.receipt');
    const bytes = await readFile(await file.path());
    assert.deepEqual(bytes.toString(), gate.log.receipt(21));
    await page.getByText('tollgate audit check lc_21.receipt --vkey').waitFor();

    await page.goto(`${gate.origin}/console#/log/check`);
    await page.locator('#receipt-file').waitFor();
    gate.calls.length = 0;
    const choose = (buffer) => page.locator('#receipt-file').setInputFiles({ name: 'lc_21.receipt', mimeType: 'text/plain', buffer });
    await choose(bytes);
    await page.getByText('$9,007,199.254740993 USD').waitFor();
    assert.match(await verdict(page).innerText(), /^Proven/);
    await choose(Buffer.from(bytes.toString().replace('index 21', 'index 20')));
    await page.getByText('Not proven').waitFor();
    await choose(Buffer.alloc((1 << 20) + 5, 65));
    await page.getByText(/no more than/).first().waitFor();
    await page.locator('#receipt-key').fill(keyOf(2, 'gate.example/log').vkey);
    await choose(bytes);
    await page.getByText(/isn’t signed by the key/).first().waitFor();
    assert.deepEqual(gate.calls, [], 'nobody was asked');
  });
});

describe('remembering', () => {
  const again = async (page) => {
    await page.goto(`${gate.origin}/console#/overview`);
    await page.goto(`${gate.origin}/console#/log`);
  };

  test('a log that grew, got shorter, was rewritten, or has another key', async () => {
    const page = await visit();
    await page.getByText('This browser remembers the key').waitFor();
    gate.reset({ all, size: 5_400 });
    await again(page);
    await page.getByText('Grew from 5,300 to 5,400 entries, nothing rewritten').waitFor();
    await again(page);
    await page.getByText('Still the same log, nothing rewritten').waitFor();

    const alarm = page.locator('.log-alarm');
    gate.reset({ all, size: 5_399 });
    await again(page);
    await alarm.getByText('A log never gets shorter').waitFor();
    gate.reset({ all: [...all.slice(0, 40), ...all.slice(41), ...entries(1)] });
    await again(page);
    await alarm.getByText('doesn’t begin with the 5,400').waitFor();
    gate.reset({ all, size: 5_300, seed: 2 });
    await again(page);
    await alarm.getByText('is not the log that this browser has seen').waitFor();
    gate.reset({ all, size: 5_400, seed: 2 });
    await again(page);
    await alarm.getByText('does continue the log that this browser has seen').waitFor();
    await alarm.getByText('The log’s key has changed').waitFor();
    assert.match(await alarm.innerText(), new RegExp(keyOf(2, 'gate.example/log').vkey.replace(/[+/]/g, '\\$&')));

    // Only whoever says so has the new key remembered.
    await alarm.getByRole('button', { name: 'Remember this log instead' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
    await page.getByRole('button', { name: 'Remember it' }).click();
    await page.getByText('This browser remembers the key').waitFor();
    await again(page);
    await page.getByText('Still the same log').waitFor();
  });
});
