// An entry: from the JSON that the gate shows of it, or from a receipt, to the one string of bytes that the log is over.
// It is strict as the log's own reader is: what contradicts itself is refused, and so is a field that isn't an entry's.
import { hex, MAX_U64, Refuted, same, text as textOf, unhex, utf8 } from './bytes.js';
import { Digits, readJson } from './json.js';

const MAX_I64 = 2n ** 63n - 1n;
const MAX_U32 = 2n ** 32n - 1n;
const MONEY = [-MAX_I64 - 1n, MAX_I64];

const TEXTS = ['salt', 'tenant_id', 'company', 'event_type', 'provider', 'model', 'unit_type', 'limit_check_id', 'channel',
  'capability', 'settlement'];
const SHOWN = [...TEXTS, 'v', 'units_consumed', 'cost_nanos', 'cost_currency', 'cost_amount', 'seq', 'at', 'session_id',
  'request_id', 'details', 'personal'];
const LOGGED = [...TEXTS, 'v', 'units_consumed', 'cost_nanos', 'at_ms', 'personal', 'details'];

const bad = (message) => new Refuted('entry_malformed', message);
const contradiction = (message) => new Refuted('entry_contradicts', message);

/** Nano-USD as a decimal of USD: at least two digits after the point, and none that is a trailing zero beyond. */
export function usd(nanos) {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${nanos < 0n ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}

/** Nano-USD of a decimal as JSON has it; null when it isn't one of nine places at most. */
function nanos(amount) {
  const [, sign, whole, fraction = ''] = /^(-?)([0-9]{1,10})(?:\.([0-9]{1,9}))?$/.exec(amount) ?? [];
  if (whole === undefined) return null;
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign ? -value : value;
}

const string = (map, name) => {
  const value = map.get(name);
  if (typeof value !== 'string') throw bad(`“${name}” isn’t a text.`);
  return value;
};

const whole = (map, name, [least, most]) => {
  const value = map.get(name) instanceof Digits ? map.get(name).whole(least, most) : null;
  if (value === null) throw bad(`“${name}” isn’t a whole number in its bounds.`);
  return value;
};

const orNull = (map, name, read) => (map.get(name) === null ? null : read(map, name));

function object(value, what) {
  if (value instanceof Map) return value;
  throw bad(`${what} isn’t an object.`);
}

function fields(map, allowed) {
  for (const name of map.keys()) if (!allowed.includes(name)) throw bad(`“${name}” is no field of an entry.`);
}

function plain(map) {
  const entry = Object.fromEntries(TEXTS.map((name) => [name, string(map, name)]));
  const details = object(map.get('details'), '“details”');
  for (const name of details.keys()) string(details, name);
  return {
    ...entry, v: whole(map, 'v', [0n, MAX_U32]), units: whole(map, 'units_consumed', [0n, MAX_U64]),
    nanos: whole(map, 'cost_nanos', MONEY), details,
  };
}

/** The JSON view of an entry (its very text) as an entry, with `seq` and the ids that are kept apart. */
export async function fromView(engine, json) {
  const map = object(readJson(json), 'The entry');
  fields(map, SHOWN);
  for (const name of SHOWN) if (!map.has(name)) throw bad(`“${name}” is missing.`);
  const entry = plain(map);
  const at = string(map, 'at');
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(atMs) || atMs < 0 || new Date(atMs).toISOString() !== at) throw contradiction('“at” isn’t a time as the log writes it.');
  if (string(map, 'cost_currency') !== 'USD') throw contradiction('“cost_currency” isn’t USD.');
  if (!(map.get('cost_amount') instanceof Digits) || nanos(map.get('cost_amount').text) !== entry.nanos) {
    throw contradiction('“cost_amount” isn’t “cost_nanos” in USD.');
  }
  const ids = { session_id: orNull(map, 'session_id', string), request_id: orNull(map, 'request_id', string) };
  const personal = await digest(engine, map.get('personal'), ids);
  return { ...entry, ...ids, at, atMs: BigInt(atMs), personal, seq: orNull(map, 'seq', (from, name) => whole(from, name, [0n, MAX_U64])) };
}

/** The digest of personal data; what is shown beside it is what it was made of, or nothing once that is erased. */
async function digest(engine, personal, { session_id, request_id }) {
  const known = session_id !== null || request_id !== null;
  const unproven = () => contradiction('“session_id” or “request_id” is shown without the salt that proves it.');
  if (personal === null) {
    if (known) throw unproven();
    return null;
  }
  fields(object(personal, '“personal”'), ['digest', 'salt']);
  const [claimed, salt] = [string(personal, 'digest'), orNull(personal, 'salt', string)];
  if (salt === null) {
    if (known) throw unproven();
    return claimed;
  }
  const ids = utf8(JSON.stringify({ session_id, request_id: request_id ?? '' }));
  const bytes = unhex(salt);
  if (!bytes || hex(await engine.sha256(bytes, ids)) !== claimed) {
    throw contradiction('“session_id” and “request_id” aren’t what the log’s digest of them was made of.');
  }
  return claimed;
}

/** The entry in a receipt, if its bytes are exactly those that a log would be over. */
export function fromBytes(bytes) {
  const json = textOf(bytes);
  if (json === null) throw bad('The entry’s bytes are no text.');
  const map = object(readJson(json), 'The entry');
  fields(map, LOGGED);
  // What an entry leaves out when it is empty.
  const filled = new Map([['salt', ''], ['details', new Map()], ...map]);
  const atMs = whole(filled, 'at_ms', [0n, MAX_U64]);
  const personal = filled.has('personal') ? string(filled, 'personal') : null;
  const at = atMs <= 253_402_300_799_999n ? new Date(Number(atMs)).toISOString() : `${atMs} ms`;
  const entry = { ...plain(filled), atMs, at, personal, session_id: null, request_id: null, seq: null };
  if (!same(canonical(entry), bytes)) throw bad('The entry isn’t written as the log writes entries.');
  return entry;
}

/** Names in the order of their code points, which is that of their bytes. */
const byBytes = ([a], [b]) => {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((letter, place) => letter !== right[place]);
  if (at < 0) return left.length - right.length;
  return right[at] === undefined ? 1 : left[at].codePointAt(0) - right[at].codePointAt(0);
};

/** The bytes that the log commits to: JSON without blanks, fields in one order, absent ones left out, no fractions. */
export function canonical(entry) {
  const pairs = [['v', entry.v]];
  if (entry.salt !== '') pairs.push(['salt', entry.salt]);
  for (const name of ['tenant_id', 'company', 'event_type', 'provider', 'model']) pairs.push([name, entry[name]]);
  pairs.push(['units_consumed', entry.units], ['unit_type', entry.unit_type], ['cost_nanos', entry.nanos]);
  for (const name of ['limit_check_id', 'channel', 'capability', 'settlement']) pairs.push([name, entry[name]]);
  pairs.push(['at_ms', entry.atMs]);
  if (entry.personal !== null) pairs.push(['personal', entry.personal]);
  const written = (list) => `{${list.map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`).join(',')}}`;
  const details = entry.details.size > 0 ? `,"details":${written([...entry.details].sort(byBytes))}` : '';
  return utf8(`${written(pairs).slice(0, -1)}${details}}`);
}

/** What stands in the log for everybody to see: a version, and the digest of what the entry says. */
export async function leafOf(engine, bytes) {
  const said = await engine.sha256(bytes);
  return Uint8Array.from([1, ...said]);
}
