// Whether a log has only grown since it was last seen: the one thing that a signature alone doesn't say.
import { many, Refuted } from './bytes.js';
import { growthProof } from './tiles.js';
import { checkGrowth } from './tree.js';

/**
 * What became of a log between `seen` (null at the first look) and `now`, both `{size, root}` of signed checkpoints.
 * Refuted when it isn't a continuation.
 */
export async function growth(engine, seen, now, fetchTile) {
  if (!seen) return { state: 'first', to: now.size };
  if (now.size < seen.size) {
    throw new Refuted('shrunk', `The log had ${many(seen.size)} entries when this browser last looked, and now has ${many(now.size)}. A log never gets shorter.`);
  }
  await fits(engine, seen, now, fetchTile);
  return { state: now.size === seen.size ? 'same' : 'grew', from: seen.size, to: now.size };
}

/** That of two checkpoints the smaller is the beginning of the larger. */
export async function fits(engine, one, other, fetchTile) {
  const [before, after] = one.size <= other.size ? [one, other] : [other, one];
  await checkGrowth(engine, before, after, await growthProof(engine, fetchTile, before.size, after.size));
}
