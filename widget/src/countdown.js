// Seconds until something, shown as they go by.

export class Countdown {
  #timer = null;
  #show;

  /** `show(text)` gets "9 s", "8 s" and, at the end or when stopped, an empty text. */
  constructor(show) {
    this.#show = show;
  }

  start(seconds, onEnd) {
    this.stop();
    const until = performance.now() + seconds * 1_000;
    const step = () => {
      const left = Math.ceil((until - performance.now()) / 1_000);
      if (left > 0) {
        this.#show(`${left} s`);
        return;
      }
      this.stop();
      onEnd();
    };
    this.#timer = setInterval(step, 250);
    step();
  }

  stop() {
    clearInterval(this.#timer);
    this.#show('');
  }
}
