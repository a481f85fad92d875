// The two questions a tenant may want answered before a session: old enough, and agreed. Asked, never stored.
import { h } from './dom.js';

/**
 * Shows one question (`age` or `consent`) in a modal dialog; resolves to true if the visitor says yes. The browser keeps
 * focus inside, makes the page behind inert, closes on Escape and gives focus back. `signal` takes the question away.
 */
export function ask(root, t, question, signal, years) {
  const heading = h('h2', { id: 'asked', tabindex: '-1' }, t(question, { years }));
  const accept = h('button.accept.primary', {}, t('yes'));
  const refuse = h('button.refuse.plain', {}, t('no'));
  const text = h('p', { id: 'why' }, t(`${question}.why`, { years }));
  const dialog = h('dialog.dialog', { 'aria-labelledby': heading.id, 'aria-describedby': text.id },
    heading, text, h('div.choices', {}, accept, refuse));
  root.append(dialog);
  return new Promise((resolve) => {
    let answer = false;
    const close = () => dialog.close();
    accept.addEventListener('click', () => {
      answer = true;
      close();
    });
    refuse.addEventListener('click', close);
    signal.addEventListener('abort', close, { once: true });
    dialog.addEventListener('close', () => {
      signal.removeEventListener('abort', close);
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    heading.focus(); // so that the question is read out before its buttons
  });
}
