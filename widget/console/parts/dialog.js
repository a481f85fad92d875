// Questions before something is changed, in the browser's own dialog: it keeps the keyboard inside, closes on Escape and
// gives the focus back. While a change is on its way it stays open, and a refusal is shown in it.
import { isAbort } from '../api.js';
import { fill, freshId, h } from '../dom.js';
import { failureNotice } from '../failure.js';

/** An open dialog: fill `body` and `acts`, `run` what changes something, `close` with what came of it; `closed` resolves to that. */
export class Dialog {
  body = h('div', { class: 'dialog-content' });
  acts = h('div', { class: 'dialog-acts' });
  #heading = h('h2', { id: freshId('dialog') });
  #result = h('div', { class: 'dialog-result' });
  #element;
  #over = new AbortController();
  #answer = null;
  #busy = false;

  constructor({ title, wide = false, signal }) {
    this.#element = h(
      'dialog',
      { 'aria-labelledby': this.#heading.id, class: wide ? 'is-wide' : null },
      h('div', { class: 'dialog-body' }, this.#heading, this.body, this.#result, this.acts),
    );
    this.title = title;
    this.#element.addEventListener('cancel', (event) => {
      if (this.#busy) event.preventDefault();
    });
    this.closed = new Promise((resolve) => {
      this.#element.addEventListener('close', () => {
        this.#over.abort();
        this.#element.remove();
        resolve(this.#answer);
      });
    });
    // Leaving the view by the address closes what was asked on it.
    signal?.addEventListener('abort', () => this.close(null), { once: true, signal: this.#over.signal });
    document.body.append(this.#element);
    this.#element.showModal();
  }

  set title(words) {
    fill(this.#heading, words);
  }

  close(answer) {
    this.#answer = answer;
    this.#element.close();
  }

  /** Runs `change(signal)` with the buttons off, then closes with its answer. A refusal is shown, unless `refused(error)` takes it. */
  async run(change, refused = () => false) {
    const buttons = [...this.acts.querySelectorAll('button')];
    const had = document.activeElement;
    this.#busy = true;
    for (const button of buttons) button.disabled = true;
    fill(this.#result);
    try {
      this.close(await change(this.#over.signal));
    } catch (error) {
      this.#busy = false;
      for (const button of buttons) button.disabled = false;
      had?.focus();
      if (!isAbort(error) && !refused(error)) fill(this.#result, failureNotice(error));
    }
  }

  clearResult() {
    fill(this.#result);
  }
}

/** Asks whether to do one thing. `body` says what will happen; `act(signal)` does it. Resolves to its answer, or null. */
export function ask({ title, body, yes, grave = false, act, signal }) {
  const dialog = new Dialog({ title, signal });
  const sure = h('button', { type: 'button', class: `button ${grave ? 'is-grave' : 'is-main'}`, onclick: () => dialog.run(act) }, yes);
  const back = h('button', { type: 'button', class: 'button', onclick: () => dialog.close(null) }, 'Cancel');
  fill(dialog.body, body);
  fill(dialog.acts, back, sure);
  // Where something is lost, the way back is nearer.
  (grave ? back : sure).focus();
  return dialog.closed;
}
