// The heartbeat of a session: asks the gate for leave to go on, as often as the gate wants to be asked.
//
// Timers of a sleeping tab come late or not at all, so a tick also goes out when the tab is shown or hidden. One tick
// is under way at a time. A tick that got no answer is tried again soon: missing ticks end the session.

const SOONEST_MS = 1_000;
const RETRY_MS = 2_000;
const RETRIES = 2;

export class Ticker {
  #send;
  #wanted;
  #onAnswer;
  #onRefusal;
  #timer = null;
  #busy = false;
  #again = false;
  #stopped = false;
  #last = -Infinity;
  #everyMs;
  #failures = 0;

  /**
   * `send()` makes one tick, `wanted()` says whether the visitor is still there (or a video room is open).
   * `onAnswer(answer)` and `onRefusal(error)` tell how it went.
   */
  constructor({ seconds, send, wanted, onAnswer, onRefusal }) {
    this.#everyMs = seconds * 1_000;
    this.#send = send;
    this.#wanted = wanted;
    this.#onAnswer = onAnswer;
    this.#onRefusal = onRefusal;
    document.addEventListener('visibilitychange', this.#wake);
    globalThis.addEventListener('online', this.#wake);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#wake);
    globalThis.removeEventListener('online', this.#wake);
  }

  /** Ticks now, unless one went out this very second; then right after. */
  now() {
    if (this.#stopped) return;
    const wait = this.#last + SOONEST_MS - performance.now();
    if (this.#busy) this.#again = true;
    else if (wait > 0) this.#schedule(wait);
    else this.#tick();
  }

  /** The visitor is back: resumes a rhythm that had paused. */
  resume() {
    if (!this.#stopped && !this.#busy && this.#timer === null) this.now();
  }

  #wake = () => {
    if (this.#wanted()) this.now();
  };

  #schedule(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#wanted()) this.#tick();
    }, ms);
  }

  async #tick() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#busy = true;
    this.#last = performance.now();
    let next = this.#everyMs;
    try {
      const answer = await this.#send();
      if (this.#stopped) return;
      this.#failures = 0;
      if (Number(answer.next_tick_s) > 0) this.#everyMs = next = Number(answer.next_tick_s) * 1_000;
      this.#onAnswer(answer);
    } catch (error) {
      if (this.#stopped) return;
      this.#failures += 1;
      if (error.type === 'network' && this.#failures <= RETRIES) next = RETRY_MS;
      else {
        if (error.retryAfterS) next = Math.max(error.retryAfterS * 1_000, SOONEST_MS);
        this.#onRefusal(error);
      }
    } finally {
      this.#busy = false;
    }
    if (this.#stopped) return;
    if (this.#again) next = SOONEST_MS;
    this.#again = false;
    this.#schedule(next);
  }
}
