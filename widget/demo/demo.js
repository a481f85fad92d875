// What the three demo pages share: the widget gets the gate's settings, and beside it stands what the gate does.
import '../tollgate-widget.js';
import { breakPanel } from './break.js';
import { button, el } from './el.js';
import { ledgerPanel } from './ledger.js';

const PAGES = [['landing', 'Landing', '/'], ['widget', 'Shop', '/demo/shop'], ['portal', 'Portal', '/demo/portal']];

const CHANNELS = {
  landing: 'A campaign page on the gate’s own address. Anybody may come, so each visitor gets a session of their own, for minutes, under the tenant’s cap.',
  widget: 'A page of somebody else’s, with two pasted lines. The key in them opens sessions from this shop’s address only, and no vendor’s key is anywhere in it.',
  portal: 'A page behind a sign-in. A tenant can have it vouch for each customer by a signed token, and can let the portal go on while it switches the other channels off.',
};

const twin = document.querySelector('twin-widget');
const setup = document.getElementById('setup');
const rail = document.querySelector('.gate');
const channel = twin.getAttribute('channel');

/** The rail is a column beside a wide page, and a sheet that comes up from the foot of a narrow one. */
function furnish(ledger, panel) {
  const sheet = el('div', { class: 'gate-sheet', id: 'gate-sheet' });
  const handle = button(ledger.summary, () => {
    const open = rail.toggleAttribute('data-open');
    handle.setAttribute('aria-expanded', String(open));
  }, { class: 'gate-handle', 'aria-expanded': 'false', 'aria-controls': 'gate-sheet' });
  const links = PAGES.map(([name, label, href]) => el('a', { href, 'aria-current': name === channel && 'page' }, label));
  sheet.append(
    el('h2', { id: 'gate-title' }, 'Behind this page: the gate'),
    el('nav', { 'aria-label': 'Demo pages' }, ...links),
    el('p', { class: 'gate-channel' }, el('b', {}, `Channel ${channel}. `), CHANNELS[channel]),
    ledger.sums,
    ledger.entries,
    panel.node,
  );
  rail.append(handle, sheet);
}

async function settings() {
  const response = await fetch('/site.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`site.json: ${response.status}`);
  return response.json();
}

function configure(site) {
  const attributes = { persona: site.persona, voice: site.voice, model: site.model, 'data-age-gate': site.age_gate };
  for (const [name, value] of Object.entries(attributes)) if (value) twin.setAttribute(name, value);
  setup.hidden = Boolean(site.publishable_key);
  if (site.publishable_key) twin.setAttribute('tenant-key', site.publishable_key);
}

const panel = breakPanel(twin);
const ledger = ledgerPanel(twin, panel.show);
furnish(ledger, panel);
settings().then((site) => {
  configure(site);
  if (!site.director) return;
  panel.use(site.director);
  ledger.follow(site.director);
}).catch(() => {
  setup.textContent = 'The twin can’t be reached right now. Please reload in a moment.';
  setup.hidden = false;
});
