// The widget's face: builds it once, then shows what it is told. It decides nothing.
import { able, icon, h, outline, relabel } from './dom.js';
import { Log } from './log.js';
import { STATES } from './states.js';
import { VideoStage } from './video.js';

const BEFORE = ['idle', 'unconfigured', 'connecting'];

const OUTLINE = `
section.booth tabindex=-1
 header.header
  img.portrait alt= hidden=
  div.who
   p.names
    strong.name
    span.badge
    span.age dir=ltr hidden=
   span.tagline
  p.status
   i.lamp
   span.state
 section.stage label=video hidden=
  div.frame
  div.bar
   span.clock
   button.leave say=leave
 div.welcome
  img.face alt= hidden=
  p.intro say=intro
  button.start.primary
 div.log role=log aria-live=off label=log tabindex=0
 div.banner hidden=
  span.message dir=auto
  span.countdown aria-hidden=true
  button.act.plain say=act
 div.prompts hidden=
 form.composer
  div.tools
   button.video.tool icon=camera hidden=
    span.on say=video
   button.aloud.tool icon=sound aria-pressed=false hidden=
    span.on say=aloud
  div.line
   textarea.text label=message rows=1 maxlength=4000 enterkeyhint=send dir=auto
   button.send
 footer.meter hidden=
  div.gauge role=meter label=left aria-valuemin=0 aria-valuemax=100
   i.level
  p.figure
   span.caption say=left
   b.left
  p.figure
   span.caption say=used
   b.used
  p.figure
   span.caption say=seconds
   b.seconds
 div.announcer role=status`;

export class View {
  t = null; // the words, once `identity` has said who speaks
  #root;
  #part = outline(OUTLINE);
  #on;
  #state = 'idle';
  #says = {};
  #capabilities = new Set();
  #streaming = false;
  #disclosed;

  /** `on` has one function per thing a visitor can do: start, act, send, stop, hush, video, leave, aloud. */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    this.log = new Log(this.#part.log);
    this.stage = new VideoStage(this.#part, on.leave);
    root.append(this.#part.booth);
    this.#listen();
  }

  /** Who is shown, in which words: `t` speaks, `rtl` says that it runs from right to left where the page doesn't say. */
  identity({ t, language, rtl, name, tagline, portrait, prompts, years, gated }) {
    this.t = t;
    const p = this.#part;
    const short = { name: name.split(' ')[0] };
    p.booth.lang = language;
    p.booth.dir = rtl ? 'rtl' : '';
    p.booth.setAttribute('aria-label', `${name}, ${t('role')}`);
    // The marker of an age gate, for whoever looks at a page from outside.
    if (gated) p.booth.dataset.ageGate = 'active';
    else delete p.booth.dataset.ageGate;
    relabel(p.booth, t);
    p.name.textContent = name;
    p.tagline.textContent = tagline;
    p.start.textContent = t('talk', short);
    p.text.placeholder = t('ask', short);
    p.age.hidden = !years;
    p.age.textContent = `${years}+`;
    for (const image of [p.portrait, p.face]) {
      image.hidden = !portrait;
      if (portrait) image.src = portrait;
    }
    p.prompts.replaceChildren(...prompts.map((prompt) => {
      const chip = h('button.chip', { dir: 'auto' }, prompt);
      chip.addEventListener('click', () => this.#on.send(prompt));
      return chip;
    }));
    this.disclose(this.#disclosed);
    this.streaming(this.#streaming);
  }

  /** What tells the visitor that an AI answers, in the tenant's words; null where the tenant has switched it off. */
  disclose(label) {
    const { badge } = this.#part;
    this.#disclosed = label;
    badge.hidden = label === null;
    badge.textContent = label === undefined ? this.t('host') : label;
  }

  /** Shows a state. `said` are the tenant's words for it; else `key` names the widget's own; else the state's own. */
  state(name, says = {}, capabilities = this.#capabilities) {
    const { tone, write, rich, act } = STATES[name];
    const p = this.#part;
    const had = this.#root.activeElement;
    const words = says.said || this.t(says.key ?? `${name}.says`);
    const before = BEFORE.includes(name) && this.log.empty;
    const may = (capability) => rich && capabilities.has(capability);
    if (words ? words !== this.said : name !== this.#state && !BEFORE.includes(name)) this.announce(words || this.t(name));
    this.#state = name;
    this.#says = says;
    this.#capabilities = capabilities;
    p.booth.dataset.state = name;
    p.lamp.dataset.tone = p.banner.dataset.tone = tone;
    p.state.textContent = this.t(name);
    p.message.textContent = words;
    p.act.hidden = !act;
    p.banner.hidden = !words && !act;
    p.welcome.hidden = !before;
    p.composer.hidden = p.log.hidden = before;
    able(p.start, name === 'idle');
    able(p.text, write);
    p.text.readOnly = !write;
    able(p.send, write || this.#streaming);
    p.video.hidden = !capabilities.has('video');
    able(p.video, may('video') && !this.stage.room);
    p.aloud.hidden = !capabilities.has('speech');
    able(p.aloud, may('speech'));
    p.log.classList.toggle('mute', !may('speech'));
    p.prompts.hidden = !write || p.log.querySelector('.visitor') !== null;
    // Where what had the focus has gone, the keyboard goes on from the next best place and not from the top of the page.
    if (had && !had.checkVisibility()) [p.act, p.text, p.booth].find((one) => one.checkVisibility())?.focus({ preventScroll: true });
  }

  streaming(on) {
    const { send } = this.#part;
    this.#streaming = on;
    send.className = on ? 'send stop' : 'send';
    send.setAttribute('part', send.className);
    send.setAttribute('aria-label', this.t(on ? 'stop' : 'send'));
    send.replaceChildren(icon(on ? 'stop' : 'send'));
    this.state(this.#state, this.#says);
  }

  /** The message that is shown. */
  get said() {
    return this.#part.message.textContent;
  }

  /** Seconds beside the message; a screen reader isn't told each one. */
  countdown(seconds) {
    this.#part.countdown.textContent = seconds && this.t('countdown', { s: seconds });
  }

  /** Something to know that is no state: a key of words, or nothing. */
  notice(key) {
    this.state(this.#state, { key });
  }

  /** Said once by a screen reader, when it has finished what it is saying. */
  announce(text) {
    this.#part.announcer.textContent = text;
  }

  meter(reading) {
    const p = this.#part;
    p.meter.hidden = !reading;
    if (!reading) return;
    for (const figure of ['left', 'used', 'seconds']) {
      p[figure].parentElement.hidden = !reading[figure];
      p[figure].textContent = reading[figure];
    }
    p.level.style.setProperty('width', `${reading.percent}%`);
    p.gauge.setAttribute('aria-valuenow', reading.percent.toFixed(1));
    p.gauge.setAttribute('aria-valuetext', reading.left ?? reading.seconds);
  }

  focusWriting() {
    this.#part.text.focus({ preventScroll: true });
  }

  refill(text) {
    this.#part.text.value = text;
    this.#grow();
  }

  #listen() {
    const { start, act, text, send, video, aloud, booth } = this.#part;
    const on = (element, event, action) => element.addEventListener(event, action);
    booth.addEventListener('click', (event) => {
      if (event.target.closest('[aria-disabled=true]')) event.stopPropagation();
    }, true);
    on(start, 'click', () => this.#on.start());
    on(act, 'click', () => this.#on.act());
    on(video, 'click', () => this.#on.video());
    on(send, 'click', () => (this.#streaming ? this.#on.stop() : this.#submit()));
    on(aloud, 'click', () => {
      const pressed = aloud.ariaPressed !== 'true';
      aloud.setAttribute('aria-pressed', pressed);
      this.#on.aloud(pressed);
    });
    on(text, 'input', () => this.#grow());
    on(text, 'keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.#streaming) this.#submit();
    });
    on(booth, 'keydown', (event) => {
      // Only what there was to stop uses the key up: a page's own dialog around the widget still closes.
      if (event.key === 'Escape' && this.#on.stop()) event.stopPropagation();
    });
  }

  #submit() {
    const words = this.#part.text.value.trim();
    if (!words || !STATES[this.#state].write) return;
    this.refill('');
    this.#on.send(words);
  }

  #grow() {
    const { style } = this.#part.text;
    style.height = 'auto';
    style.height = `${Math.min(this.#part.text.scrollHeight, 132)}px`;
  }
}
