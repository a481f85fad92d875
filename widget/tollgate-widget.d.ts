// Types of <twin-widget>: its attributes, properties, methods and events.

/** What the widget shows. */
export type TwinState =
  | 'unconfigured' | 'idle' | 'connecting' | 'ready' | 'throttled' | 'text-only' | 'busy' | 'denied' | 'offline' | 'ended';

export type TwinChannel = 'widget' | 'portal' | 'landing';

/** The attributes, all of them texts. `lang` and `dir` are those of every element. */
export interface TwinWidgetAttributes {
  /** The tenant's publishable key, `tg_pk_...`. */
  'tenant-key': string;
  /** The gate's address; by default where the module was loaded from. */
  gate?: string;
  /** By default `widget`. */
  channel?: TwinChannel;
  name?: string;
  tagline?: string;
  /** The address of an image. */
  portrait?: string;
  /** First words, shown in the page and never sent. */
  greeting?: string;
  /** Suggestions, separated by a vertical bar. */
  prompts?: string;
  /** The system message of each turn. */
  instructions?: string;
  /** The chat model, or the name of a route such as `auto`. */
  model?: string;
  /** The vendor's name of the voice; by default the tenant's own. */
  voice?: string;
  /** The vendor's name of the persona; by default the tenant's own. */
  persona?: string;
  /** Where a video room opens: in a window of its own (the default), or in a frame. A frame needs `frame-src` in the page's policy. */
  video?: 'window' | 'frame';
  /** An age in years to ask for before a session, or `active`, which leaves the number to the gate. */
  'data-age-gate'?: string;
  /** The address of a twin's link, such as `mt-link://shop/...?mode=host`. */
  link?: string;
  /** Opens the session without a click. */
  autostart?: '';
}

/** What is left and what this visit used, as texts in the widget's language. */
export interface TwinBudget {
  left: string | null;
  used: string | null;
  seconds: string | null;
  /** Of what was left when the visit began. */
  percent: number;
}

export interface TwinStateDetail {
  state: TwinState;
  /** What is said beside it: the tenant's own words where the gate has sent some. */
  message: string | null;
}

export interface TwinTickDetail {
  decision: 'allow' | 'downgrade';
  mode?: 'full' | 'text';
  limitCheckId?: string;
  budget: TwinBudget | null;
}

export interface TwinAnswerDetail {
  text: string;
  /** False where the visitor stopped it or the line broke. */
  complete: boolean;
}

/** A refusal of the gate, in its own words. */
export interface TwinErrorDetail {
  capability: 'session' | 'chat' | 'speech' | 'video';
  /** The HTTP status; 0 where there was no answer. */
  status: number;
  /** The gate's error type; `network` or `client` where there was no answer. */
  type: string;
  message: string;
  code?: string | null;
  param?: string | null;
  requestId?: string | null;
  limitCheckId?: string | null;
  fallback?: { mode: 'text' | 'offline'; message: string } | null;
  retryAfterS?: number | null;
  minimumAge?: number | null;
}

export interface TwinWidgetEventMap {
  'twin-state': CustomEvent<TwinStateDetail>;
  'twin-tick': CustomEvent<TwinTickDetail>;
  'twin-answer': CustomEvent<TwinAnswerDetail>;
  'twin-error': CustomEvent<TwinErrorDetail>;
}

/** Everything the widget says, by key. */
export type TwinWordKey =
  | 'twin' | 'role' | 'host' | 'ai' | 'talk' | 'ask' | 'intro' | 'you' | 'log' | 'message' | 'send' | 'listen'
  | 'stop' | 'stopped' | 'aloud' | 'video' | 'left' | 'used' | 'seconds' | 'countdown' | 'act' | 'unconfigured'
  | 'idle' | 'connecting' | 'ready' | 'throttled' | 'text-only' | 'busy' | 'denied' | 'offline' | 'ended'
  | 'throttled.says' | 'text-only.says' | 'offline.says' | 'barred' | 'broke' | 'failed' | 'mute' | 'opening' | 'room'
  | 'unsafe' | 'join' | 'watch' | 'window' | 'leave' | 'age' | 'age.why' | 'consent' | 'consent.why' | 'yes'
  | 'no';

/** Words of a language, or some of them. `{name}`, `{years}` and `{s}` are filled in. */
export type TwinWords = Partial<Record<TwinWordKey, string>>;

export class TwinWidget extends HTMLElement {
  /** Adds a language by its tag (`fr`, `pt-br`), or changes words of one, for every widget on the page. */
  static translate(language: string, words: TwinWords): void;

  readonly state: TwinState;

  /** An end user's JWT, for tenants that ask for one. Not an attribute, as that would be in the page's source. */
  userToken: string | null;

  /** Words of this one widget, in place of its language's own. */
  words: TwinWords;

  /** Opens a session, asking the visitor what the tenant wants asked. Resolves when it is open, or isn't to be. */
  start(): Promise<void>;

  /** Ends the session, and with it all that runs at vendors. */
  end(): void;

  /** Says something for the visitor, as if they had written it. Resolves when the answer is whole; needs a session. */
  send(text: string): Promise<void>;

  /** Silences the voice, or else stops the answer under way. */
  stop(): void;

  addEventListener<K extends keyof TwinWidgetEventMap>(
    type: K, listener: (this: TwinWidget, event: TwinWidgetEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K, listener: (this: TwinWidget, event: HTMLElementEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof TwinWidgetEventMap>(
    type: K, listener: (this: TwinWidget, event: TwinWidgetEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener<K extends keyof HTMLElementEventMap>(
    type: K, listener: (this: TwinWidget, event: HTMLElementEventMap[K]) => unknown, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

export function translate(language: string, words: TwinWords): void;

declare global {
  interface HTMLElementTagNameMap {
    'twin-widget': TwinWidget;
  }
}
