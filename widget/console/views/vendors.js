// The vendors: what can be bound at all and whose breaker is open, of one tenant also in which mode each is bound; and how the
// routes of chat fare, with which models.
import { at, isAbort } from '../api.js';
import { fill, h } from '../dom.js';
import { failureNotice } from '../failure.js';
import { count, percent } from '../format.js';
import { samples } from '../metrics.js';
import { bindingsOf, modeTag, named } from '../parts/bindings.js';
import { PagedTable, table } from '../parts/table.js';
import { tenantFilter } from '../parts/tenant-filter.js';
import { address } from '../router.js';

export const title = 'Vendors';

const STATUS = { ok: ['is-good', 'well'], degraded: ['is-warn', 'degraded'], failing: ['is-bad', 'failing'] };

export async function show(root, context, { query }) {
  const operator = context.who.role === 'operator';
  const tenant = operator ? query.get('tenant') : context.who.tenant;
  const [routing, catalogue] = [h('div', { class: 'part' }), h('div', { class: 'part' })];
  fill(
    root,
    operator &&
      h(
        'div',
        { class: 'bar' },
        tenantFilter(context, tenant, (picked) => context.go(['vendors'], { tenant: picked })),
      ),
    catalogue,
    routing,
  );
  await Promise.all([showRouting(routing, context, tenant), showCatalogue(catalogue, context, tenant)]);
}

/** A section that asks, and says so; a refusal is its own, so that the other section stays. */
async function section(root, context, heading, ask) {
  const frame = (...inside) =>
    fill(root, h('section', { class: 'panel', 'aria-label': heading }, h('div', { class: 'panel-head' }, h('h2', {}, heading)), inside));
  frame(h('p', { class: 'wait' }, 'Asking the gate …'));
  try {
    frame(await ask());
  } catch (error) {
    if (isAbort(error)) throw error;
    frame(failureNotice(error, () => section(root, context, heading, ask).catch(() => {})));
  }
}

function showRouting(root, context, tenant) {
  return section(root, context, 'Routing of chat', async () => {
    const { api, who, signal } = context;
    const found = await api.get('/v1/router/health', { query: { tenant: who.role === 'operator' ? tenant : null }, signal });
    if (!found.tenants)
      return found.decisions === 0 ? h('p', { class: 'empty' }, 'Nothing was routed in the last 15 minutes.') : ofOne(found);
    if (found.tenants.length === 0) return h('p', { class: 'empty' }, 'No tenant has a route.');
    return [
      h(
        'p',
        { class: 'lead' },
        'All in all: ',
        statusTag(found.status),
        `, ${count(found.tenants.length)} ${found.tenants.length === 1 ? 'tenant has' : 'tenants have'} routes. The last 15 minutes of each.`,
      ),
      ofAll(found.tenants, signal),
    ];
  });
}

function ofAll(tenants, signal) {
  const rank = { failing: 0, degraded: 1, ok: 2 };
  const sorted = [...tenants].sort((a, b) => rank[a.health.status] - rank[b.health.status]);
  const columns = [
    { head: 'Tenant', kind: 'main', cell: ({ tenant }) => h('a', { href: address(['vendors'], { tenant }) }, tenant) },
    { head: 'State', cell: ({ health }) => statusTag(health.status) },
    { head: 'Decisions', kind: 'num', cell: ({ health }) => count(health.decisions) },
    { head: 'Answered', kind: 'num', cell: ({ health }) => percent(health.success_rate) },
    { head: 'Fell back', kind: 'num', cell: ({ health }) => percent(health.fallback_rate) },
    { head: 'Models', cell: ({ health }) => h('span', { class: 'soft' }, health.candidates.map(({ id }) => id).join(', ')) },
  ];
  const list = new PagedTable({
    label: 'Routing by tenant',
    one: 'tenant',
    many: 'tenants',
    columns,
    signal,
    empty: 'No tenant has a route.',
    fetchPage: async (cursor) => {
      const from = cursor ?? 0;
      return { rows: sorted.slice(from, from + 50), next: from + 50 < sorted.length ? from + 50 : null };
    },
  });
  list.load();
  return list.element;
}

function ofOne(health) {
  const columns = [
    { head: 'Model', kind: 'main', cell: ({ id }) => id },
    { head: 'Answered', kind: 'num', cell: ({ calls, failures }) => percent(calls ? (calls - failures) / calls : null) },
    { head: 'Calls', kind: 'num', cell: ({ calls }) => count(calls) },
    { head: 'Failures', kind: 'num', cell: ({ failures }) => h('span', { class: failures ? 'is-bad' : null }, count(failures)) },
    { head: 'Until it answers', kind: 'num', cell: ({ latency_ms: ms }) => (ms === null ? '–' : `${count(ms)} ms`) },
  ];
  const figure = (word, value) => h('div', {}, h('dt', {}, word), h('dd', {}, value));
  return [
    h(
      'dl',
      { class: 'figures' },
      figure('State', statusTag(health.status)),
      figure('Decisions', count(health.decisions)),
      figure('Answered', percent(health.success_rate)),
      figure('Fell back', percent(health.fallback_rate)),
      figure('Decided within, 95 %', `${count(health.decision_us.p95)} µs`),
    ),
    table('Models of the routes', columns, health.candidates).element,
  ];
}

const statusTag = (status) => h('span', { class: `tag ${STATUS[status]?.[0] ?? ''}` }, STATUS[status]?.[1] ?? status);

function showCatalogue(root, context, tenant) {
  const operator = context.who.role === 'operator';
  return section(root, context, tenant && operator ? `Vendors, as ${tenant} has them` : 'Vendors', async () => {
    const { api, signal } = context;
    const [{ vendors }, open, chosen] = await Promise.all([
      api.get('/v1/vendors', { signal }),
      operator ? breakers(context) : null,
      operator && tenant ? chosenBy(context, tenant) : null,
    ]);
    const columns = [
      { head: 'Vendor', kind: 'main', cell: ({ vendor }) => vendor },
      { head: 'Can do', cell: ({ capabilities }) => capabilities.join(', ') },
      chosen && {
        head: 'Mode',
        cell: ({ vendor }) => (chosen.uses.has(vendor) ? modeTag(chosen.bindings.get(vendor)) : h('span', { class: 'soft' }, 'not chosen')),
      },
      open && { head: 'Breaker', cell: ({ vendor }) => breaker(open.get(vendor) ?? 0) },
      { head: 'Models', cell: models },
      {
        head: 'Address',
        lesser: true,
        cell: ({ base_url: url }) => (url ? h('code', {}, url) : h('span', { class: 'soft' }, 'each customer’s own')),
      },
    ].filter(Boolean);
    // Those in trouble first, then those in use.
    const weight = ({ vendor }) => (open?.get(vendor) ? 0 : chosen?.uses.has(vendor) ? 1 : 2);
    const sorted = [...vendors].sort((a, b) => weight(a) - weight(b) || (a.vendor < b.vendor ? -1 : 1));
    return table('Vendors', columns, sorted).element;
  });
}

async function breakers({ api, signal }) {
  return samples(await api.text('/metrics', { signal }), 'tollgate_breakers_open', 'vendor');
}

async function chosenBy(context, id) {
  const tenant = await context.api.get(at`/v1/tenants/${id}`, { signal: context.signal });
  return { uses: named(tenant), bindings: await bindingsOf(context, tenant) };
}

function breaker(times) {
  return times > 0
    ? h('span', { class: 'tag is-bad' }, `open for ${count(times)} ${times === 1 ? 'tenant' : 'tenants'}`)
    : h('span', { class: 'soft' }, 'closed');
}

function models({ models: names }) {
  if (names.length === 0) return h('span', { class: 'soft' }, 'none of its own');
  if (names.length < 3) return names.join(', ');
  return h('details', { class: 'folded' }, h('summary', {}, `${names[0]} and ${names.length - 1} more`), names.slice(1).join(', '));
}
