// Server-sent events out of bytes, cut anywhere: inside a character, inside a line, between CR and LF.
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)

// No honest event is larger; without a bound a broken stream could eat the page's memory.
const MAX_EVENT = 1_000_000;

export class SseParser {
  #decoder = new TextDecoder('utf-8'); // drops a leading byte order mark
  #rest = '';
  #data = null;
  #event = '';
  #afterCr = false;

  /** Takes the next bytes, whatever their number; returns the events they complete as `{event, data}`. */
  push(bytes) {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The stream is over. An event without its closing empty line is dropped, as the specification says. */
  end() {
    const events = this.#take(this.#decoder.decode());
    this.#rest = '';
    this.#data = null;
    return events;
  }

  #take(text) {
    const events = [];
    // A CR ended the last line already; the LF of the same line break may come in the next chunk.
    if (this.#afterCr && text !== '') {
      if (text[0] === '\n') text = text.slice(1);
      this.#afterCr = false;
    }
    let buffer = this.#rest + text;
    for (let at; (at = buffer.search(/[\r\n]/)) >= 0; ) {
      const line = buffer.slice(0, at);
      const cr = buffer[at] === '\r';
      if (cr && at + 1 === buffer.length) this.#afterCr = true;
      buffer = buffer.slice(at + (cr && buffer[at + 1] === '\n' ? 2 : 1));
      this.#line(line, events);
    }
    if (buffer.length + (this.#data?.length ?? 0) > MAX_EVENT) throw new Error('event too large');
    this.#rest = buffer;
    return events;
  }

  #line(line, events) {
    if (line === '') {
      if (this.#data !== null) events.push({ event: this.#event || 'message', data: this.#data });
      this.#data = null;
      this.#event = '';
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    else if (field === 'event') this.#event = value;
    // Comments (an empty field), `id` and `retry` mean nothing here: a chat turn is never resumed.
  }
}
