// The vendors that a tenant's choices and routes name, and whether each is bound: in which mode, with which secrets set.
// Secrets can't be read back, here or anywhere.
import { GateError, at, isAbort } from '../api.js';
import { fill, h } from '../dom.js';
import { failureNotice } from '../failure.js';
import { Pool } from '../pool.js';
import { table } from './table.js';

const AT_ONCE = 3;

/** By vendor, what a tenant uses it for. */
export function named(tenant) {
  const uses = new Map();
  const add = (vendor, use) => uses.set(vendor, [...(uses.get(vendor) ?? []), use]);
  for (const [capability, choice] of Object.entries(tenant.vendors ?? {}))
    add(choice.provider, [capability, choice.model].filter(Boolean).join(': '));
  for (const [name, route] of Object.entries(tenant.routes ?? {}))
    for (const rung of route.rungs ?? []) add(rung.provider, `route ${name}: ${rung.model}`);
  return uses;
}

/** The binding, or null where there is none. */
async function bindingOf({ api, signal }, tenant, vendor) {
  try {
    return await api.get(at`/v1/tenants/${tenant}/vendors/${vendor}`, { signal });
  } catch (error) {
    if (error instanceof GateError && error.status === 404) return null;
    throw error;
  }
}

/** The bindings of the vendors that a tenant names, by vendor. */
export async function bindingsOf(context, tenant) {
  const pool = new Pool(AT_ONCE);
  const asked = [...named(tenant).keys()].map(async (vendor) => [
    vendor,
    await pool.run(() => bindingOf(context, tenant.id, vendor), context.signal),
  ]);
  return new Map(await Promise.all(asked));
}

export async function showBindings(root, context, tenant) {
  const frame = (...inside) =>
    fill(
      root,
      h('section', { class: 'panel', 'aria-label': 'Vendors' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Vendors')), inside),
    );
  const uses = named(tenant);
  if (uses.size === 0) return frame(h('p', { class: 'empty' }, 'It names no vendor yet.'));
  frame(h('p', { class: 'wait' }, 'Asking the gate …'));
  try {
    const found = await bindingsOf(context, tenant);
    const columns = [
      { head: 'Vendor', kind: 'main', cell: ([vendor]) => vendor },
      { head: 'For', cell: ([, list]) => list.map((use) => h('div', {}, use)) },
      { head: 'Mode', cell: ([vendor]) => modeTag(found.get(vendor)) },
      { head: 'Secrets', cell: ([vendor]) => secrets(found.get(vendor)) },
      {
        head: 'Address',
        cell: ([vendor]) =>
          found.get(vendor)?.base_url ? h('code', {}, found.get(vendor).base_url) : h('span', { class: 'soft' }, 'the vendor’s own'),
      },
    ];
    return frame(table('Vendors', columns, [...uses]).element);
  } catch (error) {
    if (isAbort(error)) throw error;
    return frame(failureNotice(error, () => showBindings(root, context, tenant).catch(() => {})));
  }
}

export function modeTag(binding) {
  if (!binding) return h('span', { class: 'tag is-warn' }, 'not bound');
  return h('span', { class: `tag ${binding.mode === 'live' ? 'is-good' : ''}` }, binding.mode);
}

function secrets(binding) {
  if (!binding) return '–';
  return [binding.secret_set ? 'key set' : 'no key', binding.webhook_secret_set ? ', webhook secret set' : ', no webhook secret'];
}
