// The states of the widget in one table, and how an answer or a refusal of the gate leads to one of them.
// What each state is called and says is in `words/`.

const state = (tone, { write = false, rich = write, act = false } = {}) => ({ tone, write, rich, act });

/** tone: what colour the lamp has. write: may the visitor type. rich: are voice and video on offer. act: is there a button. */
export const STATES = {
  unconfigured: state('off'),
  idle: state('off'),
  connecting: state('wait'),
  ready: state('live', { write: true }),
  throttled: state('wait', { write: true }),
  'text-only': state('wait', { write: true, rich: false }),
  busy: state('wait'),
  denied: state('stop', { act: true }),
  offline: state('stop', { act: true }),
  ended: state('off', { act: true }),
};

/** The state a tick's answer or an answer's `X-Tollgate-Mode` asks for; null for a mode that says nothing about it. */
export function stateOfMode(mode = 'full', { decision, throttled } = {}) {
  if (decision === 'downgrade' || /^text/.test(mode)) return 'text-only';
  if (throttled || decision === 'throttle' || /^throttle/.test(mode)) return 'throttled';
  return mode === 'full' ? 'ready' : null;
}

/**
 * The state a refusal leads to, with what to say; null where the conversation just goes on (one answer failed).
 * `said` is what the tenant has the gate say and goes before the widget's own words, which `key` names. `capability` is
 * what was asked for (`session`: to be let in); where voice or video is refused, writing may go on.
 */
export function stateOfRefusal({ status, fallback, retryAfterS, capability }) {
  const said = fallback?.message;
  const spoken = capability === 'speech' || capability === 'video';
  switch (status) {
    case 401:
      return capability === 'session' ? { state: 'denied', key: 'barred' } : { state: 'ended' };
    case 402:
      return { state: spoken && fallback?.mode === 'text' ? 'text-only' : 'denied', said };
    case 403:
      return spoken ? null : { state: 'denied', key: 'barred' };
    case 429:
      return { state: 'busy', said, waitS: retryAfterS || 5 };
    case 0:
    case 503:
      return { state: 'offline', said };
    default:
      return null;
  }
}
