// What didn't arrive. Webhooks of vendors whose effect failed for good, for the operator, who can have one applied again; and
// events that a tenant's server never took, which can be sent again.
import { at, isAbort } from '../api.js';
import { announce, fill, h } from '../dom.js';
import { explain, failureNotice } from '../failure.js';
import { count, time } from '../format.js';
import { PagedTable, table } from '../parts/table.js';
import { tenantFilter } from '../parts/tenant-filter.js';
import { address } from '../router.js';

export const title = 'Webhooks';

export async function show(root, context, { query }) {
  const operator = context.who.role === 'operator';
  const tenant = operator ? query.get('tenant') : context.who.tenant;
  const [incoming, outgoing] = [h('div', { class: 'part' }), h('div', { class: 'part' })];
  fill(
    root,
    operator &&
      h(
        'div',
        { class: 'bar' },
        tenantFilter(context, tenant, (picked) => context.go(['webhooks'], { tenant: picked })),
      ),
    operator && incoming,
    outgoing,
  );
  await Promise.all([operator && showIncoming(incoming, context, tenant), showOutgoing(outgoing, context, tenant)]);
}

function panel(root, heading, lead, ...inside) {
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': heading },
      h('div', { class: 'panel-head' }, h('h2', {}, heading)),
      h('p', { class: 'lead' }, lead),
      inside,
    ),
  );
}

async function showIncoming(root, { api, signal }, tenant) {
  const columns = [
    { head: 'Event', kind: 'main', cell: ({ id, name }) => [name ?? 'unnamed', h('span', { class: 'under id soft' }, id)] },
    { head: 'Vendor', cell: ({ provider }) => provider },
    { head: 'Tenant', cell: ({ tenant: of }) => h('a', { href: address(['tenants', of]) }, of) },
    { head: 'Why it failed', cell: ({ reason }) => reason },
    { head: 'Attempts', kind: 'num', cell: ({ attempts }) => count(attempts) },
    { head: 'Given up (UTC)', cell: ({ at: when }) => time(when) },
    { head: 'Replay', unseen: true, kind: 'act', cell: (dead) => attempt('Replay', `Replay ${dead.id}`, () => replay(dead)) },
  ];
  const list = new PagedTable({
    label: 'Webhooks given up',
    one: 'webhook',
    many: 'webhooks',
    columns,
    signal,
    empty: 'None was given up.',
    fetchPage: async (before, over) => {
      const { dead_letters: rows, next } = await api.get('/v1/webhooks/dead-letters', {
        query: { limit: 50, tenant, before },
        signal: over,
      });
      return { rows, next };
    },
  });
  panel(
    root,
    'From vendors',
    'Webhooks whose effect failed for good. A replay reads the stored event anew and applies it; doing so twice has one effect.',
    list.element,
  );
  await list.load();

  async function replay({ id }) {
    const { status, reason } = await api.send('POST', at`/v1/webhooks/events/${id}/replay`, undefined, { signal });
    return status === 'done' ? { good: true, words: 'Applied.' } : { good: false, words: `Failed again: ${reason ?? 'no reason given'}` };
  }
}

async function showOutgoing(root, context, tenant) {
  const { api, who, signal } = context;
  const heading = 'To the tenant’s server';
  const lead = 'Events that it never took, the newest first. Sent again, one goes to the address that is set now.';
  if (!tenant) return panel(root, heading, 'Pick a tenant above to see the events that its server never took.');
  const query = { tenant: who.role === 'operator' ? tenant : null };
  panel(root, heading, lead, h('p', { class: 'wait' }, 'Asking the gate …'));
  try {
    const { dead_letters: dead } = await api.get('/v1/events/dead-letters', { query: { ...query, limit: 200 }, signal });
    const columns = [
      { head: 'Event', kind: 'main', cell: ({ type, id }) => [type, h('span', { class: 'under id soft' }, id)] },
      { head: 'Happened (UTC)', cell: ({ timestamp }) => time(timestamp) },
      { head: 'Why it failed', cell: ({ reason }) => reason },
      { head: 'Attempts', kind: 'num', cell: ({ attempts }) => count(attempts) },
      { head: 'Given up (UTC)', cell: ({ died_at: when }) => time(when) },
      {
        head: 'Send again',
        unseen: true,
        kind: 'act',
        cell: ({ id }) =>
          attempt('Send again', `Send again: ${id}`, async () => {
            await api.send('POST', at`/v1/events/dead-letters/${id}/redeliver`, undefined, { query, signal });
            return { good: true, words: 'On its way.' };
          }),
      },
    ];
    return panel(
      root,
      heading,
      lead,
      dead.length ? table('Events never taken', columns, dead).element : h('p', { class: 'empty' }, 'Every event was taken.'),
      dead.length === 200 && h('p', { class: 'soft' }, 'The newest 200.'),
    );
  } catch (error) {
    if (isAbort(error)) throw error;
    return panel(
      root,
      heading,
      lead,
      failureNotice(error, () => showOutgoing(root, context, tenant).catch(() => {})),
    );
  }
}

/** A button whose outcome stands beside it. `act()` answers `{ good, words }`. */
function attempt(word, name, act) {
  const outcome = h('p', { class: 'outcome' });
  const button = h('button', { type: 'button', class: 'button is-small', 'aria-label': name, onclick: run }, word);
  return h('div', { class: 'attempt' }, button, outcome);

  async function run() {
    button.disabled = true;
    fill(outcome, h('span', { class: 'soft' }, 'On it …'));
    const { good, words, requestId } = await act().catch((error) => {
      if (isAbort(error)) throw error;
      const { title: what, advice } = explain(error);
      return { good: false, words: `${what}. ${error.message || advice}`, requestId: error.requestId };
    });
    fill(outcome, h('span', { class: good ? 'is-good' : 'is-bad' }, words), requestId && h('span', { class: 'under soft' }, requestId));
    announce(words);
    button.disabled = good;
    button.focus();
  }
}
