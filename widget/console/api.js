// The gate over HTTP: one place that adds the key, limits the wait, and turns every refusal into a GateError.
// The key is in the Authorization header alone, never in an address; nothing here is written to any log.

const WAIT_MS = 15_000;

/** A piece of an address: `at`/v1/tenants/${id}`` with every inserted value escaped. */
export const at = (strings, ...values) => String.raw({ raw: strings }, ...values.map(encodeURIComponent));

/**
 * What went wrong. `kind`: `gate` (it answered, and refused: `status`, `type`, `code`, `param`, `requestId`, `retryAfter` say how),
 * `unreachable` (no answer), `slow` (none in time), `garbled` (an answer that isn't the contract's).
 */
export class GateError extends Error {
  constructor(kind, message, more = {}) {
    super(message);
    this.name = 'GateError';
    Object.assign(this, { kind, status: 0, type: null, code: null, param: null, requestId: null, retryAfter: null }, more);
  }
}

/** Whether somebody left before the answer came: nothing to tell anybody. */
export const isAbort = (error) => error?.name === 'AbortError';

export class Gate {
  #key;
  #watch;

  /** `watch.reached(yes)` hears whether the gate answers; `watch.refused()` that the key is good for nothing. */
  constructor(key, watch = {}) {
    this.#key = key;
    this.#watch = watch;
  }

  /** JSON of `path`. `query`: an object, of which null and '' are left out. `signal` ends the wait. */
  async get(path, options = {}) {
    return parsed(await this.request('GET', path, options));
  }

  /** The text of `path`, of any type. */
  async text(path, options = {}) {
    const response = await this.request('GET', path, options);
    return readInTime(() => response.text());
  }

  /** Bytes of `path`: a tile of the log, say. */
  async bytes(path, options = {}) {
    const response = await this.request('GET', path, options);
    return new Uint8Array(await readInTime(() => response.arrayBuffer()));
  }

  /** Changes something: JSON of the answer, null of one without a body. Never repeated by itself. */
  async send(method, path, body, options = {}) {
    const response = await this.request(method, path, { ...options, body });
    return response.status === 204 || (response.status === 202 && response.headers.get('content-length') === '0') ? null : parsed(response);
  }

  /** The answer itself, once it is known to be a good one. `accept` asks for another type than JSON. */
  async request(method, path, { query, body, accept, signal, waitMs = WAIT_MS } = {}) {
    const limit = AbortSignal.timeout(waitMs);
    const headers = { authorization: `Bearer ${this.#key}`, accept: accept ?? '*/*' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    let response;
    try {
      response = await fetch(path + search(query), {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      });
    } catch (error) {
      throw this.#unanswered(error, signal);
    }
    this.#watch.reached?.(true);
    if (response.ok) return response;
    const refusal = await readRefusal(response);
    if (response.status === 401) this.#watch.refused?.(refusal);
    throw refusal;
  }

  #unanswered(error, signal) {
    if (signal?.aborted) return new DOMException('left', 'AbortError');
    this.#watch.reached?.(false);
    return error?.name === 'TimeoutError'
      ? new GateError('slow', 'The gate did not answer in time.')
      : new GateError('unreachable', 'The gate can’t be reached.');
  }
}

function search(query) {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return pairs.length ? `?${new URLSearchParams(pairs)}` : '';
}

async function parsed(response) {
  const text = await readInTime(() => response.text());
  try {
    return JSON.parse(text);
  } catch {
    throw new GateError('garbled', 'The answer can’t be read.', {
      status: response.status,
      requestId: response.headers.get('x-request-id'),
    });
  }
}

/** A body that breaks off is a gate that can't be reached, unless somebody left. */
async function readInTime(read) {
  try {
    return await read();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw error?.name === 'TimeoutError'
      ? new GateError('slow', 'The gate did not answer in time.')
      : new GateError('unreachable', 'The answer broke off.');
  }
}

async function readRefusal(response) {
  const after = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const more = {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    retryAfter: Number.isFinite(after) ? after : null,
  };
  try {
    const { error } = await response.json();
    return new GateError('gate', String(error.message ?? ''), {
      ...more,
      type: error.type ?? null,
      code: error.code ?? null,
      param: error.param ?? null,
      requestId: error.request_id ?? more.requestId,
    });
  } catch {
    return new GateError('gate', '', more);
  }
}
