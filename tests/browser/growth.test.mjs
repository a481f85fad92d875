// That a log has only grown: proofs out of tiles, for logs that did and for logs that were rewritten; and what the browser
// remembers to find that out by. No browser: Node has the same Web Crypto.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from '../../widget/console/proof/engine.js';
import { fits, growth } from '../../widget/console/proof/growth.js';
import { Memory } from '../../widget/console/proof/memory.js';
import { growthProof, tilePath } from '../../widget/console/proof/tiles.js';
import { checkGrowth } from '../../widget/console/proof/tree.js';
import { entry, keyOf, root, SmallLog } from './small-log.mjs';

const engine = new Engine();
const named = (name) => (error) => error.name === name || assert.fail(`${error.name}: ${error.message}; wanted ${name}`);
const all = Array.from({ length: 700 }, (_, at) => entry(at));
const key = keyOf(1);
const log = (size, entries = all) => new SmallLog(entries, key, size);
const head = (of) => ({ size: BigInt(of.size), root: root(of.leaves) });
const from = (tiles) => async (path) => tiles.get(path) ?? null;

test('tiles have the specification’s names', () => {
  assert.equal(tilePath(0, 1_234_067n, 256), 'tile/0/x001/x234/067');
  assert.equal(tilePath(1, 0n, 17), 'tile/1/000.p/17');
  assert.equal(tilePath(0, 1067n, 5), 'tile/0/x001/067.p/5');
});

test('every log that only grew is seen to', async () => {
  const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 64, 255, 256, 257, 300, 511, 512, 513, 699, 700];
  for (const size of sizes) {
    const now = log(size);
    const tiles = from(now.tiles());
    for (const old of sizes.filter((one) => one <= size)) {
      const told = await growth(engine, head(log(old)), head(now), tiles);
      assert.deepEqual([told.state, told.from, told.to], [old === size ? 'same' : 'grew', BigInt(old), BigInt(size)]);
    }
  }
  assert.equal((await growth(engine, null, head(log(7)), null)).state, 'first');
});

test('a log that was rewritten, or got shorter, is found out', async () => {
  const forged = all.with(3, entry(3, { cost_nanos: 1n }));
  for (const [old, size] of [[4, 4], [4, 5], [8, 9], [100, 300], [256, 257], [300, 700], [512, 700]]) {
    const now = log(size, forged);
    await assert.rejects(growth(engine, head(log(old)), head(now), from(now.tiles())), named('rewritten'), `${old} to ${size}`);
  }
  await assert.rejects(growth(engine, head(log(9)), head(log(8)), null), named('shrunk'));
  // A receipt’s checkpoint may well be older than what was seen.
  await fits(engine, head(log(9)), head(log(8)), from(log(9).tiles()));
});

test('tiles that are wrong, short or missing prove nothing', async () => {
  const now = log(700);
  const tampered = (path, change) => {
    const tiles = now.tiles();
    assert.ok(tiles.has(path), path);
    const changed = change(Buffer.from(tiles.get(path)));
    if (changed) tiles.set(path, changed);
    else tiles.delete(path);
    return growth(engine, head(log(300)), head(now), from(tiles));
  };
  const other = (bytes) => bytes.fill(1);
  await assert.rejects(tampered('tile/0/001', other), named('rewritten'));
  await assert.rejects(tampered('tile/0/002.p/188', other), named('rewritten'));
  await assert.rejects(tampered('tile/1/000.p/2', other), named('rewritten'));
  await assert.rejects(tampered('tile/0/001', () => null), named('tile_missing'));
  await assert.rejects(tampered('tile/0/001', (bytes) => bytes.subarray(32)), named('tile_short'));
  await assert.rejects(tampered('tile/0/001', (bytes) => bytes.subarray(1)), named('tile_short'));
  await assert.rejects(tampered('tile/0/001', (bytes) => Buffer.concat([bytes, bytes])), named('tile_short'));
});

test('a partial tile that is gone is read out of the full one', async () => {
  const asked = [];
  const full = log(600).tiles();
  full.set('tile/1/000.p/1', log(400).tiles().get('tile/1/000.p/1'));
  const proof = await growthProof(engine, async (path) => {
    asked.push(path);
    return full.get(path) ?? null;
  }, 300n, 400n);
  assert.deepEqual(asked.filter((path) => path.includes('/001')), ['tile/0/001.p/144', 'tile/0/001']);
  await checkGrowth(engine, head(log(300)), head(log(400)), proof);
  await assert.rejects(checkGrowth(engine, head(log(300)), head(log(400)), proof.slice(1)), named('growth_length'));
});

test('the browser remembers key and checkpoint, and a damaged memory is none', () => {
  const kept = new Map();
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  const memory = new Memory(storage);
  assert.equal(memory.recall(), null);
  assert.equal(memory.keep(key.vkey, head(log(7)), new Date(0)), true);
  const { vkey, size, root: seen, at } = memory.recall();
  assert.deepEqual([vkey, size, Buffer.from(seen), at], [key.vkey, 7n, root(log(7).leaves), '1970-01-01T00:00:00.000Z']);
  const [[place, good]] = kept;
  for (const broken of ['', '{', 'null', '[]', good.replace('"7"', '"07"'), good.replace(/"root":"..../, '"root":"'), `${good}${' '.repeat(5000)}`]) {
    kept.set(place, broken);
    assert.equal(memory.recall(), null, broken);
  }
  const forbidden = { getItem() { throw new Error('no'); }, setItem() { throw new Error('no'); } };
  for (const none of [null, forbidden]) {
    assert.equal(new Memory(none).recall(), null);
    assert.equal(new Memory(none).keep('key', { size: 1n, root: new Uint8Array(32) }), false);
  }
});
