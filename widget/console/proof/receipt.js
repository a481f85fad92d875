// Receipts: an entry's bytes, its place, the path to the root, and the signed checkpoint. Source: c2sp.org/tlog-proof.
import { decimal, fromBase64, hash32, Refuted, text as textOf } from './bytes.js';
import { MAX_TEXT } from './json.js';
import { unverified } from './note.js';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** No tree of 2^64 leaves has a longer path. */
const MAX_HASHES = 64;

/** Reads the form; nothing in it is believed yet. */
export function readReceipt(bytes) {
  const malformed = (what) => new Refuted('receipt_malformed', `It is no receipt: ${what}.`);
  if (bytes.length > MAX_TEXT) throw new Refuted('too_long', `A receipt has no more than ${MAX_TEXT} bytes; this has ${bytes.length}.`);
  const text = textOf(bytes);
  if (text === null) throw malformed('its bytes are no text');
  const end = text.indexOf('\n\n');
  const lines = (end < 0 ? text : text.slice(0, end)).split('\n');
  if (lines.shift() !== HEADER) throw malformed(`its first line isn’t ${HEADER}`);
  if (end < 0) throw malformed('it ends before the checkpoint');
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift().slice(6)) : undefined;
  if (extra === null) throw malformed('the entry in it can’t be read');
  if (extra === undefined) throw new Refuted('no_entry', 'The receipt doesn’t hold an entry.');
  const index = lines[0]?.startsWith('index ') ? decimal(lines.shift().slice(6)) : null;
  if (index === null) throw malformed('it doesn’t say which place the entry has');
  if (lines.length > MAX_HASHES) throw new Refuted('path_length', `Its path is longer than ${MAX_HASHES} hashes.`);
  const path = lines.map(hash32);
  if (path.includes(null)) throw malformed('a hash of its path isn’t 32 bytes');
  const note = text.slice(end + 2);
  unverified(note);
  return { extra, index, path, note };
}
