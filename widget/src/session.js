// A session with one twin: the only place that holds the token, and it holds it in memory alone.

export class Session {
  #gate;
  #token;

  constructor(gate, opened) {
    this.#gate = gate;
    this.#token = opened.token;
    this.id = opened.id;
    this.mode = opened.mode ?? 'full';
    this.tickSeconds = Number(opened.tick_seconds) > 0 ? Number(opened.tick_seconds) : 15;
    // The gate says what tells a visitor that this is an AI; a gate that says nothing gets the usual words.
    this.disclosure = opened.disclosure === undefined ? 'AI Host' : opened.disclosure;
    this.capabilities = new Set(Array.isArray(opened.capabilities) ? opened.capabilities : ['chat']);
  }

  /**
   * Exchanges the page's publishable key for a session. `consent` and `ageAttested` are what the visitor just said;
   * `page` is the path it is opened on, `link` an address such as `mt-link://shop/...?mode=host`.
   */
  static async open(gate, key, { channel, consent, ageAttested, userToken, page, link, signal }) {
    const body = { channel, consent };
    if (ageAttested) body.age_attested = ageAttested;
    if (userToken) body.user_token = userToken;
    if (page) body.page = page;
    if (link) body.link = link;
    const response = await gate.call('POST', '/v1/sessions', { bearer: key, body, once: true, signal });
    return new Session(gate, await response.json());
  }

  async tick(capability, signal) {
    const path = `/v1/sessions/${encodeURIComponent(this.id)}/ticks`;
    const response = await this.#call('POST', path, { body: { capability }, once: true, signal });
    return response.json();
  }

  chat(model, messages, signal) {
    return this.#call('POST', '/v1/chat/completions', { body: { model, messages, stream: true }, signal, stream: true });
  }

  /** Without a voice, the tenant's own one speaks. */
  speak(text, voice, signal) {
    const body = { text, ...(voice && { voice }), format: 'mp3' };
    return this.#call('POST', '/v1/speech', { body, signal, stream: true });
  }

  hush(limitCheckId) {
    return this.#call('DELETE', `/v1/speech/${encodeURIComponent(limitCheckId)}`, { keepalive: true });
  }

  /** Without a persona, the tenant's own one appears. */
  async openVideo(persona) {
    const response = await this.#call('POST', '/v1/video/sessions', { body: persona ? { persona } : {}, once: true });
    return response.json();
  }

  closeVideo(id) {
    return this.#call('DELETE', `/v1/video/sessions/${encodeURIComponent(id)}`, { keepalive: true });
  }

  /** Ends the session and all it holds at vendors. `keepalive` lets it go out while the page is being closed. */
  end() {
    return this.#call('DELETE', `/v1/sessions/${encodeURIComponent(this.id)}`, { keepalive: true });
  }

  #call(method, path, options) {
    return this.#gate.call(method, path, { bearer: this.#token, ...options });
  }
}
