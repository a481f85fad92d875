// How to get to a date in a list of a million entries without reading it: a search by halves. The list's cursors name places,
// `a17` the 17th from the beginning and `Alc_...` the one below that entry (`t` and `T` in one tenant's list).
//
// The log is in the order in which entries were written down, which is all but the order of their times: a permit may be held
// for a day, and what settled it may come a day late. So the search for a period begins some days later, and ends some earlier.
import { isAbort } from '../../api.js';
import { readEntry, readPage } from './rows.js';

const LIST = '/v1/audit/entries';
const DAY_MS = 86_400_000;
/** How much later than its time an entry may be in the log. */
export const LATE_MS = 3 * DAY_MS;
/** A list this long is looked through at once. */
const SHORT = 5_000;

/** The cursor below which a newest-first list has what is older than `before` (ms); null where there is nothing to skip. */
export async function cursorBefore({ api, signal }, tenant, before) {
  if (before >= Date.now()) return null;
  const total = await length({ api, signal }, tenant);
  if (total <= SHORT) return null;
  // The first place whose entry isn't older than `before`: everything above it can be skipped.
  let [low, high, found] = [0, total, null];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const entry = await entryAt({ api, signal }, tenant, middle);
    if (!entry || Date.parse(entry.at) >= before) [high, found] = [middle, entry ?? found];
    else low = middle + 1;
  }
  return found ? `${tenant ? 'T' : 'A'}${found.id}` : null;
}

async function length({ api, signal }, tenant) {
  const query = { tenant, kind: 'all', limit: 1 };
  const response = await api.request('GET', LIST, { query, signal, accept: 'application/x-ndjson' });
  const total = Number(response.headers.get('x-total-count'));
  return Number.isSafeInteger(total) ? total : 0;
}

async function entryAt({ api, signal }, tenant, place) {
  const query = { tenant, kind: 'all', limit: 1, cursor: `${tenant ? 't' : 'a'}${place}` };
  return readPage(await api.text(LIST, { query, signal })).entries[0] ?? null;
}

/** The time of the entry that a newest-first cursor stands below: how far a look has come. Null when it can't be told. */
export async function reached({ api, signal }, cursor) {
  try {
    return readEntry(await api.text(`${LIST}/${encodeURIComponent(cursor.slice(1))}`, { signal })).at;
  } catch (error) {
    if (isAbort(error)) throw error;
    return null;
  }
}

/** The beginning of a day in ms; null for what is no day. */
export function dayStart(text) {
  const at = /^\d{4}-\d\d-\d\d$/.test(text ?? '') ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** The day after, as the gate's `to` wants it. */
export const dayAfter = (text) => new Date(dayStart(text) + DAY_MS).toISOString().slice(0, 10);

/** The first and the last day that the fields' dates may have. */
export const DAYS = { min: '2020-01-01', max: '2099-12-31' };
