// Amounts, counts and times as people read them. Money stays exact: decimal strings in, BigInt nano-USD inside, never a float.
import { h } from './dom.js';

const NANOS = 1_000_000_000n;

/** `"1.25"` as nano-USD. */
export function nanos(decimal) {
  const found = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(decimal ?? '');
  if (!found) throw new RangeError(`no amount: ${decimal}`);
  const [, sign, whole, fraction = ''] = found;
  // Amounts have nine digits at most; a longer one, in a price, is rounded up as the gate rounds.
  const value = BigInt(whole) * NANOS + BigInt(fraction.padEnd(9, '0').slice(0, 9)) + (/[1-9]/.test(fraction.slice(9)) ? 1n : 0n);
  return sign ? -value : value;
}

/** Nano-USD as a decimal string with two digits at least. */
export function decimal(value) {
  const size = value < 0n ? -value : value;
  const fraction = String(size % NANOS)
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${value < 0n ? '-' : ''}${size / NANOS}.${fraction}`;
}

/** `$1,234.5678`, exact. Takes a decimal string or nano-USD. */
export function money(amount) {
  if (amount === null || amount === undefined) return '–';
  const text = typeof amount === 'bigint' ? decimal(amount) : decimal(nanos(amount));
  const [, sign, whole, fraction] = /^(-?)(\d+)\.(\d+)$/.exec(text);
  return `${sign ? '−' : ''}$${grouped(whole)}.${fraction}`;
}

/** The same as an element: what is smaller than a cent steps back, and in a column the points stand below one another. */
export function amount(value, { column = false } = {}) {
  if (value === null || value === undefined) return h('span', { class: 'soft' }, '–');
  const text = money(value);
  const point = text.indexOf('.');
  const small = text.slice(point + 3);
  return h(
    'span',
    { class: column ? 'amount in-column' : 'amount' },
    text.slice(0, point + 3),
    (small || column) && h('span', { class: 'small-change' }, small),
  );
}

/** `$12`, `$0.50`, `$0.0004`: for the marks of an axis. */
export function shortMoney(value) {
  const text = money(value);
  return text.endsWith('.00') ? text.slice(0, -3) : text;
}

/** `12,345`. */
export function count(number) {
  return number === null || number === undefined ? '–' : grouped(String(number));
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A part of 1 as `82.5 %`. */
export function percent(part) {
  return part === null || part === undefined ? '–' : `${Number((part * 100).toFixed(2))} %`;
}

export function sum(amounts) {
  return amounts.reduce((total, one) => total + nanos(one), 0n);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-11-21` as `21 Nov`, with the year where asked. */
export function day(text, { year = false } = {}) {
  const [y, m, d] = text.split('-').map(Number);
  return `${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ''}`;
}

/** `2026-11` as `November`'s short name and year. */
export function month(text) {
  const [y, m] = text.split('-').map(Number);
  return `${MONTHS[m - 1]} ${y}`;
}

/** A moment in UTC, as the windows of the limits are: `21 Nov 2026, 14:03:22`. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text ?? '–');
  const iso = at.toISOString();
  return `${day(iso.slice(0, 10), { year: true })}, ${iso.slice(11, 19)}`;
}

/** How long ago, in one word and number: `40 s`, `12 min`, `3 h`, `9 d`. */
export function ago(text, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(text).getTime()) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A moment as an element that machines read too. */
export function time(text) {
  return text ? h('time', { datetime: text, class: 'figure' }, moment(text)) : h('span', { class: 'soft' }, '–');
}

/** The day of a moment, or the one so many days before it, as `2026-11-21`. */
export function isoDay(at = Date.now(), before = 0) {
  return new Date(at - before * 86_400_000).toISOString().slice(0, 10);
}

/** `dead_letters` as `dead letters`. */
export const words = (name) => String(name).replaceAll('_', ' ');
