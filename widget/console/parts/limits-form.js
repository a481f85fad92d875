// Changing caps, ladder and fallback: first a form, then old and new side by side, and only then is anything sent, and of it
// only what differs. A field that the gate names in its refusal is shown with the gate's words.
import { at } from '../api.js';
import { announce, fill, freshId, h } from '../dom.js';
import { Dialog } from './dialog.js';
import { FIELDS, patchOf, shownOf, valueOf } from './limits.js';
import { table } from './table.js';

/** Resolves to the tenant as the gate then has it, or null when nothing was changed. */
export function editLimits({ api, signal }, tenant) {
  const dialog = new Dialog({ title: '', wide: true, signal });
  const inputs = new Map(FIELDS.map((field) => [field.name, new Input(field, valueOf(tenant, field.path))]));
  const form = h('form', { class: 'limits-form', novalidate: true }, groups(inputs));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    review();
  });
  type();
  return dialog.closed;

  function type(wrong = null) {
    dialog.title = `Limits of ${tenant.id}`;
    dialog.clearResult();
    fill(
      dialog.body,
      h('p', { class: 'soft' }, 'An empty field is no limit of the tenant’s own. The month and the day are those of UTC.'),
      form,
    );
    fill(
      dialog.acts,
      button('Cancel', () => dialog.close(null)),
      button('Review', review, 'is-main'),
    );
    (wrong ?? inputs.get('limits.monthly_cost_usd')).focus();
  }

  function review() {
    const read = [...inputs.values()].map((input) => input.read());
    const wrong = read.find(({ fault }) => fault);
    if (wrong) return wrong.input.focus();
    const changes = read.filter(({ was, now }) => was !== now);
    dialog.title = changes.length
      ? `Change ${changes.length === 1 ? 'one limit' : `${changes.length} limits`} of ${tenant.id}?`
      : 'Nothing differs';
    const columns = [
      { head: 'Limit', kind: 'main', cell: ({ field }) => field.word },
      { head: 'Now', cell: ({ field, was }) => shownOf(field, was) },
      { head: 'Then', cell: ({ field, now }) => h('b', {}, shownOf(field, now)) },
    ];
    fill(
      dialog.body,
      changes.length
        ? [
            table('What changes', columns, changes, { cards: false }).element,
            h('p', { class: 'soft after' }, 'It holds for the next call on. Calls under way are not undone.'),
          ]
        : h('p', {}, 'Every field is as it was.'),
    );
    const save = changes.length > 0 && button('Save', () => dialog.run((over) => send(changes, over), refused), 'is-main');
    fill(
      dialog.acts,
      button('Back', () => type()),
      save,
    );
    (save || dialog.acts.firstChild).focus();
    return undefined;
  }

  async function send(changes, over) {
    const now = await api.send('PATCH', at`/v1/tenants/${tenant.id}`, patchOf(changes), { signal: over });
    announce(`The limits of ${tenant.id} are changed.`);
    return now;
  }

  function refused(error) {
    const input = error.status === 400 && inputs.get(error.param);
    if (!input) return false;
    type(input);
    input.say(error.message);
    return true;
  }
}

/** One field of the form. */
class Input {
  #field;
  #was;
  #element;
  #fault;

  constructor(field, was) {
    const id = freshId('limit');
    this.#field = field;
    this.#was = was;
    this.#fault = h('p', { class: 'field-fault', id: `${id}-fault` });
    const common = { id, name: field.name, autocomplete: 'off', 'aria-describedby': `${id}-fault` };
    this.#element =
      field.kind === 'text'
        ? h('textarea', { ...common, rows: 2, maxlength: 500 })
        : h('input', { ...common, inputmode: field.mode, maxlength: 24 });
    this.#element.value = was === null ? '' : field.typed(was);
    const affix = (text) => text && h('span', { class: 'affix', 'aria-hidden': 'true' }, text);
    this.element = h(
      'div',
      { class: `field is-${field.kind}` },
      h('label', { for: id }, field.word, field.after && h('span', { class: 'unseen' }, ', per cent')),
      h('div', { class: 'affixed' }, affix(field.before), this.#element, affix(field.after)),
      this.#fault,
    );
  }

  /** `{ field, path, was, now }`, or with `fault` when it can't be read; then it says so itself. */
  read() {
    const text = this.#element.value.trim();
    const is = { field: this.#field, path: this.#field.path, was: this.#was, input: this };
    try {
      const now = text === '' ? null : this.#field.read(text);
      // What reads the same is no change: 25.00 for 25.
      this.say('');
      return { ...is, now: now !== null && this.#was !== null && this.#field.kind === 'money' && same(now, this.#was) ? this.#was : now };
    } catch (error) {
      this.say(error.message);
      return { ...is, fault: true };
    }
  }

  say(words) {
    fill(this.#fault, words);
    if (words) this.#element.setAttribute('aria-invalid', 'true');
    else this.#element.removeAttribute('aria-invalid');
  }

  focus() {
    this.#element.closest('details')?.setAttribute('open', '');
    this.#element.focus();
  }
}

const same = (one, other) => trimmed(one) === trimmed(other);
const trimmed = (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text).replace(/^0+(?=\d)/, '');

/** The fields by their groups; the rarely used ones are folded away unless something is set in them. */
function groups(inputs) {
  const names = [...new Set(FIELDS.map(({ group }) => group))];
  return names.map((name) => {
    const inside = FIELDS.filter(({ group }) => group === name);
    const fields = h(
      'div',
      { class: 'field-grid' },
      inside.map((field) => inputs.get(field.name).element),
    );
    if (inside.length < 5) return h('fieldset', {}, h('legend', {}, name), fields);
    const set = inside.some((field) => inputs.get(field.name).read().was !== null);
    return h('details', { open: set }, h('summary', {}, name), fields);
  });
}

function button(words, onclick, kind = '') {
  return h('button', { type: 'button', class: `button ${kind}`, onclick }, words);
}
