// A proof of growth out of the log's tiles. Source: c2sp.org/tlog-tiles. Tiles aren't checked here: a proof made of wrong
// ones doesn't hold.
import { Refuted } from './bytes.js';
import { halves, nodeHash, rootOf, toEnd } from './tree.js';

const WIDTH = 256n;

/** The path of a tile: groups of three digits, all but the last with an x; a partial one says how wide. */
export function tilePath(level, index, width) {
  const groups = [String(index % 1000n).padStart(3, '0')];
  for (let left = index / 1000n; left > 0n; left /= 1000n) groups.unshift(`x${String(left % 1000n).padStart(3, '0')}`);
  return `tile/${level}/${groups.join('/')}${width < 256 ? `.p/${width}` : ''}`;
}

/**
 * Hashes of parts of a tree of `size` leaves. `fetchTile` takes a tile's path and gives its bytes, or null when there is
 * no such tile.
 */
class Reader {
  #seen = new Map();

  constructor(engine, fetchTile, size) {
    Object.assign(this, { engine, fetchTile, size });
  }

  /** Of a part: full ones to the left, the last one ragged. */
  async hash(span) {
    const isFull = (span.length & (span.length - 1n)) === 0n;
    if (isFull) return this.full(span);
    const [left, right] = halves(span);
    return nodeHash(this.engine, await this.full(left), await this.hash(right));
  }

  /** Of a full part: on the highest level that has hashes of it, they are 1 to 128 neighbours in one tile. */
  async full({ start, length }) {
    let [level, first, count] = [0, start, length];
    for (; count >= WIDTH; level += 1) [first, count] = [first / WIDTH, count / WIDTH];
    const at = Number(first % WIDTH);
    const hashes = await this.tile(level, first / WIDTH);
    if (hashes.length < at + Number(count)) throw new Refuted('tile_short', 'A tile of the log has too few hashes.');
    return rootOf(this.engine, hashes.slice(at, at + Number(count)));
  }

  tile(level, index) {
    const place = `${level}/${index}`;
    if (!this.#seen.has(place)) this.#seen.set(place, this.#read(level, index));
    return this.#seen.get(place);
  }

  async #read(level, index) {
    const row = this.size >> BigInt(8 * level);
    const width = Number(row - index * WIDTH < WIDTH ? row - index * WIDTH : WIDTH);
    // Partial tiles of old checkpoints go away once the full one is there.
    const bytes = await this.fetchTile(tilePath(level, index, width)) ?? (width < 256 ? await this.fetchTile(tilePath(level, index, 256)) : null);
    if (!bytes) throw new Refuted('tile_missing', `The log has no ${tilePath(level, index, width)}, though its checkpoint calls for it.`);
    if (bytes.length % 32 !== 0 || bytes.length > 8192 || bytes.length < width * 32) {
      throw new Refuted('tile_short', `${tilePath(level, index, width)} has ${bytes.length} bytes, and ${width * 32} are due.`);
    }
    return Array.from({ length: width }, (_, at) => bytes.slice(at * 32, at * 32 + 32));
  }
}

/** The proof that the tree of `old` leaves is the beginning of that of `size`; empty if `old` is 0 or `size`. */
export async function growthProof(engine, fetchTile, old, size) {
  if (old === 0n || old >= size) return [];
  const { steps, span } = toEnd(old, size);
  const reader = new Reader(engine, fetchTile, size);
  // The old root is known. The shared part is needed only where it isn't the old tree itself.
  const parts = [...(steps.every((step) => step.left) ? [] : [span]), ...steps.reverse().map((step) => step.other)];
  const proof = [];
  for (const part of parts) proof.push(await reader.hash(part));
  return proof;
}
