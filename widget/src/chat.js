// One chat turn: the pieces of the answer as they arrive.
import { GateError } from './gate.js';
import { SseParser } from './sse.js';

const broken = (error) => new GateError({ type: 'vendor_error', status: 502, ...error });

/** Yields text as it comes. Rejects with GateError if the stream says so, or stops before it said it was done. */
export async function* answerOf(response) {
  if (!/event-stream/.test(response.headers.get('content-type'))) {
    // A whole answer instead of a stream (a static reply, say) is as good.
    yield textOf(await response.json());
    return;
  }
  const parser = new SseParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      for (const data of parser.push(value)) {
        if (data === '[DONE]') return;
        yield textOf(parse(data));
      }
      if (done) throw broken();
    }
  } finally {
    // Leaving early tells the gate, which stops the vendor's call and settles what was used.
    reader.cancel().catch(() => {});
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw broken();
  }
}

function textOf({ error, choices }) {
  if (error) throw broken(error);
  const choice = choices?.[0];
  return (choice?.delta ?? choice?.message)?.content ?? '';
}

/** How the page remembers a conversation: the newest turns only, so that a request never grows without bound. */
export function recent(history, limit = 20) {
  return history.slice(-limit);
}
