// The first page. For the operator: what the deployment spent and turned away, its state and what is risky about it. For a
// tenant: its own spending, and how near its cap is.
import { at, isAbort } from '../api.js';
import { fill, h } from '../dom.js';
import { failureNotice } from '../failure.js';
import { amount, count, moment, percent, words } from '../format.js';
import { live } from '../parts/live.js';
import { figure, showSpending, spanChoice, spanOf } from '../parts/spending.js';
import { table } from '../parts/table.js';
import { address } from '../router.js';

export const title = 'Overview';

const FLAGS = {
  R1: 'Routing fails, or takes longer than half a second',
  R2: 'No snapshot in the last 26 hours',
  R3: 'No fresh check says that the age gate and certificates hold',
  R4: 'Fewer workflows verified than defined, or than 25',
  R5: 'The infrastructure has drifted, or nobody has looked',
  breakers_open: 'A vendor keeps failing and isn’t called',
  checks_failing: 'A check fails',
  dead_letters: 'Webhooks were given up',
  held_overdue: 'A settlement is overdue',
};
const LEADS_TO = { breakers_open: ['vendors'], R1: ['vendors'], dead_letters: ['webhooks'] };

export async function show(root, context, { query }) {
  const { who } = context;
  const span = spanOf(query);
  const spending = h('div', { class: 'spending' });
  const state = h('div', { class: 'state' });
  const own = who.role === 'tenant';
  fill(
    root,
    own && state,
    h(
      'div',
      { class: 'bar' },
      spanChoice(span, (days) => address(['overview'], { days })),
    ),
    spending,
    !own && state,
  );
  const asked = own ? showLive(state, context) : showState(state, context);
  await Promise.all([showSpending(spending, context, { tenant: null, span }), asked]);
}

async function showLive(root, context) {
  const id = context.who.tenant;
  const record = await context.api.get(at`/v1/tenants/${id}`, { signal: context.signal });
  await live(root, context, id, () => record);
}

async function showState(root, context) {
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'State' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'State')),
      h('p', { class: 'wait' }, 'Asking the gate …'),
    ),
  );
  try {
    draw(root, await context.api.get('/v1/snapshot', { signal: context.signal }));
  } catch (error) {
    if (isAbort(error)) throw error;
    fill(
      root,
      failureNotice(error, () => showState(root, context).catch(() => {})),
    );
  }
}

function draw(root, { tollgate, risk_flags: flags, models, orchestration, timestamp_utc: when }) {
  fill(
    root,
    h(
      'section',
      { class: 'panel', 'aria-label': 'State' },
      h(
        'div',
        { class: 'panel-head' },
        h('h2', {}, 'State'),
        h('p', { class: 'soft' }, `${moment(when)} UTC${tollgate.version ? `, Tollgate ${tollgate.version}` : ''}`),
      ),
      h(
        'dl',
        { class: 'figures' },
        figure('Tenants', count(tollgate.tenants)),
        figure('Twins', count(tollgate.twins)),
        figure('Sessions', count(tollgate.sessions)),
        figure('Open permits', count(tollgate.permits)),
        figure('Held by them', amount(tollgate.held_usd)),
        figure('Settled ever', amount(tollgate.settled_usd)),
        figure('Entries in the log', count(tollgate.log?.tree_size)),
      ),
    ),
    h('div', { class: 'columns' }, risks(flags), checks(tollgate.checks ?? {}, orchestration)),
    vendors(models),
  );
}

function risks(flags) {
  const rows = flags.map((flag) =>
    h(
      'li',
      {},
      h('span', { class: 'tag is-warn' }, flag),
      ' ',
      LEADS_TO[flag] ? h('a', { href: address(LEADS_TO[flag]) }, FLAGS[flag]) : (FLAGS[flag] ?? words(flag)),
    ),
  );
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Risks' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'Risks')),
    flags.length ? h('ul', { class: 'plain-list' }, rows) : h('p', { class: 'empty' }, 'None that the gate knows of.'),
  );
}

function checks(found, { runs_ok: ok, runs_fail: failed }) {
  const kinds = { pass: 'is-good', fail: 'is-bad', unknown: '' };
  const rows = Object.entries(found).map(([name, status]) =>
    h(
      'li',
      {},
      h('span', { class: `tag ${kinds[status] ?? ''}` }, { pass: 'passes', fail: 'fails' }[status] ?? 'unknown'),
      ' ',
      words(name),
    ),
  );
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Checks and runs' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'Checks and runs')),
    rows.length ? h('ul', { class: 'plain-list' }, rows) : h('p', { class: 'soft' }, 'No check has reported.'),
    h('p', { class: 'after' }, `Runs: ${count(ok)} went well, ${count(failed)} failed.`),
  );
}

function vendors(models) {
  const rows = Object.entries(models)
    .filter(([, { calls }]) => calls)
    .sort(([, a], [, b]) => (b.calls ?? 0) - (a.calls ?? 0));
  const columns = [
    { head: 'Family', kind: 'main', cell: ([name]) => name },
    { head: 'Calls', kind: 'num', cell: ([, is]) => count(is.calls) },
    { head: 'Share', kind: 'num', cell: ([, is]) => percent(is.share) },
    { head: 'Failed', kind: 'num', cell: ([, is]) => h('span', { class: is.fail ? 'is-bad' : null }, count(is.fail)) },
    { head: 'Mean', kind: 'num', cell: ([, is]) => milliseconds(is.mean_ms) },
    { head: '95 % within', kind: 'num', cell: ([, is]) => milliseconds(is.p95_ms) },
  ];
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Models' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'Models, as the router saw them last')),
    rows.length ? table('Models', columns, rows).element : h('p', { class: 'empty' }, 'No call was routed lately.'),
  );
}

const milliseconds = (ms) => (ms === null || ms === undefined ? '–' : `${count(ms)} ms`);
