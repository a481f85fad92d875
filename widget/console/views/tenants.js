// All tenants, found by a part of their id, name or company. How far each has used its month is asked for the rows in view
// alone, three at a time, and no more for those that have left it.
import { fill, h } from '../dom.js';
import { count, money } from '../format.js';
import { searchField } from '../parts/search.js';
import { PagedTable } from '../parts/table.js';
import { UsageBars } from '../parts/usage-bars.js';
import { address } from '../router.js';

export const title = 'Tenants';

export async function show(root, context, { query }) {
  const { api, signal } = context;
  let wanted = query.get('q') ?? '';
  const bars = new UsageBars(context);
  const columns = [
    {
      head: 'Tenant',
      kind: 'main',
      cell: ({ id, display_name: name }) => [
        h('a', { href: address(['tenants', id]) }, id),
        name && name !== id && h('span', { class: 'under soft' }, name),
      ],
    },
    { head: 'Company', cell: ({ company }) => company },
    { head: 'Used this month', bare: true, kind: 'usage', cell: (tenant) => bars.cell(tenant) },
    {
      head: 'Cap a month',
      kind: 'num',
      cell: ({ limits }) => (limits?.monthly_cost_usd ? money(limits.monthly_cost_usd) : h('span', { class: 'soft' }, 'none')),
    },
    {
      head: 'At once',
      kind: 'num',
      lesser: true,
      cell: ({ limits }) => (limits?.burst ? count(limits.burst) : h('span', { class: 'soft' }, 'any')),
    },
    {
      head: 'Capabilities',
      lesser: true,
      cell: ({ capabilities }) => h('span', { class: 'soft one-line' }, (capabilities ?? []).join(', ')),
    },
  ];
  const list = new PagedTable({
    label: 'Tenants',
    one: 'tenant',
    many: 'tenants',
    columns,
    signal,
    empty: 'No tenant by that name.',
    fetchPage: async (cursor, over) => {
      const { tenants, next_cursor: next } = await api.get('/v1/tenants', { query: { limit: 50, q: wanted, cursor }, signal: over });
      return { rows: tenants, next };
    },
    arrived: (tr, tenant) => bars.watch(tr, tenant),
    left: (tr) => bars.forget(tr),
  });
  const search = searchField('Find a tenant', 'Id, name or company', wanted, signal, (text) => {
    wanted = text;
    // The address follows without a turn of the page, so that a reload finds the same.
    history.replaceState(null, '', address(['tenants'], { q: text }));
    list.load();
  });
  fill(root, h('div', { class: 'bar' }, search), list.element);
  await list.load();
}
