// One tenant: `#/tenants/demo`. Its live usage, its limits and ladder, its keys and its vendors. The operator changes them;
// the tenant itself reads.
import { at } from '../api.js';
import { fill, h } from '../dom.js';
import { showBindings } from '../parts/bindings.js';
import { showKeys } from '../parts/keys.js';
import { editLimits } from '../parts/limits-form.js';
import { lines } from '../parts/limits.js';
import { live } from '../parts/live.js';
import { tenantTabs } from '../parts/tenant-tabs.js';

export const title = ({ path: [id] }, who) => who.tenant ?? id;

export async function show(root, context, { path }) {
  const { api, who, signal } = context;
  const id = who.tenant ?? path[0];
  const [about, now, limits, keys, vendors] = Array.from({ length: 5 }, () => h('div', { class: 'part' }));
  const wait = h('p', { class: 'wait' }, 'Asking the gate …');
  fill(root, tenantTabs(who, id, 'limits'), wait, about, now, limits, keys, vendors);
  let tenant = await api.get(at`/v1/tenants/${id}`, { signal });
  wait.remove();
  describe(about, tenant);
  const drawLimits = () =>
    showLimits(
      limits,
      tenant,
      who.role === 'operator'
        ? async () => {
            const changed = await editLimits(context, tenant);
            if (!changed) return;
            tenant = changed;
            drawLimits();
          }
        : null,
    );
  drawLimits();
  const asked = [live(now, context, id, () => tenant)];
  if (who.role === 'operator') asked.push(showKeys(keys, context, id), showBindings(vendors, context, tenant));
  else showChoices(vendors, tenant);
  await Promise.all(asked);
}

function describe(root, tenant) {
  const facts = [
    ['Name', tenant.display_name || '–'],
    ['Company', tenant.company],
    ['Channels', (tenant.channels ?? []).join(', ') || 'none'],
    ['Capabilities', (tenant.capabilities ?? []).join(', ') || 'none'],
    [
      'Origins',
      (tenant.allowed_origins ?? []).length
        ? h(
            'ul',
            {},
            tenant.allowed_origins.map((origin) => h('li', {}, h('code', {}, origin))),
          )
        : 'none',
    ],
    [
      'Visitors',
      [tenant.minimum_age ? `${tenant.minimum_age} years at least` : 'of any age', tenant.consent_required ? ', consent required' : ''],
    ],
  ];
  if (tenant.twin)
    facts.push(['Twin', [h('code', {}, tenant.twin.id), tenant.twin.closed ? h('span', { class: 'tag is-warn' }, 'closed') : null]]);
  fill(
    root,
    h(
      'dl',
      { class: 'facts' },
      facts.map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, value))),
    ),
  );
}

function showLimits(root, tenant, edit) {
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'Caps and ladder' },
      h(
        'div',
        { class: 'panel-head' },
        h('h2', {}, 'Caps and ladder'),
        edit && h('button', { type: 'button', class: 'button', onclick: edit }, 'Change …'),
      ),
      h(
        'dl',
        { class: 'facts' },
        lines(tenant).map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, value))),
      ),
    ),
  );
}

function showChoices(root, tenant) {
  const chosen = Object.entries(tenant.vendors ?? {});
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'Vendors' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'Vendors')),
      chosen.length
        ? h(
            'dl',
            { class: 'facts' },
            chosen.map(([capability, { provider, model }]) =>
              h('div', {}, h('dt', {}, capability), h('dd', {}, [provider, model].filter(Boolean).join(', '))),
            ),
          )
        : h('p', { class: 'empty' }, 'None is chosen.'),
    ),
  );
}
