// The days of a tenant, or of the deployment, as charts: money by day and capability, its sums, and what was turned away.
// Overview and usage show the same things of different callers.
import { isAbort } from '../api.js';
import { fill, h } from '../dom.js';
import { failureNotice } from '../failure.js';
import { amount, count, day, isoDay, money, nanos, shortMoney, sum, words } from '../format.js';
import { DayChart } from './chart.js';
import { ranks } from './ranks.js';

export const SPANS = [7, 30, 90];
const KNOWN = ['chat', 'speech', 'video', 'context', 'jobs'];

const ink = (name) => (KNOWN.includes(name) ? `ink-${name}` : 'ink-other');

/** Capabilities that occur, those known first and always in the same order, so that a colour keeps its place. */
function capabilities(days) {
  const seen = new Set(days.flatMap(({ by_capability: parts }) => Object.keys(parts)));
  return [...KNOWN.filter((name) => seen.has(name)), ...[...seen].filter((name) => !KNOWN.includes(name)).sort()];
}

/** How many days the address asks for. */
export function spanOf(query) {
  const asked = Number(query.get('days'));
  return SPANS.includes(asked) ? asked : 30;
}

/** The choice of the span, as links: one can go back, and send the address to somebody. */
export function spanChoice(span, link) {
  return h(
    'nav',
    { class: 'choice', 'aria-label': 'Span of days' },
    SPANS.map((days) => h('a', { href: link(days), 'aria-current': days === span ? 'true' : null }, `${days} days`)),
  );
}

/** Asks for the days and shows them. `tenant` null: the deployment, or the caller's own. Answers with the days. */
export async function showSpending(root, { api, signal }, { tenant, span }) {
  fill(root, h('div', { class: 'spending-wait' }, h('p', { class: 'wait' }, 'Adding up the days …')));
  try {
    // Today is the gate's to say; the browser's clock only says how far back.
    const query = span === 30 ? { tenant } : { tenant, from: isoDay(Date.now(), span - 1), to: isoDay() };
    const { days } = await api.get('/v1/usage/days', { query, signal });
    draw(root, days, signal);
    return days;
  } catch (error) {
    if (isAbort(error)) throw error;
    fill(
      root,
      failureNotice(error, () => showSpending(root, { api, signal }, { tenant, span }).catch(() => {})),
    );
    return null;
  }
}

function draw(root, days, signal) {
  const names = capabilities(days);
  const series = names.map((name) => ({
    name,
    ink: ink(name),
    values: days.map(({ by_capability: parts }) => nanos(parts[name]?.cost_usd ?? '0')),
  }));
  const dates = days.map((one) => one.day);
  const total = sum(days.map((one) => one.cost_usd));
  const entries = days.reduce((all, one) => all + one.entries, 0);
  const span = dates.length ? `${day(dates[0])} to ${day(dates.at(-1), { year: true })}, UTC` : '';
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'Spending by day' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'Spending by day'), h('p', { class: 'soft' }, span)),
      h(
        'dl',
        { class: 'figures' },
        figure('In these days', amount(total), true),
        figure('Today', amount(days.at(-1)?.cost_usd)),
        figure('Entries', count(entries)),
        figure('Turned away', count(turnedAway(days))),
      ),
      entries === 0
        ? h('p', { class: 'empty chart-empty' }, 'Nothing was spent in these days.')
        : new DayChart({ label: 'Spending by day', days: dates, series, format: money, short: shortMoney, least: 10_000n, signal }).element,
    ),
    h('div', { class: 'columns' }, byCapability(days, names, total), denials(days)),
  );
}

export function figure(word, value, total = false) {
  return h('div', { class: total ? 'is-total' : null }, h('dt', {}, word), h('dd', {}, value));
}

const turnedAway = (days) => days.reduce((all, { denials: of }) => all + Object.values(of ?? {}).reduce((a, b) => a + b, 0), 0);

function byCapability(days, names, total) {
  const rows = names
    .map((name) => {
      const cost = sum(days.map(({ by_capability: parts }) => parts[name]?.cost_usd ?? '0'));
      const entries = days.reduce((all, { by_capability: parts }) => all + (parts[name]?.entries ?? 0), 0);
      return { name, ink: ink(name), size: cost, cells: [count(entries), amount(cost, { column: true })] };
    })
    .sort((a, b) => (a.size < b.size ? 1 : -1));
  const all = rows.length > 0 && [count(days.reduce((sofar, one) => sofar + one.entries, 0)), amount(total, { column: true })];
  return h(
    'section',
    { class: 'panel', 'aria-label': 'By capability' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'By capability')),
    rows.length
      ? ranks('Spending by capability', 'Capability', ['Entries', 'Cost'], rows, all || null)
      : h('p', { class: 'empty' }, 'No entries.'),
  );
}

function denials(days) {
  const reasons = new Map();
  for (const { denials: of } of days)
    for (const [reason, times] of Object.entries(of ?? {})) reasons.set(reason, (reasons.get(reason) ?? 0) + times);
  const rows = [...reasons]
    .sort((a, b) => b[1] - a[1])
    .map(([reason, times]) => ({ name: reasonInWords(reason), ink: 'ink-denied', size: BigInt(times), cells: [count(times)] }));
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Denials by reason' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'Turned away, by reason')),
    rows.length
      ? ranks('Denials by reason', 'Reason', ['Times'], rows, [count(turnedAway(days))])
      : h('p', { class: 'empty' }, 'Nobody was turned away.'),
  );
}

const REASONS = {
  monthly_cap: 'Month’s cap reached',
  company_monthly_cap: 'Company’s month cap reached',
  session_cap: 'Session’s cap reached',
  text_only: 'Text only, near the cap',
  burst: 'Too many at once',
  company_burst: 'Too many at once, company',
  requests_per_minute: 'Too many in a minute',
  capability_disabled: 'Capability not enabled',
  tenant_gone: 'Tenant deleted',
  consent_revoked: 'Consent revoked',
  twin_retired: 'Twin retired',
  unpriced: 'No price known',
  invalid_request: 'Malformed',
  conflict: 'Conflict',
};

/** A denial's code as people say it; `daily_seconds` and its like by their unit. */
export function reasonInWords(code) {
  const found = /^(company_daily|daily|session)_(.+)$/.exec(code);
  if (REASONS[code] || !found) return REASONS[code] ?? words(code);
  const whose = { company_daily: 'Company’s day cap', daily: 'Day’s cap', session: 'Session’s cap' }[found[1]];
  return `${whose}: ${words(found[2])}`;
}
