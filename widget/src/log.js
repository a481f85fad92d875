// The conversation as it is shown, one entry per turn. It is no live region: a screen reader would read each token as it
// comes. A finished answer is said once, by the view.
import { h } from './dom.js';

const NEAR_END_PX = 80;

export class Log {
  #element;

  constructor(element) {
    this.#element = element;
  }

  get empty() {
    return !this.#element.firstChild;
  }

  addVisitor(text, t) {
    return this.#append(h('article.visitor.turn', { 'aria-label': t('you') }, h('p', { dir: 'auto' }, text)));
  }

  /** An entry that text can still be added to; marked busy until finished. `onListen(text, show)` offers to hear it. */
  addTwin(name, t, onListen) {
    const text = h('p.answer', { dir: 'auto' });
    const typing = h('span.typing', { 'aria-hidden': true }, '• • •');
    const entry = this.#append(h('article.twin.turn', { 'aria-busy': true, 'aria-label': name },
      h('p.speaker', {}, `${name} `, h('span.tag', { say: 'ai' }, t('ai'))), text, typing));
    let listen;
    return {
      add: (piece) => this.#following(() => {
        typing.remove();
        text.append(piece);
      }),
      finish: (note) => this.#following(() => {
        typing.remove();
        if (note) entry.append(h('p.note', {}, note));
        if (onListen) entry.append((listen = listenButton(text.textContent, t, onListen)));
        entry.removeAttribute('aria-busy');
      }),
      remove: () => entry.remove(),
      listen: () => listen.click(),
    };
  }

  #append(entry) {
    this.#element.append(entry);
    this.#element.scrollTop = this.#element.scrollHeight;
    return entry;
  }

  // A visitor who scrolled up to read is left there.
  #following(change) {
    const log = this.#element;
    const follow = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    change();
    if (follow) log.scrollTop = log.scrollHeight;
  }
}

function listenButton(text, t, onListen) {
  const label = h('span', { say: 'listen' }, t('listen'));
  const button = h('button.listen', { icon: 'sound' }, label);
  button.addEventListener('click', () => onListen(text, (speaking) => {
    label.dataset.say = speaking ? 'stop' : 'listen';
    label.textContent = t(label.dataset.say);
  }));
  return button;
}
