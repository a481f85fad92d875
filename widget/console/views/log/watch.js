// A look at the log itself: its key, its newest checkpoint, and whether it has only grown since this browser looked last.
import { GateError, isAbort } from '../../api.js';
import { Refuted, text as textOf, Unable } from '../../proof/bytes.js';
import { Engine } from '../../proof/engine.js';
import { growth } from '../../proof/growth.js';
import { ownMemory } from '../../proof/memory.js';
import { openCheckpoint, readKey, sameKey } from '../../proof/note.js';

const LOG = '/v1/audit/log';

/** This tab's means: the browser's cryptography, and what it remembers. */
export const engine = new Engine();
export const memory = ownMemory();

/** The verifier key that the gate shows now. */
export async function shownKey({ api, signal }) {
  return (await api.text(`${LOG}/key`, { signal })).replace(/\n$/, '');
}

/** Bytes of a tile, null when there is no such tile; no answer at all is neither a yes nor a no. */
export function tilesOf({ api, signal }) {
  return async (path) => {
    try {
      return await api.bytes(`${LOG}/${path}`, { signal });
    } catch (error) {
      if (error instanceof GateError && error.status === 404) return null;
      if (error instanceof GateError) throw new Unable('no_tiles', 'The log’s tiles couldn’t be read just now.');
      throw error;
    }
  };
}

/** What a new key signs: the same log going on, which an operator may well have, or another one. */
async function continued(reading, seen, now) {
  try {
    await growth(engine, seen, now, tilesOf(reading));
    return 'What it signs does continue the log that this browser has seen.';
  } catch (error) {
    if (error instanceof Refuted) return 'And what it signs is not the log that this browser has seen.';
    if (error instanceof Unable) return '';
    throw error;
  }
}

/**
 * Looks, and remembers what it saw if nothing is wrong with it. Gives `{vkey, checkpoint, seen, grown, failure}`: `seen` is
 * what was remembered before, `failure` a Refuted (alarm) or an Unable (couldn't be checked).
 */
export async function look({ api, signal }, { adopt = false } = {}) {
  const seen = memory.recall();
  const told = { vkey: null, checkpoint: null, seen, grown: null, failure: null };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const [vkey, note] = await Promise.all([shownKey({ api, signal }), api.bytes(`${LOG}/checkpoint`, { signal })]);
      told.vkey = vkey;
      const key = await readKey(engine, vkey);
      told.checkpoint = await openCheckpoint(engine, textOf(note) ?? '', key);
      if (seen && !adopt && !sameKey(await readKey(engine, seen.vkey), key)) {
        throw new Refuted('key_changed', `The log is signed by another key than this browser remembers. ${await continued({ api, signal }, seen, told.checkpoint)}`);
      }
      told.grown = await growth(engine, adopt ? null : seen, told.checkpoint, tilesOf({ api, signal }));
      told.kept = memory.keep(vkey, told.checkpoint);
      return told;
    } catch (error) {
      if (isAbort(error) || !(error instanceof Refuted || error instanceof Unable)) throw error;
      // The narrow tiles of a checkpoint go when many newer ones have come: look at the newest once more.
      if (error.name === 'tile_missing' && attempt === 0) continue;
      return { ...told, failure: error };
    }
  }
}
