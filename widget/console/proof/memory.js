// What this browser remembers of the gate's log: its key, and the newest checkpoint it has seen. It is the only thing on
// this side that the gate can't change later, and so it is what a rewritten log is found out by.
import { decimal, hash32, toBase64 } from './bytes.js';

const PLACE = 'tollgate.log';
const MAX_LENGTH = 4096;

export class Memory {
  #storage;

  /** `storage` is localStorage or the like; without any, nothing is remembered and nothing breaks. */
  constructor(storage) {
    this.#storage = storage ?? null;
  }

  /** `{vkey, size, root, at}`; null at the first look, or when what is there can't be read. */
  recall() {
    try {
      const text = this.#storage?.getItem(PLACE) ?? '';
      if (text === '' || text.length > MAX_LENGTH) return null;
      const { vkey, size, root, at } = JSON.parse(text);
      const known = { vkey, size: decimal(size), root: hash32(root), at };
      return typeof vkey === 'string' && typeof at === 'string' && known.size !== null && known.root ? known : null;
    } catch {
      return null;
    }
  }

  /** Remembers; false when the browser keeps nothing (a private window, storage that is full or forbidden). */
  keep(vkey, { size, root }, now = new Date()) {
    try {
      this.#storage.setItem(PLACE, JSON.stringify({ vkey, size: String(size), root: toBase64(root), at: now.toISOString() }));
      return true;
    } catch {
      return false;
    }
  }
}

/** This page's memory; a page that may not use storage has none. */
export function ownMemory() {
  try {
    return new Memory(globalThis.localStorage);
  } catch {
    return new Memory(null);
  }
}
