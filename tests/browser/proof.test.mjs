// The console's own verifier: known answers of the formats, entries that are rebuilt to the digit, and everything that was
// changed, each found at its step and by name. No browser: Node has the same Web Crypto.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromBase64, hex, unhex } from '../../widget/console/proof/bytes.js';
import { check, STEPS } from '../../widget/console/proof/check.js';
import { Engine, isWeak } from '../../widget/console/proof/engine.js';
import { canonical, fromBytes, fromView, leafOf, usd } from '../../widget/console/proof/entry.js';
import { openCheckpoint, readCheckpoint, readKey, splitNote } from '../../widget/console/proof/note.js';
import { leafHash, nodeHash, rootOf } from '../../widget/console/proof/tree.js';
import { readJson } from '../../widget/console/proof/json.js';
import { entry, json, keyOf, leaf, root, SmallLog } from './small-log.mjs';

const engine = new Engine();
const bytes = (text) => new TextEncoder().encode(text);
const named = (name) => (error) => error.name === name || assert.fail(`${error.name}: ${error.message}; wanted ${name}`);

describe('known answers', () => {
  test('the tree of RFC 6962', async () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const leaves = await Promise.all(inputs.map((input) => leafHash(engine, unhex(input))));
    assert.equal(hex(await rootOf(engine, leaves.slice(0, 1))), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    assert.equal(hex(await rootOf(engine, leaves)), '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
    assert.equal(hex(await rootOf(engine, leaves.slice(0, 3))), 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
    assert.equal(hex(await rootOf(engine, [])), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    assert.equal(hex(await leafHash(engine, bytes('L123456'))), '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    assert.equal(hex(await nodeHash(engine, bytes('N123'), bytes('N456'))), 'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb');
  });

  test('the signed note of the specification', async () => {
    const vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    const key = await readKey(engine, vkey);
    assert.deepEqual([key.name, key.id], ['example.com/foo', '530d903a']);
    const signature = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
    const { text, signatures } = splitNote(`This is an example message.\n\n\u2014 example.com/foo ${signature}\n`);
    assert.equal(await engine.verifies(key.key, signatures[0].signature, text), true);
    assert.equal(await engine.verifies(key.key, signatures[0].signature, `${text}\n`), false);
    // Two plus signs more, in the base64.
    assert.equal((await readKey(engine, 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8')).name, 'sum.golang.org');
  });

  test('an entry’s canonical bytes, as the log’s own tests have them', async () => {
    const logged = '{"v":2,"salt":"000102030405060708090a0b0c0d0e0f","tenant_id":"demo","company":"acme","event_type":"TWIN_INTERACTION","provider":"tavus","model":"","units_consumed":30,"unit_type":"seconds","cost_nanos":45000000,"limit_check_id":"lc_1","channel":"widget","capability":"video","settlement":"exact","at_ms":1795165200000,"personal":"ab","details":{"corrects":"lc_0","reason":"vendor\'s credit"}}';
    const read = fromBytes(bytes(logged));
    assert.equal(hex(await leafOf(engine, canonical(read))), '01a71be01e244ab7f2053ad42177fbc3b3c5b46730b794da1882e6a4f396d9fc9e');
    assert.throws(() => fromBytes(bytes(logged.replace(',"salt"', ', "salt"'))), named('entry_malformed'));
  });
});

describe('entries', () => {
  const view = (at, other, change = (shown) => shown) => {
    const made = entry(at, other);
    return { ...made, json: json(change(made.shown)) };
  };

  test('a view gives the very bytes, past 2^53 and in every script', async () => {
    const rows = [{}, { cost_nanos: 0n }, { cost_nanos: -1_500_000_000n }, { cost_nanos: 9_223_372_036_854_775_807n }, { cost_nanos: 9_007_199_254_740_993n },
      { units_consumed: 18_446_744_073_709_551_615n }, { tenant_id: 'dämo "1"\n\u2028\u007f\u0001😀' }, { details: { 10: 'a', 9: 'b', corrects: 'lc_0' } },
      { details: { '\u{1f600}': 'astral', '\ufb01': 'ligature' } }];
    for (const says of rows) {
      const made = view(7, says);
      // The log sorts names by their bytes; the helper writes them as they come, so both are sorted there.
      const names = Object.keys(says.details ?? {});
      const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const logged = made.logged.toString().replace(/"details":.*$/s, () => `"details":{${sorted.map((name) => `${JSON.stringify(name)}:${JSON.stringify(says.details[name])}`).join(',')}}}`);
      assert.equal(Buffer.from(canonical(await fromView(engine, made.json))).toString(), logged);
    }
    assert.deepEqual([45_000_000n, 0n, 1n, -1_500_000_000n, 9_223_372_036_854_775_807n].map(usd), ['0.045', '0.00', '0.000000001', '-1.50', '9223372036.854775807']);
  });

  test('a view that contradicts itself, or is none, is refused', async () => {
    const rows = [
      ['entry_contradicts', { cost_amount: { digits: '0.046' } }], ['entry_contradicts', { cost_nanos: 45_000_008n }],
      ['entry_contradicts', { cost_amount: '0.045000007' }], ['entry_contradicts', { cost_currency: 'EUR' }],
      ['entry_contradicts', { at: '2026-11-20T09:00:00Z' }], ['entry_contradicts', { at: '2026-02-30T09:00:00.000Z' }],
      ['entry_contradicts', { session_id: 'ses_9' }], ['entry_contradicts', { request_id: null }], ['entry_contradicts', { personal: null }],
      ['entry_contradicts', { personal: { digest: '00', salt: null } }], ['entry_malformed', { note: 'paid in advance' }],
      ['entry_malformed', { personal: { digest: '00', salt: null, more: 1n } }], ['entry_malformed', { tenant_id: null }],
      ['entry_malformed', { cost_nanos: { digits: '45.5' } }], ['entry_malformed', { cost_nanos: { digits: '4.5e7' } }],
      ['entry_malformed', { cost_nanos: 9_223_372_036_854_775_808n }], ['entry_malformed', { units_consumed: -1n }],
      ['entry_malformed', { seq: undefined }], ['entry_malformed', { details: [] }], ['entry_malformed', { details: { a: 1n } }], ['not_json', { provider: { digits: '"\\ud800"' } }],
    ];
    for (const [name, change] of rows) {
      const { seq, ...rest } = { ...entry(7).shown, ...change };
      const text = json(seq === undefined ? rest : { seq, ...rest });
      await assert.rejects(fromView(engine, text), (error) => named(name)(error) || true, JSON.stringify(Object.keys(change)));
    }
    const good = view(7).json;
    for (const more of ['{"cost_nanos":1,', '{"seq":9,']) await assert.rejects(fromView(engine, good.replace('{', more)), named('not_json'));
    await assert.rejects(fromView(engine, `[${good}]`), named('entry_malformed'));
    await assert.rejects(fromView(engine, `${' '.repeat(1 << 20)}${good}`), named('too_long'));
  });

  test('what was erased is checked no longer, and everything else is', async () => {
    const made = view(6, {}, (shown) => ({ ...shown, session_id: null, request_id: null, personal: { ...shown.personal, salt: null } }));
    assert.equal(Buffer.from(canonical(await fromView(engine, made.json))).toString(), made.logged.toString());
  });

  test('JSON is one spelling of one thing', () => {
    for (const text of ['', '{', '{"a":1,}', '{"a":1}x', '[1,]', "{'a':1}", '{"a":01}', '{"a":+1}', '"\u0001"', '"\\x"', 'nul', '{"a":1,"a":1}', '['.repeat(40), '"open', '"\\', '{"a" 1}']) {
      assert.throws(() => readJson(text), named('not_json'), text);
    }
    assert.equal(readJson('{"n":123456789012345678901.50}').get('n').text, '123456789012345678901.50');
    assert.deepEqual(readJson(' [true, null, "\\u00e9\\n"] '), [true, null, 'é\n']);
  });
});

describe('keys and notes', () => {
  test('keys that are refused', async () => {
    const good = keyOf(1).vkey;
    const weak = (first) => Uint8Array.from([first, ...new Array(31).fill(0)]);
    assert.equal(isWeak(weak(1)) && isWeak(weak(0)) && !isWeak(weak(2)), true);
    const rows = [['key_id', good.replace('log.example', 'gol.example')], ['key_id', good.replace(/\+(.)/, (_, digit) => `+${digit === '0' ? '1' : '0'}`)],
      ['key_malformed', good.slice(0, -4)], ['key_malformed', `${good}\n`], ['key_malformed', ''], ['key_malformed', good.replace('+AQ', '+AR').replace('+Ac', '+Bc').replace(/\+A(?=[^+]*$)/, '+B')],
      ['key_malformed', `a b+00000000+${good.split('+')[2]}`], ['key_malformed', `x+00000000+${Buffer.from([1, ...weak(1)]).toString('base64')}`], ['key_malformed', 'x'.repeat(2000)]];
    for (const [name, vkey] of rows) await assert.rejects(readKey(engine, vkey), named(name), vkey.slice(0, 60));
  });

  test('whose signatures count', async () => {
    const [log, witness, stranger] = [keyOf(1), keyOf(2, 'witness.example'), keyOf(3)];
    const text = `${log.name}\n7\n${Buffer.alloc(32, 5).toString('base64')}\n`;
    const line = (key, of = text) => key.note(of).slice(of.length + 1);
    const key = await readKey(engine, log.vkey);
    const opens = async (...lines) => (await openCheckpoint(engine, `${text}\n${lines.join('')}`, key)).size;
    assert.equal(await opens(line(log)), 7n);
    assert.equal(await opens(line(witness), line(stranger), line(log), line(log)), 7n);
    await assert.rejects(opens(line(witness)), named('unsigned'));
    await assert.rejects(opens(line(stranger)), named('unsigned'));
    await assert.rejects(opens(line(log), line(log, 'another text\n')), named('bad_signature'));
    await assert.rejects(opens(line(log, text.replace('7', '8'))), named('bad_signature'));
    await assert.rejects(opens(...new Array(101).fill(line(log))), named('too_many_signatures'));
    const other = log.note(text.replace('log.example', 'gol.example'));
    await assert.rejects(openCheckpoint(engine, other, key), named('other_origin'));
    const good = log.note(text);
    for (const changed of ['', text, good.trimEnd(), `${good}\n`, `${good}more\n`, good.replaceAll('\n', '\r\n'), good.replace('\u2014', '-'), good.replace('\n\n', '\n'), good.replace('=\n\n', '=\n\n\n')]) {
      await assert.rejects(openCheckpoint(engine, changed, key), (error) => ['note_malformed', 'checkpoint_malformed', 'bad_signature'].includes(error.name) || assert.fail(error));
    }
    for (const size of ['', '07', '+7', '-7', ' 7', '7.0', '7e3', '18446744073709551616']) {
      assert.throws(() => readCheckpoint(text.replace('\n7\n', `\n${size}\n`)), named('checkpoint_malformed'), size);
    }
  });
});

describe('receipts', () => {
  const entries = Array.from({ length: 11 }, (_, at) => entry(at));
  const log = new SmallLog(entries);
  const good = log.receipt(6);
  const verdict = async (text, more = {}) => {
    const given = { bytes: typeof text === 'string' ? bytes(text) : text, vkey: log.key.vkey, ...more };
    const { verdict: says, failure, steps } = await check(engine, given);
    return { says, at: steps.find((step) => step.state === 'failed' || step.state === 'unable')?.id ?? null, name: failure?.name ?? null, steps };
  };

  test('every receipt of logs of many sizes', async () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 11]) {
      const small = new SmallLog(entries, log.key, size);
      for (let index = 0; index < size; index += 1) {
        const shown = { id: `lc_${index}`, json: json(entries[index].shown) };
        const { says, steps } = await verdict(small.receipt(index), { shown });
        assert.equal(says, 'proven', `${index} of ${size}`);
        assert.equal(steps.find((step) => step.id === 'path').facts[0][1], root(small.leaves).toString('hex'));
        assert.equal(steps.find((step) => step.id === 'leaf').facts[1][1], leaf(entries[index]).toString('hex'));
      }
    }
  });

  test('what was changed is found at its step, and nothing after it is claimed', async () => {
    const shown = (at, change = {}) => ({ shown: { id: 'lc_6', json: json({ ...entries[at].shown, ...change }) } });
    const sibling = good.split('\n')[3];
    const extra = (text) => good.replace(/extra .*/, `extra ${Buffer.from(text).toString('base64')}`);
    const logged = entries[6].logged.toString();
    const otherCheckpoint = `${good.split('\n\n')[0]}\n\n${new SmallLog(entries, log.key, 10).checkpoint()}`;
    const rows = [
      ['path', 'root_differs', 'root', extra(logged.replace('"cost_nanos":45000006', '"cost_nanos":45000005'))],
      ['the bytes’ form', 'entry_malformed', 'entry', extra(logged.replace('{', '{ '))],
      ['an entry with more', 'entry_malformed', 'entry', extra(logged.replace('{', '{"note":1,'))],
      ['a path’s hash', 'root_differs', 'root', good.replace(sibling, Buffer.alloc(32).toString('base64'))],
      ['a path cut short', 'path_length', 'path', good.replace(`${sibling}\n`, '')],
      ['a path with more', 'path_length', 'path', good.replace(sibling, `${sibling}\n${sibling}`)],
      ['65 hashes', 'path_length', 'receipt', good.replace(sibling, new Array(63).fill(sibling).join('\n'))],
      ['the place', 'root_differs', 'root', good.replace('index 6', 'index 7')],
      ['a place outside', 'outside', 'path', good.replace('index 6', 'index 11')],
      ['the size', 'path_length', 'path', good.replace('\n11\n', '\n111\n')],
      ['the size, same length of path', 'bad_signature', 'signature', good.replace('\n11\n', '\n12\n')],
      ['the checkpoint', 'root_differs', 'root', otherCheckpoint],
      ['the signature', 'bad_signature', 'signature', good.replace(/(.{6})=\n$/, (_, end) => `${end === 'AAAAAA' ? 'BBBBBB' : 'AAAAAA'}=\n`)],
      ['truncated', 'receipt_malformed', 'receipt', good.slice(0, good.indexOf('\n\n'))],
      ['truncated in the note', 'note_malformed', 'receipt', good.slice(0, -1)],
      ['oversize', 'too_long', 'receipt', new Uint8Array((1 << 20) + 1)],
      ['no text', 'receipt_malformed', 'receipt', Uint8Array.from([0xff, 0xfe])],
      ['a byte order mark', 'receipt_malformed', 'receipt', `\ufeff${good}`],
      ['another version', 'receipt_malformed', 'receipt', good.replace('@v1', '@v2')],
      ['no entry', 'no_entry', 'receipt', good.replace(/extra .*\n/, '')],
      ['a leading zero', 'receipt_malformed', 'receipt', good.replace('index 6', 'index 06')],
      ['another log’s key', 'unsigned', 'signature', good, { vkey: keyOf(2).vkey }],
      ['a key of another name', 'unsigned', 'signature', good, { vkey: keyOf(1, 'log.example/other').vkey }],
      ['a key with a wrong id', 'key_id', 'signature', good, { vkey: log.key.vkey.replace(/\+.{8}\+/, '+00000000+') }],
      ['a key that is none', 'key_malformed', 'signature', good, { vkey: 'log.example' }],
      ['a changed key', 'key_changed', 'key', good, { pinned: keyOf(2).vkey }],
      ['the shown entry', 'entry_contradicts', 'entry', good, shown(6, { cost_nanos: 1n })],
      ['the shown tenant', 'entry_differs', 'entry', good, shown(6, { tenant_id: 'other' })],
      ['another entry', 'other_entry', 'entry', good, shown(7)],
      ['the shown place', 'other_place', 'entry', good, shown(6, { seq: 5n })],
    ];
    for (const [what, name, at, text, more] of rows) {
      assert.notEqual(more ? null : text, good, what);
      const found = await verdict(text, more);
      assert.deepEqual([found.says, found.at, found.name], ['refuted', at, name], what);
      const after = found.steps.slice(STEPS.indexOf(at) + 1);
      assert.ok(after.every((step) => step.state === 'skipped'), `${what}: steps after it are not claimed`);
    }
  });

  test('a browser that lacks the means says so, and never “proven”', async () => {
    const lacks = async (crypto) => {
      const found = await check(new Engine(crypto), { bytes: bytes(good), vkey: log.key.vkey });
      return [found.verdict, found.steps.find((step) => step.state === 'unable').id, found.failure.name, found.steps.at(-1).state];
    };
    assert.deepEqual(await lacks({}), ['unchecked', 'leaf', 'no_crypto', 'skipped']);
    const { subtle } = globalThis.crypto;
    const old = { digest: (...given) => subtle.digest(...given), importKey: () => Promise.reject(new DOMException('unknown', 'NotSupportedError')) };
    assert.deepEqual(await lacks({ subtle: old }), ['unchecked', 'signature', 'no_ed25519', 'skipped']);
  });

  test('every letter that is changed is noticed', async () => {
    let changes = 0;
    for (let at = 0; at < good.length; at += 1) {
      const other = { 0: '1', A: 'B', '\n': ' ' }[good[at]] ?? (/\d/.test(good[at]) ? '0' : 'A');
      if (other === good[at]) continue;
      const { says } = await verdict(good.slice(0, at) + other + good.slice(at + 1), { pinned: log.key.vkey });
      assert.equal(says, 'refuted', `accepted with ${JSON.stringify(other)} for ${JSON.stringify(good[at])} at ${at}`);
      changes += 1;
    }
    assert.ok(changes > 700);
  });

  test('base64 has one spelling', () => {
    assert.deepEqual(['YWI=', 'YWJ=', 'YWI', 'YW I=', '-_-_', ''].map((text) => fromBase64(text)?.length ?? null), [2, null, null, null, null, 0]);
  });
});
