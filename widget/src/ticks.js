// The heartbeat of a session: asks the gate for leave to go on, as often as the gate wants to be asked.
//
// Timers of a sleeping tab come late or not at all, so a tick also goes out when the tab is shown, hidden or thawed. One
// tick is under way at a time and at most one a second leaves, whatever woke the page: what was missed is never made up for.
// A tick that got no answer is tried again, ever later: missing ticks end the session.
import { backoff } from './backoff.js';

const SOONEST_MS = 1_000;
// The first failures are kept from the visitor: a line that blinks is no news.
const QUIET = 2;
// A gate waits a little longer than it asks for; after this much of it the session may be over.
const SLACK_MS = 5_000;
const WAKES = ['visibilitychange', 'resume'];

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
  #answeredAt = Date.now(); // by the wall clock, which goes on while the machine sleeps
  #everyMs;
  #failures = 0;

  /**
   * `send()` makes one tick, `wanted()` says whether the visitor is still there (or a video room is open).
   * `onAnswer(answer)` and `onRefusal(error, nextMs)` tell how it went; `nextMs` is null where no other try follows.
   */
  constructor({ seconds, send, wanted, onAnswer, onRefusal }) {
    this.#everyMs = seconds * 1_000;
    this.#send = send;
    this.#wanted = wanted;
    this.#onAnswer = onAnswer;
    this.#onRefusal = onRefusal;
    for (const wake of WAKES) document.addEventListener(wake, this.#wake);
    globalThis.addEventListener('online', this.#wake);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const wake of WAKES) document.removeEventListener(wake, this.#wake);
    globalThis.removeEventListener('online', this.#wake);
  }

  /** Whether so much time went by without an answer that the gate has likely ended the session. */
  get overdue() {
    return Date.now() - this.#answeredAt > this.#everyMs + SLACK_MS;
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
      this.#answeredAt = Date.now();
      if (Number(answer.next_tick_s) > 0) this.#everyMs = next = Number(answer.next_tick_s) * 1_000;
      this.#onAnswer(answer);
    } catch (error) {
      if (this.#stopped) return;
      next = this.#failed(error);
    } finally {
      this.#busy = false;
    }
    if (this.#stopped) return;
    if (this.#again) next = SOONEST_MS;
    this.#again = false;
    if (next !== null) this.#schedule(next);
  }

  #failed(error) {
    const down = !error.status || error.status >= 500;
    let next = down ? backoff(this.#failures) : this.#everyMs;
    this.#failures += 1;
    if (error.retryAfterS) next = Math.max(error.retryAfterS * 1_000, SOONEST_MS);
    if (error.type !== 'network' || this.#failures > QUIET) this.#onRefusal(error, next);
    return next;
  }
}
