// A gate for the console's tests, in one file and one of data: the routes that the console asks, answered as the contract
// says, at the size that the console has to bear. It notes every call, and how many ran at once.
import { readFile } from 'node:fs/promises';
import { FakeServer } from './fake-server.mjs';
import { invalid, merge, missing, notYours, readJson, refuse, send } from './fake-console-answers.mjs';
import * as data from './fake-console-data.mjs';

export { ADMIN_KEY, OWN, SECRET_KEY } from './fake-console-data.mjs';

const WIDGET = new URL('../../widget/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
// As the site component sends it; its own tests hold it to that.
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DEFAULTS = {
  tenants: 10_000,
  sessions: 3_000,
  dead: 7,
  eventsDead: 4,
  empty: false,
  delayMs: 0, // before every answer
  refuse: {}, // by route, such as 'GET /v1/usage': {status, error, retryAfter}
  replay: { status: 'done', reason: null },
  mute: false, // takes calls and never answers
};

/** Pattern and handler; the first that fits. A handler gets (query, words of the path, body) and gives [status, body]. */
const ROUTES = [
  ['GET /v1/usage/days', 'days'],
  ['GET /v1/usage', 'usage'],
  ['GET /v1/snapshot', 'snapshot'],
  ['GET /metrics', 'metrics'],
  ['GET /v1/vendors', 'vendors'],
  ['GET /v1/router/health', 'health'],
  ['GET /v1/tenants', 'tenants'],
  ['GET /v1/tenants/*', 'tenant'],
  ['PATCH /v1/tenants/*', 'patch'],
  ['GET /v1/tenants/*/keys', 'keys'],
  ['DELETE /v1/tenants/*/keys/*', 'done'],
  ['GET /v1/tenants/*/vendors/*', 'binding'],
  ['GET /v1/sessions', 'sessions'],
  ['DELETE /v1/sessions/*', 'end'],
  ['GET /v1/webhooks/dead-letters', 'dead'],
  ['POST /v1/webhooks/events/*/replay', 'replay'],
  ['GET /v1/events/dead-letters', 'eventsDead'],
  ['POST /v1/events/dead-letters/*/redeliver', 'redeliver'],
  ['GET /v1/audit/entries', 'entries'],
].map(([name, handler]) => ({ name, handler, pattern: new RegExp(`^${name.replaceAll('*', '([^/]+)')}$`) }));

export class FakeConsole extends FakeServer {
  async start() {
    await super.start();
    this.reset();
    return this;
  }

  /** Forgets what happened and behaves as `options` say from now on. */
  reset(options = {}) {
    this.is = { ...DEFAULTS, ...options };
    this.calls = [];
    this.running = {};
    this.most = {};
    this.tenants = data.tenants(this.is.tenants);
    this.places = new Map(this.tenants.map(({ id }, place) => [id, place]));
    this.sessions = data.sessions(this.is.sessions, this.tenants);
    this.dead = data.deadLetters(this.is.dead, this.tenants);
  }

  /** The calls of one route, `GET /v1/usage` say. */
  of(name) {
    return this.calls.filter((call) => call.name === name);
  }

  async answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.origin);
    if (!pathname.startsWith('/v1/') && pathname !== '/metrics') return this.#file(pathname, response);
    const asked = `${request.method} ${pathname}`;
    const route = ROUTES.find(({ pattern }) => pattern.test(asked));
    const name = route?.name ?? asked;
    const call = {
      name,
      path: pathname,
      url: request.url,
      query: Object.fromEntries(searchParams),
      bearer: request.headers.authorization?.slice(7),
      aborted: false,
    };
    this.calls.push(call);
    this.#count(name, response, call);
    call.body = await readJson(request);
    if (this.is.mute) return undefined;
    if (this.is.delayMs) await new Promise((resolve) => setTimeout(resolve, this.is.delayMs));
    const refused = this.is.refuse[name];
    if (refused) return refuse(response, refused);
    const who = { [data.ADMIN_KEY]: 'operator', [data.SECRET_KEY]: data.OWN }[call.bearer];
    if (!who)
      return refuse(response, { status: 401, error: { type: 'unauthenticated', code: 'unknown_key', message: 'The key is unknown.' } });
    if (!route) return refuse(response, { status: 404, error: { type: 'not_found', message: 'There is nothing at this path.' } });
    const words = route.pattern.exec(asked).slice(1).map(decodeURIComponent);
    const [status, body] = this[`_${route.handler}`]({ query: call.query, words, body: call.body, who, operator: who === 'operator' });
    return send(response, status, body);
  }

  #count(name, response, call) {
    this.running[name] = (this.running[name] ?? 0) + 1;
    this.most[name] = Math.max(this.most[name] ?? 0, this.running[name]);
    response.on('close', () => {
      this.running[name] -= 1;
      call.aborted = !response.writableFinished;
    });
  }

  async #file(pathname, response) {
    const name = /^\/console\/?$/.test(pathname) ? 'console/index.html' : pathname.slice(1);
    const headers = { 'content-type': TYPES[name.split('.').pop()] ?? 'text/plain', 'cache-control': 'no-cache' };
    if (name.endsWith('.html')) headers['content-security-policy'] = POLICY;
    try {
      const bytes = await readFile(new URL(name, WIDGET));
      response.writeHead(200, headers);
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  _days({ query, who, operator }) {
    const tenant = operator ? (query.tenant ?? null) : who;
    const to = query.to ?? data.isoDay(data.NOW);
    const from = query.from ?? data.isoDay(data.NOW - 29 * 86_400_000);
    return [200, { tenant_id: tenant, from, to, days: data.days(from, to, tenant ? 1 : 900, this.is.empty) }];
  }

  _usage({ query, who, operator }) {
    const id = operator ? query.tenant : who;
    if (id === undefined) return invalid('tenant');
    return this.places.has(id) ? [200, data.usage(this.#tenant(id), this.places.get(id))] : missing();
  }

  _snapshot({ operator }) {
    return operator ? [200, data.snapshot(this.tenants, this.is.empty)] : notYours();
  }

  _metrics({ operator }) {
    return operator ? [200, data.METRICS] : notYours();
  }

  _vendors() {
    return [200, { vendors: data.vendors() }];
  }

  _health({ query, operator }) {
    if (this.is.empty)
      return [
        200,
        operator && !query.tenant
          ? { status: 'ok', tenants: [] }
          : { ...data.health(), decisions: 0, candidates: [], success_rate: null, fallback_rate: null },
      ];
    if (!operator || query.tenant) return [200, data.health('degraded')];
    const states = ['ok', 'ok', 'degraded', 'ok', 'failing'];
    return [
      200,
      { status: 'failing', tenants: this.tenants.slice(0, 320).map(({ id }, n) => ({ tenant: id, health: data.health(states[n % 5]) })) },
    ];
  }

  _tenants({ query, operator }) {
    if (!operator) return notYours();
    const from = Number(query.cursor ?? 0);
    // A look at 2,000 of them at most, so that a page may be short, or empty, though there are more.
    const found = [];
    let at = from;
    for (; at < Math.min(this.tenants.length, from + 2_000) && found.length < Number(query.limit ?? 50); at += 1) {
      const one = this.#tenant(this.tenants[at].id);
      const text = `${one.id} ${one.display_name} ${one.company}`.toLowerCase();
      if (!query.q || text.includes(query.q.toLowerCase())) found.push(one);
    }
    return [200, { tenants: found, next_cursor: at < this.tenants.length ? String(at) : null }];
  }

  _tenant({ words: [id], who, operator }) {
    if (!operator && id !== who) return notYours();
    return this.places.has(id) ? [200, this.#tenant(id)] : missing();
  }

  _patch({ words: [id], body, operator }) {
    if (!operator) return notYours();
    const { throttle_at: throttle, text_only_at: text } = { ...this.#tenant(id).ladder, ...body.ladder };
    if (throttle > (text ?? 1)) return invalid('ladder.throttle_at', 'ladder.throttle_at must not be above text_only_at');
    merge(this.#tenant(id), body);
    return [200, this.#tenant(id)];
  }

  _keys({ words: [id] }) {
    return [
      200,
      {
        keys: [
          { id: `key_${id}_1`, kind: 'publishable', revoked: false },
          { id: `key_${id}_2`, kind: 'secret', revoked: false },
          { id: `key_${id}_0`, kind: 'secret', revoked: true },
        ],
      },
    ];
  }

  _binding({ words: [, vendor] }) {
    return vendor === 'tavus'
      ? missing()
      : [
          200,
          {
            mode: vendor === 'openai' ? 'live' : 'mock',
            base_url: vendor === 'cartesia' ? 'http://127.0.0.1:9100/cartesia' : null,
            options: {},
            secret_set: vendor === 'openai',
            webhook_secret_set: false,
          },
        ];
  }

  _sessions({ query, who, operator }) {
    const of = operator ? query.tenant : who;
    const from = Number(query.cursor ?? 0);
    const found = [];
    let at = from;
    for (; at < Math.min(this.sessions.length, from + 2_000) && found.length < Number(query.limit ?? 50); at += 1) {
      const one = this.sessions[at];
      if ((!of || one.tenant_id === of) && (!query.state || query.state === 'all' || one.state === query.state)) found.push(one);
    }
    return [200, { sessions: found, next_cursor: at < this.sessions.length ? String(at) : null }];
  }

  _end({ words: [id] }) {
    const one = this.sessions.find((session) => session.id === id);
    if (one) Object.assign(one, { state: 'ended', end_reason: 'ended' });
    return one ? [204] : missing();
  }

  _done() {
    return [204];
  }

  _dead({ query, operator }) {
    if (!operator) return notYours();
    const from = Number(query.before ?? 0);
    const mine = this.dead.filter(({ tenant }) => !query.tenant || tenant === query.tenant);
    const rows = mine.slice(from, from + Number(query.limit));
    return [200, { dead_letters: rows, next: from + rows.length < mine.length ? from + rows.length : null }];
  }

  _replay({ words: [id], operator }) {
    return operator ? [200, { id, ...this.is.replay }] : notYours();
  }

  _eventsDead({ query, operator }) {
    return operator && !query.tenant ? invalid('tenant') : [200, { dead_letters: data.eventDeadLetters(this.is.eventsDead) }];
  }

  _redeliver({ words: [id] }) {
    return [202, { id }];
  }

  _entries() {
    return [200, { entries: [], next_cursor: null }];
  }

  #tenant(id) {
    return this.tenants[this.places.get(id)];
  }
}
