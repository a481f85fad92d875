// The video stage: a room that was opened at the visitor's wish, entered at a second click, left at a third.
import { h } from './dom.js';
import { formatSeconds } from './meter.js';

// A room nobody enters still costs; it is given back after this.
const ENTER_WITHIN_S = 90;

export class VideoStage {
  #room = null;
  #openedAt = 0;
  #timer = null;
  #clock = h('span', { class: 'clock', role: 'timer', 'aria-label': 'Time in the room' }, '0:00');
  #frame = h('div', { class: 'frame' });
  #onEnd;

  /** `onEnd()` is called when the visitor, or the waiting time, ends the room. */
  constructor(onEnd) {
    this.#onEnd = onEnd;
    const end = h('button', { type: 'button', class: 'danger', 'data-part': 'end-video' }, 'End video');
    end.addEventListener('click', () => onEnd());
    this.element = h('section', { class: 'stage', 'aria-label': 'Video', hidden: true, part: 'stage' },
      this.#frame, h('div', { class: 'stage-bar' }, this.#clock, end));
  }

  get room() {
    return this.#room;
  }

  open(room, name) {
    this.close();
    const url = roomUrl(room.join_url);
    this.#room = room;
    this.#openedAt = performance.now();
    const join = h('button', { type: 'button', class: 'primary', 'data-part': 'join-video', disabled: url === null }, 'Join with camera and microphone');
    join.addEventListener('click', () => this.#enter(url, name));
    this.#frame.replaceChildren(h('div', { class: 'placeholder' },
      h('p', { class: 'big' }, url ? 'Your room is ready' : 'This room can’t be shown here'),
      h('p', {}, url ? `${name} is waiting at ${url.host}. Your browser will ask before it shares anything.` : 'Its address is not a secure one.'),
      join));
    this.element.hidden = false;
    this.#timer = setInterval(() => this.#everySecond(), 1_000);
    this.#everySecond();
    join.focus();
  }

  /** Takes the room away; the caller tells the gate. */
  close() {
    clearInterval(this.#timer);
    this.#room = null;
    this.#frame.replaceChildren();
    this.element.hidden = true;
  }

  #enter(url, name) {
    const frame = h('iframe', {
      title: `Video with ${name}, an AI twin`,
      allow: 'camera; microphone; autoplay; fullscreen',
      referrerpolicy: 'no-referrer',
      src: url.href,
    });
    this.#frame.replaceChildren(frame);
    frame.focus();
  }

  #everySecond() {
    const seconds = (performance.now() - this.#openedAt) / 1_000;
    this.#clock.textContent = formatSeconds(seconds);
    if (seconds > ENTER_WITHIN_S && !this.#frame.querySelector('iframe')) this.#onEnd();
  }
}

/** Rooms come over TLS, or from this very machine in development; anything else (`javascript:`, say) is no room. */
export function roomUrl(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const local = url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || local ? url : null;
}
