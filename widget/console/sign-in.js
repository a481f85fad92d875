// The door: one field for one key. What the gate answers decides what the console shows.
import { GateError, isAbort } from './api.js';
import { fill, h } from './dom.js';
import { explain } from './failure.js';
import { identify } from './identity.js';
import { mark } from './shell.js';

/** Shows it in `place`; `admit(identity)` when the gate knows the key. `reason`: why one stands here. Returns what ends it. */
export function showSignIn(place, reason, admit) {
  const over = new AbortController();
  const result = h('div', { role: 'status', class: 'sign-in-result' }, reason && h('p', {}, reason));
  const key = h('input', {
    id: 'key',
    name: 'key',
    type: 'password',
    required: true,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    'aria-describedby': 'key-hint',
  });
  const button = h('button', { type: 'submit', class: 'button is-main' }, 'Sign in');
  const form = h(
    'form',
    { class: 'sign-in-form', novalidate: true },
    h('label', { for: 'key' }, 'Key'),
    key,
    h(
      'p',
      { id: 'key-hint', class: 'soft' },
      'The admin key, or a tenant’s secret key (tg_sk_…). It stays in this tab and is forgotten when you sign out or close it.',
    ),
    button,
    result,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  document.title = 'Sign in · Tollgate';
  fill(
    place,
    h(
      'main',
      { class: 'door', id: 'main' },
      h(
        'div',
        { class: 'door-board' },
        h('p', { class: 'brand' }, mark(), h('span', {}, 'Tollgate')),
        h('h1', {}, 'Console'),
        h(
          'p',
          { class: 'soft' },
          'What passes the gate ',
          h('span', { class: 'door-host' }, location.host),
          ', what it costs, and what was turned away.',
        ),
        form,
      ),
    ),
  );
  key.focus();
  return () => over.abort();

  async function submit() {
    const typed = key.value.trim();
    if (!typed) return refuse('Type a key first.');
    if (typed.startsWith('tg_pk_'))
      return refuse(
        'That is a publishable key, which pages show to everybody. The console needs the secret key (tg_sk_…) or the admin key.',
      );
    if (/[^\x21-\x7e]/.test(typed)) return refuse('A key has no spaces and no letters beyond ASCII in it.');
    button.disabled = true;
    fill(result, h('p', { class: 'soft' }, 'Asking the gate …'));
    try {
      const identity = await identify(typed, over.signal);
      if (!over.signal.aborted) admit(identity);
    } catch (error) {
      if (over.signal.aborted || isAbort(error)) return undefined;
      button.disabled = false;
      const { title, advice } = explain(error);
      refuse(`${title}. ${advice}`, error instanceof GateError ? error.requestId : null);
    }
    return undefined;
  }

  function refuse(words, requestId) {
    fill(result, h('p', { class: 'is-bad' }, words), requestId && h('p', { class: 'soft' }, 'Request ', h('code', {}, requestId)));
    key.select();
    key.focus();
  }
}
