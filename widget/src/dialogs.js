// The two questions a tenant may want answered before a session: old enough, and agreed. Asked, never stored.
import { h } from './dom.js';

const COUNT = { next: 0 };

/**
 * Shows one question in a modal dialog; resolves to true if the visitor says yes. The browser keeps focus inside,
 * makes the page behind inert, closes on Escape and gives focus back.
 */
export function ask(root, { title, paragraphs, yes, no, mark = null }) {
  const id = `twin-question-${(COUNT.next += 1)}`;
  const heading = h('h2', { id, tabindex: '-1' }, title);
  const accept = h('button', { type: 'button', class: 'primary', 'data-part': 'accept' }, yes);
  const refuse = h('button', { type: 'button', class: 'plain', 'data-part': 'refuse' }, no);
  const text = h('div', { id: `${id}-text` }, ...paragraphs.map((paragraph) => h('p', {}, paragraph)));
  const dialog = h('dialog', { 'aria-labelledby': id, 'aria-describedby': `${id}-text`, part: 'dialog' },
    mark && h('p', { class: 'mark', 'aria-hidden': 'true' }, mark), heading, text,
    h('div', { class: 'choices' }, accept, refuse));
  root.append(dialog);
  return new Promise((resolve) => {
    let answer = false;
    accept.addEventListener('click', () => {
      answer = true;
      dialog.close();
    });
    refuse.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    heading.focus(); // so that the question is read out before its buttons
  });
}

export function ageQuestion(name, years) {
  return {
    mark: `${years}+`,
    title: `Are you ${years} or older?`,
    paragraphs: [`${name} only talks to visitors of ${years} years and over.`,
      'Your answer lasts until you leave this page and is not tied to your name.'],
    yes: `Yes, I am ${years} or older`,
    no: 'No, leave',
  };
}

export function consentQuestion(name) {
  return {
    title: 'You are about to talk to an AI',
    paragraphs: [`${name} is an AI twin: a computer speaks here, not the person.`,
      'What you write or say is sent to AI services to produce answers, and how much you use is metered.',
      'Please share nothing private. You can stop at any moment.'],
    yes: 'I agree, start',
    no: 'Not now',
  };
}
