// A bar that fills towards a cap, with the marks of the ladder on it: what is settled is solid, what open permits hold is
// hatched, what is beyond the last mark is red. It is changed in place, so that live numbers make nothing jump.
import { fill, freshId, h, s } from '../dom.js';

/** A place between 0 and 100, exact to a hundredth; sizes are BigInt. */
export function share(part, whole) {
  if (whole <= 0n) return part > 0n ? 100 : 0;
  const place = Number((part * 10_000n) / whole) / 100;
  return Math.min(100, Math.max(0, place));
}

/** The hatching, once per document; every gauge refers to it. */
function hatching() {
  if (document.querySelector('#hatch')) return null;
  return s(
    'svg',
    { class: 'unseen', 'aria-hidden': 'true' },
    s(
      'defs',
      {},
      s(
        'pattern',
        { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
        s('rect', { width: 5, height: 5, class: 'hatch-ground' }),
        s('rect', { width: 2, height: 5, class: 'hatch-line' }),
      ),
    ),
  );
}

export class Gauge {
  #settled = s('rect', { class: 'gauge-settled', height: '100%', width: '0%' });
  #held = s('rect', { class: 'gauge-held', height: '100%', width: '0%' });
  #meter;
  #marks = s('g');
  #figures = h('p', { class: 'gauge-figures' });
  #note = h('p', { class: 'gauge-note' });
  #words = h('div', { class: 'gauge-words', 'aria-hidden': 'true' });

  constructor(label, { small = false } = {}) {
    const name = freshId('gauge');
    this.#meter = h(
      'div',
      {
        role: 'meter',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': 0,
        ...(small ? { 'aria-label': label } : { 'aria-labelledby': name }),
      },
      hatching(),
      s(
        'svg',
        { class: 'gauge-bar', 'aria-hidden': 'true' },
        s('rect', { class: 'gauge-ground', width: '100%', height: '100%' }),
        this.#settled,
        this.#held,
        this.#marks,
      ),
    );
    this.element = small
      ? h('div', { class: 'gauge is-small' }, this.#meter, this.#figures)
      : h(
          'div',
          { class: 'gauge' },
          h('div', { class: 'gauge-head' }, h('h3', { id: name }, label), this.#figures),
          this.#meter,
          this.#words,
          this.#note,
        );
  }

  /**
   * `settled`, `held`, `cap` (null: none) in BigInt; `marks`: `[{ at: 0.8, word }]`; `figures` and `note`: what stands with it;
   * `told`: the same for whoever hears it.
   */
  show({ settled, held = 0n, cap, marks = [], figures = '', note = '', told }) {
    const solid = cap === null ? 0 : share(settled, cap);
    const both = cap === null ? 0 : share(settled + held, cap);
    this.#settled.setAttribute('width', `${solid}%`);
    this.#held.setAttribute('x', `${solid}%`);
    this.#held.setAttribute('width', `${Math.max(0, both - solid)}%`);
    const passed = marks.filter(({ at }) => both >= at * 100).length;
    this.element.dataset.level = cap !== null && both >= 100 ? 'full' : passed ? `mark-${passed}` : 'free';
    this.element.classList.toggle('is-endless', cap === null);
    this.#meter.setAttribute('aria-valuenow', Math.round(both));
    this.#meter.setAttribute('aria-valuetext', told);
    fill(
      this.#marks,
      marks.map(({ at }) => s('line', { x1: `${at * 100}%`, x2: `${at * 100}%`, y1: 0, y2: '100%', class: 'gauge-mark' })),
    );
    fill(
      this.#words,
      marks.map((mark) => placed(mark)),
    );
    fill(this.#figures, figures);
    fill(this.#note, note);
  }
}

/** A mark's word below its line; near the right end it stands to the left of it. */
function placed({ at, word, lower }) {
  const tag = h('span', { class: `gauge-word${at > 0.5 ? ' is-left' : ''}${lower ? ' is-lower' : ''}` }, word);
  tag.style.setProperty('inset-inline-start', `${at * 100}%`);
  return tag;
}
