// Seconds until something, shown as they go by.

/**
 * `show(seconds)` gets whole seconds, and null at the end or when stopped. `start(seconds, onEnd)` counts anew. A tab that
 * slept finds them over: the clock counts, not the calls.
 */
export function countdownOn(show) {
  let timer;
  const stop = () => {
    clearInterval(timer);
    show(null);
  };
  const start = (seconds, onEnd) => {
    const until = Date.now() + seconds * 1_000;
    const step = () => {
      const left = Math.ceil((until - Date.now()) / 1_000);
      if (left > 0) show(left);
      else {
        stop();
        onEnd();
      }
    };
    stop();
    timer = setInterval(step, 250);
    step();
  };
  return { start, stop };
}
