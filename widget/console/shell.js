// The frame around every view: the rail with its index, the heading, who is signed in, and whether the gate answers.
import { announce, fill, h, s } from './dom.js';
import { address } from './router.js';

const OPERATOR = [
  ['overview', 'Overview'],
  ['tenants', 'Tenants'],
  ['sessions', 'Sessions'],
  ['vendors', 'Vendors'],
  ['webhooks', 'Webhooks'],
  ['log', 'Log'],
];
const TENANT = [
  ['overview', 'Overview'],
  ['tenant', 'Limits'],
  ['sessions', 'Sessions'],
  ['vendors', 'Vendors'],
  ['webhooks', 'Webhooks'],
  ['log', 'Log'],
];
/** Views that have no place of their own in the index. */
const UNDER = { tenant: 'tenants', usage: 'tenants' };

/** The mark of the house: a barrier, half raised. */
export function mark() {
  return s(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': 'true' },
    s('path', { d: 'M4 28V13h6v15z', class: 'mark-post' }),
    s('path', { d: 'M6.2 15.6 28 5.2', class: 'mark-arm' }),
    s('path', { d: 'M2 28.5h28', class: 'mark-road' }),
  );
}

export class Frame {
  #links = new Map();
  #heading = h('h1', { id: 'heading', tabindex: '-1' });
  #place = h('div');
  #adrift = h('div', { class: 'adrift', hidden: true });
  #first;
  #online;

  constructor(place, who, { arrived, signOut, again }) {
    this.#first = !arrived;
    const index = (who.role === 'operator' ? OPERATOR : TENANT).map(([name, word]) => {
      const link = h('a', { href: name === 'tenant' ? address(['tenants', who.tenant]) : address([name]) }, word);
      this.#links.set(name, link);
      return h('li', {}, link);
    });
    fill(
      this.#adrift,
      h('span', {}, 'The gate can’t be reached. What stands here may be old.'),
      ' ',
      h('button', { type: 'button', class: 'button', onclick: again }, 'Try again'),
    );
    fill(
      place,
      h('a', { class: 'skip', href: '#main', onclick: (event) => this.#skip(event) }, 'Skip to the page'),
      h(
        'header',
        { class: 'rail' },
        h('a', { class: 'brand', href: address(['overview']) }, mark(), h('span', {}, 'Tollgate')),
        h('nav', { 'aria-label': 'Console' }, h('ul', { class: 'index' }, index)),
        h(
          'div',
          { class: 'holder' },
          h('span', { class: 'holder-role' }, who.role === 'operator' ? 'Operator' : 'Tenant'),
          h('span', { class: 'holder-name', title: who.tenant ?? location.host }, who.tenant ?? location.host),
          h('button', { type: 'button', class: 'button is-quiet', onclick: () => signOut() }, 'Sign out'),
        ),
      ),
      h(
        'main',
        { id: 'main', class: 'sheet' },
        h('div', { role: 'status' }, this.#adrift),
        h('div', { class: 'heading' }, this.#heading),
        this.#place,
      ),
    );
    // A view that failed for want of a network is tried again when there is one.
    this.#online = () => {
      if (!this.#adrift.hidden) again();
    };
    addEventListener('online', this.#online);
  }

  /** Turns to a view: an empty place for it, its tab marked, and the keyboard at its beginning. */
  turnTo(name) {
    const current = this.#links.has(name) ? name : UNDER[name];
    for (const [one, link] of this.#links) {
      if (one === current) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#links.get(current)?.scrollIntoView({ block: 'nearest', inline: 'center' });
    const root = h('div', { class: `view view-${name}` });
    fill(this.#place, root);
    if (!this.#first) scrollTo(0, 0);
    return root;
  }

  rename(heading) {
    const changed = this.#heading.textContent !== heading;
    fill(this.#heading, heading);
    document.title = `${heading} · Tollgate`;
    if (changed && !this.#first) this.#heading.focus({ preventScroll: true });
    this.#first = false;
  }

  /** Whether the gate answered the newest request. */
  reached(yes) {
    if (this.#adrift.hidden === yes) return;
    this.#adrift.hidden = yes;
    if (yes) announce('The gate answers again.');
  }

  close() {
    removeEventListener('online', this.#online);
  }

  // The address names the view, so that a jump within the page mustn't change it.
  #skip(event) {
    event.preventDefault();
    this.#heading.focus();
  }
}
