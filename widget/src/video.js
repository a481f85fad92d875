// The video stage: a room that was opened at the visitor's wish, entered at a second click, left at a third.
//
// A strict policy lets no other site into a frame, so a room opens in a window of its own unless the page says that it
// allows frames. Camera and microphone are asked for by the browser, for the room, and only where the visitor chose so.
import { h } from './dom.js';
import { formatSeconds } from './meter.js';

// A room nobody enters still costs; it is given back after this.
const ENTER_WITHIN_S = 90;

export class VideoStage {
  room = null;
  #part;
  #entered = false;
  #openedAt = 0;
  #timer = null;
  #onEnd;

  /** `onEnd()` is called when the visitor, or the waiting time, ends the room. */
  constructor(part, onEnd) {
    this.#part = part;
    this.#onEnd = onEnd;
    part.leave.addEventListener('click', onEnd);
  }

  /** `framed`: the page allows frames. */
  open(room, t, framed) {
    this.close();
    const url = roomUrl(room.join_url);
    this.room = room;
    this.#openedAt = Date.now();
    const ways = url ? this.#ways(url, t, framed) : [];
    this.#part.frame.replaceChildren(h('div.placeholder', {}, h('p.big', {}, t(url ? 'room' : 'unsafe')),
      url && h('p', {}, url.host), ...ways));
    this.#part.stage.hidden = false;
    this.#timer = setInterval(() => this.#everySecond(), 1_000);
    this.#everySecond();
    (ways[0] ?? this.#part.leave).focus();
  }

  /** Takes the room away; the caller tells the gate. */
  close() {
    clearInterval(this.#timer);
    this.room = null;
    this.#entered = false;
    this.#part.frame.replaceChildren();
    this.#part.stage.hidden = true;
  }

  #ways(url, t, framed) {
    if (!framed) {
      const link = h('a.join.primary', { href: url.href, target: '_blank', rel: 'noopener noreferrer' }, t('window'));
      link.addEventListener('click', () => {
        this.#entered = true;
      });
      return [link];
    }
    return [['join.primary', 'camera; microphone; '], ['watch.plain', '']].map(([names, allowed]) => {
      const button = h(`button.${names}`, {}, t(names.split('.')[0]));
      button.addEventListener('click', () => {
        const frame = h('iframe', { title: t('video'), allow: `${allowed}autoplay; fullscreen`, referrerpolicy: 'no-referrer', src: url.href });
        this.#entered = true;
        this.#part.frame.replaceChildren(frame);
        frame.focus();
      });
      return button;
    });
  }

  #everySecond() {
    const seconds = (Date.now() - this.#openedAt) / 1_000;
    this.#part.clock.textContent = formatSeconds(seconds);
    if (seconds > ENTER_WITHIN_S && !this.#entered) this.#onEnd();
  }
}

/** Rooms come over TLS, or from this very machine in development; anything else (`javascript:`, say) is no room. */
export function roomUrl(text) {
  const url = URL.canParse(text) ? new URL(text) : {};
  const local = url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || local ? url : null;
}
