// A receipt that somebody has as a file: checked here, without asking anybody. The file never leaves the browser.
import { announce, fill, h } from '../../dom.js';
import { count, money, moment } from '../../format.js';
import { address } from '../../router.js';
import { check } from '../../proof/check.js';
import { MAX_TEXT } from '../../proof/json.js';
import { isAbort } from '../../api.js';
import { eventWords } from './rows.js';
import { Steps } from './steps.js';
import { engine, memory, shownKey } from './watch.js';

export function showReceiptFile(root, context) {
  const known = memory.recall()?.vkey ?? null;
  const key = h('input', { id: 'receipt-key', name: 'key', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 1024, value: known ?? '', class: 'log-key-field', 'aria-describedby': 'receipt-key-hint' });
  const hint = h('p', { id: 'receipt-key-hint', class: 'field-hint' }, known ? 'The key that this browser remembers of this gate’s log.' : 'This browser remembers no key yet; what the gate shows is filled in.');
  const file = h('input', { id: 'receipt-file', type: 'file', accept: '.receipt,text/plain' });
  const zone = h('div', { class: 'log-drop' }, h('label', { for: 'receipt-file' }, 'Drop a receipt here, or choose one'), file);
  const result = h('div', { class: 'log-proof' });
  file.addEventListener('change', () => { if (file.files[0]) read(file.files[0]); });
  key.addEventListener('change', () => { if (file.files[0]) read(file.files[0]); });
  listenForDrops(zone, (dropped) => {
    file.value = '';
    read(dropped);
  });
  context.rename('Check a receipt');
  fill(root, h('p', { class: 'log-back' }, h('a', { href: address(['log']) }, 'The log')),
    h('section', { class: 'panel', 'aria-label': 'Receipt' },
      h('p', { class: 'lead' }, 'A receipt holds an entry, the way from it to the log’s root, and a signature. This page does the sum itself: it asks nobody, and the file stays here.'),
      h('div', { class: 'field' }, h('label', { for: 'receipt-key' }, 'The log’s verifier key'), key, hint), zone, result));
  if (!known) suggestKey();

  async function suggestKey() {
    try {
      const shown = await shownKey(context);
      if (!key.value) key.value = shown;
    } catch (error) {
      if (!isAbort(error)) fill(hint, 'The gate’s key can’t be read just now. Paste the key that you were given.');
    }
  }

  async function read(chosen) {
    const steps = new Steps();
    fill(result, h('p', { class: 'soft' }, chosen.name), steps.element);
    steps.wait('Checking …');
    // One byte more than a receipt may have, so that a huge file is refused by name and never read whole.
    const bytes = new Uint8Array(await chosen.slice(0, MAX_TEXT + 1).arrayBuffer());
    const pinned = key.value.trim() === known ? known : null;
    const { verdict, failure, entry, receipt, checkpoint } = await check(engine, { bytes, vkey: key.value.trim(), pinned, given: true, heard: (step) => steps.heard(step) });
    if (context.signal.aborted) return;
    steps.end(verdict, failure, verdict === 'proven' && said(entry, receipt, checkpoint));
    announce(verdict === 'proven' ? 'Proven.' : failure.message);
  }
}

function said(entry, { index }, { size, origin }) {
  const rows = [['Entry', entry.limit_check_id], ['Event', eventWords(entry.event_type)], ['When', moment(entry.at)], ['Tenant', entry.tenant_id], ['Company', entry.company],
    ['Vendor', [entry.provider, entry.model].filter(Boolean).join(', ')], ['Used', entry.unit_type && `${count(entry.units)} ${entry.unit_type}`], ['Cost', `${money(entry.nanos)} USD`],
    ['Settled as', entry.settlement], ...entry.details, ['Number', `${count(index)} of ${count(size)}`], ['Log', origin]];
  return h('dl', { class: 'log-entry' }, rows.filter(([, value]) => value).map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, value))));
}

function listenForDrops(zone, dropped) {
  const over = (yes) => (event) => {
    event.preventDefault();
    zone.classList.toggle('is-over', yes);
  };
  zone.addEventListener('dragover', over(true));
  zone.addEventListener('dragleave', over(false));
  zone.addEventListener('drop', (event) => {
    over(false)(event);
    const [file] = event.dataTransfer.files;
    if (file) dropped(file);
  });
}
