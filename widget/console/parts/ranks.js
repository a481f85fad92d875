// Parts of a whole as rows with bars: what, how much, and how it compares with the largest. The table is the truth, the bar a help.
import { h, s } from '../dom.js';
import { share } from './gauge.js';
import { table } from './table.js';

/**
 * `rows`: `[{ name, ink, size: BigInt, cells: [..] }]`; `heads`: the words over the cells; `total`: the cells under the line.
 */
export function ranks(label, what, heads, rows, total = null) {
  const largest = rows.reduce((most, { size }) => (size > most ? size : most), 0n);
  const columns = [
    {
      head: what,
      kind: 'main',
      cell: ({ name, ink }) =>
        h('span', { class: 'rank-name' }, h('i', { class: `swatch ${ink ?? 'ink-other'}`, 'aria-hidden': 'true' }), name),
    },
    {
      head: 'Share',
      unseen: true,
      kind: 'rank-bar',
      cell: ({ size, ink }) =>
        s(
          'svg',
          { class: 'rank', 'aria-hidden': 'true' },
          s('rect', { class: ink ?? 'ink-other', height: '100%', width: `${share(size, largest)}%` }),
        ),
    },
    ...heads.map((head, place) => ({ head, kind: 'num', cell: ({ cells }) => cells[place] })),
  ];
  const foot =
    total &&
    h(
      'tr',
      { role: 'row' },
      h('th', { scope: 'row', role: 'rowheader' }, 'Total'),
      h('td', { role: 'cell' }),
      total.map((cell) => h('td', { role: 'cell', class: 'num' }, cell)),
    );
  return table(label, columns, rows, { cards: false, foot }).element;
}
