// Picking one tenant out of ten thousand: a field that suggests what the gate finds as one types.
import { isAbort } from '../api.js';
import { fill, freshId, h } from '../dom.js';

const REST_MS = 250;

/** `picked(id or null)` when somebody chose; `chosen`: what is chosen now. */
export function tenantFilter({ api, signal }, chosen, picked, { label = 'Tenant', any = 'All tenants' } = {}) {
  const [id, listId] = [freshId('tenant'), freshId('tenants')];
  const list = h('datalist', { id: listId });
  const input = h('input', {
    id,
    list: listId,
    type: 'search',
    value: chosen ?? '',
    placeholder: any,
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 64,
  });
  let timer = null;
  let over = new AbortController();
  const choose = () => {
    const text = input.value.trim();
    if (text !== (chosen ?? '')) picked(text || null);
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    over.abort();
    if ([...list.children].some((option) => option.value === input.value)) return choose();
    timer = setTimeout(suggest, REST_MS);
    return undefined;
  });
  input.addEventListener('search', choose);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') choose();
  });
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return h('div', { class: 'field search' }, h('label', { for: id }, label), input, list);

  async function suggest() {
    over = new AbortController();
    try {
      const { tenants } = await api.get('/v1/tenants', {
        query: { q: input.value.trim(), limit: 12 },
        signal: AbortSignal.any([signal, over.signal]),
      });
      fill(
        list,
        tenants.map((tenant) => h('option', { value: tenant.id }, tenant.display_name ?? '')),
      );
    } catch (error) {
      // A field that suggests nothing still takes a name.
      if (!isAbort(error)) fill(list);
    }
  }
}
