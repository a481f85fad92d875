// Which entries are wanted, as a form: its fields are the address's query, so that a search can be kept and sent on.
import { h } from '../../dom.js';
import { DAYS } from './dates.js';
import { eventWords } from './rows.js';

const KINDS = [['all', 'Everything'], ['money', 'What costs'], ['session', 'Sessions'], ['admin', 'Administration']];
const CAPABILITIES = ['chat', 'speech', 'video', 'context', 'jobs'];
const EVENTS = ['TWIN_INTERACTION', 'CORRECTION', 'SESSION_STARTED', 'SESSION_ENDED', 'TENANT_CREATED', 'TENANT_CHANGED', 'LIMITS_CHANGED',
  'TENANT_DELETED', 'KEY_CREATED', 'KEY_REVOKED', 'VENDOR_BOUND', 'VENDOR_UNBOUND', 'COMPANY_LIMITS_CHANGED', 'PRICES_CHANGED', 'ENDPOINT_SET',
  'ENDPOINT_REMOVED', 'CERTIFICATES_CHANGED', 'TWIN_CREATED', 'TWIN_CHANGED', 'TWIN_DEPLOYED', 'TWIN_RETIRED', 'CONSENT_GIVEN', 'CONSENT_REVOKED',
  'PERSONAL_DATA_ERASED', 'LOG_KEY_CHANGED'];
const NAMES = ['kind', 'tenant', 'type', 'capability', 'provider', 'session', 'from', 'until'];
/** What is behind "More filters". */
const RARE = ['type', 'capability', 'provider', 'session'];

/** What is asked for, out of the address; nothing else of the address is believed. */
export function wantedOf(query, who) {
  const wanted = Object.fromEntries(NAMES.map((name) => [name, (query.get(name) ?? '').trim().slice(0, 200)]));
  if (who.role !== 'operator') wanted.tenant = '';
  if (!KINDS.some(([name]) => name === wanted.kind)) wanted.kind = who.role === 'operator' ? 'all' : 'money';
  return { ...wanted, jump: query.get('jump') ?? '' };
}

/** The form; `go(query)` follows it. */
export function filterForm(wanted, who, go) {
  const rare = h('details', { class: 'log-rare', open: RARE.some((name) => wanted[name] !== '') }, h('summary', {}, 'More filters'),
    h('div', { class: 'log-fields' },
      select('type', 'Event', wanted, [['', 'Any'], ...EVENTS.map((name) => [name, eventWords(name)])]),
      select('capability', 'Capability', wanted, [['', 'Any'], ...CAPABILITIES.map((name) => [name, name])]),
      input('provider', 'Vendor', wanted, { placeholder: 'openai' }),
      input('session', 'Session', wanted, { placeholder: 'ses_…' })));
  const form = h('form', { class: 'log-filters', role: 'search', 'aria-label': 'Entries' },
    h('div', { class: 'log-fields' },
      select('kind', 'Kind', wanted, KINDS),
      who.role === 'operator' && input('tenant', 'Tenant', wanted, { placeholder: 'all of them' }),
      input('from', 'From (UTC)', wanted, { type: 'date', ...DAYS }),
      input('until', 'To, inclusive', wanted, { type: 'date', ...DAYS }),
      h('div', { class: 'log-acts' }, h('button', { type: 'submit', class: 'button is-main' }, 'Show'),
        h('button', { type: 'button', class: 'button is-quiet', onclick: () => go({}) }, 'Clear'))),
    rare);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const asked = new FormData(form);
    go(Object.fromEntries(NAMES.map((name) => [name, String(asked.get(name) ?? '').trim()])));
  });
  return form;
}

/** Two short ways: to one entry by its id, and to a date in the list as it is. */
export function shortcuts(wanted, { toEntry, toDate }) {
  const id = h('input', { id: 'log-id', name: 'id', required: true, maxlength: 200, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'lc_… or evt_…' });
  const day = h('input', { id: 'log-jump', name: 'jump', type: 'date', required: true, value: wanted.jump, ...DAYS });
  const form = (label, field, button, act) => h('form', { class: 'log-short', onsubmit: (event) => {
    event.preventDefault();
    if (field.value.trim()) act(field.value.trim());
  } }, h('div', { class: 'field' }, h('label', { for: field.id }, label), field), h('button', { type: 'submit', class: 'button' }, button));
  return h('div', { class: 'log-shorts' }, form('An entry’s id', id, 'Open', toEntry), form('Jump to a date', day, 'Go', toDate));
}

function input(name, label, wanted, more) {
  const id = `log-${name}`;
  return h('div', { class: 'field' }, h('label', { for: id }, label),
    h('input', { id, name, value: wanted[name], autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 200, ...more }));
}

function select(name, label, wanted, options) {
  const id = `log-${name}`;
  return h('div', { class: 'field' }, h('label', { for: id }, label),
    h('select', { id, name }, options.map(([value, words]) => h('option', { value, selected: value === wanted[name] }, words))));
}
