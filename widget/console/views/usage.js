// One tenant's days: `#/usage/demo?days=30`.
import { fill, h } from '../dom.js';
import { showSpending, spanChoice, spanOf } from '../parts/spending.js';
import { tenantTabs } from '../parts/tenant-tabs.js';
import { address } from '../router.js';

export const title = ({ path: [id] }, who) => who.tenant ?? id ?? 'Usage';

export async function show(root, context, { path, query }) {
  const tenant = context.who.tenant ?? path[0];
  if (!tenant) return context.go(['tenants']);
  const span = spanOf(query);
  const spending = h('div', { class: 'spending' });
  fill(
    root,
    tenantTabs(context.who, tenant, 'usage'),
    h(
      'div',
      { class: 'bar' },
      spanChoice(span, (days) => address(['usage', tenant], { days })),
    ),
    spending,
  );
  await showSpending(spending, context, { tenant: context.who.role === 'operator' ? tenant : null, span });
  return undefined;
}
