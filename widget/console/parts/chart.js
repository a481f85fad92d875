// Stacked bars by day, as SVG of our own: an axis of round steps, a legend, and a reader that follows the pointer or the arrow
// keys and says one day exactly. The same numbers stand in a table below, for whoever wants to read, copy or hear them.
import { fill, freshId, h, s } from '../dom.js';
import { day } from '../format.js';
import { share } from './gauge.js';
import { ticks } from './scale.js';
import { table } from './table.js';

const HEIGHT = 220;
const TOP = 10;
const BOTTOM = 26;

export class DayChart {
  #is;
  #totals;
  #svg = s('svg', { class: 'chart-svg', 'aria-hidden': 'true', height: HEIGHT });
  #reader;
  #tip = h('div', { class: 'chart-tip', hidden: true, 'aria-hidden': 'true' });
  #stage;
  #at = null;
  #eye;

  /**
   * `days`: `['2026-11-21']`; `series`: `[{ name, ink, values: [BigInt] }]`, bottom first; `format(BigInt)` for exact numbers,
   * `short(BigInt)` for the axis; `least`: the smallest step of it.
   */
  constructor({ label, days, series, format, short, least, signal }) {
    this.#is = { label, days, series, format, short, least };
    this.#totals = days.map((_, place) => series.reduce((total, { values }) => total + values[place], 0n));
    this.#reader = h('div', {
      class: 'chart-reader',
      role: 'slider',
      tabindex: 0,
      'aria-label': `${label}: one day after another`,
      'aria-valuemin': 1,
      'aria-valuemax': days.length,
      'aria-valuenow': days.length,
      'aria-valuetext': this.#told(days.length - 1),
      'aria-orientation': 'horizontal',
    });
    this.#stage = h('div', { class: 'chart-stage' }, this.#svg, this.#reader, this.#tip);
    this.element = h('figure', { class: 'chart', 'aria-label': label }, this.#legend(), this.#stage, this.#table());
    this.#listen();
    this.#eye = new ResizeObserver(() => this.#draw());
    this.#eye.observe(this.#stage);
    signal.addEventListener('abort', () => this.#eye.disconnect(), { once: true });
  }

  #legend() {
    return h(
      'ul',
      { class: 'legend' },
      this.#is.series.map(({ name, ink }) => h('li', {}, h('i', { class: `swatch ${ink}`, 'aria-hidden': 'true' }), name)),
    );
  }

  #draw() {
    const width = this.#stage.clientWidth;
    if (!width) return;
    const { days, series, short, least } = this.#is;
    const marks = ticks(
      this.#totals.reduce((most, one) => (one > most ? one : most), 0n),
      least,
    );
    const top = marks.at(-1);
    const words = marks.map(short);
    const left = 12 + 7 * Math.max(...words.map((word) => word.length));
    const height = (value) => ((HEIGHT - TOP - BOTTOM) * share(value < 0n ? 0n : value, top)) / 100;
    const band = (width - left) / days.length;
    this.geometry = { left, band };
    this.#svg.setAttribute('width', width);
    fill(
      this.#svg,
      marks.map((mark, place) => axisMark(words[place], HEIGHT - BOTTOM - height(mark), left, width, place === 0)),
      days.map((_, place) => this.#bar(place, left + band * place, band, height)),
      this.#dates(left, band, width),
    );
    this.#point(this.#at);
  }

  #bar(place, x, band, height) {
    let y = HEIGHT - BOTTOM;
    const gap = band > 8 ? Math.max(1.5, band * 0.14) : 0.5;
    const pieces = this.#is.series.map(({ ink, values }) => {
      const tall = height(values[place]);
      y -= tall;
      return (
        tall > 0 &&
        s('rect', { class: ink, x: round(x + gap), y: round(y), width: round(band - 2 * gap), height: round(Math.max(tall, 0.5)) })
      );
    });
    return s('g', { class: 'chart-bar', 'data-place': place }, pieces);
  }

  /** As many dates as have room, the newest always among them. */
  #dates(left, band, width) {
    const { days } = this.#is;
    const every = Math.max(1, Math.ceil(64 / band));
    return days.map(
      (one, place) =>
        (days.length - 1 - place) % every === 0 &&
        s(
          'text',
          { class: 'chart-word', x: round(Math.min(left + band * (place + 0.5), width - 20)), y: HEIGHT - 8, 'text-anchor': 'middle' },
          day(one),
        ),
    );
  }

  #table() {
    const { label, days, series, format } = this.#is;
    const rows = days.map((one, place) => ({ one, place })).reverse();
    const columns = [
      { head: 'Day (UTC)', kind: 'main', cell: ({ one }) => h('time', { datetime: one }, day(one, { year: true })) },
      ...series.map(({ name, values }) => ({ head: name, kind: 'num', cell: ({ place }) => format(values[place]) })),
      { head: 'Total', kind: 'num', cell: ({ place }) => format(this.#totals[place]) },
    ];
    const box = h('details', { class: 'chart-table' }, h('summary', {}, 'Show as table'));
    // Made when somebody wants it: ninety days by six is much to make for nobody.
    box.addEventListener('toggle', () => {
      if (box.open && box.children.length === 1)
        box.append(
          h(
            'div',
            { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': `${label}, as a table` },
            table(label, columns, rows, { cards: false }).element,
          ),
        );
    });
    return box;
  }

  #listen() {
    this.#stage.addEventListener('pointermove', ({ clientX }) => this.#point(this.#placeAt(clientX)));
    this.#stage.addEventListener('pointerdown', ({ clientX }) => this.#point(this.#placeAt(clientX)));
    this.#stage.addEventListener('pointerleave', () => {
      if (document.activeElement !== this.#reader) this.#point(null);
    });
    this.#reader.addEventListener('focus', () => this.#point(this.#at ?? this.#is.days.length - 1));
    this.#reader.addEventListener('blur', () => this.#point(null));
    this.#reader.addEventListener('keydown', (event) => this.#key(event));
  }

  #key(event) {
    const last = this.#is.days.length - 1;
    const at = this.#at ?? last;
    const to = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: last,
      PageUp: at - 7,
      PageDown: at + 7,
    }[event.key];
    if (event.key === 'Escape') this.#point(null);
    if (to === undefined) return;
    event.preventDefault();
    this.#point(Math.min(last, Math.max(0, to)));
  }

  #placeAt(clientX) {
    const { left, band } = this.geometry ?? { left: 0, band: 1 };
    const place = Math.floor((clientX - this.#stage.getBoundingClientRect().left - left) / band);
    return place >= 0 && place < this.#is.days.length ? place : null;
  }

  /** Points at one day, or at none. */
  #point(place) {
    this.#at = place;
    for (const bar of this.#svg.querySelectorAll('.chart-bar')) bar.classList.toggle('is-pointed', Number(bar.dataset.place) === place);
    this.#svg.classList.toggle('is-pointing', place !== null);
    this.#tip.hidden = place === null;
    if (place === null) return;
    this.#reader.setAttribute('aria-valuenow', place + 1);
    this.#reader.setAttribute('aria-valuetext', this.#told(place));
    const { days, series, format } = this.#is;
    fill(
      this.#tip,
      h('strong', {}, day(days[place], { year: true })),
      h(
        'dl',
        {},
        [...series]
          .reverse()
          .filter(({ values }) => values[place] !== 0n)
          .map(({ name, ink, values }) =>
            h('div', {}, h('dt', {}, h('i', { class: `swatch ${ink}` }), name), h('dd', {}, format(values[place]))),
          ),
        h('div', { class: 'is-total' }, h('dt', {}, 'Total'), h('dd', {}, format(this.#totals[place]))),
      ),
    );
    const { left, band } = this.geometry ?? { left: 0, band: 1 };
    const wide = this.#tip.offsetWidth;
    const middle = left + band * (place + 0.5);
    const beside = middle + 12 + wide > this.#stage.clientWidth ? middle - 12 - wide : middle + 12;
    this.#tip.style.setProperty('inset-inline-start', `${Math.max(0, beside)}px`);
  }

  #told(place) {
    const { days, series, format } = this.#is;
    const parts = series.filter(({ values }) => values[place] !== 0n).map(({ name, values }) => `${name} ${format(values[place])}`);
    return `${day(days[place], { year: true })}: ${format(this.#totals[place])}${parts.length > 1 ? `, of it ${parts.join(', ')}` : ''}`;
  }
}

function axisMark(word, y, left, width, zero) {
  return s(
    'g',
    {},
    s('line', { class: zero ? 'chart-line is-zero' : 'chart-line', x1: left, x2: width, y1: round(y), y2: round(y) }),
    s('text', { class: 'chart-word', x: left - 8, y: round(y + 4), 'text-anchor': 'end' }, word),
  );
}

const round = (size) => Math.round(size * 100) / 100;
