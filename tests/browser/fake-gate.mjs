// A gate in one file, for the widget's tests: the answers of the HTTP contract, as well-behaved or as nasty as a test asks.
import { readFile } from 'node:fs/promises';
import { FakeServer } from './fake-server.mjs';

const WIDGET = new URL('../../widget/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
const PAGES = { '/': 'index.html', '/demo/shop': 'demo/shop.html', '/demo/portal': 'demo/portal.html' };
// As the site component sends it; with a director it may be connected to as well.
const POLICY = "default-src 'self'; connect-src 'self'; img-src 'self' data:; "
  + "frame-src https: http://127.0.0.1:*; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

// What `/bare` sends: nothing from elsewhere, and no frames. Its gate is its own origin.
export const STRICT = "default-src 'self'; connect-src 'self'";

// 20 ms of silence each. MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono; and 16 kHz in 16 bits.
const SILENCE = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)]);
const SAMPLES = Buffer.alloc(640);

const DEFAULTS = {
  minimumAge: null, consent: false, capabilities: ['chat', 'speech', 'video'], mode: 'full', tickSeconds: 15, disclosure: undefined,
  answer: 'The ebb turns at **nine** — the <b>Kittiwake</b> wins. ⛵',
  chop: null, // bytes per write of a stream; null writes event by event
  pauseMs: 0, // between writes
  cutOff: false, // the stream breaks without [DONE]
  refuse: {}, // by route name: {status, error, retryAfter}
  tick: {}, // what a tick answers beyond the usual
  audio: 'pcm', audioFrames: 40, joinUrl: null, key: 'tg_pk_demo', ageGate: null,
  director: null, // where the demo's director is
  page: '', html: 'lang="en"', policy: STRICT, // of `/bare`: more attributes of the widget and of the page
};

export class FakeGate extends FakeServer {
  async start() {
    await super.start();
    this.reset();
    return this;
  }

  /** Forgets what happened and behaves as `options` say from now on. */
  reset(options = {}) {
    this.is = { ...DEFAULTS, ...options };
    this.run = (this.run ?? 0) + 1;
    this.calls = [];
    this.spent = 0n;
    this.count = 0;
  }

  of(route) {
    return this.calls.filter((call) => call.route === route);
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (!pathname.startsWith('/v1/')) return this.#file(pathname, response);
    const origin = request.headers.origin;
    if (origin) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', 'X-Limit-Check-Id, X-Request-Id, X-Tollgate-Mode, X-Tollgate-Provider, Retry-After');
    }
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'access-control-allow-methods': 'GET, POST, DELETE', 'access-control-allow-headers': 'authorization, content-type, idempotency-key' });
      return response.end();
    }
    const body = await readJson(request);
    const route = routeOf(request.method, pathname);
    const call = { route, path: pathname, body, bearer: request.headers.authorization?.slice(7), key: request.headers['idempotency-key'], aborted: false };
    // A page of an earlier test may still be saying goodbye.
    if (call.bearer?.startsWith('token-') && !call.bearer.startsWith(`token-${this.run}-`) && route === 'end') return this._end(response);
    this.calls.push(call);
    response.on('close', () => { call.aborted = !response.writableFinished; });
    const refused = this.is.refuse[route];
    if (refused) return this.#refuse(response, refused);
    if (route !== 'session' && call.bearer !== this.token) return this.#refuse(response, { status: 401, error: { type: 'unauthenticated' } });
    return this[`_${route}`](response, body);
  }

  async #file(pathname, response) {
    if (pathname === '/site.json') return json(response, 200, { publishable_key: this.is.key, age_gate: this.is.ageGate, director: this.is.director });
    if (pathname.startsWith('/room/')) {
      response.writeHead(200, { 'content-type': TYPES.html });
      return response.end('<!doctype html><title>room</title><p>Room</p>');
    }
    if (pathname === '/bare') {
      response.writeHead(200, { 'content-type': TYPES.html, 'content-security-policy': this.is.policy });
      return response.end(this.#bare());
    }
    const name = PAGES[pathname] ?? pathname.replace(/^\/widget\//, '');
    const headers = { 'content-type': TYPES[name.split('.').pop()] ?? 'text/plain' };
    if (name.endsWith('.html')) headers['content-security-policy'] = this.is.director ? POLICY.replace("connect-src 'self'", `connect-src 'self' ${this.is.director}`) : POLICY;
    if (name.endsWith('.js')) headers['access-control-allow-origin'] = '*';
    try {
      const bytes = await readFile(new URL(name, WIDGET));
      response.writeHead(200, headers);
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  #bare() {
    const { html, page, key } = this.is;
    return `<!doctype html><html ${html}><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bare</title>
      <link rel="icon" href="/widget/art/icon.svg"><script type="module" src="/widget/tollgate-widget.js"></script>
      <main><h1>A page</h1><twin-widget ${key ? `tenant-key="${key}"` : ''} channel="landing" name="Juna Halvard" portrait="/widget/art/portrait.svg"
      greeting="Evening from the breakwater." prompts="How does a sprint work?|Who wins?" instructions="Be brief." ${page}></twin-widget></main>`;
  }

  _session(response, body) {
    const { minimumAge, consent } = this.is;
    const forbidden = (code, more = {}) => this.#refuse(response, { status: 403, error: { type: 'forbidden', code, message: code, ...more } });
    if (minimumAge && (body.age_attested ?? 0) < minimumAge) return forbidden('age_required', { minimum_age: minimumAge });
    if (consent && body.consent !== true) return forbidden('consent_required', { param: 'consent' });
    this.token = `token-${this.run}-${(this.count += 1)}`;
    return json(response, 201, {
      id: `ses_${this.count}`, token: this.token, tenant_id: 'juna', mode: this.is.mode,
      capabilities: this.is.capabilities, tick_seconds: this.is.tickSeconds, expires_at: '2099-01-01T00:00:00Z',
      disclosure: this.is.disclosure,
    });
  }

  _tick(response) {
    const left = 25_000_000_000n - this.spent;
    const usd = `${left / 1_000_000_000n}.${String(left % 1_000_000_000n).padStart(9, '0')}`;
    return json(response, 200, {
      decision: 'allow', limit_check_id: `lc_${(this.count += 1)}`, mode: 'full', next_tick_s: this.is.tickSeconds,
      remaining: { cost_usd: usd, seconds: 3540 }, ...this.is.tick,
    });
  }

  async _chat(response) {
    this.spent += 1_250_000n;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-limit-check-id': `lc_${(this.count += 1)}`, 'x-tollgate-mode': this.is.mode });
    const events = this.is.answer.split(/(?<= )/).map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    events.splice(1, 0, ': a comment\r\n\r\n');
    if (this.is.errorEvent) events.push(`data: ${JSON.stringify({ error: this.is.errorEvent })}\n\n`);
    else if (!this.is.cutOff) events.push('data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9}}\r\n\r\n', 'data: [DONE]\n\n');
    const pieces = this.is.chop ? chop(Buffer.from(events.join('')), this.is.chop) : events;
    for (const piece of pieces) {
      if (response.destroyed) return;
      response.write(piece);
      await new Promise((resolve) => (this.is.pauseMs ? setTimeout(resolve, this.is.pauseMs) : setImmediate(resolve)));
    }
    if (!this.is.cutOff) return response.end();
    await new Promise((resolve) => setTimeout(resolve, 150)); // what was written still arrives
    return response.destroy();
  }

  async _speech(response, { format }) {
    if (this.is.audio === 'mp3' && format !== 'mp3') return this.#refuse(response, { status: 400, error: { type: 'invalid_request', param: 'format' } });
    this.spent += 3_000_000n;
    response.writeHead(200, { 'content-type': this.is.audio === 'pcm' ? 'audio/pcm' : 'audio/mpeg', 'x-limit-check-id': 'lc_voice' });
    const frame = { pcm: SAMPLES, mp3: SILENCE }[this.is.audio] ?? Buffer.from('this is no sound at all. ');
    for (const piece of chop(Buffer.concat(Array(this.is.audioFrames).fill(frame)), 1_701)) {
      if (response.destroyed) return;
      response.write(piece);
      if (this.is.pauseMs) await new Promise((resolve) => setTimeout(resolve, this.is.pauseMs));
    }
    response.end();
  }

  _video(response) {
    const join = this.is.joinUrl ?? `${this.origin}/room/1`;
    return json(response, 201, { id: 'vid_1', provider: 'fake', join_url: join, limit_check_id: 'lc_video' });
  }

  _end(response) {
    return response.writeHead(204).end();
  }
  _hush(response) {
    return response.writeHead(204).end();
  }
  _leave(response) {
    return response.writeHead(204).end();
  }

  #refuse(response, { status, error = {}, retryAfter = null }) {
    if (retryAfter !== null) response.setHeader('retry-after', String(retryAfter));
    return json(response, status, { error: { code: null, message: 'refused', param: null, request_id: 'req_1', ...error } });
  }
}

function routeOf(method, path) {
  const table = [['POST', /^\/v1\/sessions$/, 'session'], ['POST', /^\/v1\/sessions\/[^/]+\/ticks$/, 'tick'],
    ['DELETE', /^\/v1\/sessions\/[^/]+$/, 'end'], ['POST', /^\/v1\/chat\/completions$/, 'chat'], ['POST', /^\/v1\/speech$/, 'speech'],
    ['DELETE', /^\/v1\/speech\/[^/]+$/, 'hush'], ['POST', /^\/v1\/video\/sessions$/, 'video'], ['DELETE', /^\/v1\/video\/sessions\/[^/]+$/, 'leave']];
  const found = table.find(([verb, shape]) => verb === method && shape.test(path));
  if (!found) throw new Error(`the contract has no ${method} ${path}`);
  return found[2];
}

function chop(bytes, size) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

async function readJson(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? null : JSON.parse(text);
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}
