// What went wrong, in plain words: a heading, what to do, the gate's own sentence and the id of the request.
import { h } from './dom.js';
import { isAbort } from './api.js';

/** `{ title, advice }` of any error. */
export function explain(error) {
  if (error?.kind === 'unreachable')
    return {
      title: 'The gate can’t be reached',
      advice: 'Check the connection, then try again. If this was a change, look first whether it was made.',
    };
  if (error?.kind === 'slow')
    return { title: 'No answer in time', advice: 'The gate took too long. If this was a change, look first whether it was made.' };
  if (error?.kind === 'garbled')
    return { title: 'An answer that can’t be read', advice: 'Something between here and the gate may have changed it.' };
  if (error?.kind === 'gate') return byStatus(error);
  return { title: 'The console has a fault', advice: `Reload the page. ${error?.message ?? ''}`.trim() };
}

function byStatus({ status, param, retryAfter }) {
  switch (status) {
    case 400:
      return { title: 'The gate didn’t take that', advice: param ? `It names “${param}”.` : '' };
    case 401:
      return { title: 'This key isn’t good here', advice: 'It may be mistyped, revoked, or another gate’s.' };
    case 403:
      return { title: 'This key may not do that', advice: 'It is another tenant’s, or the operator’s alone.' };
    case 404:
      return { title: 'Not here', advice: 'There is nothing by that name, or no longer.' };
    case 409:
      return { title: 'Something else changed it', advice: 'Look at it anew, then try again.' };
    case 413:
      return { title: 'Too much at once', advice: '' };
    case 429:
      return {
        title: 'Too many requests',
        advice: retryAfter ? `The gate asks for ${retryAfter} s of patience.` : 'Wait a moment, then try again.',
      };
    case 503:
      return { title: 'The gate can’t reach its store', advice: 'Nothing was called and nothing was changed. Try again in a moment.' };
    default:
      return {
        title: `The gate answered ${status}`,
        advice: 'This is its fault, not yours. The id below helps whoever looks for the cause.',
      };
  }
}

/** A notice with a way to try again. Null of an error that is only somebody leaving. */
export function failureNotice(error, again) {
  if (isAbort(error)) return null;
  const { title, advice } = explain(error);
  const said = error?.kind === 'gate' && error.message;
  return h(
    'div',
    { class: 'notice is-bad', role: 'alert' },
    h('strong', {}, title),
    advice && h('p', {}, advice),
    said && h('p', { class: 'soft' }, `The gate says: ${error.message}`),
    error?.requestId && h('p', { class: 'soft' }, 'Request ', h('code', {}, error.requestId)),
    again && h('p', {}, h('button', { type: 'button', class: 'button', onclick: again }, 'Try again')),
  );
}
