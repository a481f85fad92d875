// A gate with nothing but a log, for the console's log pages: as honest as its entries are, or lying in one way that a test
// names. What it signs is really signed.
import { readFile } from 'node:fs/promises';
import { FakeServer } from './fake-server.mjs';
import { entry, json, keyOf, SmallLog } from './small-log.mjs';

const CONSOLE = new URL('../../widget/console/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
export const POLICY = "default-src 'self'; connect-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
export const ADMIN = 'the-admin-key-of-the-tests';
export const SECRET = 'tg_sk_of_the_tests';

const BEGIN = Date.parse('2026-10-01T00:00:00.123Z');
const EVERY_MS = 10 * 60_000;

/** Entries ten minutes apart: interactions, and among them sessions, a correction, and what an operator did. */
export function entries(count) {
  return Array.from({ length: count }, (_, seq) => {
    const at = new Date(BEGIN + seq * EVERY_MS).toISOString();
    const tenant_id = seq % 4 ? 'demo' : 'harbour';
    const event = { provider: '', unit_type: '', units_consumed: 0n, cost_nanos: 0n, capability: '', channel: '', settlement: '', limit_check_id: `evt_${seq}` };
    if (seq % 50 === 7) return entry(seq, { at, tenant_id, ...event, event_type: 'SESSION_STARTED', capability: '' });
    if (seq % 50 === 9) return entry(seq, { at, tenant_id, ...event, event_type: 'LIMITS_CHANGED', details: { after: '{"daily":"5.00"}', before: '{"daily":"25.00"}' } });
    if (seq % 50 === 11) {
      const details = { corrects: `lc_${seq - 1}`, reason: 'the vendor’s credit <b>note</b>' };
      return entry(seq, { at, tenant_id, event_type: 'CORRECTION', cost_nanos: -5_000_000n, units_consumed: 0n, settlement: 'correction', details });
    }
    const chat = { provider: 'openai', model: 'gpt-4.1-mini', capability: 'chat', unit_type: 'tokens', units_consumed: 812n, cost_nanos: 1_234_567n };
    // One whose cost no double holds.
    return entry(seq, { at, tenant_id, ...(seq % 2 ? chat : {}), ...(seq === 21 && { cost_nanos: 9_007_199_254_740_993n }) });
  });
}

export class LogGate extends FakeServer {
  /**
   * `all`: its entries; `size`: how many of them it has; `seed`: of its key; `scan`: entries one page looks at; `lie`: by the
   * name of a route, what to do with its bytes; `refuse`: by the same, a status; `late`: proofs that aren't there yet.
   */
  reset({ all, size = all.length, seed = 1, scan = 5_000, lie = {}, refuse = {}, late = 0 }) {
    Object.assign(this, { log: new SmallLog(all, keyOf(seed, 'gate.example/log'), size), scan, lie, refuse, late });
    this.calls = [];
    this.note = this.log.checkpoint();
    this.tiles = this.log.tiles();
  }

  of(route) {
    return this.calls.filter((call) => call.route === route);
  }

  async answer(request, response) {
    const url = new URL(request.url, this.origin);
    if (!url.pathname.startsWith('/v1/')) return this.#file(url.pathname, response);
    const key = request.headers.authorization?.slice(7);
    const tenant = { [ADMIN]: null, [SECRET]: 'demo' }[key];
    if (tenant === undefined) return refuse(response, 401, 'unauthenticated');
    const [route, ...rest] = routeOf(url.pathname);
    const call = { route, path: url.pathname, query: Object.fromEntries(url.searchParams), accept: request.headers.accept, tenant };
    this.calls.push(call);
    if (this.refuse[route]) return refuse(response, this.refuse[route], 'refused');
    const answer = this[`_${route}`](call, ...rest.map(decodeURIComponent));
    if (answer === null) return refuse(response, 404, route === 'proof' && this.late >= 0 ? 'not_in_log_yet' : 'not_found');
    const { type = 'application/json', body, headers = {} } = answer;
    const bytes = Buffer.from(body);
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...headers });
    return response.end(this.lie[route]?.(bytes, call) ?? bytes);
  }

  async #file(pathname, response) {
    const name = pathname === '/console' || pathname === '/console/' ? 'index.html' : pathname.replace(/^\/console\//, '');
    try {
      const bytes = await readFile(new URL(name, CONSOLE));
      response.writeHead(200, { 'content-type': TYPES[name.split('.').pop()] ?? 'text/plain', ...(name.endsWith('.html') && { 'content-security-policy': POLICY }) });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  _days({ tenant }) {
    return { body: JSON.stringify({ tenant_id: tenant, from: '2026-11-20', to: '2026-11-20', days: [] }) };
  }

  #mine({ tenant, query }) {
    const of = tenant ?? query.tenant;
    return { of, list: this.log.entries.filter(({ shown }) => !of || shown.tenant_id === of) };
  }

  _list(call) {
    const { query, accept } = call;
    const { of, list } = this.#mine(call);
    const newest = query.order === 'newest';
    const letter = newest ? (of ? 'T' : 'A') : (of ? 't' : 'a');
    const order = newest ? list.toReversed() : list;
    const place = (cursor) => (newest ? order.findIndex(({ shown }) => shown.limit_check_id === cursor.slice(1)) + 1 : Number(cursor.slice(1)));
    let at = query.cursor ? place(query.cursor) : 0;
    const found = [];
    for (const end = Math.min(order.length, at + this.scan); at < end && found.length < Number(query.limit ?? 100); at += 1) {
      if (wanted(order[at].shown, query, of)) found.push(order[at].shown);
    }
    const next = at < order.length ? `${letter}${newest ? order[at - 1].shown.limit_check_id : at}` : null;
    if (accept === 'application/x-ndjson') return { type: accept, body: found.map((one) => `${json(one)}\n`).join(''), headers: { 'x-total-count': String(list.length) } };
    return { body: `{"entries":${json(found)},"next_cursor":${JSON.stringify(next)}}` };
  }

  #find({ tenant }, id) {
    return this.log.entries.find(({ shown }) => shown.limit_check_id === id && (!tenant || shown.tenant_id === tenant));
  }

  _entry(call, id) {
    const found = this.#find(call, id);
    return found ? { body: json(found.shown) } : null;
  }

  _proof(call, id) {
    const found = this.#find(call, id);
    if (!found || (this.late -= 1) >= 0) return null;
    return { type: 'text/plain; charset=utf-8', body: this.log.receipt(found.seq) };
  }

  _key() {
    return { type: 'text/plain', body: `${this.log.key.vkey}\n` };
  }

  _checkpoint() {
    return { type: 'text/plain', body: this.note };
  }

  _tile(call) {
    const bytes = this.tiles.get(call.path.slice('/v1/audit/log/'.length));
    return bytes ? { type: 'application/octet-stream', body: bytes } : null;
  }

  _invoice({ accept, query, tenant }, month) {
    const invoice = { tenant_id: tenant ?? query.tenant, month, status: 'open', currency: 'USD', total_usd: '12.50' };
    return accept === 'text/csv' ? { type: 'text/csv; charset=utf-8', body: `row,tenant_id\r\ntotal,${invoice.tenant_id}\r\n` } : { body: JSON.stringify(invoice) };
  }
}

function wanted(shown, query, of) {
  const kind = /INTERACTION|CORRECTION/.test(shown.event_type) ? 'money' : shown.event_type.startsWith('SESSION_') ? 'session' : 'admin';
  const asked = query.kind ?? (of ? 'money' : 'all');
  const day = (text) => Date.parse(`${text}T00:00:00Z`);
  return (asked === 'all' || asked === kind) && (!query.event_type || query.event_type === shown.event_type) && (!query.capability || query.capability === shown.capability)
    && (!query.provider || query.provider === shown.provider) && (!query.session_id || query.session_id === shown.session_id)
    && (!query.from || Date.parse(shown.at) >= day(query.from)) && (!query.to || Date.parse(shown.at) < day(query.to));
}

function routeOf(path) {
  const table = [[/^\/v1\/usage\/days$/, 'days'], [/^\/v1\/audit\/entries$/, 'list'], [/^\/v1\/audit\/entries\/([^/]+)$/, 'entry'], [/^\/v1\/audit\/entries\/([^/]+)\/proof$/, 'proof'],
    [/^\/v1\/audit\/log\/key$/, 'key'], [/^\/v1\/audit\/log\/checkpoint$/, 'checkpoint'], [/^\/v1\/audit\/log\/tile\/.+$/, 'tile'], [/^\/v1\/audit\/invoices\/([^/]+)$/, 'invoice']];
  for (const [shape, route] of table) {
    const found = shape.exec(path);
    if (found) return [route, ...found.slice(1)];
  }
  throw new Error(`the contract has no ${path}`);
}

function refuse(response, status, code) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { type: status === 404 ? 'not_found' : 'refused', code, message: 'refused', param: null, request_id: 'req_1' } }));
}
