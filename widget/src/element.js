// The <twin-widget> element: its attributes, properties, methods and events, and how it comes and goes with the page.
import { isLeftward, languageOf, speaker, speakers, translate } from './words.js';
import sheetText from './styles.css';
import { View } from './view.js';
import { visitOf } from './visit.js';

let shared = null;

export class TwinWidget extends HTMLElement {
  static observedAttributes = ['tenant-key', 'name', 'tagline', 'portrait', 'prompts', 'data-age-gate', 'lang', 'dir'];

  /** Adds a language, or changes words of one, for every widget on the page. */
  static translate = translate;

  #view;
  #visit;
  #words = {};
  #least = 0; // the age that the gate has demanded
  #userToken = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet()];
    this.#view = new View(root, {
      start: () => this.#visit.start(true),
      act: () => this.#visit.act(),
      send: (text) => this.send(text),
      stop: () => this.#visit.stop(),
      video: () => this.#visit.openVideo(),
      leave: () => this.#visit.closeVideo(),
      aloud: (on) => this.#visit.setAloud(on),
    });
    const tell = (name, detail) => this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
    this.#visit = visitOf(this.#view, () => this.#settings, tell);
    for (const sign of ['pointerdown', 'keydown', 'focusin']) root.addEventListener(sign, () => this.#visit.seen());
    // What a page has set before this module had come lies on the element itself and would hide the property.
    for (const name of ['userToken', 'words']) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  connectedCallback() {
    this.#watch('addEventListener');
    speakers.add(this.#identify);
    this.#identify();
    if (!this.#visit.session) this.#visit.become(this.#key ? 'idle' : 'unconfigured');
    if (this.hasAttribute('autostart')) this.#visit.start();
  }

  disconnectedCallback() {
    // Moved within the page, it is connected again by now; taken away, the session ends.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#watch('removeEventListener');
      speakers.delete(this.#identify);
      this.end();
    });
  }

  attributeChangedCallback(name) {
    if (!this.isConnected || !speakers.has(this.#identify)) return;
    this.#identify();
    const waiting = this.state === 'idle' || this.state === 'unconfigured';
    if (name === 'tenant-key' && waiting) this.#visit.become(this.#key ? 'idle' : 'unconfigured');
  }

  /** What the widget shows: `idle`, `ready`, `denied`, ... */
  get state() {
    return this.#visit.state;
  }

  /** An end user's JWT, for tenants that ask for one. No attribute, as that would be in the page's source. */
  get userToken() {
    return this.#userToken;
  }

  set userToken(token) {
    this.#userToken = token;
  }

  /** Words of this one widget, in place of its language's own. */
  get words() {
    return this.#words;
  }

  set words(words) {
    this.#words = words ?? {};
    if (this.isConnected) this.#identify();
  }

  /** Opens a session, asking the visitor what the tenant wants asked. */
  start() {
    return this.#visit.start();
  }

  /** Ends the session, and with it all that runs at vendors. */
  end() {
    this.#visit.end();
  }

  /** Says something for the visitor, as if they had written it. Needs a session. */
  async send(text) {
    if (this.#visit.session) await this.#visit.send(String(text));
  }

  /** Silences the voice, or stops the answer under way. */
  stop() {
    this.#visit.stop();
  }

  #identify = () => {
    const { language, name, years } = this.#settings;
    const t = speaker(language, this.#words, name);
    const list = (this.getAttribute('prompts') ?? '').split('|').map((prompt) => prompt.trim());
    this.#view.identity({
      t, language, name, years,
      rtl: isLeftward(language) && !this.closest('[dir]'),
      tagline: this.getAttribute('tagline') ?? t('role'),
      portrait: this.getAttribute('portrait'),
      prompts: list.filter(Boolean),
      gated: this.dataset.ageGate === 'active' || years > 0,
    });
    this.#view.meter(this.#visit.reading());
  };

  // The page goes, perhaps into the back-forward cache: nothing may run on behind it. From there it begins anew.
  #leave = () => {
    this.#left = this.#visit.session !== null;
    this.end();
  };

  #left = false;

  #back = (event) => {
    if (event.persisted && this.#left) this.start();
    else this.#visit.back();
  };

  #watch(verb) {
    globalThis[verb]('pagehide', this.#leave);
    globalThis[verb]('pageshow', this.#back);
    globalThis[verb]('online', this.#back);
  }

  // The gate demands an age: the element says so. Whoever wrote `active` has said it, and leaves the number to the gate.
  #demanded(years) {
    this.#least = years;
    if (this.dataset.ageGate !== 'active') this.dataset.ageGate = String(years);
    this.#identify();
  }

  get #settings() {
    const of = (name) => this.getAttribute(name);
    const stated = this.closest('[lang]')?.lang || document.documentElement.lang;
    const language = languageOf(stated ? [stated] : navigator.languages);
    return {
      key: this.#key, language, root: this.shadowRoot,
      gate: of('gate') || new URL(import.meta.url).origin,
      channel: of('channel') || 'widget',
      name: of('name') || speaker(language, this.#words)('twin'),
      page: pageOf(globalThis.location),
      link: of('link'), greeting: of('greeting'), instructions: of('instructions'), voice: of('voice'), persona: of('persona'),
      model: of('model') || 'gpt-5.4-mini',
      framed: of('video') === 'frame',
      userToken: this.#userToken,
      years: Math.max(this.#least, Number.parseInt(this.dataset.ageGate ?? '', 10) || 0),
      onAge: (years) => this.#demanded(years),
    };
  }

  get #key() {
    return this.getAttribute('tenant-key') || null;
  }
}

// The path of this page, which a tenant with restricted pages wants to know. The longest that the gate reads has 512 bytes.
function pageOf({ pathname }) {
  const page = pathname.replaceAll('*', '%2A');
  return page.startsWith('/') && page.length <= 512 ? page : null;
}

/** One sheet for every widget on the page. Constructed, it needs no `unsafe-inline` in the page's policy. */
function sheet() {
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(sheetText);
  }
  return shared;
}
