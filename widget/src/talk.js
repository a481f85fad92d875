// What is said in a visit: the visitor's turns, the twin's streamed answers, and the voice that reads them.
import { answerOf, recent } from './chat.js';
import { Voice } from './speech.js';
import { stateOfMode } from './states.js';

/** `visit` is where it is said, `view` shows it; `settings` and `tell` as the visit has them. */
export function talkIn(visit, view, settings, tell) {
  const voice = new Voice();
  let turn = null; // AbortController of the answer under way
  let asking = false; // a turn waits for a session to speak in
  let history = [];
  let aloud = false;
  let speakingWith = null; // shows whether the answer being heard is still heard

  /** One turn. Resolves when the answer is whole, or isn't to be. */
  async function send(text) {
    if (turn || asking || !text.trim()) return;
    asking = true;
    voice.stop();
    const session = await visit.present();
    asking = false;
    if (!session) {
      view.refill(text);
      return;
    }
    const { t, log } = view;
    const { name, model, instructions } = settings();
    const question = log.addVisitor(text, t);
    const entry = log.addTwin(name, t, speak);
    const said = { role: 'user', content: text };
    const { signal } = (turn = new AbortController());
    view.notice();
    view.streaming(true);
    let answer = '';
    let failure = null;
    try {
      const messages = [...recent(history), said];
      if (instructions) messages.unshift({ role: 'system', content: instructions });
      const response = await session.chat(model, messages, signal);
      visit.settleInto(stateOfMode(response.headers.get('x-tollgate-mode') ?? 'unsaid'));
      for await (const piece of answerOf(response)) {
        answer += piece;
        entry.add(piece);
      }
    } catch (error) {
      failure = error;
    }
    const stopped = signal.aborted;
    turn = null;
    visit.seen();
    view.streaming(false);
    if (answer) {
      history = recent([...history, said, { role: 'assistant', content: answer }], 40);
      const note = stopped ? t('stopped') : failure ? t('broke') : '';
      entry.finish(note);
      view.announce(`${name}: ${answer} ${note}`);
      tell('twin-answer', { text: answer, complete: !note });
    } else {
      // Nothing came: the words go back to where they were written.
      question.remove();
      entry.remove();
      view.refill(text);
    }
    if (visit.session !== session) return;
    if (failure && !stopped) visit.refused(failure);
    else if (!answer) view.notice(stopped ? null : 'failed');
    else if (aloud && !stopped) entry.listen();
    visit.settled();
  }

  async function speak(text, show) {
    // The button of what is being said stops it; any other starts its own.
    const speaking = speakingWith;
    voice.stop();
    if (speaking === show) return;
    const waking = visit.present();
    voice.unlock(); // still within the click
    const session = await waking;
    if (!session) return;
    speakingWith = show;
    show(true);
    try {
      const request = (format, signal) => session.speak(text, settings().voice, format, signal);
      await voice.play(request, (id) => session.hush(id));
    } catch (error) {
      if (visit.session !== session) return;
      if (error.name === 'GateError') visit.refused(error, 'speech');
      else view.notice('mute');
    } finally {
      show(false);
      if (speakingWith === show) speakingWith = null;
      visit.settled();
    }
  }

  return {
    send,
    busy: () => turn !== null,

    /** First words that the page has the twin say; the gate never hears them. */
    greet() {
      const { greeting, name } = settings();
      if (!greeting || !view.log.empty) return;
      const entry = view.log.addTwin(name, view.t);
      entry.add(greeting);
      entry.finish();
      view.announce(greeting);
    },

    /** Silences the voice, else stops the answer under way; says whether there was anything to stop. */
    stop() {
      const any = voice.speaking || turn !== null;
      if (voice.speaking) voice.stop();
      else turn?.abort();
      return any;
    },

    hush: () => voice.stop(),

    drop() {
      turn?.abort();
      voice.stop();
    },

    /** Read every answer aloud from now on. */
    setAloud(on) {
      aloud = on;
      if (on) voice.unlock();
      else voice.stop();
    },
  };
}
