// A tenant's limits and how far they are used, as gauges that follow the gate: month's money with the ladder's marks, the
// day's units, calls under way; of the company too, where it has caps.
import { fill, h } from '../dom.js';
import { explain } from '../failure.js';
import { amount, count, day, money, month, nanos, percent, words } from '../format.js';
import { repeat } from '../poll.js';
import { Gauge } from './gauge.js';

const EVERY_MS = 5_000;

/** Shows them in `root` until the view is left; resolves once they were asked for. `record()` gives the tenant as it is known now, for the marks. */
export function live(root, context, id, record) {
  const gauges = new Map();
  const standing = h('p', { class: 'standing' }, h('span', { class: 'wait' }, 'Asking the gate …'));
  const fresh = h('p', { class: 'soft fresh' });
  const rows = h('div', { class: 'gauges' });
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'Live usage' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'Live usage'), fresh),
      standing,
      rows,
    ),
  );
  const query = { tenant: context.who.role === 'operator' ? id : null };
  const round = async (signal) => {
    const usage = await context.api.get('/v1/usage', { query, signal });
    draw(usage, record());
    fill(fresh, `As of ${usage.at.slice(11, 19)} UTC`);
    fresh.classList.remove('is-bad');
  };
  let shown = () => {};
  const first = new Promise((resolve) => {
    shown = resolve;
  });
  repeat(
    (signal) => round(signal).then(shown),
    EVERY_MS,
    context.signal,
    (error) => {
      fill(fresh, `${explain(error).title}; asked again soon.`);
      fresh.classList.add('is-bad');
      shown();
    },
  );
  return first;

  function draw(usage, tenant) {
    const ladder = tenant.ladder ?? {};
    const own = usage.windows.find(({ scope, unit }) => scope === 'tenant' && unit === 'usd');
    fill(standing, standingOf(own, ladder));
    const wanted = [
      ...usage.windows
        .filter(({ scope, cap }) => scope === 'tenant' || cap !== null)
        .map((one) => ({ key: `${one.scope}-${one.unit}`, ...reading(one, ladder) })),
      { key: 'open', ...places(usage.open) },
    ];
    const keys = wanted.map(({ key }) => key).join();
    if (rows.dataset.keys !== keys) build(wanted, keys);
    for (const { key, ...values } of wanted) gauges.get(key).show(values);
  }

  function build(wanted, keys) {
    gauges.clear();
    for (const { key, label } of wanted) gauges.set(key, new Gauge(label));
    fill(
      rows,
      [...gauges.values()].map(({ element }) => element),
    );
    rows.dataset.keys = keys;
  }
}

/** One window as a gauge shows it. */
function reading(window, ladder) {
  const usd = window.unit === 'usd';
  const size = (value) => (value === null ? null : usd ? nanos(value) : BigInt(value));
  const shown = (value) => (usd ? amount(value) : count(value));
  const said = (value) => (usd ? money(value) : count(value));
  const whose = window.scope === 'company' ? 'Company’s ' : '';
  const span = window.window === 'month' ? month(window.period) : day(window.period);
  const label = usd
    ? `${whose}${whose ? 'money' : 'Money'}, ${span}`
    : `${whose}${whose ? words(window.unit) : capital(words(window.unit))}, ${span}`;
  const marks = usd && window.scope === 'tenant' && window.cap !== null ? marksOf(ladder) : [];
  const figures = [h('b', {}, shown(window.settled)), window.cap === null ? ' used, no cap' : [' of ', shown(window.cap)]];
  const held = size(window.held) > 0n;
  const left = window.cap === null ? '' : `${said(window.remaining)} left${held ? `, ${said(window.held)} held by open calls` : ''}`;
  const note = window.cap === null && held ? `${said(window.held)} held by open calls` : left;
  return {
    label,
    settled: size(window.settled),
    held: size(window.held),
    cap: size(window.cap),
    marks,
    figures,
    note,
    told: `${said(window.settled)} used${window.cap === null ? ', no cap' : ` of ${said(window.cap)}, ${left}`}`,
  };
}

function places({ cap, held }) {
  return {
    label: 'Calls under way',
    settled: BigInt(held),
    cap: cap === null ? null : BigInt(cap),
    figures: [h('b', {}, count(held)), cap === null ? ' now, no cap' : ` of ${count(cap)}`],
    note: '',
    told: `${count(held)} calls under way${cap === null ? ', no cap' : ` of ${count(cap)}`}`,
  };
}

/** The ladder's marks on the bar; where they are near each other, the second word stands lower. */
export function marksOf({ throttle_at: throttle, text_only_at: textOnly }) {
  const near = throttle !== null && throttle !== undefined && textOnly !== null && textOnly !== undefined && textOnly - throttle < 0.45;
  return [
    [throttle, 'throttled'],
    [textOnly, 'text only'],
  ]
    .filter(([at]) => at !== null && at !== undefined)
    .map(([at, word], place) => ({ at, word: `${word} from ${percent(at)}`, lower: near && place === 1 }));
}

/** In words: on which rung of the ladder its visitors are. */
function standingOf({ cap, settled, held }, { throttle_at: throttle, text_only_at: textOnly }) {
  if (cap === null) return ['Full service. ', h('span', { class: 'soft' }, 'The month has no cap.')];
  const used = nanos(settled) + nanos(held);
  const whole = nanos(cap);
  const past = (at) => at !== null && at !== undefined && used * 10_000n >= whole * BigInt(Math.round(at * 10_000));
  if (used >= whole) return h('span', { class: 'tag is-bad' }, 'Denied: the month’s cap is reached');
  if (past(textOnly)) return h('span', { class: 'tag is-warn' }, 'Text only');
  if (past(throttle)) return h('span', { class: 'tag is-warn' }, 'Throttled');
  return h('span', { class: 'tag is-good' }, 'Full service');
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
