// A list of any length as a table: pages are asked for as one reads on, and some hundred rows at most are in the document;
// what has scrolled far away is taken out, and comes back by "Earlier rows". On a phone its rows are cards.
import { isAbort } from '../api.js';
import { announce, fill, h } from '../dom.js';
import { count } from '../format.js';
import { failureNotice } from '../failure.js';

const STEP = 50;
const SHOWN = 200;
/** How many pages in a row may come empty before somebody has to ask for more: enough to search ten thousand tenants. */
const LOOKS = 6;

/**
 * A plain table. `columns`: `{ head, cell(row), kind, unseen, bare, lesser }`; kind `num`, `main` (the row's name) or `act`; `unseen`
 * has a word for ears only; on a phone's cards `bare` stands without its word and `lesser` is left out.
 */
export function table(label, columns, rows = [], { cards = true, foot = null } = {}) {
  const head = columns.map(({ head: word, kind, unseen }) =>
    h(
      'th',
      { scope: 'col', role: 'columnheader', class: kind === 'num' ? 'num' : null },
      unseen ? h('span', { class: 'unseen' }, word) : word,
    ),
  );
  const body = h(
    'tbody',
    { role: 'rowgroup' },
    rows.map((row) => rowOf(columns, row)),
  );
  const element = h(
    'table',
    { role: 'table', 'aria-label': label, class: cards ? 'as-cards' : null },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, head)),
    body,
    foot && h('tfoot', { role: 'rowgroup' }, foot),
  );
  return { element, body };
}

/** One row of it. The roles are named since a card's `display` would take them away. */
export function rowOf(columns, row) {
  return h(
    'tr',
    { role: 'row' },
    columns.map(({ head, cell, kind, unseen, bare, lesser }) => {
      const made = cell(row);
      if (kind === 'main') return h('th', { scope: 'row', role: 'rowheader' }, made);
      const nothing = made === null || made === undefined || made === '';
      return h(
        'td',
        {
          role: 'cell',
          class: [kind, nothing && 'is-void', lesser && 'is-lesser'].filter(Boolean).join(' ') || null,
          'data-label': kind === 'act' || unseen || bare ? null : head,
        },
        h('div', { class: 'cell' }, made),
      );
    }),
  );
}

/** A table that walks through `fetchPage(cursor, signal) -> { rows, next }`. */
export class PagedTable {
  #is;
  #rows = [];
  #first = 0;
  #next = null;
  #over = null;
  #body;
  #foot = h('p', { class: 'soft' });
  #more = h('button', { type: 'button', class: 'button' }, 'More');
  #earlier = h('button', { type: 'button', class: 'button', hidden: true }, 'Earlier rows');
  #fault = h('div');
  #eye;

  /** `one` and `many` are the words for a row; `empty` stands where there is none; `arrived(tr, row)`, `left(tr)` hear of rows. */
  constructor({ label, columns, fetchPage, signal, one, many, empty, arrived = () => {}, left = () => {} }) {
    this.#is = { columns, fetchPage, signal, one, many, empty, arrived, left };
    const { element, body } = table(label, columns);
    this.#body = body;
    this.#more.addEventListener('click', () => this.#step());
    this.#earlier.addEventListener('click', () => this.#back());
    this.element = h(
      'div',
      { class: 'paged' },
      h('p', { class: 'paged-back' }, this.#earlier),
      h('div', { class: 'scroller' }, element),
      this.#fault,
      h('div', { class: 'paged-foot' }, this.#foot, this.#more),
    );
    // Reading on is enough; the button is for whoever doesn't scroll, and after looks that found nothing.
    this.#eye = new IntersectionObserver(
      (seen) => {
        if (seen.some((one) => one.isIntersecting) && this.#body.children.length > 0 && !this.#more.dataset.asked) this.#step();
      },
      { rootMargin: '200px' },
    );
    signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /** Begins anew, at the first page. */
  async load() {
    this.#stop();
    this.#rows = [];
    this.#first = 0;
    this.#next = undefined;
    this.#clear();
    fill(this.#fault);
    await this.#fetch();
  }

  /** Takes one row out, as the thing it stood for is no more. */
  remove(row) {
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#draw();
  }

  /** Shows one row anew, with what is known of it now. */
  replace(row, now) {
    this.#rows = this.#rows.map((other) => (other === row ? now : other));
    this.#draw();
  }

  #stop() {
    this.#over?.abort();
    this.#over = null;
    this.#eye.disconnect();
  }

  #step() {
    if (this.#over) return undefined;
    if (this.#first + SHOWN < this.#rows.length) {
      this.#first += STEP;
      return this.#draw();
    }
    return this.#next === null ? undefined : this.#fetch();
  }

  #back() {
    this.#first = Math.max(0, this.#first - STEP);
    this.#draw();
    if (this.#earlier.hidden) this.#body.closest('table').scrollIntoView({ block: 'start' });
  }

  async #fetch() {
    const over = new AbortController();
    this.#over = over;
    const before = this.#rows.length;
    this.#foot.textContent = 'Asking the gate …';
    this.#more.disabled = true;
    try {
      for (let look = 0; look < LOOKS && this.#next !== null && this.#rows.length === before; look += 1) {
        const { rows, next } = await this.#is.fetchPage(this.#next ?? null, AbortSignal.any([over.signal, this.#is.signal]));
        if (over.signal.aborted) return;
        this.#rows.push(...rows);
        this.#next = next ?? null;
      }
      fill(this.#fault);
    } catch (error) {
      if (isAbort(error) || over.signal.aborted) return;
      fill(
        this.#fault,
        failureNotice(error, () => this.#fetch()),
      );
      this.#foot.textContent = '';
      this.#more.hidden = true;
      return;
    } finally {
      if (this.#over === over) this.#over = null;
      this.#more.disabled = false;
    }
    const gained = this.#rows.length - before;
    this.#more.toggleAttribute('data-asked', gained === 0);
    // The newest rows are shown; where that is too many, whole steps go out at the top.
    this.#first = Math.max(this.#first, Math.ceil(Math.max(0, this.#rows.length - SHOWN) / STEP) * STEP);
    this.#draw();
    announce(gained ? `${count(this.#rows.length)} ${this.#rows.length === 1 ? this.#is.one : this.#is.many}` : this.#foot.textContent);
  }

  /** Makes the rows in the document those of the window, keeping the elements of the ones that stay. */
  #draw() {
    const wanted = this.#rows.slice(this.#first, this.#first + SHOWN);
    const have = new Map([...this.#body.children].map((tr) => [tr.row, tr]));
    const keep = new Set(wanted);
    for (const [row, tr] of have) if (!keep.has(row)) this.#drop(tr);
    wanted.forEach((row, place) => {
      const tr = have.get(row) ?? this.#make(row);
      if (this.#body.children[place] !== tr) this.#body.insertBefore(tr, this.#body.children[place] ?? null);
    });
    this.#say();
  }

  #make(row) {
    const tr = rowOf(this.#is.columns, row);
    tr.row = row;
    this.#is.arrived(tr, row);
    return tr;
  }

  #drop(tr) {
    this.#is.left(tr);
    tr.remove();
  }

  #clear() {
    for (const tr of [...this.#body.children]) this.#drop(tr);
  }

  #say() {
    const { one, many, empty } = this.#is;
    const total = this.#rows.length;
    const end = Math.min(total, this.#first + SHOWN);
    const open = this.#next !== null || end < total;
    const had = document.activeElement === this.#more;
    this.#earlier.hidden = this.#first === 0;
    this.#more.hidden = !open;
    this.#more.textContent = total === 0 ? 'Look further' : 'More';
    this.#foot.textContent =
      total === 0
        ? open
          ? `No ${one} among those looked at so far.`
          : empty
        : `${this.#first > 0 ? `${count(this.#first + 1)} to ` : ''}${count(end)}${this.#first === 0 ? ` ${total === 1 ? one : many}` : ''}${open ? ', and more' : ''}`;
    if (had && !open) keepPlace(this.#foot);
    this.#eye.disconnect();
    if (open) this.#eye.observe(this.#more);
  }
}

/** The button one was on is gone: the keyboard goes to what stands in its place. */
function keepPlace(element) {
  element.setAttribute('tabindex', '-1');
  element.focus();
}
