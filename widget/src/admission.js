// Getting in: tries to open a session, asks the visitor what the gate demands, tries again with the answer.
import { ask } from './dialogs.js';
import { Session } from './session.js';

// One try, one for a marker that was too low, one for age, one for consent.
const ROUNDS = 4;

/** What the visitor has said so far. It outlives a session, so that a reconnect asks nothing twice, but not the page. */
export class Answers {
  consent = false;
  age = 0;
}

/**
 * Resolves to a Session, or to null if the visitor said no. `years` is the age the page itself asks for (0: none);
 * `onAge(years)` hears which age the gate demands, `t` has the words of the questions, which are asked in `root`.
 */
export async function admit(gate, key, answers, { root, t, years, onAge, signal, ...opening }) {
  let wanted = years;
  for (let round = 1; ; round += 1) {
    if (wanted > answers.age) {
      if (!(await ask(root, t, 'age', signal, wanted))) return null;
      answers.age = wanted;
    }
    try {
      return await Session.open(gate, key, { ...opening, signal, consent: answers.consent, ageAttested: answers.age });
    } catch (error) {
      if (round === ROUNDS || error.status !== 403) throw error;
      if (error.code === 'age_required') {
        wanted = error.minimumAge ?? Math.max(21, wanted);
        if (wanted <= answers.age) throw error; // it was said already: asking again would go in circles
        onAge(wanted);
      } else if (error.code === 'consent_required' && !answers.consent) {
        if (!(await ask(root, t, 'consent', signal))) return null;
        answers.consent = true;
      } else throw error;
    }
  }
}
