// Buttons that break things, there only while a director runs: development only. Each says what happens and what the gate does
// about it; what the director reports stands beside it; and all of it ends by itself.
import { el, button } from './el.js';

const DRILLS = [
  { name: 'flood', label: 'Flood', ask: 'Is there room for me?',
    does: 'Eighty requests at once take every place for 10 seconds. The gate turns the rest away with 429 and the time to wait.' },
  { name: 'cap', label: 'Cap reached', ask: 'One more question?', mend: 'Lift the cap again',
    does: 'The month’s cap becomes what is already spent. The next call is denied with 402 before any vendor hears of it.' },
  { name: 'vendor', label: 'Vendor down', ask: 'Are you still there?',
    does: 'The vendor that answered last fails for 20 seconds. Who asks for it by name gets 502 until its breaker opens; the twin’s route takes the next vendor.' },
  { name: 'store', label: 'Store down', ask: 'Can you hear me?',
    does: 'The store is out of reach for 10 seconds. Nothing can be reserved, so the gate calls nobody and says 503.' },
  { name: 'webhook', label: 'Replayed webhook', ask: null,
    does: 'A signed event of a vendor comes twice, and once forged. It counts once: accepted, duplicate, 401.' },
];
const WRITABLE = ['ready', 'throttled', 'text-only'];
const PATIENCE_MS = 30_000;

/** Nothing is shown until `use(director)`, and only while `show(books)` gets some. */
export function breakPanel(twin) {
  let director = null;
  let busy = false;
  const rows = new Map(DRILLS.map((drill) => [drill.name, rowOf(drill, () => press(drill), mend)]));
  const node = el('section', { class: 'breaks', 'aria-labelledby': 'breaks-title', hidden: true },
    el('h3', { id: 'breaks-title' }, 'Break something'),
    el('p', {}, 'Only in development. Nothing here costs anything, and all of it ends by itself.'),
    el('ul', {}, ...[...rows.values()].map((row) => row.node)));

  async function ask(path) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(director + path, { method: 'POST', credentials: 'omit', signal });
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(answer?.error ?? `the director answered ${response.status}`);
    return answer;
  }

  async function alone(work) {
    if (busy) return;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
  }

  const press = (drill) => alone(async () => {
    const row = rows.get(drill.name);
    for (const one of rows.values()) one.say('');
    row.say('Breaking it …');
    try {
      row.say(outcome(await ask(`/demo/break/${drill.name}`)));
      if (drill.ask && WRITABLE.includes(twin.state)) twin.send(drill.ask);
    } catch (error) {
      row.say(`That didn’t work: ${error.message}`);
    }
  });

  function mend() {
    return alone(async () => {
      await ask('/demo/mend').catch(() => {});
      for (const one of rows.values()) one.say('');
      // Who was turned away has no session any more.
      if (twin.state === 'denied') twin.start();
    });
  }

  return {
    node,
    use(origin) {
      director = origin;
    },
    /** What is broken now, as the director told; null where it is gone, and the buttons with it. */
    show(books) {
      node.hidden = !director || !books;
      if (!books) return;
      for (const [name, row] of rows) row.left(books.running?.find((one) => one.name === name)?.ends_in_s ?? 0);
    },
  };
}

function rowOf({ name, label, does, mend = 'Mend it now' }, onPress, onMend) {
  const left = el('span');
  const press = button(label, onPress, { 'aria-describedby': `break-${name}` });
  const mending = button(mend, () => {
    press.focus(); // this one goes away
    onMend();
  });
  const ends = el('div', { class: 'left', hidden: true }, left, mending);
  const said = el('p', { class: 'said', role: 'status' });
  const node = el('li', { 'data-drill': name }, press, el('p', { id: `break-${name}` }, does), ends, said);
  return {
    node,
    say: (text) => {
      said.textContent = text;
    },
    left: (seconds) => {
      left.textContent = seconds ? `on, ${seconds} s left` : '';
      ends.hidden = !seconds;
    },
  };
}

/** What the director saw, in a sentence: each kind of answer, who is out, and what it cost. */
export function outcome({ asked, vendor, cost_usd: cost }) {
  const answers = asked.map(({ status, said, count }) => (count > 1 ? `${count} × ${status} ${said}` : `${status} ${said}`));
  const who = vendor ? `${vendor} is down. ` : '';
  const price = cost === null ? 'Nothing was called, so nothing was charged.' : `Cost: $${cost}.`;
  return `${who}The gate answered ${answers.join(', ')}. ${price}`;
}
