// What there is of one tenant, as links from one to the other.
import { h } from '../dom.js';
import { address } from '../router.js';

export function tenantTabs(who, tenant, current) {
  const operator = who.role === 'operator';
  const tabs = [
    ['limits', 'Limits', address(['tenants', tenant])],
    ['usage', 'Usage', address(['usage', tenant])],
    ['sessions', 'Sessions', address(['sessions'], { tenant: operator ? tenant : null })],
    ['log', 'Log', address(['log'], { tenant: operator ? tenant : null })],
  ];
  return h(
    'nav',
    { class: 'tabs', 'aria-label': `Of ${tenant}` },
    operator && h('a', { href: address(['tenants']), class: 'soft' }, 'All tenants'),
    tabs.map(([name, word, href]) => h('a', { href, 'aria-current': name === current ? 'page' : null }, word)),
  );
}
