// The head of the log: how many entries it has, under which root, whose signature that is, and whether anything was rewritten
// since this browser looked last. When something was, that is the loudest thing on the page.
import { announce, fill, h } from '../../dom.js';
import { isAbort } from '../../api.js';
import { failureNotice } from '../../failure.js';
import { count, time } from '../../format.js';
import { ask } from '../../parts/dialog.js';
import { hex, Unable } from '../../proof/bytes.js';
import { look } from './watch.js';

export function checkpointPanel(context) {
  const body = h('div', { class: 'log-head', 'aria-busy': 'true' }, h('p', { class: 'wait' }, 'Looking at the log’s newest checkpoint …'));
  refresh(body, context);
  return h('section', { class: 'panel', 'aria-label': 'Checkpoint' }, body);
}

async function refresh(body, context, options) {
  try {
    const told = await look(context, options);
    if (context.signal.aborted) return;
    draw(body, told, context);
  } catch (error) {
    if (isAbort(error) || context.signal.aborted) return;
    fill(body, failureNotice(error, () => refresh(body, context, options)));
  } finally {
    body.removeAttribute('aria-busy');
  }
}

function draw(body, told, context) {
  const { failure, checkpoint, vkey } = told;
  if (failure instanceof Unable) {
    return fill(body, h('div', { class: 'notice' }, h('strong', {}, 'Not checked'), h('p', {}, failure.message),
      h('p', { class: 'soft' }, 'The command line can: ', h('code', {}, 'tollgate audit verify'), '.')), vkey && key(vkey));
  }
  if (failure) {
    announce(`Alarm: ${failure.message}`);
    return fill(body, alarm(body, told, context));
  }
  const [name] = vkey.split('+');
  return fill(body,
    h('p', { class: 'log-grown' }, h('strong', {}, `${count(checkpoint.size)} entries`), ' ', h('span', { class: 'tag is-good' }, 'Signature holds'), ' ', sentence(told)),
    h('details', { class: 'log-key' }, h('summary', {}, `Signed by ${name}`), key(vkey), h('p', { class: 'soft' }, 'Root ', h('code', {}, hex(checkpoint.root)))));
}

function sentence({ grown, seen, kept }) {
  if (grown.state === 'first') {
    return kept ? 'This browser remembers the key and this checkpoint from now on. Compare the key once with the one the operator has given you another way.'
      : 'This browser keeps nothing for this page, so it can’t tell next time whether anything was rewritten.';
  }
  const when = [' since ', time(seen.at), '.'];
  return grown.state === 'same' ? ['Still the same log, nothing rewritten', when] : [`Grew from ${count(grown.from)} to ${count(grown.to)} entries, nothing rewritten`, when];
}

/** The key in full, to be compared and copied. */
export const key = (vkey) => h('p', { class: 'log-vkey' }, h('span', { class: 'soft' }, 'Verifier key '), h('code', {}, vkey));

function alarm(body, { failure, vkey, seen, checkpoint }, context) {
  const facts = [['Key now', vkey], ['Key remembered', seen?.vkey], ['Entries now', checkpoint && count(checkpoint.size)], ['Entries seen before', seen && count(seen.size)],
    ['Root now', checkpoint && hex(checkpoint.root)], ['Root seen before', seen && hex(seen.root)]].filter(([, value]) => value);
  const again = seen && checkpoint && h('button', { type: 'button', class: 'button', onclick: () => adopt(body, vkey, context) }, 'Remember this log instead …');
  return h('div', { class: 'notice is-bad log-alarm', role: 'alert' },
    h('strong', {}, failure.name === 'key_changed' ? 'The log’s key has changed' : 'The log doesn’t hold'), h('p', {}, failure.message),
    h('p', {}, failure.name === 'key_changed' ? 'Ask the operator why, by another way than this gate, and compare the new key with what they say, letter by letter.'
      : 'Keep a picture of this page and your receipts, and ask the operator. An honest log only ever grows.'),
    seen && h('p', { class: 'soft' }, 'This browser looked last on ', time(seen.at), '.'),
    h('dl', { class: 'log-facts' }, facts.map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, h('code', {}, value))))), again);
}

async function adopt(body, vkey, context) {
  const yes = await ask({
    title: 'Remember this log instead?', grave: true, yes: 'Remember it', signal: context.signal,
    body: h('div', {}, h('p', {}, 'What this browser knew of the log before is forgotten; it is what a rewritten log would be found out by. Do this only if the operator has told you, by another way, that the log was begun anew or has this key:'), key(vkey)),
    act: async () => true,
  });
  if (yes) await refresh(body, context, { adopt: true });
}
