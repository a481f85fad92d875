// Requests to the gate: one place that adds credentials, idempotency keys and time limits, and reads refusals.

const ANSWER_WITHIN_MS = 30_000;

/** A refusal in the gate's own words, or `type: "network"` where there was no answer at all. */
export class GateError extends Error {
  constructor({ message, request_id: requestId, limit_check_id: limitCheckId, minimum_age: minimumAge, ...rest } = {}) {
    super(message);
    Object.assign(this, { status: 0, type: 'network', ...rest, name: 'GateError', requestId, limitCheckId, minimumAge });
  }
}

export class Gate {
  #base;

  constructor(base) {
    this.#base = base.replace(/\/+$/, '');
  }

  /**
   * Sends one request; resolves to the Response of a success, rejects with GateError or AbortError.
   * `once` repeats a request if the network fails: by its idempotency key the gate answers the second with the first's
   * result, so nothing is opened or paid twice.
   */
  async call(method, path, { bearer, body, signal, once, keepalive }) {
    // `crypto.randomUUID` is missing on pages without TLS.
    const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', 'idempotency-key': key };
    const init = { method, headers, keepalive, body: JSON.stringify(body), credentials: 'omit' };
    for (let more = once; ; more = false) {
      try {
        const response = await fetchInTime(this.#base + path, init, signal);
        if (response.ok) return response;
        throw await refusal(response);
      } catch (error) {
        if (error.status) throw error;
        signal?.throwIfAborted();
        if (!more) throw new GateError();
      }
    }
  }
}

// What follows the headers may last, as a stream does. What ends the wait is the signal that also ends the body.
async function fetchInTime(url, init, signal) {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, ANSWER_WITHIN_MS);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    return await fetch(url, { ...init, signal: limit.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Turns an answer that is not a success into a GateError, also when a proxy in between wrote it. */
export async function refusal(response) {
  const { status, headers } = response;
  const wait = Number.parseInt(headers.get('retry-after'), 10);
  const body = await response.json().catch(() => null);
  return new GateError({ type: 'vendor_error', ...body?.error, status, retryAfterS: wait >= 0 ? Math.min(wait, 600) : null });
}
