// The live ledger beside the widget. With a director (development only) it shows the demo tenant's books as the gate has
// them; without one, what the page itself is told: its permits, what is left, and each refusal.
import { el } from './el.js';

const EVERY_MS = 700;
const SLOWEST_MS = 5_000;
const ROWS = 4;

/** `changed(books)` hears of every reading; null where there is nobody to read from. */
export function ledgerPanel(twin, changed) {
  const part = (tag, name, ...children) => el(tag, { 'data-ledger': name }, ...children);
  const shown = {
    spent: part('strong', 'spent', 'nothing yet'), cap: part('span', 'cap'), settled: el('i'), held: el('i', { class: 'held' }),
    reserved: part('dd', 'reserved', '0'), charged: part('dd', 'charged', '0'), denied: part('dd', 'denied', '0'),
    rows: part('ol', 'rows'), note: part('p', 'note'), chargedWord: el('dt', {}, 'Allowed'),
  };
  const summary = el('span', {}, 'The gate: nothing spent yet');
  const figure = (word, value) => el('div', {}, word, value);
  // Apart from the entries: it stays in sight while the rest of the column scrolls.
  const sums = el('section', { class: 'ledger sums', 'aria-label': 'Sums' },
    el('p', { class: 'ledger-sum' }, shown.spent, ' ', shown.cap),
    el('div', { class: 'ledger-bar', 'aria-hidden': 'true' }, shown.settled, shown.held),
    el('dl', {}, figure(el('dt', {}, 'Reserved'), shown.reserved), figure(shown.chargedWord, shown.charged), figure(el('dt', {}, 'Denied'), shown.denied)));
  const entries = el('section', { class: 'ledger', 'aria-label': 'Newest in the log' },
    shown.rows,
    shown.note,
    el('p', { class: 'ledger-more' }, el('a', { href: '/console' }, 'Open the console')));
  const seen = { books: null, page: [], allowed: 0, denied: 0, drawn: '' };

  twin.addEventListener('twin-tick', ({ detail }) => {
    seen.allowed += 1;
    seen.budget = detail.budget;
    note({ kind: 'allowed', id: detail.limitCheckId, what: 'Permit for the next moments' });
  });
  twin.addEventListener('twin-error', ({ detail }) => {
    if (!detail.status) return;
    seen.denied += 1;
    note({ kind: 'denied', status: detail.status, code: detail.code ?? detail.type, what: detail.capability });
  });

  function note(row) {
    seen.page = [{ ...row, at: Date.now() }, ...seen.page].slice(0, ROWS * 2);
    draw();
  }

  function draw() {
    const { books } = seen;
    const all = books?.entries ? [...books.entries.map(asRow), ...seen.page.filter(({ kind }) => kind === 'denied')] : seen.page;
    const rows = all.sort((a, b) => b.at - a.at).slice(0, ROWS);
    const state = JSON.stringify([books, rows, seen.denied]);
    if (state === seen.drawn) return; // what somebody is about to press stays where it is
    seen.drawn = state;
    shown.denied.textContent = String(seen.denied);
    if (books?.month) drawBooks(books);
    else drawVisit();
    shown.rows.replaceChildren(...rows.map(rowOf));
    shown.note.textContent = noteOf(books, rows);
    summary.textContent = `The gate: ${shown.spent.textContent} ${shown.cap.textContent}`;
  }

  function drawBooks({ month, open, charged }) {
    const share = (amount) => `${Math.min(100, (100 * Number(amount)) / Math.max(Number(month.cap), 1e-9))}%`;
    shown.spent.textContent = dollars(month.settled);
    shown.cap.textContent = month.cap === null ? 'this month' : `of ${dollars(month.cap)} a month`;
    shown.settled.style.inlineSize = share(month.settled);
    shown.held.style.inlineSize = share(month.held);
    shown.reserved.textContent = open ? `${open}, ${dollars(month.held)}` : '0';
    shown.chargedWord.textContent = 'Charged';
    shown.charged.textContent = String(charged);
  }

  // Without books: what the ticks have told. Nothing is known of other visitors.
  function drawVisit() {
    shown.spent.textContent = seen.budget?.used ?? 'nothing yet';
    shown.cap.textContent = seen.budget?.left ? `by this visit, ${seen.budget.left} left` : 'by this visit';
    shown.settled.style.inlineSize = seen.budget ? `${100 - seen.budget.percent}%` : '0';
    shown.reserved.textContent = '0';
    shown.charged.textContent = String(seen.allowed);
  }

  draw();
  return {
    sums,
    entries,
    summary,
    /** Reads the books from there from now on, while the page is looked at. */
    follow(director) {
      let wait = EVERY_MS;
      const look = async () => {
        if (!document.hidden) {
          const books = await read(director);
          wait = books ? EVERY_MS : Math.min(wait * 2, SLOWEST_MS);
          // A store that is out of reach takes nothing back of what was read before.
          seen.books = books?.month || !books ? books : { ...seen.books, ...books };
          changed(books);
          draw();
        }
        setTimeout(look, wait);
      };
      look();
    },
  };
}

async function read(director) {
  try {
    const response = await fetch(`${director}/demo/ledger`, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(SLOWEST_MS) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function noteOf(books, rows) {
  if (books?.offline) return 'The gate can’t reach its store. Until it can, it lets nothing through, and nothing is charged.';
  if (rows.length) return '';
  return 'Say hello: each answer gets its line here, with its place in the log.';
}

const asRow = (entry) => ({ ...entry, kind: 'charged', at: Date.parse(entry.at) });

function rowOf(row) {
  if (row.kind === 'denied') {
    return el('li', { class: 'denied' },
      el('span', { class: 'what' }, `${row.status} ${row.code}`), el('span', { class: 'cost' }, 'nothing charged'),
      el('span', { class: 'detail' }, `${row.what}: denied`));
  }
  if (row.kind === 'allowed') {
    return el('li', { class: 'allowed' },
      el('span', { class: 'what' }, row.what), el('span', { class: 'cost' }, 'allowed'), el('code', {}, row.id ?? ''));
  }
  const place = row.seq === null ? 'being written' : `entry ${row.seq}`;
  return el('li', { class: 'charged' },
    el('span', { class: 'what' }, `${row.capability}, ${row.provider}`),
    el('span', { class: 'cost' }, dollars(String(row.cost_nanos / 1e9))),
    el('span', { class: 'detail' }, `${row.units_consumed} ${row.unit_type}, ${row.settlement}, ${place}`),
    el('code', {}, row.limit_check_id),
    el('a', { href: `/console#/log/${encodeURIComponent(row.limit_check_id)}` }, 'See the receipt'));
}

/** Dollars to the last digit that isn't zero, and at least to the cent: the gate rounds nothing, so neither does this. */
export function dollars(amount) {
  return `$${Number(amount).toFixed(9).replace(/0{1,7}$/, '')}`;
}
