// The steps of a proof as they are taken, with the very hashes, so that somebody can follow and compare them.
import { fill, h } from '../../dom.js';

const TITLES = {
  receipt: 'The receipt can be read', entry: 'It is of this entry', leaf: 'The entry’s fingerprint', path: 'The path up the tree',
  root: 'The root is the signed one', signature: 'The signature', key: 'The key', history: 'The log as it was seen before',
};
const MARKS = { ok: 'holds', failed: 'fails', unable: 'not checked', skipped: 'not reached' };
const TONES = { ok: 'is-good', failed: 'is-bad', unable: 'is-warn' };

/** An empty list of steps that fills as `heard(step)` is told of them; `end(verdict, failure)` says what came of it. */
export class Steps {
  #list = h('ol', { class: 'steps' });
  #verdict = h('div', { class: 'steps-verdict' });

  element = h('div', { class: 'proof' }, this.#verdict, this.#list);

  wait(words) {
    fill(this.#list);
    fill(this.#verdict, h('p', { class: 'wait', role: 'status' }, words));
  }

  heard(step) {
    this.#list.append(h('li', { class: `step is-${step.state}`, 'data-step': step.id },
      h('div', { class: 'step-head' }, h('h3', {}, TITLES[step.id]), h('span', { class: `tag ${TONES[step.state] ?? ''}` }, MARKS[step.state])),
      step.says && h('p', {}, step.says), facts(step.facts), step.folds.length > 0 && folds(step.folds)));
  }

  /** `more`: what stands between the verdict and its steps. */
  end(verdict, failure, more = null) {
    fill(this.#verdict, notice(verdict, failure), more);
  }
}

function notice(verdict, failure) {
  if (verdict === 'proven') {
    return h('div', { class: 'notice is-good', role: 'status' }, h('strong', {}, 'Proven: the log has this entry, word for word'),
      h('p', {}, 'It can’t be changed or taken out without contradicting this signed root. Keep the receipt: it is what a later log would be held against.'));
  }
  if (verdict === 'unchecked') {
    return h('div', { class: 'notice', role: 'status' }, h('strong', {}, 'Not checked to the end'), h('p', {}, failure.message),
      h('p', {}, 'Nothing speaks against the entry, and nothing here proves it. ', h('code', {}, 'tollgate audit check FILE'), ' checks a receipt without a browser.'));
  }
  return h('div', { class: 'notice is-bad', role: 'alert' }, h('strong', {}, 'Not proven'), h('p', {}, failure.message),
    h('p', {}, 'Keep the receipt and ask the operator. The step that fails is marked below; what comes after it was not looked at.'));
}

function facts(pairs) {
  return pairs.length > 0 && h('dl', { class: 'log-facts' }, pairs.map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, h('code', {}, value)))));
}

/** Level by level: the neighbour, on which side it stands, and what the two come to. */
function folds(list) {
  return h('details', { class: 'folds' }, h('summary', {}, `All ${list.length} levels`),
    h('ol', {}, list.map(({ siblingIs, sibling, result }, level) => h('li', {}, h('span', { class: 'soft' }, `Level ${level + 1}, neighbour on the ${siblingIs}: `),
      h('code', {}, sibling), h('br'), h('span', { class: 'soft' }, 'together: '), h('code', {}, result)))));
}
