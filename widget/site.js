// The landing page's own script: hands the stored settings to the widget and keeps the ledger strip.
import './tollgate-widget.js';

const twin = document.querySelector('twin-widget');
const setup = document.getElementById('setup');

async function configure() {
  const response = await fetch('/site.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`site.json: ${response.status}`);
  const settings = await response.json();
  const attributes = { persona: settings.persona, voice: settings.voice, model: settings.model, 'data-age-gate': settings.age_gate };
  for (const [name, value] of Object.entries(attributes)) if (value) twin.setAttribute(name, value);
  setup.hidden = Boolean(settings.publishable_key);
  if (settings.publishable_key) twin.setAttribute('tenant-key', settings.publishable_key);
}

let checks = 0;
twin.addEventListener('twin-tick', ({ detail }) => {
  checks += 1;
  document.getElementById('ledger-checks').textContent = String(checks);
  document.getElementById('ledger-used').textContent = detail.budget?.used ?? 'nothing yet';
  document.getElementById('ledger-last').textContent = detail.limitCheckId ?? 'none';
});

configure().catch(() => {
  setup.textContent = 'The booth can’t be reached right now. Please reload in a moment.';
  setup.hidden = false;
});
