// Requests to the gate: one place that adds credentials, idempotency keys and time limits, and reads refusals.

const ANSWER_WITHIN_MS = 30_000;

/** A refusal in the gate's own words, or `type: "network"` where there was no answer at all. */
export class GateError extends Error {
  constructor({ status = 0, type = 'network', code = null, message = '', retryAfterS = null, ...rest } = {}) {
    super(message || type);
    this.name = 'GateError';
    Object.assign(this, { status, type, code, retryAfterS });
    this.param = rest.param ?? null;
    this.requestId = rest.request_id ?? null;
    this.limitCheckId = rest.limit_check_id ?? null;
    this.fallback = rest.fallback ?? null;
    this.minimumAge = Number.isInteger(rest.minimum_age) ? rest.minimum_age : null;
  }
}

export class Gate {
  #base;

  constructor(base) {
    this.#base = base.replace(/\/+$/, '');
  }

  /**
   * Sends one request; resolves to the Response of a success, rejects with GateError or AbortError.
   * `once` gives a POST an idempotency key and repeats it once if the network fails: the gate answers the
   * second with the first's result, so nothing is opened or paid twice.
   */
  async call(method, path, { bearer, body, signal, once = false, keepalive = false, stream = false } = {}) {
    const headers = { authorization: `Bearer ${bearer}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST') headers['idempotency-key'] = randomId();
    const init = { method, headers, keepalive, cache: 'no-store', credentials: 'omit', referrerPolicy: 'strict-origin' };
    if (body !== undefined) init.body = JSON.stringify(body);

    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#fetchInTime(path, init, signal, stream);
        if (response.ok) return response;
        throw await refusal(response);
      } catch (error) {
        if (error instanceof GateError && error.type !== 'network') throw error;
        if (signal?.aborted) throw new DOMException('stopped', 'AbortError');
        if (!once || attempt === 2) throw new GateError({ message: 'The connection was lost.' });
      }
    }
  }

  // A stream may last; only its headers must come in time. What ends the wait is the signal that also ends the body.
  async #fetchInTime(path, init, signal, stream) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), stream ? 2 * ANSWER_WITHIN_MS : ANSWER_WITHIN_MS);
    const stop = () => limit.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await fetch(this.#base + path, { ...init, signal: limit.signal });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Turns an answer that is not a success into a GateError, also when a proxy in between wrote it. */
export async function refusal(response) {
  const wait = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const retryAfterS = Number.isFinite(wait) && wait >= 0 ? Math.min(wait, 600) : null;
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Not ours: the status alone has to do.
  }
  return new GateError({ ...error, type: error.type ?? typeOf(response.status), status: response.status, retryAfterS });
}

function typeOf(status) {
  const types = { 401: 'unauthenticated', 402: 'hard_cap', 403: 'forbidden', 429: 'rate_limited', 503: 'offline' };
  return types[status] ?? 'vendor_error';
}

function randomId() {
  // `crypto.randomUUID` is missing on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
