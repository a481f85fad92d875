// What can be capped: each field with its word, how it is shown, how it is typed, and what is sent. Money and units stay texts
// and integers throughout; the ladder's parts are typed as per cent.
import { h } from '../dom.js';
import { count, money, percent, words } from '../format.js';

export const UNITS = ['seconds', 'characters', 'requests', 'tokens', 'input_tokens', 'cached_input_tokens', 'output_tokens', 'credits'];

const KINDS = {
  money: {
    mode: 'decimal',
    before: '$',
    read: (text) => (/^\d{1,12}(\.\d{1,9})?$/.test(text) ? text : fault('An amount such as 25.00.')),
    typed: String,
    shown: money,
  },
  count: {
    mode: 'numeric',
    read: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : fault('A whole number.')),
    typed: String,
    shown: count,
  },
  part: { mode: 'decimal', after: '%', read: readPercent, typed: (part) => String(Number((part * 100).toFixed(2))), shown: percent },
  text: { read: (text) => (text.length <= 500 ? text : fault('500 characters at most.')), typed: String, shown: (text) => `“${text}”` },
};

// What it means that nothing is set.
const NONE = 'no limit';
const COMPANYS = 'the company’s default';

/** `{ path, word, kind, unset, group }` of every field of the form. */
export const FIELDS = [
  { path: ['limits', 'monthly_cost_usd'], word: 'Money a month', kind: 'money', unset: NONE, group: 'Money' },
  { path: ['limits', 'session_cost_usd'], word: 'Money a session', kind: 'money', unset: COMPANYS, group: 'Money' },
  ...UNITS.map((unit) => ({
    path: ['limits', 'daily_units', unit],
    word: `${capital(words(unit))} a day`,
    kind: 'count',
    unset: NONE,
    group: 'Units a day',
  })),
  ...UNITS.map((unit) => ({
    path: ['limits', 'session_units', unit],
    word: `${capital(words(unit))} a session`,
    kind: 'count',
    unset: COMPANYS,
    group: 'Units a session',
  })),
  { path: ['limits', 'burst'], word: 'Calls at once', kind: 'count', unset: NONE, group: 'Calls' },
  { path: ['limits', 'queue_wait_ms'], word: 'Wait for a place, ms', kind: 'count', unset: COMPANYS, group: 'Calls' },
  { path: ['limits', 'requests_per_minute'], word: 'Requests a minute', kind: 'count', unset: COMPANYS, group: 'Calls' },
  { path: ['limits', 'request_burst'], word: 'Requests at once', kind: 'count', unset: COMPANYS, group: 'Calls' },
  { path: ['ladder', 'throttle_at'], word: 'Throttled from', kind: 'part', unset: 'never', group: 'Ladder' },
  { path: ['ladder', 'text_only_at'], word: 'Text only from', kind: 'part', unset: 'never', group: 'Ladder' },
  { path: ['fallback_message'], word: 'Words of a denial', kind: 'text', unset: 'the gate’s own', group: 'In its own words' },
].map((field) => ({ ...field, name: field.path.join('.'), ...KINDS[field.kind], kind: field.kind }));

/** What a tenant has of a field; null where nothing is set. */
export function valueOf(tenant, path) {
  return path.reduce((inside, name) => inside?.[name] ?? null, tenant);
}

/** A value as one reads it. */
export function shownOf(field, value) {
  return value === null ? h('span', { class: 'soft' }, field.unset) : field.shown(value);
}

/** The lines of a tenant's page: units only where there are some. */
export function lines(tenant) {
  const set = FIELDS.filter(({ path }) => path.length < 3 || valueOf(tenant, path) !== null);
  return set.map((field) => [field.word, shownOf(field, valueOf(tenant, field.path))]);
}

/** The merge patch (RFC 7386) of changes `[{ path, now }]`; null resets a field. */
export function patchOf(changes) {
  const patch = {};
  for (const { path, now } of changes) {
    const inside = path.slice(0, -1).reduce((object, name) => (object[name] ??= {}), patch);
    inside[path.at(-1)] = now;
  }
  return patch;
}

function readPercent(text) {
  const found = /^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) <= 100;
  return found ? Number((Number(text) / 100).toFixed(4)) : fault('A per cent between 0 and 100, two digits behind the point at most.');
}

function fault(words) {
  throw new RangeError(words);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
