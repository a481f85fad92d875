// Checks one entry step by step, from what it says to whose signature it is under, and says which step fails first. The
// steps after that one are not taken: what rests on something broken says nothing.
import { hex, many, Refuted, same, Unable } from './bytes.js';
import { canonical, fromBytes, fromView, leafOf } from './entry.js';
import { fits } from './growth.js';
import { openCheckpoint, readKey, sameKey, unverified } from './note.js';
import { readReceipt } from './receipt.js';
import { climb, leafHash } from './tree.js';

/** In the order in which they are taken. */
export const STEPS = ['receipt', 'entry', 'leaf', 'path', 'root', 'signature', 'key', 'history'];

const FIRST = 'It is the key that this gate shows now; this browser knew none before. Compare it once with the key that the operator has given you another way.';
const GIVEN = 'It is the key that was given here. The receipt is worth as much as that key: compare it with the one you have from the operator.';

/** Takes steps one after another; `verdict` is `proven`, `refuted`, or `unchecked` where the browser lacks the means. */
class Run {
  steps = [];
  stopped = null;
  #heard;

  constructor(heard) {
    this.#heard = heard;
  }

  /** `work` gives what the step found: a sentence `says`, and `facts` as pairs of a label and a value. */
  async take(id, work) {
    if (this.stopped) return this.#note({ id, state: 'skipped', says: '', facts: [], folds: [] });
    try {
      const { says, facts = [], folds = [] } = await work();
      this.#note({ id, state: 'ok', says, facts, folds });
    } catch (error) {
      if (!(error instanceof Refuted || error instanceof Unable)) throw error;
      this.stopped = error;
      this.#note({ id, state: error instanceof Unable ? 'unable' : 'failed', name: error.name, says: error.message, facts: error.facts ?? [], folds: [] });
    }
    return undefined;
  }

  #note(step) {
    this.steps.push(step);
    this.#heard(step);
  }

  get verdict() {
    if (this.steps.some((step) => step.state === 'failed')) return 'refuted';
    return this.steps.some((step) => step.state === 'unable') ? 'unchecked' : 'proven';
  }
}

/**
 * Checks a receipt's `bytes` with the log's key `vkey`.
 *
 * `shown`: `{id, json}`, what the gate shows of the entry; the receipt must be of that very entry.
 * `pinned`: the key that was remembered of this log, if one was; null says that none is known. `given`: somebody typed `vkey`.
 * `history`: `{seen, fetchTile}`; the receipt's checkpoint must fit the one that was seen before. Only with the log at hand.
 * `heard` is told of each step when it is done.
 */
export async function check(engine, { bytes, vkey, shown = null, pinned = null, given = false, history = null, heard = () => {} }) {
  const run = new Run(heard);
  const found = {};
  await run.take('receipt', () => {
    found.receipt = readReceipt(bytes);
    found.checkpoint = unverified(found.receipt.note);
    const { index, path } = found.receipt;
    return { says: 'The receipt has the entry, its place in the log, a path of hashes and a signed checkpoint.',
      facts: [['Place', many(index)], ['Path', `${path.length} hashes`], ['Checkpoint', `${many(found.checkpoint.size)} entries`]] };
  });
  await run.take('entry', async () => {
    found.entry = shown ? await shownEntry(engine, shown, found.receipt) : fromBytes(found.receipt.extra);
    found.bytes = canonical(found.entry);
    return { says: shown
      ? 'Every field shown on this page, put into the log’s one way of writing, is byte for byte what the receipt is of.'
      : 'The receipt holds an entry, written as the log writes entries.',
    facts: [['Entry', found.entry.limit_check_id], ['Length', `${found.bytes.length} bytes`]] };
  });
  await run.take('leaf', async () => {
    const leaf = await leafOf(engine, found.bytes);
    found.leaf = await leafHash(engine, leaf);
    return { says: 'The entry’s bytes are hashed twice: once so that the log gives nothing away, once into its place in the tree.',
      facts: [['SHA-256 of the entry', hex(leaf.slice(1))], ['Leaf hash', hex(found.leaf)]] };
  });
  await run.take('path', async () => {
    const { receipt, checkpoint } = found;
    const { root, folds } = await climb(engine, found.leaf, receipt.index, checkpoint.size, receipt.path);
    found.root = root;
    const says = folds.length === 0
      ? 'It is the only entry, so its leaf hash is the root already.'
      : `Hashed together with its ${folds.length} neighbours, one level after another, the leaf comes to a root.`;
    return { says, facts: [['Root reached', hex(root)]],
      folds: folds.map(({ siblingIs, sibling, result }) => ({ siblingIs, sibling: hex(sibling), result: hex(result) })) };
  });
  await run.take('root', () => {
    const facts = [['Root reached', hex(found.root)], ['Root in the checkpoint', hex(found.checkpoint.root)]];
    if (!same(found.root, found.checkpoint.root)) {
      throw new Refuted('root_differs', `The entry isn’t number ${many(found.receipt.index)} of the log that signed this checkpoint: its path leads to another root.`, facts);
    }
    return { says: `That is the root over all ${many(found.checkpoint.size)} entries. Were any of them changed, it would be another.`, facts };
  });
  await run.take('signature', async () => {
    found.key = await readKey(engine, vkey);
    const { origin, size } = await openCheckpoint(engine, found.receipt.note, found.key);
    return { says: `The log ${origin} has signed this size and this root (Ed25519).`, facts: [['Log', origin], ['Entries', many(size)]] };
  });
  await run.take('key', async () => {
    const facts = [['Key', found.key.text]];
    if (pinned === null) return { says: given ? GIVEN : FIRST, facts };
    if (!sameKey(await readKey(engine, pinned), found.key)) {
      throw new Refuted('key_changed', 'This is not the key that this browser remembers of the log.', [['Remembered', pinned], ['Now', vkey]]);
    }
    return { says: 'It is the key that this browser remembers of this log.', facts };
  });
  if (history) {
    await run.take('history', async () => {
      await fits(engine, history.seen, found.checkpoint, history.fetchTile);
      return { says: `It fits the log as this browser has seen it before, with ${many(history.seen.size)} entries.`, facts: [['Root seen before', hex(history.seen.root)]] };
    });
  }
  const { entry = null, receipt = null, checkpoint = null } = found;
  return { verdict: run.verdict, failure: run.stopped, steps: run.steps, entry, receipt, checkpoint };
}

/** The entry as the gate shows it, which has to be the one that was asked for and the one in the receipt. */
async function shownEntry(engine, { id, json }, receipt) {
  const entry = await fromView(engine, json);
  if (entry.limit_check_id !== id) {
    throw new Refuted('other_entry', `The gate was asked for ${id} and shows ${entry.limit_check_id}.`);
  }
  if (!same(canonical(entry), receipt.extra)) {
    throw new Refuted('entry_differs', 'What this page shows of the entry isn’t what the receipt is of: one of the two was changed.');
  }
  if (entry.seq !== null && entry.seq !== receipt.index) {
    throw new Refuted('other_place', `The gate shows the entry as number ${many(entry.seq)}, the receipt as number ${many(receipt.index)}.`);
  }
  return entry;
}
