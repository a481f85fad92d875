// What corrects an entry: further entries, since nothing in the log is ever changed. They are looked for among the tenant's
// corrections, newest first, down to the entry itself.
import { fill, h } from '../../dom.js';
import { isAbort } from '../../api.js';
import { failureNotice } from '../../failure.js';
import { amount, money, moment, time } from '../../format.js';
import { table } from '../../parts/table.js';
import { LATE_MS, reached } from './dates.js';
import { entryLink, readPage } from './rows.js';

const PAGE = 1_000;
/** Looks in a row, of 5,000 entries each, before somebody has to ask for more. */
const LOOKS = 4;

/** Null for what can't be corrected. */
export function correctionsPanel(context, entry) {
  if (entry.event !== 'TWIN_INTERACTION') return null;
  const body = h('div', { 'aria-busy': 'true' }, h('p', { class: 'wait' }, 'Looking for corrections …'));
  search(body, context, entry, { found: [], cursor: null });
  return h('section', { class: 'panel', 'aria-label': 'Corrections' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Corrections')), body);
}

async function search(body, context, entry, state) {
  try {
    let at = null;
    let open = true;
    for (let looks = 0; open && looks < LOOKS; looks += 1) [at, open] = await look(context, entry, state);
    if (context.signal.aborted) return;
    draw(body, entry, state.found, open && h('div', { class: 'paged-foot' }, h('p', { class: 'soft' }, at ? `Looked back to ${moment(at)}.` : 'Looked at a part of the log.'),
      h('button', { type: 'button', class: 'button', onclick: (event) => {
        event.currentTarget.disabled = true;
        search(body, context, entry, state);
      } }, 'Look further')));
  } catch (error) {
    if (!isAbort(error) && !context.signal.aborted) fill(body, failureNotice(error, () => search(body, context, entry, state)));
  } finally {
    body.removeAttribute('aria-busy');
  }
}

/** One page; gives how far back it came, and whether there may be more. */
async function look({ api, signal }, entry, state) {
  const query = { order: 'newest', kind: 'money', event_type: 'CORRECTION', tenant: entry.tenant, limit: PAGE, cursor: state.cursor };
  const { entries, next } = readPage(await api.text('/v1/audit/entries', { query, signal }));
  state.found.push(...entries.filter(({ details }) => details.some(([name, value]) => name === 'corrects' && value === entry.id)));
  state.cursor = next;
  if (next === null) return [null, false];
  // A correction comes after what it corrects.
  const at = await reached({ api, signal }, next);
  return [at, at === null || Date.parse(at) >= Date.parse(entry.at) - LATE_MS];
}

function draw(body, entry, found, more) {
  const sum = found.reduce((total, { nanos }) => total + (nanos ?? 0n), entry.nanos ?? 0n);
  const columns = [
    { head: 'Correction', kind: 'main', cell: (row) => entryLink(row.id) }, { head: 'When (UTC)', cell: (row) => time(row.at) },
    { head: 'Reason', cell: (row) => row.details.find(([name]) => name === 'reason')?.[1] },
    { head: 'Cost', kind: 'num', cell: (row) => amount(row.nanos, { column: true }) },
  ];
  fill(body, found.length === 0 ? h('p', { class: 'empty' }, more ? 'None among those looked at so far.' : 'None: the entry stands as it is.')
    : [table('Corrections', columns, found).element, h('p', {}, 'With its corrections the entry comes to ', h('strong', {}, `${money(sum)} USD`), more ? ' so far.' : '.')], more);
}
