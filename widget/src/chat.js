// One chat turn: the pieces of the answer as they arrive.
import { GateError } from './gate.js';
import { SseParser } from './sse.js';

/** Yields text as it comes. Rejects with GateError if the stream says so, or stops before it said it was done. */
export async function* answerOf(response) {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('text/event-stream')) {
    // A whole answer instead of a stream (a static reply, say) is as good.
    yield textOf(await response.json());
    return;
  }
  const parser = new SseParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      for (const { data } of done ? parser.end() : parser.push(value)) {
        if (data === '[DONE]') return;
        yield textOf(parse(data));
      }
      if (done) throw new GateError({ type: 'vendor_error', status: 502, message: 'The answer broke off.' });
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
    throw new GateError({ type: 'vendor_error', status: 502, message: 'The answer could not be read.' });
  }
}

function textOf(chunk) {
  if (chunk.error) throw new GateError({ status: 502, ...chunk.error });
  const choice = chunk.choices?.[0];
  return choice?.delta?.content ?? choice?.message?.content ?? '';
}

/** How the page remembers a conversation: the newest turns only, so that a request never grows without bound. */
export function recent(history, limit = 20) {
  return history.slice(-limit).map(({ role, content }) => ({ role, content }));
}

