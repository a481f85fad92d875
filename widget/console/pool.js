// A few jobs at once, the rest in their order; a job nobody waits for any more is never begun.

export class Pool {
  #free;
  #waiting = [];

  constructor(size) {
    this.#free = size;
  }

  /** Runs `job()` when there is a place. Rejects with an AbortError when `signal` is aborted before that. */
  run(job, signal) {
    return new Promise((resolve, reject) => {
      const one = { job, resolve, reject };
      signal?.addEventListener(
        'abort',
        () => {
          const place = this.#waiting.indexOf(one);
          if (place >= 0) this.#waiting.splice(place, 1);
          reject(new DOMException('left', 'AbortError'));
        },
        { once: true },
      );
      if (signal?.aborted) return reject(new DOMException('left', 'AbortError'));
      this.#waiting.push(one);
      return this.#next();
    });
  }

  #next() {
    if (this.#free === 0 || this.#waiting.length === 0) return;
    const { job, resolve, reject } = this.#waiting.shift();
    this.#free -= 1;
    Promise.resolve()
      .then(job)
      .then(resolve, reject)
      .finally(() => {
        this.#free += 1;
        this.#next();
      });
  }
}
