// The widget's face: builds it once, then shows what it is told. It decides nothing.
import { h, icon, ICONS } from './dom.js';
import { Log } from './log.js';
import { STATES } from './states.js';
import { VideoStage } from './video.js';

export class View {
  log = new Log();
  #part;
  #on;
  #state = 'idle';
  #capabilities = new Set();
  #streaming = false;

  /** `on` has one function per thing a visitor can do: start, act, send, stop, video, endVideo, aloud. */
  constructor(root, on) {
    this.#on = on;
    this.stage = new VideoStage(on.endVideo);
    this.#part = parts();
    root.append(this.#frame());
    this.#listen();
  }

  identity({ name, tagline, portrait, prompts, years, gated }) {
    const { name: title, tagline: line, start, prompts: list, age, disclosure, region, text } = this.#part;
    title.textContent = name;
    line.textContent = tagline;
    region.setAttribute('aria-label', `${name}, AI twin`);
    for (const image of [this.#part.portrait, this.#part.face]) {
      image.hidden = !portrait;
      if (portrait) image.src = portrait;
    }
    start.textContent = `Talk to ${name.split(' ')[0]}`;
    text.placeholder = `Ask ${name.split(' ')[0]} something`;
    disclosure.textContent = `An AI twin answers here, not the person. Your microphone and camera stay off unless you start video.`;
    // The marker of an age gate, for whoever looks at a page from outside.
    if (gated) region.dataset.ageGate = 'active';
    else delete region.dataset.ageGate;
    age.hidden = !years;
    age.textContent = years ? `${years}+` : '';
    list.replaceChildren(...prompts.map((prompt) => {
      const chip = h('button', { type: 'button', class: 'chip' }, prompt);
      chip.addEventListener('click', () => this.#on.send(prompt));
      return chip;
    }));
  }

  /** What tells the visitor that an AI answers, in the tenant's words; null where the tenant has switched it off. */
  disclose(label) {
    const { badge } = this.#part;
    badge.hidden = label === null;
    badge.textContent = label ?? '';
  }

  /** Shows a state; `message` and `action` in place of the table's own where given. */
  state(name, { message, capabilities = this.#capabilities, action } = {}) {
    const state = STATES[name];
    const { lamp, label, banner, say, act, welcome, start, text, send, video, aloud, prompts, region, form } = this.#part;
    this.#state = name;
    this.#capabilities = capabilities;
    region.dataset.state = name;
    lamp.dataset.tone = state.tone;
    label.textContent = state.label;
    const words = message ?? state.message ?? '';
    say.textContent = words;
    const offer = action ?? state.action ?? null;
    act.hidden = offer === null;
    act.textContent = offer ?? '';
    banner.hidden = words === '' && offer === null;
    banner.dataset.tone = state.tone;
    const before = name === 'idle' || name === 'unconfigured' || (name === 'connecting' && this.log.empty);
    welcome.hidden = !before;
    form.hidden = before;
    this.log.element.hidden = before;
    start.disabled = name !== 'idle';
    text.disabled = !state.write;
    send.disabled = !state.write && !this.#streaming;
    video.hidden = !this.#capabilities.has('video');
    video.disabled = !state.rich || this.stage.room !== null;
    aloud.hidden = !this.#capabilities.has('speech');
    aloud.disabled = !state.rich;
    this.log.offerSpeech(state.rich && this.#capabilities.has('speech'));
    prompts.hidden = !state.write || this.log.element.querySelector('.visitor') !== null;
  }

  streaming(on) {
    const { send } = this.#part;
    this.#streaming = on;
    send.dataset.part = on ? 'stop' : 'send';
    send.setAttribute('aria-label', on ? 'Stop the answer' : 'Send');
    send.replaceChildren(icon(on ? ICONS.stop : ICONS.send));
    this.state(this.#state, { message: this.#part.say.textContent });
  }

  /** Words beside the state, such as a countdown, that a screen reader should not repeat each second. */
  countdown(text) {
    this.#part.count.textContent = text;
  }

  notice(text) {
    this.state(this.#state, { message: text });
  }

  meter(reading) {
    const { meter, left, used, seconds, gauge } = this.#part;
    meter.hidden = reading === null;
    if (!reading) return;
    show(left, reading.left);
    show(used, reading.used);
    show(seconds, reading.seconds);
    gauge.style.setProperty('--level', `${reading.percent}%`);
    gauge.setAttribute('aria-valuenow', reading.percent.toFixed(1));
    gauge.setAttribute('aria-valuetext', `${reading.left ?? reading.seconds} left`);
  }

  focusWriting() {
    this.#part.text.focus({ preventScroll: true });
  }

  refill(text) {
    this.#part.text.value = text;
    this.#grow();
  }

  #frame() {
    const p = this.#part;
    p.region.append(
      h('header', { part: 'header' }, p.portrait,
        h('div', { class: 'who' },
          h('p', { class: 'name-line' }, p.name, p.badge, p.age), p.tagline),
        h('p', { class: 'status' }, p.lamp, p.label)),
      this.stage.element, p.welcome, this.log.element, p.banner, p.prompts, p.form, p.meter);
    p.welcome.append(p.face, p.disclosure, p.start);
    p.banner.append(h('div', { role: 'status' }, p.say), p.count, p.act);
    p.form.append(h('div', { class: 'tools' }, p.video, p.aloud), h('div', { class: 'line' },
      h('label', { for: 'twin-text', class: 'sr' }, 'Your message'), p.text, p.send));
    p.meter.append(p.gauge, figure('Budget left', p.left), figure('Used since you joined', p.used), figure('Time left', p.seconds));
    return p.region;
  }

  #listen() {
    const { start, act, form, text, send, video, aloud } = this.#part;
    start.addEventListener('click', () => this.#on.start());
    act.addEventListener('click', () => this.#on.act());
    video.addEventListener('click', () => this.#on.video());
    aloud.addEventListener('click', () => {
      const on = aloud.getAttribute('aria-pressed') !== 'true';
      aloud.setAttribute('aria-pressed', String(on));
      this.#on.aloud(on);
    });
    text.addEventListener('input', () => this.#grow());
    text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.#streaming) this.#submit();
    });
    form.addEventListener('submit', (event) => event.preventDefault());
    send.addEventListener('click', () => (this.#streaming ? this.#on.stop() : this.#submit()));
  }

  #submit() {
    const words = this.#part.text.value.trim();
    if (words === '' || !STATES[this.#state].write) return;
    this.refill('');
    this.#on.send(words);
  }

  #grow() {
    const { text } = this.#part;
    text.style.setProperty('height', 'auto');
    text.style.setProperty('height', `${Math.min(text.scrollHeight, 132)}px`);
  }
}

function parts() {
  return {
    region: h('section', { class: 'booth', part: 'booth' }),
    portrait: h('img', { class: 'portrait', alt: '', part: 'portrait', hidden: true }),
    face: h('img', { class: 'face', alt: '', hidden: true }),
    name: h('strong', { class: 'name' }),
    badge: h('span', { class: 'badge', 'data-part': 'badge' }, 'AI Host'),
    age: h('span', { class: 'badge age', 'data-part': 'age-badge', hidden: true }),
    tagline: h('span', { class: 'tagline' }),
    lamp: h('span', { class: 'lamp', 'aria-hidden': 'true' }),
    label: h('span', { 'data-part': 'state' }),
    welcome: h('div', { class: 'welcome' }),
    disclosure: h('p', { class: 'disclosure' }),
    start: h('button', { type: 'button', class: 'primary start', 'data-part': 'start' }),
    banner: h('div', { class: 'banner', 'data-part': 'banner', hidden: true }),
    say: h('span', { 'data-part': 'message' }),
    count: h('span', { class: 'count', 'data-part': 'countdown', 'aria-hidden': 'true' }),
    act: h('button', { type: 'button', class: 'plain', 'data-part': 'act' }),
    prompts: h('div', { class: 'prompts', role: 'group', 'aria-label': 'Suggestions', hidden: true }),
    form: h('form', { class: 'composer', autocomplete: 'off', part: 'composer' }),
    text: h('textarea', { id: 'twin-text', rows: '1', maxlength: '4000', enterkeyhint: 'send', 'data-part': 'text' }),
    send: h('button', { type: 'button', class: 'send', 'aria-label': 'Send', 'data-part': 'send' }, icon(ICONS.send)),
    video: h('button', { type: 'button', class: 'tool', 'data-part': 'video', hidden: true }, icon(ICONS.camera), 'Meet on video'),
    aloud: h('button', { type: 'button', class: 'tool', 'data-part': 'aloud', 'aria-pressed': 'false', hidden: true }, icon(ICONS.sound), 'Read aloud'),
    meter: h('footer', { class: 'meter', 'data-part': 'meter', part: 'meter', hidden: true }),
    gauge: h('div', { class: 'gauge', role: 'meter', 'aria-label': 'Budget left', 'aria-valuemin': '0', 'aria-valuemax': '100' }, h('i')),
    left: h('b', { 'data-part': 'left' }),
    used: h('b', { 'data-part': 'used' }),
    seconds: h('b', { 'data-part': 'seconds' }),
  };
}

function figure(label, value) {
  return h('p', { class: 'figure' }, h('span', {}, label), value);
}

function show(element, value) {
  element.parentElement.hidden = value === null;
  element.textContent = value ?? '';
}
