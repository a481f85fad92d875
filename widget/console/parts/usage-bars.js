// Small gauges in a long table: a row that has been in view for a moment asks for its usage, three rows at once do, and a
// row that leaves takes its question back. What is known stays good for a while.
import { h } from '../dom.js';
import { isAbort } from '../api.js';
import { amount, money, nanos } from '../format.js';
import { Pool } from '../pool.js';
import { Gauge } from './gauge.js';
import { marksOf } from './live.js';

const AT_ONCE = 3;
const REST_MS = 200;
const FRESH_MS = 20_000;

export class UsageBars {
  #context;
  #pool = new Pool(AT_ONCE);
  #known = new Map();
  #cells = new WeakMap();
  #asking = new Map();
  #eye;

  constructor(context) {
    this.#context = context;
    this.#eye = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) isIntersecting ? this.#arrive(target) : this.#leave(target);
    });
    context.signal.addEventListener('abort', () => this.#eye.disconnect(), { once: true });
  }

  /** The place for a tenant's gauge. */
  cell(tenant) {
    const gauge = new Gauge(`Month’s money of ${tenant.id}`, { small: true });
    this.#cells.set(tenant, gauge);
    const known = this.#known.get(tenant.id);
    if (known) show(gauge, tenant, known.usage);
    else gauge.show({ settled: 0n, cap: 1n, figures: '…', told: 'not asked yet' });
    return h('div', { class: 'usage-cell' }, gauge.element);
  }

  watch(tr, tenant) {
    tr.tenant = tenant;
    this.#eye.observe(tr);
  }

  forget(tr) {
    this.#eye.unobserve(tr);
    this.#leave(tr);
  }

  #arrive(tr) {
    if (this.#asking.has(tr)) return;
    const over = new AbortController();
    const { signal } = over;
    const round = () =>
      this.#ask(tr.tenant, AbortSignal.any([signal, this.#context.signal]))
        .catch(() => {})
        .finally(() => {
          if (!signal.aborted) over.timer = setTimeout(round, FRESH_MS);
        });
    const known = this.#known.get(tr.tenant.id);
    over.timer = setTimeout(round, known ? Math.max(REST_MS, known.at + FRESH_MS - Date.now()) : REST_MS);
    this.#asking.set(tr, over);
  }

  #leave(tr) {
    const over = this.#asking.get(tr);
    if (!over) return;
    this.#asking.delete(tr);
    clearTimeout(over.timer);
    over.abort();
  }

  async #ask(tenant, signal) {
    if (document.hidden || signal.aborted) return;
    const gauge = this.#cells.get(tenant);
    try {
      const usage = await this.#pool.run(() => this.#context.api.get('/v1/usage', { query: { tenant: tenant.id }, signal }), signal);
      this.#known.set(tenant.id, { at: Date.now(), usage });
      show(gauge, tenant, usage);
    } catch (error) {
      if (!isAbort(error) && !this.#known.has(tenant.id)) gauge.show({ settled: 0n, cap: 1n, figures: 'not known', told: 'not known' });
      throw error;
    }
  }
}

function show(gauge, { ladder }, { windows }) {
  const { settled, held, cap } = windows.find(({ scope, unit }) => scope === 'tenant' && unit === 'usd');
  gauge.show({
    settled: nanos(settled),
    held: nanos(held),
    cap: cap === null ? null : nanos(cap),
    marks: cap === null ? [] : marksOf(ladder ?? {}),
    figures: amount(settled, { column: true }),
    told: `${money(settled)} used${cap === null ? ', no cap' : ` of ${money(cap)}`}`,
  });
}
