// The states of the widget in one table, and how an answer or a refusal of the gate leads to one of them.

/**
 * tone: what colour the lamp has. write: may the visitor type. rich: are voice and video on offer.
 * action: what the button beside the message says, if there is one.
 */
export const STATES = {
  unconfigured: { label: 'Not set up', tone: 'off', write: false, rich: false },
  idle: { label: 'Standing by', tone: 'off', write: false, rich: false },
  connecting: { label: 'Connecting', tone: 'wait', write: false, rich: false },
  ready: { label: 'On air', tone: 'live', write: true, rich: true },
  throttled: { label: 'Busy period', tone: 'wait', write: true, rich: true,
    message: 'Many people are here, so answers may be slower.' },
  'text-only': { label: 'Text only', tone: 'wait', write: true, rich: false,
    message: 'Voice and video are resting. You can keep writing.' },
  busy: { label: 'Back shortly', tone: 'wait', write: false, rich: false },
  denied: { label: 'Resting', tone: 'stop', write: false, rich: false, action: 'Try again',
    message: 'This twin is resting right now.' },
  offline: { label: 'Offline', tone: 'stop', write: false, rich: false, action: 'Try again',
    message: 'The line is down. Nothing was charged.' },
  ended: { label: 'Ended', tone: 'off', write: false, rich: false, action: 'Reconnect',
    message: 'This conversation has ended.' },
};

const TEXT_MODES = new Set(['text', 'text_only', 'text-only']);
const SLOW_MODES = new Set(['throttle', 'throttled']);

/** The state a tick's answer or an answer's `X-Tollgate-Mode` asks for; null for a mode that says nothing about it. */
export function stateOfMode(mode, decision = 'allow') {
  if (decision === 'downgrade' || TEXT_MODES.has(mode)) return 'text-only';
  if (SLOW_MODES.has(mode) || decision === 'throttle') return 'throttled';
  return mode === 'full' || mode === undefined ? 'ready' : null;
}

/**
 * The state a refusal leads to, with what to say; null where the conversation just goes on (one answer failed).
 * `capability` is what was asked for (`session`: to be let in); where voice or video is refused, writing may go on.
 */
export function stateOfRefusal(error, capability = 'chat') {
  const said = error.fallback?.message;
  switch (error.status) {
    case 401:
      if (capability === 'session') return { state: 'denied', message: 'This twin is not available on this page.' };
      return { state: 'ended', message: 'Your session has ended. Reconnect to go on.' };
    case 402:
      return (capability === 'speech' || capability === 'video') && error.fallback?.mode === 'text'
        ? { state: 'text-only', message: said }
        : { state: 'denied', message: said };
    case 403:
      if (capability === 'speech' || capability === 'video') return null;
      return { state: 'denied', message: 'This twin is not available on this page.' };
    case 429:
      return { state: 'busy', message: said ?? 'Everybody wants a word. One moment.', waitS: error.retryAfterS || 5 };
    case 503:
      return { state: 'offline', message: said };
    case 0:
      return { state: 'offline', message: 'The connection was lost. Nothing was charged for what did not arrive.' };
    default:
      return null;
  }
}
