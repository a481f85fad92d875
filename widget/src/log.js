// The conversation as it is shown: a log that screen readers follow, one entry per turn.
import { h, icon, ICONS } from './dom.js';

const NEAR_END_PX = 80;

export class Log {
  constructor() {
    this.element = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: '0', part: 'log' });
  }

  get empty() {
    return this.element.childElementCount === 0;
  }

  addVisitor(text) {
    const entry = h('article', { class: 'turn visitor' }, h('span', { class: 'sr' }, 'You: '), h('p', {}, text));
    this.#append(entry, true);
    return entry;
  }

  /** An entry that text can still be added to. It is marked busy until finished, so that it is read out as a whole. */
  addTwin(name, { onListen = null } = {}) {
    const text = h('p', { 'data-part': 'answer' });
    const entry = h('article', { class: 'turn twin', 'aria-busy': 'true' },
      h('p', { class: 'who' }, name, h('span', { class: 'tag' }, 'AI')), text);
    const typing = h('span', { class: 'typing', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
    entry.append(typing);
    this.#append(entry, true);
    return {
      entry,
      add: (piece) => {
        const follow = this.#nearEnd();
        typing.remove();
        text.append(piece);
        if (follow) this.#toEnd();
      },
      finish: (note = null) => {
        const follow = this.#nearEnd();
        typing.remove();
        if (note) entry.append(h('p', { class: 'note' }, note));
        if (onListen && text.textContent.trim() !== '') entry.append(listenButton(() => text.textContent, onListen));
        entry.removeAttribute('aria-busy');
        if (follow) this.#toEnd();
      },
      remove: () => entry.remove(),
    };
  }

  offerSpeech(offered) {
    this.element.classList.toggle('mute', !offered);
  }

  clear() {
    this.element.replaceChildren();
  }

  #append(entry, jump) {
    const follow = jump || this.#nearEnd();
    this.element.append(entry);
    if (follow) this.#toEnd();
  }

  // A visitor who scrolled up to read is left there.
  #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

function listenButton(text, onListen) {
  const label = h('span', {}, 'Listen');
  const button = h('button', { type: 'button', class: 'listen', 'data-part': 'listen' }, icon(ICONS.sound), label);
  const show = (speaking) => {
    label.textContent = speaking ? 'Stop' : 'Listen';
    button.classList.toggle('speaking', speaking);
  };
  button.addEventListener('click', () => onListen(text(), show));
  return button;
}
