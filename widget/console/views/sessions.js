// Sessions, the newest first: open ones or all, of one tenant or of everybody, each with a button that ends it.
import { at } from '../api.js';
import { announce, fill, h } from '../dom.js';
import { ago, moment, time, words } from '../format.js';
import { ask } from '../parts/dialog.js';
import { PagedTable } from '../parts/table.js';
import { tenantFilter } from '../parts/tenant-filter.js';
import { address } from '../router.js';

export const title = 'Sessions';

const STATES = [
  ['open', 'Open'],
  ['ended', 'Ended'],
  ['all', 'All'],
];

export async function show(root, context, { query }) {
  const { api, who, signal } = context;
  const state = STATES.some(([name]) => name === query.get('state')) ? query.get('state') : 'open';
  const tenant = who.role === 'operator' ? query.get('tenant') : null;
  const columns = [
    { head: 'Session', kind: 'main', cell: ({ id }) => h('span', { class: 'id one-line' }, id) },
    who.role === 'operator' && { head: 'Tenant', cell: ({ tenant_id: of }) => h('a', { href: address(['tenants', of]) }, of) },
    {
      head: 'Channel',
      cell: (one) => [
        [one.channel, one.module].filter(Boolean).join(', '),
        one.origin && h('span', { class: 'under soft' }, one.origin.replace(/^https:\/\//, '')),
      ],
    },
    { head: 'Since (UTC)', cell: (one) => [time(one.created_at), h('span', { class: 'under soft' }, `${ago(one.created_at)} ago`)] },
    { head: 'May use', lesser: true, cell: (one) => h('span', { class: 'soft' }, (one.capabilities ?? []).join(', ')) },
    { head: 'State', cell: standing },
    {
      head: 'End',
      unseen: true,
      kind: 'act',
      cell: (one) =>
        one.state === 'open' &&
        h('button', { type: 'button', class: 'button is-small', 'aria-label': `End ${one.id}`, onclick: () => end(one) }, 'End …'),
    },
  ].filter(Boolean);
  const list = new PagedTable({
    label: 'Sessions',
    one: 'session',
    many: 'sessions',
    columns,
    signal,
    empty: state === 'open' ? 'No session is open.' : 'There is no session.',
    fetchPage: async (cursor, over) => {
      const { sessions, next_cursor: next } = await api.get('/v1/sessions', { query: { state, tenant, limit: 50, cursor }, signal: over });
      return { rows: sessions, next };
    },
  });
  const choice = h(
    'nav',
    { class: 'choice', 'aria-label': 'State' },
    STATES.map(([name, word]) =>
      h(
        'a',
        { href: address(['sessions'], { tenant, state: name === 'open' ? null : name }), 'aria-current': name === state ? 'true' : null },
        word,
      ),
    ),
  );
  const again = h('button', { type: 'button', class: 'button', onclick: () => list.load() }, 'Look again');
  fill(
    root,
    h(
      'div',
      { class: 'bar' },
      choice,
      again,
      who.role === 'operator' &&
        tenantFilter(context, tenant, (picked) => context.go(['sessions'], { tenant: picked, state: state === 'open' ? null : state })),
    ),
    list.element,
  );
  await list.load();

  async function end(one) {
    const done = await ask({
      title: 'End this session?',
      yes: 'End the session',
      grave: true,
      signal,
      body: h(
        'p',
        {},
        'The visitor of ',
        h('b', {}, one.tenant_id),
        ` is cut off at once, and what the session `,
        h('code', {}, one.id),
        ' holds at vendors ends with it. It can’t be resumed.',
      ),
      act: (over) => api.send('DELETE', at`/v1/sessions/${one.id}`, undefined, { signal: over }).then(() => true),
    });
    if (!done) return;
    const now = { ...one, state: 'ended', ended_at: new Date().toISOString(), end_reason: 'here, just now' };
    if (state === 'open') list.remove(one);
    else list.replace(one, now);
    again.focus();
    announce(`The session ${one.id} has ended.`);
  }
}

function standing({ state, ended_at: ended, end_reason: reason, expires_at: expires }) {
  if (state === 'open')
    return [h('span', { class: 'tag is-good' }, 'open'), h('span', { class: 'under soft' }, `until ${moment(expires).split(', ')[1]}`)];
  return [
    h('span', { class: 'tag' }, 'ended'),
    h('span', { class: 'under soft' }, [reason && words(reason), ended && moment(ended).split(', ')[1]].filter(Boolean).join(', ')),
  ];
}
