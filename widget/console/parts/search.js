// A field that searches while one types, once the typing rests.
import { freshId, h } from '../dom.js';

const REST_MS = 250;

/** `found(text)` is called with what stands in it, a moment after it changed, or at once on Enter. */
export function searchField(label, hint, value, signal, found) {
  const id = freshId('search');
  const input = h('input', { id, type: 'search', value, placeholder: hint, autocomplete: 'off', spellcheck: 'false', maxlength: 100 });
  let timer = null;
  let last = value;
  const now = () => {
    clearTimeout(timer);
    const text = input.value.trim();
    if (text === last || signal.aborted) return;
    last = text;
    found(text);
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(now, REST_MS);
  });
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') now();
  });
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return h('div', { class: 'field search', role: 'search' }, h('label', { for: id }, label), input);
}
