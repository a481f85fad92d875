// The log, newest entries first. The first page is one request; further ones come as one reads on, and what a look has come
// through without a find is said, since a search through a million entries takes several looks.
import { GateError } from '../../api.js';
import { fill, h } from '../../dom.js';
import { moment, time } from '../../format.js';
import { PagedTable } from '../../parts/table.js';
import { address } from '../../router.js';
import { checkpointPanel } from './checkpoint.js';
import { cursorBefore, dayAfter, dayStart, LATE_MS, reached } from './dates.js';
import { filterForm, shortcuts, wantedOf } from './filters.js';
import { invoicePanel } from './invoice.js';
import { cost, entryLink, eventWords, place, readPage, used, what } from './rows.js';

const LIST = '/v1/audit/entries';
const PAGE = 50;
/** Looks without a find that are taken together, of 5,000 entries each. The table takes some such before somebody has to ask. */
const LOOKS = 5;

export function showList(root, context, query) {
  const { who, signal, go } = context;
  const wanted = wantedOf(query, who);
  const reach = h('p', { class: 'log-reach soft', role: 'status' });
  const list = new PagedTable({
    label: 'Entries', columns: columns(who, wanted), signal, one: 'entry', many: 'entries', empty: 'No entry is like that.',
    fetchPage: pager(context, wanted, reach),
  });
  fill(root, checkpointPanel(context),
    h('section', { class: 'panel', 'aria-label': 'Search' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'Entries, newest first'), h('a', { href: address(['log', 'check']) }, 'Check a receipt file')),
      shortcuts(wanted, { toEntry: (id) => go(['log', id]), toDate: (jump) => go(['log'], { ...asked(wanted), jump }) }),
      filterForm(wanted, who, (to) => go(['log'], to)), reach, list.element),
    invoicePanel(context, wanted.tenant));
  return list.load();
}

/** The filters as the address has them, without a jump. */
function asked({ jump, ...filters }) {
  return filters;
}

function columns(who, wanted) {
  return [
    { head: 'Event', kind: 'main', cell: (row) => entryLink(row.id, eventWords(row.event)) },
    { head: 'When (UTC)', cell: (row) => time(row.at) },
    who.role === 'operator' && !wanted.tenant && { head: 'Tenant', cell: (row) => row.tenant },
    { head: 'What', cell: what },
    { head: 'Used', kind: 'num', cell: used },
    { head: 'Cost', kind: 'num', cell: (row) => cost(row, { column: true }) },
    { head: 'Number', kind: 'num', cell: place },
  ].filter(Boolean);
}

/** `fetchPage` of the table: the gate's pages, from where the period or the jump begins. */
function pager(context, wanted, reach) {
  const { api } = context;
  const [from, until, jump] = [wanted.from, wanted.until, wanted.jump].map(dayStart);
  const query = {
    order: 'newest', limit: PAGE, tenant: wanted.tenant, kind: wanted.kind, event_type: wanted.type, capability: wanted.capability,
    provider: wanted.provider, session_id: wanted.session, from: from === null ? '' : wanted.from, to: until === null ? '' : dayAfter(wanted.until),
  };
  return async (cursor, signal) => {
    const reading = { api, signal };
    let at = cursor ?? await begin(reading);
    for (let looks = 1; ; looks += 1) {
      const { entries, next } = await read({ ...query, cursor: at }, signal);
      if (entries.length >= PAGE || next === null) {
        fill(reach);
        return { rows: entries, next };
      }
      const when = await reached(reading, next);
      const isPast = when !== null && from !== null && Date.parse(when) < from - LATE_MS;
      fill(reach, isPast || when === null ? null : `Looked back to ${moment(when)}.`);
      if (isPast || entries.length > 0 || looks >= LOOKS) return { rows: entries, next: isPast ? null : next };
      at = next;
    }
  };

  /** A jump begins at the end of its day; a period some days later, for what was written down late. */
  async function begin(reading) {
    const ends = [jump === null ? null : jump + 86_400_000, until === null ? null : until + 86_400_000 + LATE_MS].filter((end) => end !== null);
    if (ends.length === 0) return null;
    fill(reach, 'Looking for the date …');
    try {
      return await cursorBefore(reading, wanted.tenant || (context.who.role === 'tenant' ? context.who.tenant : ''), Math.min(...ends));
    } catch (error) {
      // Places that the gate doesn't take: then all is looked through, which is slow and right.
      if (error instanceof GateError && error.param === 'cursor') return null;
      throw error;
    }
  }

  async function read(of, signal) {
    return readPage(await api.text(LIST, { query: of, signal }));
  }
}
