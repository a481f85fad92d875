// A session with one twin: the only place that holds the token, and it holds it in memory alone.

export class Session {
  #gate;
  #token;
  #path;

  constructor(gate, opened) {
    this.#gate = gate;
    this.#token = opened.token;
    this.#path = `/v1/sessions/${opened.id}`;
    this.mode = opened.mode;
    this.tickSeconds = opened.tick_seconds > 0 ? opened.tick_seconds : 15;
    // The gate says what tells a visitor that this is an AI; a gate that says nothing gets the usual words.
    this.disclosure = opened.disclosure;
    this.capabilities = new Set(opened.capabilities ?? ['chat']);
  }

  /**
   * Exchanges the page's publishable key for a session. `consent` and `ageAttested` are what the visitor just said;
   * `page` is the path it is opened on, `link` an address such as `mt-link://shop/...?mode=host`.
   */
  static async open(gate, bearer, { channel, consent, ageAttested, userToken, page, link, signal }) {
    const body = { channel, consent };
    const more = { age_attested: ageAttested, user_token: userToken, page, link };
    for (const [key, value] of Object.entries(more)) if (value) body[key] = value;
    const response = await gate.call('POST', '/v1/sessions', { bearer, body, signal, once: true });
    return new Session(gate, await response.json());
  }

  async tick(capability) {
    return (await this.#post(`${this.#path}/ticks`, { capability }, { once: true })).json();
  }

  chat(model, messages, signal) {
    return this.#post('/v1/chat/completions', { model, messages, stream: true }, { signal });
  }

  /** Without a voice, the tenant's own one speaks. */
  speak(text, voice, format, signal) {
    return this.#post('/v1/speech', { text, ...(voice && { voice }), format }, { signal });
  }

  hush(limitCheckId) {
    return this.#delete(`/v1/speech/${limitCheckId}`);
  }

  /** Without a persona, the tenant's own one appears. */
  async openVideo(persona) {
    return (await this.#post('/v1/video/sessions', persona ? { persona } : {}, { once: true })).json();
  }

  closeVideo(id) {
    return this.#delete(`/v1/video/sessions/${id}`);
  }

  /** Ends the session and all it holds at vendors. */
  end() {
    return this.#delete(this.#path);
  }

  #post(path, body, options) {
    return this.#gate.call('POST', path, { bearer: this.#token, body, ...options });
  }

  // What is over already, or out of reach, needs no end: missed ticks see to it. `keepalive` lets a goodbye go out while the
  // page is being closed.
  #delete(path) {
    return this.#gate.call('DELETE', path, { bearer: this.#token, keepalive: true }).catch(() => {});
  }
}
