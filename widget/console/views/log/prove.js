// One entry's receipt from the gate, checked in this browser against what the page shows of it.
import { at, GateError } from '../../api.js';
import { check } from '../../proof/check.js';
import { engine, memory, shownKey, tilesOf } from './watch.js';

/** An entry is under a checkpoint within a second or so; where the maintenance is run by a timer, within a minute. */
const TRIES = 40;
const PAUSE_MS = 1_000;

/** The receipt's bytes, as soon as there is one; `waits()` hears that there is none yet. */
async function fetchReceipt({ api, signal }, id, waits) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await api.bytes(at`/v1/audit/entries/${id}/proof`, { signal });
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== 'not_in_log_yet' || tries >= TRIES) throw error;
      waits();
      await pause(PAUSE_MS, signal);
    }
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const left = () => reject(new DOMException('left', 'AbortError'));
    if (signal.aborted) return left();
    const timer = setTimeout(resolve, ms);
    return signal.addEventListener('abort', () => {
      clearTimeout(timer);
      left();
    }, { once: true });
  });
}

/** Checks the entry; tells of each step, and gives the verdict with the receipt's bytes. */
export async function prove({ api, signal }, id, { waits, heard }) {
  const bytes = await fetchReceipt({ api, signal }, id, waits);
  // After the receipt: by then the entry has its number.
  const [json, vkey] = await Promise.all([api.text(at`/v1/audit/entries/${id}`, { signal }), shownKey({ api, signal })]);
  const seen = memory.recall();
  const history = seen && { seen, fetchTile: tilesOf({ api, signal }) };
  const result = await check(engine, { bytes, vkey, shown: { id, json }, pinned: seen?.vkey ?? null, history, heard });
  // The key is remembered at first sight, and the checkpoint only as far as it follows from the one before.
  const isNewer = result.checkpoint && (!seen || result.checkpoint.size > seen.size);
  if (result.verdict === 'proven' && isNewer) memory.keep(vkey, result.checkpoint);
  return { ...result, bytes, vkey };
}
