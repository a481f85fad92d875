// A demo director in one file: keeps the books of a fake gate, breaks it as the real one does, and answers its pages alone.
import { FakeServer } from './fake-server.mjs';

const ENTRY = { channel: 'landing', unit_type: 'tokens', settlement: 'exact', units_consumed: 34, capability: 'chat', provider: 'openai' };
const SAYS = { mode: 'text', message: 'I am sleeping now' };
// What breaks at the gate, and what the director reports of it.
const DRILLS = {
  flood: { ends: 10, refuse: { status: 429, error: { type: 'burst', code: 'burst', fallback: SAYS }, retryAfter: 1 }, asked: [[200, 'allow', 48], [429, 'burst', 32]] },
  cap: { ends: 60, refuse: { status: 402, error: { type: 'hard_cap', code: 'monthly_cap', fallback: SAYS } }, asked: [[402, 'monthly_cap', 1]] },
  vendor: { ends: 20, vendor: 'openai', asked: [[502, 'overloaded', 10], [502, 'circuit_open', 1]] },
  store: { ends: 10, refuse: { status: 503, error: { type: 'offline', code: 'offline', fallback: { mode: 'offline', message: 'I am sleeping now' } } }, asked: [[503, 'offline', 1]], cost: null },
  webhook: { ends: 0, asked: [[200, 'accepted', 1], [200, 'duplicate', 1], [401, 'bad_signature', 1]] },
};

export class FakeDirector extends FakeServer {
  start(gate) {
    this.gate = gate;
    return super.start();
  }

  /** Whole again, with so many entries in the log. */
  reset(entries = 3) {
    this.running = new Map();
    this.asked = [];
    this.wrong = null;
    this.gone = false;
    this.entries = Array.from({ length: entries }, (_, at) => this.#entry(at));
  }

  /** One more entry, as after an answer. */
  write(provider = 'openai') {
    this.entries.unshift({ ...this.#entry(this.entries.length), provider });
  }

  #entry(at) {
    return { ...ENTRY, limit_check_id: `lc_01M7ZGEH44RHE5PCAG3203${String(at).padStart(4, '0')}`, seq: at + 4, at: new Date(Date.now() - 9_000 + at).toISOString(), cost_nanos: 149_250 };
  }

  answer(request, response) {
    const { origin } = request.headers;
    if (origin !== this.gate.origin) return response.writeHead(403).end();
    response.setHeader('access-control-allow-origin', origin);
    this.asked.push(`${request.method} ${request.url}`);
    const [, , verb, name] = request.url.split('/');
    if (this.gone) return response.writeHead(404).end();
    if (this.wrong && verb === 'break') return json(response, 502, { error: this.wrong });
    if (verb === 'ledger') return json(response, 200, this.#books());
    if (verb === 'mend') return this.#mend(response);
    return json(response, 200, this.#break(name));
  }

  #books() {
    const running = [...this.running].map(([name, ends]) => ({ name, ends_in_s: ends }));
    if (this.running.has('store')) return { offline: 'offline', running };
    const settled = String(0.00014925 * this.entries.length);
    const month = { cap: this.running.has('cap') ? settled : '25.00', settled, held: this.running.has('flood') ? '0.0096' : '0.00' };
    return { month, open: this.running.has('flood') ? 48 : 0, charged: this.entries.length, entries: this.entries.slice(0, 8), running };
  }

  #break(name) {
    const { ends, refuse, asked, vendor = null, cost = '0.00' } = DRILLS[name];
    if (ends) this.running.set(name, ends);
    this.gate.is.refuse = refuse ? { chat: refuse, tick: refuse } : {};
    return { name, ends_in_s: ends, vendor, asked: asked.map(([status, said, count]) => ({ status, said, count })), cost_usd: cost };
  }

  #mend(response) {
    this.running.clear();
    this.gate.is.refuse = {};
    response.writeHead(204).end();
  }
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}
