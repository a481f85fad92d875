// Server-sent events out of bytes, cut anywhere: inside a character, inside a line, between CR and LF.
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)

// No honest event is larger; without a bound a broken stream could eat the page's memory.
const MAX_EVENT = 1_000_000;

export class SseParser {
  #decoder = new TextDecoder(); // drops a leading byte order mark
  #rest = '';
  #data = null;

  /**
   * Takes the next bytes, whatever their number; returns the data of each event they complete. Without bytes the stream
   * is over: an event without its closing empty line is dropped, as the specification says.
   */
  push(bytes) {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: !!bytes });
    const half = bytes && text.endsWith('\r') ? -1 : text.length; // the LF of this line break may be yet to come
    const lines = text.slice(0, half).split(/\r\n?|\n/);
    this.#rest = lines.pop() + text.slice(half, half < 0 ? undefined : 0);
    if (this.#rest.length + (this.#data?.length ?? 0) > MAX_EVENT) throw new Error('event too large');
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line) {
    if (line === '') {
      const data = this.#data;
      this.#data = null;
      return data ?? [];
    }
    // Comments, `event`, `id` and `retry` mean nothing here: a chat turn is never resumed.
    const data = /^data(?:$|: ?(.*))/.exec(line);
    if (data) this.#data = this.#data === null ? (data[1] ?? '') : `${this.#data}\n${data[1] ?? ''}`;
    return [];
  }
}
