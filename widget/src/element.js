// The <twin-widget> element: who it shows, where its gate is, and how visitor, session and view come together.
import { admit, Answers } from './admission.js';
import { answerOf, recent } from './chat.js';
import { Countdown } from './countdown.js';
import { Gate } from './gate.js';
import { Budget } from './meter.js';
import { Voice } from './speech.js';
import { stateOfMode, stateOfRefusal } from './states.js';
import { sheet } from './styles.js';
import { Ticker } from './ticks.js';
import { View } from './view.js';

const CHANNELS = new Set(['widget', 'portal', 'landing']);
// Someone who wrote, clicked or read within this time is still here; after it the session may lapse.
const PRESENT_FOR_MS = 180_000;
// The gate settles a turn after its last byte: the meter asks a moment later.
const SETTLED_AFTER_MS = 400;
// After video was refused for the budget, writing stays the offer for a while, whatever a tick for chat says.
const TEXT_ONLY_FOR_MS = 60_000;

export class TwinWidget extends HTMLElement {
  static observedAttributes = ['tenant-key', 'gate', 'name', 'tagline', 'portrait', 'prompts', 'data-age-gate'];

  /** An end user's JWT, for tenants that ask for one. A property, as an attribute would be in the page's source. */
  userToken = null;

  #view;
  #voice = new Voice();
  #budget = new Budget();
  #session = null;
  #ticker = null;
  #turn = null; // AbortController of the answer under way
  #opening = null; // AbortController of a session being opened
  #history = [];
  #state = 'idle';
  #answers = new Answers();
  #least = 0; // the age that the gate has demanded
  #aloud = false;
  #seenAt = -Infinity;
  #textUntil = -Infinity;
  #countdown = new Countdown((text) => this.#view.countdown(text));
  #openingVideo = false;
  #speakingWith = null; // shows whether the answer being heard is still heard

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet()];
    this.#view = new View(root, {
      start: () => this.start(),
      act: () => this.#act(),
      send: (text) => this.#send(text),
      stop: () => this.#turn?.abort(),
      video: () => this.#openVideo(),
      endVideo: () => this.#closeVideo(),
      aloud: (on) => this.#setAloud(on),
    });
    for (const sign of ['pointerdown', 'keydown', 'focusin']) root.addEventListener(sign, () => this.#seen());
  }

  connectedCallback() {
    globalThis.addEventListener('pagehide', this.#leave);
    this.#identify();
    if (!this.#session) this.#become(this.#key ? 'idle' : 'unconfigured');
    if (this.hasAttribute('autostart')) this.start();
  }

  disconnectedCallback() {
    // Moved within the page, it is connected again by now; taken away, the session ends.
    queueMicrotask(() => {
      if (this.isConnected) return;
      globalThis.removeEventListener('pagehide', this.#leave);
      this.end();
    });
  }

  attributeChangedCallback(name) {
    if (!this.isConnected) return;
    this.#identify();
    const waiting = this.#state === 'idle' || this.#state === 'unconfigured';
    if (name === 'tenant-key' && waiting) this.#become(this.#key ? 'idle' : 'unconfigured');
  }

  /** Opens a session, asking the visitor what the tenant wants asked. */
  async start() {
    if (!this.#key || this.#session || this.#opening) return;
    this.#opening = new AbortController();
    this.#seen();
    this.#become('connecting');
    try {
      const session = await this.#open(this.#opening.signal);
      if (session) this.#begin(session);
      else this.#become('idle');
    } catch (error) {
      if (error.name !== 'AbortError') this.#refused(error, 'session');
    } finally {
      this.#opening = null;
    }
  }

  /** Ends the session, and with it all that runs at vendors. */
  end() {
    if (this.#opening) this.#opening.abort();
    if (this.#session || this.#opening) this.#release('ended');
  }

  #open(signal) {
    const gate = new Gate(this.getAttribute('gate') || new URL(import.meta.url).origin);
    return admit(gate, this.#key, this.#answers, {
      root: this.shadowRoot, name: this.#name, channel: this.#channel, userToken: this.userToken, years: this.#years, signal,
      page: pageOf(globalThis.location), link: this.getAttribute('link'),
      onAge: (years) => this.#demanded(years),
    });
  }

  #begin(session) {
    if (!this.isConnected) {
      session.end().catch(() => {});
      return;
    }
    this.#session = session;
    this.#view.disclose(session.disclosure);
    this.#become(stateOfMode(session.mode) ?? 'ready');
    const greeting = this.getAttribute('greeting');
    if (greeting && this.#view.log.empty) {
      const entry = this.#view.log.addTwin(this.#name);
      entry.add(greeting);
      entry.finish();
    }
    this.#ticker = new Ticker({
      seconds: session.tickSeconds,
      send: () => session.tick(this.#view.stage.room ? 'video' : 'chat'),
      wanted: () => this.#view.stage.room !== null || this.#turn !== null || performance.now() - this.#seenAt < PRESENT_FOR_MS,
      onAnswer: (answer) => this.#ticked(answer),
      onRefusal: (error) => this.#tickRefused(error),
    });
    this.#ticker.now();
    this.#view.focusWriting();
  }

  #ticked(answer) {
    this.#budget.update(answer.remaining);
    this.#view.meter(this.#budget.reading);
    this.#tell('twin-tick', {
      decision: answer.decision, mode: answer.mode ?? null, limitCheckId: answer.limit_check_id ?? null, budget: this.#budget.reading,
    });
    this.#settleInto(stateOfMode(answer.mode, answer.decision));
  }

  #tickRefused(error) {
    // A session the gate no longer knows, or has closed, is over; a fault of the gate's own (500) is left to the next tick.
    if ([401, 404, 409, 410].includes(error.status)) this.#release('ended', 'Your session has ended. Reconnect to go on.');
    else if (error.status < 500 || error.status === 503) this.#refused(error, this.#view.stage.room ? 'video' : 'chat');
  }

  // A state the gate reports goes in quietly: what is already shown is not said again.
  #settleInto(state) {
    if (state === null || this.#state === 'busy') return;
    const held = performance.now() < this.#textUntil ? 'text-only' : state;
    if (held !== this.#state) this.#become(held);
  }

  async #send(text) {
    const session = this.#session;
    if (!session || this.#turn) return;
    const turn = new AbortController();
    this.#turn = turn;
    this.#voice.stop();
    const question = this.#view.log.addVisitor(text);
    const entry = this.#view.log.addTwin(this.#name, { onListen: (words, show) => this.#speak(words, show) });
    this.#view.notice('');
    this.#view.streaming(true);
    let answer = '';
    let failure = null;
    try {
      const response = await session.chat(this.getAttribute('model') || 'gpt-5.4-mini', this.#messages(text), turn.signal);
      const mode = response.headers.get('x-tollgate-mode');
      this.#settleInto(stateOfMode(mode ?? 'unsaid'));
      for await (const piece of answerOf(response)) {
        answer += piece;
        entry.add(piece);
      }
    } catch (error) {
      failure = error;
    }
    this.#turn = null;
    this.#seen();
    this.#view.streaming(false);
    const stopped = turn.signal.aborted;
    if (answer === '') {
      // Nothing came: the words go back to where they were written.
      question.remove();
      entry.remove();
      this.#view.refill(text);
    } else {
      this.#history.push({ role: 'user', content: text }, { role: 'assistant', content: answer });
      this.#history = recent(this.#history, 40);
      entry.finish(stopped ? 'Stopped.' : failure ? 'The answer broke off here.' : null);
    }
    if (this.#session !== session) return;
    if (failure && !stopped) this.#refused(failure);
    else if (answer === '' && !stopped) this.#view.notice('No answer came. Please try once more.');
    else if (this.#aloud && !stopped) entry.entry.querySelector('[data-part=listen]')?.click();
    setTimeout(() => this.#ticker?.now(), SETTLED_AFTER_MS);
  }

  #messages(text) {
    const instructions = this.getAttribute('instructions');
    const first = instructions ? [{ role: 'system', content: instructions }] : [];
    return [...first, ...recent(this.#history), { role: 'user', content: text }];
  }

  async #speak(text, show) {
    // The button of what is being said stops it; any other starts its own.
    const speaking = this.#speakingWith;
    this.#voice.stop();
    if (speaking === show || !this.#session) return;
    const session = this.#session;
    this.#speakingWith = show;
    show(true);
    try {
      const hush = (id) => session.hush(id).catch(() => {}); // already over: nothing left to stop
      await this.#voice.play((signal) => session.speak(text, this.getAttribute('voice'), signal), hush);
    } catch (error) {
      if (this.#session !== session) return;
      if (error.name === 'GateError') this.#refused(error, 'speech');
      else this.#view.notice('The voice could not be played here.');
    } finally {
      show(false);
      if (this.#speakingWith === show) this.#speakingWith = null;
      setTimeout(() => this.#ticker?.now(), SETTLED_AFTER_MS);
    }
  }

  #setAloud(on) {
    this.#aloud = on;
    if (!on) this.#voice.stop();
  }

  async #openVideo() {
    const session = this.#session;
    if (!session || this.#view.stage.room || this.#openingVideo) return;
    this.#openingVideo = true; // a second click must not open, and pay for, a second room
    this.#view.notice('Opening a room.');
    try {
      const room = await session.openVideo(this.getAttribute('persona'));
      if (this.#session !== session) return; // ended meanwhile: the gate has closed the room with the session
      this.#view.stage.open(room, this.#name);
      this.#view.notice('');
      this.#ticker.now();
    } catch (error) {
      this.#view.notice('');
      if (this.#session === session) this.#refused(error, 'video');
    } finally {
      this.#openingVideo = false;
    }
  }

  #closeVideo() {
    const room = this.#view.stage.room;
    if (!room) return;
    this.#view.stage.close();
    this.#session?.closeVideo(room.id).catch(() => {}); // the missing ticks end it in any case
    this.#become(this.#state);
    this.#view.focusWriting();
    setTimeout(() => this.#ticker?.now(), SETTLED_AFTER_MS);
  }

  #refused(error, capability = 'chat') {
    const next = error.status === undefined ? stateOfRefusal({ status: 0 }) : stateOfRefusal(error, capability);
    if (!next && !this.#session) this.#become('idle', 'That did not come through. Please try once more.');
    else if (!next) this.#view.notice('That did not come through. Please try once more.');
    else if (next.state === 'busy') this.#wait(next);
    else if (next.state === 'ended' || next.state === 'denied') this.#release(next.state, next.message);
    else {
      if (next.state === 'text-only') this.#textUntil = performance.now() + TEXT_ONLY_FOR_MS;
      this.#become(next.state, next.message);
    }
  }

  // Told to come back later: counts down, then goes on as before; without a session the visitor starts anew.
  #wait({ message, waitS }) {
    this.#become('busy', message);
    this.#countdown.start(waitS, () => {
      const writing = performance.now() < this.#textUntil ? 'text-only' : 'ready';
      this.#become(this.#session ? writing : 'idle');
      if (this.#session) this.#view.focusWriting();
    });
  }

  #act() {
    if (!this.#session) this.start();
    else this.#ticker.now(); // offline: the next answer shows whether the line is back
  }

  #release(state, message) {
    this.#turn?.abort();
    this.#voice.stop();
    this.#ticker?.stop();
    this.#ticker = null;
    this.#view.stage.close();
    this.#session?.end().catch(() => {}); // gone or out of reach: the missed ticks end it
    this.#session = null;
    this.#become(state, message);
  }

  #become(state, message) {
    this.#state = state;
    if (state !== 'busy') this.#countdown.stop();
    if (state === 'text-only' || state === 'offline') {
      this.#voice.stop();
      if (this.#view.stage.room) {
        const { id } = this.#view.stage.room;
        this.#view.stage.close();
        this.#session?.closeVideo(id).catch(() => {});
      }
    }
    const unset = state === 'unconfigured' ? 'This twin has no key yet.' : undefined;
    this.#view.state(state, { message: message ?? unset, capabilities: this.#session?.capabilities ?? new Set() });
    this.#tell('twin-state', { state, message: message ?? null });
  }

  #identify() {
    this.#view.identity({
      name: this.#name,
      tagline: this.getAttribute('tagline') ?? 'AI twin',
      portrait: this.getAttribute('portrait'),
      prompts: (this.getAttribute('prompts') ?? '').split('|').map((prompt) => prompt.trim()).filter(Boolean),
      years: this.#years,
      gated: this.dataset.ageGate === 'active' || this.#years > 0,
    });
  }

  #seen() {
    this.#seenAt = performance.now();
    this.#ticker?.resume();
  }

  // The page goes, perhaps into the back-forward cache: nothing may run on behind it.
  #leave = () => {
    if (this.#session) this.#release('ended');
  };

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  // The gate demands an age: the element says so. Whoever wrote `active` has said it, and leaves the number to the gate.
  #demanded(years) {
    this.#least = years;
    if (this.dataset.ageGate !== 'active') this.dataset.ageGate = String(years);
    this.#identify();
  }

  get #years() {
    return Math.max(this.#least, Number.parseInt(this.dataset.ageGate ?? '', 10) || 0);
  }

  get #key() {
    return this.getAttribute('tenant-key') || null;
  }

  get #name() {
    return this.getAttribute('name') || 'This twin';
  }

  get #channel() {
    const channel = this.getAttribute('channel');
    return CHANNELS.has(channel) ? channel : 'widget';
  }
}

// The path of this page, which a tenant with restricted pages wants to know. The longest that the gate reads has 512 bytes.
function pageOf({ pathname }) {
  const page = pathname.replaceAll('*', '%2A');
  return page.startsWith('/') && page.length <= 512 ? page : null;
}
