// Something asked for again and again while somebody can see it: never in a hidden tab, never twice at once, and later
// than usual where the gate asks for patience.
import { isAbort } from './api.js';

/**
 * Runs `job(signal)` now and every `everyMs` after it ended, until `signal` is aborted. `failed(error)` hears what went wrong;
 * the next round comes all the same.
 */
export function repeat(job, everyMs, signal, failed = () => {}) {
  let timer = null;
  let due = 0;
  let busy = false;

  async function round() {
    if (busy || signal.aborted || document.hidden) return;
    busy = true;
    let wait = everyMs;
    try {
      await job(signal);
    } catch (error) {
      if (isAbort(error)) return;
      wait = Math.max(everyMs, (error?.retryAfter ?? 0) * 1000);
      failed(error);
    } finally {
      busy = false;
    }
    due = Date.now() + wait;
    plan(wait);
  }

  function plan(wait) {
    clearTimeout(timer);
    if (!signal.aborted && !document.hidden) timer = setTimeout(round, wait);
  }

  document.addEventListener(
    'visibilitychange',
    () => {
      clearTimeout(timer);
      if (!document.hidden) plan(Math.max(0, due - Date.now()));
    },
    { signal },
  );
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  round();
}
