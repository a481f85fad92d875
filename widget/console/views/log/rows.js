// Entries as lists and pages show them. What is read here is shown and no more: the proof reads the text itself again.
import { Digits, readJson } from '../../proof/json.js';
import { GateError } from '../../api.js';
import { amount, count, words } from '../../format.js';
import { h } from '../../dom.js';
import { address } from '../../router.js';

/** Characters of a page: fifty entries with details of their own. */
const MAX_PAGE = 8 << 20;
const I64 = [-(2n ** 63n), 2n ** 63n - 1n];

/** A page of the list, digits kept: JSON.parse would round what is past 2^53. */
export function readPage(text) {
  const page = readOr(() => readJson(text, MAX_PAGE));
  const entries = page instanceof Map ? page.get('entries') : null;
  if (!Array.isArray(entries)) throw garbled();
  return { entries: entries.map(entryOf), next: page.get('next_cursor') ?? null };
}

/** One entry's JSON. */
export const readEntry = (text) => entryOf(readOr(() => readJson(text)));

function readOr(read) {
  try {
    return read();
  } catch {
    throw garbled();
  }
}

const garbled = () => new GateError('garbled', 'The answer can’t be read.');

function entryOf(map) {
  if (!(map instanceof Map)) throw garbled();
  const text = (name) => (typeof map.get(name) === 'string' ? map.get(name) : '');
  const digits = (name) => (map.get(name) instanceof Digits ? map.get(name).text : null);
  const nanos = map.get('cost_nanos') instanceof Digits ? map.get('cost_nanos').whole(...I64) : null;
  const details = map.get('details') instanceof Map ? [...map.get('details')].filter(([, value]) => typeof value === 'string') : [];
  const personal = map.get('personal') instanceof Map ? map.get('personal') : null;
  return {
    id: text('limit_check_id'), at: text('at'), event: text('event_type'), tenant: text('tenant_id'), company: text('company'),
    provider: text('provider'), model: text('model'), capability: text('capability'), channel: text('channel'),
    units: digits('units_consumed'), unit: text('unit_type'), nanos, settlement: text('settlement'), seq: digits('seq'),
    session: text('session_id'), request: text('request_id'), version: digits('v'), salt: text('salt'), details,
    digest: personal?.get('digest') ?? null, erased: personal !== null && personal.get('salt') === null,
  };
}

/** `TWIN_INTERACTION` as `Interaction`, `SESSION_STARTED` as `Session started`. */
export function eventWords(type) {
  const plain = words(type.toLowerCase()).replace(/^twin interaction$/, 'interaction');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** What happened, in a line: the vendor and its model, or else the one detail that says most. */
export function what({ capability, provider, model, details }) {
  const billed = [capability, provider, model].filter(Boolean).join(' · ');
  const [name, value] = TELLING.map((one) => details.find(([found]) => found === one)).find(Boolean) ?? [];
  if (billed || name === undefined) return billed;
  return `${words(name)}: ${value.length > 80 ? `${value.slice(0, 80)}…` : value}`;
}

/** Details by how much they say, of events. */
const TELLING = ['reason', 'vendor', 'twin_id', 'endpoint_id', 'key_id'];

export const entryLink = (id, ...children) => h('a', { href: address(['log', id]) }, children.length ? children : id);

export const used = ({ units, unit }) => (units === null || unit === '' ? '' : `${count(units)} ${words(unit)}`);

/** The cost; of what never costs, nothing. */
export const cost = ({ nanos, event }, options) => (nanos === null || (nanos === 0n && !/INTERACTION|CORRECTION/.test(event)) ? '' : amount(nanos, options));

/** Its place in the log, from 0. */
export const place = ({ seq }) => (seq === null ? h('span', { class: 'soft' }, 'being written') : count(seq));
