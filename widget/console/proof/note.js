// Keys, signed notes and the checkpoints in them. Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.
import { decimal, fromBase64, hash32, hex, Refuted, same, utf8 } from './bytes.js';
import { isWeak } from './engine.js';
import { MAX_TEXT } from './json.js';

/** Signatures that a note may have. */
const MAX_SIGNATURES = 100;
/** What a signature line begins with: an em dash and a blank. */
const DASH = '\u2014 ';
const ED25519 = 1;
const isName = (name) => name !== '' && !/[\p{White_Space}\u0000-\u001f+]/u.test(name);

/** A verifier key, `name+hex(key id)+base64(0x01 || key)`: its name, its id, its 32 bytes. */
export async function readKey(engine, vkey) {
  const malformed = (message = 'It is not a verifier key (name+id+key).') => new Refuted('key_malformed', message);
  if (vkey.length > 1024) throw malformed();
  // A name has no plus; base64 may have some.
  const [, name, id, letters] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(vkey) ?? [];
  const bytes = letters === undefined ? null : fromBase64(letters);
  if (!bytes || bytes.length !== 33 || bytes[0] !== ED25519 || !isName(name)) throw malformed();
  const key = bytes.slice(1);
  if (isWeak(key)) throw malformed('Anybody can sign for this key: it is a point of small order.');
  const expected = hex((await engine.sha256(utf8(`${name}\n`), bytes)).slice(0, 4));
  if (expected !== id) {
    throw new Refuted('key_id', `The key says it is ${id.slice(0, 16)}, but its name and its bytes give ${expected}: one of the three was changed.`);
  }
  return { name, id, key, text: vkey };
}

/** A note taken apart; nothing is checked yet. */
export function splitNote(note) {
  const malformed = (what) => new Refuted('note_malformed', `The signed note is damaged: ${what}.`);
  if (note.length > MAX_TEXT) throw malformed('it is too long');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw malformed('it has control characters');
  // The last empty line ends the text; the text may have some of its own.
  const end = note.lastIndexOf('\n\n');
  if (end < 0) throw malformed('no empty line ends its text');
  const rest = note.slice(end + 2);
  if (!rest.endsWith('\n')) throw malformed('it doesn’t end with a line');
  const lines = rest.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new Refuted('too_many_signatures', `The note has more than ${MAX_SIGNATURES} signatures.`);
  const signatures = lines.map((line) => {
    const [, name, letters] = line.startsWith(DASH) ? /^([^ ]*) (.*)$/s.exec(line.slice(DASH.length)) ?? [] : [];
    const bytes = letters === undefined ? null : fromBase64(letters);
    if (!bytes || bytes.length < 5 || !isName(name)) throw malformed('a signature line can’t be read');
    return { name, id: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Origin, size and root in a note's text; lines of extensions are allowed and passed over. */
export function readCheckpoint(text) {
  const malformed = (what) => new Refuted('checkpoint_malformed', `The checkpoint can’t be read: ${what}.`);
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : [];
  if (lines.length < 3 || lines.some((line) => line === '')) throw malformed('it is not an origin, a size and a root');
  const [size, root] = [decimal(lines[1]), hash32(lines[2])];
  if (size === null) throw malformed('the size is no number');
  if (root === null) throw malformed('the root is not 32 bytes');
  return { origin: lines[0], size, root };
}

/** The checkpoint in a note, whoever signed it. */
export const unverified = (note) => readCheckpoint(splitNote(note).text);

/**
 * The checkpoint that the log of this key signed. Lines by other keys are passed over; every line by this key has to
 * hold, a repeated one too.
 */
export async function openCheckpoint(engine, note, key) {
  const { text, signatures } = splitNote(note);
  const checkpoint = readCheckpoint(text);
  const ours = signatures.filter((line) => line.name === key.name && hex(line.id) === key.id);
  if (ours.length === 0) {
    const by = signatures.slice(0, 3).map((line) => `${line.name}, key ${hex(line.id)}`).join('; ');
    throw new Refuted('unsigned', `It isn’t signed by the key of ${key.name} (${key.id}), but by ${by}.`);
  }
  for (const { signature } of ours) {
    if (!(await engine.verifies(key.key, signature, text))) {
      throw new Refuted('bad_signature', 'The signature doesn’t fit the text: size, root or signature was changed after signing.');
    }
  }
  if (checkpoint.origin !== key.name) {
    throw new Refuted('other_origin', `The checkpoint is of the log ${checkpoint.origin}, the key of ${key.name}.`);
  }
  return checkpoint;
}

/** Whether two keys are the very same. */
export const sameKey = (a, b) => a.name === b.name && same(a.key, b.key);
