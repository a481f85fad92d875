// One entry: what it says, what corrects it, and the proof that the log has it.
import { at, GateError, isAbort } from '../../api.js';
import { announce, fill, h } from '../../dom.js';
import { failureNotice } from '../../failure.js';
import { money, time, words } from '../../format.js';
import { address } from '../../router.js';
import { correctionsPanel } from './corrections.js';
import { fileName, save } from './download.js';
import { prove } from './prove.js';
import { entryLink, eventWords, place, readEntry, used } from './rows.js';
import { Steps } from './steps.js';

export async function showEntry(root, context, id) {
  const { api, signal, rename } = context;
  const back = h('p', { class: 'log-back' }, h('a', { href: address(['log']) }, 'The log'));
  fill(root, back, h('p', { class: 'wait' }, 'Asking for the entry …'));
  let entry;
  try {
    entry = readEntry(await api.text(at`/v1/audit/entries/${id}`, { signal }));
  } catch (error) {
    if (!(error instanceof GateError) || error.status !== 404) throw error;
    fill(root, back, h('div', { class: 'notice' }, h('strong', {}, 'No such entry'), h('p', {}, 'There is no entry ', h('code', {}, id), ' that this key may see.')));
    return;
  }
  rename(eventWords(entry.event));
  fill(root, back, facts(entry, context.who), proofPanel(context, entry), correctionsPanel(context, entry));
}

function facts(entry, who) {
  const { corrects, ...rest } = Object.fromEntries(entry.details);
  const filtered = (name, value) => h('a', { href: address(['log'], { [name]: value, kind: 'all' }) }, value);
  const rows = [
    ['Id', h('code', {}, entry.id)], ['When', time(entry.at)], ['Number in the log', place(entry)],
    entry.nanos !== null && ['Cost', h('strong', {}, `${money(entry.nanos)} USD`)], ['Used', used(entry)],
    ['Corrects', corrects && entryLink(corrects)],
    ['Tenant', entry.tenant && who.role === 'operator' ? filtered('tenant', entry.tenant) : entry.tenant], ['Company', entry.company],
    ['Capability', entry.capability], ['Vendor', entry.provider], ['Model', entry.model], ['Channel', entry.channel],
    ['Settled as', entry.settlement], ['Session', entry.session && filtered('session', entry.session)], ['Request', entry.request && h('code', {}, entry.request)],
    entry.erased && ['Personal data', 'erased; the log keeps its digest'],
    ...Object.entries(rest).map(([name, value]) => [words(name).replace(/^./, (letter) => letter.toUpperCase()), value]),
  ].filter((row) => row && row[1] !== '' && row[1] !== null && row[1] !== undefined);
  const raw = [['Event type', entry.event], ['Version', entry.version], ['Cost in nano-USD', String(entry.nanos)], ['Salt', entry.salt], ['Digest of session and request', entry.digest]];
  return h('section', { class: 'panel', 'aria-label': 'Entry' }, h('dl', { class: 'log-entry' }, rows.map(pair)),
    h('details', {}, h('summary', {}, 'What the proof is made of'), h('dl', { class: 'log-facts' }, raw.filter(([, value]) => value).map(([word, value]) => pair([word, h('code', {}, value)])))));
}

const pair = ([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, value));

function proofPanel(context, { id }) {
  const steps = new Steps();
  const result = h('div', { class: 'log-proof' });
  const advice = h('div');
  const buttons = ['Verify in this browser', 'Download receipt'].map((words) => h('button', { type: 'button', class: 'button' }, words));
  const [verify, download] = buttons;
  verify.classList.add('is-main');
  verify.addEventListener('click', () => run(false));
  download.addEventListener('click', () => run(true));
  return h('section', { class: 'panel', 'aria-label': 'Proof' }, h('div', { class: 'panel-head' }, h('h2', {}, 'Proof')),
    h('p', { class: 'lead' }, 'The log is one tree of hashes, signed at its root. From this entry’s own words to that signature it is a few steps; this browser takes them itself. The page, though, comes from the gate: for a proof that doesn’t rest on it, save the receipt and check it elsewhere.'),
    h('div', { class: 'bar' }, verify, download), advice, result);

  async function run(saving) {
    if (verify.ariaDisabled === 'true') return;
    // Not `disabled`, which would take the keyboard's place away.
    for (const button of buttons) button.ariaDisabled = 'true';
    fill(result, steps.element);
    fill(advice);
    steps.wait('Asking for the receipt …');
    try {
      const { verdict, failure, bytes, vkey } = await prove(context, id, {
        waits: () => steps.wait('The log hasn’t signed this entry yet. Waiting for it …'), heard: (step) => steps.heard(step),
      });
      if (context.signal.aborted) return;
      steps.end(verdict, failure);
      announce({ proven: 'Proven.', refuted: `Not proven: ${failure?.message}`, unchecked: `Not checked: ${failure?.message}` }[verdict]);
      if (saving) fill(advice, handOver(verdict, id, bytes, vkey));
    } catch (error) {
      if (!isAbort(error)) fill(result, failureNotice(error, () => run(saving)));
    } finally {
      for (const button of buttons) button.ariaDisabled = 'false';
    }
  }
}

/** Saves the receipt as the gate gave it, unless it proves nothing. */
function handOver(verdict, id, bytes, vkey) {
  if (verdict === 'refuted') return h('div', { class: 'notice is-bad' }, h('strong', {}, 'Not saved'), h('p', {}, 'The gate’s receipt proves nothing; see below.'));
  const name = `${fileName(id)}.receipt`;
  save(name, bytes, 'text/plain');
  return h('div', { class: 'notice' }, h('strong', {}, `Saved as ${name}`),
    h('p', {}, 'It can be checked without this gate, now or in ten years: ', h('a', { href: address(['log', 'check']) }, 'here'), ', or on a command line:'),
    h('p', {}, h('code', { class: 'log-command' }, `tollgate audit check ${name} --vkey '${vkey}'`)));
}
