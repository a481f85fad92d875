// The Merkle tree: its hashes, the way from a root down to a leaf, and the two proofs. Sources: RFC 6962, 2.1;
// RFC 9162, 2.1.3.2 and 2.1.4.2. Sizes and places are BigInt, for a tree may have 2^64 leaves.
import { many, Refuted, same } from './bytes.js';

export const leafHash = (engine, leaf) => engine.sha256([0], leaf);
export const nodeHash = (engine, left, right) => engine.sha256([1], left, right);
const emptyRoot = (engine) => engine.sha256();

/** The two halves of leaves `start .. start + length`: cut at the largest power of two below the length. */
export function halves({ start, length }) {
  let cut = 1n;
  while (cut * 2n < length) cut *= 2n;
  return [{ start, length: cut }, { start: start + cut, length: length - cut }];
}

/**
 * Steps down from the root of a tree of `size` leaves, top first, to the first part that `arrived` takes. A step says
 * which way it goes and which part it leaves aside: that part's hash is one of the proof's.
 */
function down(size, goesLeft, arrived) {
  const steps = [];
  let span = { start: 0n, length: size };
  while (!arrived(span)) {
    const [left, right] = halves(span);
    const isLeft = goesLeft(right.start);
    steps.push({ left: isLeft, other: isLeft ? right : left });
    span = isLeft ? left : right;
  }
  return { steps, span };
}

/** To the leaf at `index`. */
const toLeaf = (index, size) => down(size, (middle) => index < middle, (span) => span.length <= 1n).steps;

/** To the part that ends where a tree of `old` leaves ended; if no step went right, it is the whole old tree. */
export const toEnd = (old, size) => down(size, (middle) => old <= middle, (span) => span.start + span.length <= old);

/** The root over hashes of leaves, or of full trees of one size and perhaps a smaller last one. */
export async function rootOf(engine, hashes) {
  if (hashes.length === 0) return emptyRoot(engine);
  let row = hashes;
  while (row.length > 1) {
    const above = [];
    for (let at = 0; at < row.length; at += 2) {
      // One without a neighbour goes up as it is.
      above.push(at + 1 < row.length ? await nodeHash(engine, row[at], row[at + 1]) : row[at]);
    }
    row = above;
  }
  return row[0];
}

/**
 * Climbs from a leaf's hash to the root, noting each step. It refuses a place outside the tree and a path that hasn't
 * exactly the tree's length; whether the root is the signed one is for the caller to say.
 */
export async function climb(engine, leaf, index, size, path) {
  if (index >= size) throw new Refuted('outside', `Number ${many(index)} is not in a log of ${many(size)} entries.`);
  const steps = toLeaf(index, size).reverse();
  if (path.length !== steps.length) {
    throw new Refuted('path_length', `The path has ${path.length} hashes, but from number ${many(index)} of ${many(size)} entries it takes ${steps.length}.`);
  }
  const folds = [];
  let found = leaf;
  for (const [at, { left }] of steps.entries()) {
    const sibling = path[at];
    found = left ? await nodeHash(engine, found, sibling) : await nodeHash(engine, sibling, found);
    folds.push({ siblingIs: left ? 'right' : 'left', sibling, result: found });
  }
  return { root: found, folds };
}

/** Checks that the tree `{size, root}` `after` begins with the tree `before`. */
export async function checkGrowth(engine, before, after, proof) {
  if (before.size > after.size) throw new Refuted('shrunk', `The log had ${many(before.size)} entries and now has ${many(after.size)}.`);
  const otherOld = () => new Refuted('rewritten', `The log of ${many(after.size)} entries doesn’t begin with the ${many(before.size)} that were seen before.`);
  const due = (count) => {
    if (proof.length !== count) throw new Refuted('growth_length', `The proof of growth has ${proof.length} hashes, and ${count} are due.`);
  };
  if (before.size === 0n) {
    due(0);
    if (!same(before.root, await emptyRoot(engine))) throw otherOld();
    if (after.size === 0n && !same(after.root, before.root)) throw otherOld();
    return;
  }
  const { steps } = toEnd(before.size, after.size);
  const sharedIsOld = steps.every((step) => step.left);
  due(steps.length + (sharedIsOld ? 0 : 1));
  const [shared, others] = sharedIsOld ? [before.root, proof] : [proof[0], proof.slice(1)];
  let [old, now] = [shared, shared];
  for (const [at, { left }] of steps.reverse().entries()) {
    const other = others[at];
    // What is to the right came after the old tree.
    if (!left) old = await nodeHash(engine, other, old);
    now = left ? await nodeHash(engine, now, other) : await nodeHash(engine, other, now);
  }
  if (!same(old, before.root)) throw otherOld();
  if (!same(now, after.root)) throw otherOld();
}
