// A voice that starts before the last byte has come, and falls silent at once when asked to.
//
// It goes through Web Audio and not through an <audio> element: that would have to load a `blob:`, which a strict policy of
// the page forbids. The gate's `pcm` is the same from every vendor: 16-bit little endian, 16 kHz, mono.

const RATE = 16_000;
// Ahead of the first sound, so that the second piece is there before the first is over.
const LEAD_S = 0.08;
const READY_WITHIN_MS = 3_000;

/** Plays one spoken answer at a time. */
export class Voice {
  #context = null;
  #current = null;

  get speaking() {
    return this.#current !== null;
  }

  /** To be called in a click or key press: only then will a browser make sound later. */
  unlock() {
    this.#context ??= new AudioContext({ sampleRate: RATE });
    this.#context.resume();
  }

  /**
   * Plays what `request(format, signal)` streams; resolves when it has been heard or was interrupted.
   * `hush(limitCheckId)` tells the gate of an interruption.
   */
  async play(request, hush) {
    this.stop();
    const abort = new AbortController();
    const current = { abort, hush, id: null };
    this.#current = current;
    try {
      await this.#ready(); // before the request: what can't be heard must not be paid for
      const response = await inAnyFormat(request, abort.signal);
      current.id = response.headers.get('x-limit-check-id');
      const type = response.headers.get('content-type') ?? '';
      await (/pcm|raw|l16|octet/.test(type) ? this.#stream(response.body, abort.signal) : this.#whole(response, abort.signal));
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      if (this.#current === current) {
        this.#current = null;
        this.#context.suspend(); // a running context keeps a phone's sound hardware awake
      }
    }
  }

  /** Silence now. The gate is told, and stops the vendor: unheard seconds cost as well. */
  stop() {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    current.abort.abort();
    if (current.id) current.hush(current.id);
  }

  // A browser that wants a click first leaves the promise open.
  async #ready() {
    this.unlock();
    await Promise.race([this.#context.resume(), new Promise((resolve) => setTimeout(resolve, READY_WITHIN_MS))]);
    if (this.#context.state !== 'running') throw new Error('no sound');
  }

  async #stream(body, signal) {
    const reader = body.getReader();
    let odd = [];
    let at = 0;
    let last = null;
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) break;
      const bytes = new Uint8Array([...odd, ...value]);
      odd = bytes.slice(bytes.length & ~1);
      // All machines that run browsers are little endian too.
      const samples = Float32Array.from(new Int16Array(bytes.buffer, 0, bytes.length >> 1), (sample) => sample / 32_768);
      if (!samples.length) continue;
      const buffer = this.#context.createBuffer(1, samples.length, RATE);
      buffer.copyToChannel(samples, 0);
      // Right behind the piece before; where that is over already, the line was too slow and there is a pause.
      at = Math.max(at, this.#context.currentTime + LEAD_S);
      last = this.#sound(buffer, at, signal);
      at += buffer.duration;
    }
    if (!last) throw new Error('no sound');
    await last;
  }

  // A vendor of another format: heard once it is there as a whole.
  async #whole(response, signal) {
    const buffer = await this.#context.decodeAudioData(await response.arrayBuffer());
    if (!signal.aborted) await this.#sound(buffer, 0, signal);
  }

  /** Resolves when the piece has been heard, or is not to be. */
  #sound(buffer, at, signal) {
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    return new Promise((resolve) => {
      source.addEventListener('ended', resolve, { once: true });
      signal.addEventListener('abort', () => {
        source.stop();
        resolve();
      }, { once: true });
      source.start(at);
    });
  }
}

async function inAnyFormat(request, signal) {
  try {
    return await request('pcm', signal);
  } catch (error) {
    if (error.status !== 400 || error.param !== 'format') throw error;
    return request('mp3', signal);
  }
}
