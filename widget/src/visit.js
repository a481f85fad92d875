// One visitor's visit: opens a session, keeps it alive, and says what each answer and each refusal means for what is shown.
import { admit, Answers } from './admission.js';
import { backoff } from './backoff.js';
import { countdownOn } from './countdown.js';
import { Gate } from './gate.js';
import { Budget } from './meter.js';
import { stateOfMode, stateOfRefusal } from './states.js';
import { talkIn } from './talk.js';
import { Ticker } from './ticks.js';

// Someone who wrote, clicked or read within this time is still here; after it the session may lapse.
const PRESENT_FOR_MS = 180_000;
// The gate settles a turn after its last byte: the meter asks a moment later.
const SETTLED_AFTER_MS = 400;
// After video was refused for the budget, writing stays the offer for a while, whatever a tick for chat says.
const TEXT_ONLY_FOR_MS = 60_000;
// What the gate answers about a session that is over.
const OVER = [401, 404, 409, 410];

/** `settings()` are the element's attributes of this moment; `tell(name, detail)` sends an event to the page. */
export function visitOf(view, settings, tell) {
  const { stage } = view;
  const answers = new Answers();
  const budget = new Budget();
  const countdown = countdownOn((seconds) => view.countdown(seconds));
  let ticker = null;
  let opening = null; // AbortController of a session being opened
  let renewing = null;
  let openingVideo = false;
  let failures = 0;
  let seenAt = -Infinity;
  let textUntil = -Infinity;
  const visit = { state: 'idle', session: null, start, end, seen, present, settleInto, settled, refused, become };
  const talk = talkIn(visit, view, settings, tell);

  /** Opens a session, asking the visitor what the tenant wants asked. `focus`: they pressed a button, and want to write. */
  async function start(focus = false) {
    const it = settings();
    if (!it.key || visit.session || opening) return;
    const mine = new AbortController();
    const { signal } = mine;
    opening = mine;
    seen();
    become('connecting');
    try {
      const session = await admit(new Gate(it.gate), it.key, answers, { ...it, t: view.t, signal });
      if (signal.aborted) session?.end(); // the visit ended while the gate was answering
      else if (session) begin(session, focus);
      else become('idle');
    } catch (error) {
      if (!signal.aborted) refused(error, 'session');
    } finally {
      if (opening === mine) opening = null;
    }
  }

  function begin(session, focus) {
    visit.session = session;
    failures = 0;
    view.disclose(session.disclosure);
    become(stateOfMode(session.mode) ?? 'ready');
    talk.greet();
    ticker = new Ticker({
      seconds: session.tickSeconds,
      send: () => session.tick(stage.room ? 'video' : 'chat'),
      wanted: () => stage.room || talk.busy() || performance.now() - seenAt < PRESENT_FOR_MS,
      onAnswer: ticked,
      onRefusal: tickRefused,
    });
    ticker.now();
    if (focus) view.focusWriting();
  }

  /** Ends the session, and with it all that runs at vendors. */
  function end() {
    if (!visit.session && !opening) return;
    drop();
    become('ended');
  }

  // Lets go of the session and of all that belongs to it.
  function drop() {
    opening?.abort();
    opening = null;
    talk.drop();
    ticker?.stop();
    ticker = null;
    stage.close();
    visit.session?.end();
    visit.session = null;
  }

  // A tick and a turn may find out at the same time: one new session is enough.
  function renew() {
    if (!renewing) {
      drop();
      renewing = start().finally(() => {
        renewing = null;
      });
    }
    return renewing;
  }

  /** A session to speak in. One whose ticks were slept through is over, so that a new one is opened first. */
  async function present() {
    if (renewing || ticker?.overdue) await renew();
    return visit.session;
  }

  function seen() {
    seenAt = performance.now();
    ticker?.resume();
  }

  /** A turn or a speech is over: what it cost is known in a moment. */
  function settled() {
    setTimeout(() => ticker?.now(), SETTLED_AFTER_MS);
  }

  const reading = () => budget.reading(settings().language);

  function ticked(answer) {
    budget.update(answer.remaining);
    view.meter(reading());
    tell('twin-tick', { decision: answer.decision, mode: answer.mode, limitCheckId: answer.limit_check_id, budget: reading() });
    settleInto(stateOfMode(answer.mode, answer), answer.fallback?.message);
  }

  function tickRefused(error, next) {
    if (OVER.includes(error.status)) {
      // Slept through, or grown old: that is nobody's wish. Ended while the ticks came on time: somebody ended it.
      if (error.code !== 'session_revoked' && (ticker.overdue || error.code === 'session_expired')) renew();
      else end();
    } else if (error.status < 500 || error.status === 503) {
      refused(error, stage.room ? 'video' : 'chat');
      if (visit.state === 'offline' && next) countdown.start(next / 1_000, () => {}); // the ticker is who tries
    }
  }

  /** A state the gate reports goes in quietly: what is already shown is not said again. */
  function settleInto(state, said) {
    if (!state || visit.state === 'busy') return;
    const held = performance.now() < textUntil ? 'text-only' : state;
    if (held !== visit.state) become(held, { said });
  }

  function refused(error, capability = 'chat') {
    // A fault that is no answer of the gate's has no status: to the visitor the line is down.
    const known = { status: 0, type: 'client', ...error, message: error.message, capability };
    tell('twin-error', known);
    const next = stateOfRefusal(known);
    if (!next) {
      if (visit.session) view.notice('failed');
      else become('idle', { key: 'failed' });
      return;
    }
    const { state, waitS } = next;
    if (state === 'ended' || state === 'denied') drop();
    if (state === 'text-only') textUntil = performance.now() + TEXT_ONLY_FOR_MS;
    become(state, next);
    if (state === 'busy') countdown.start(waitS, rested);
    if (state === 'offline' && !visit.session) {
      // No way in: tries again, ever later, and not for ever.
      const wait = backoff(failures);
      failures += 1;
      if (wait) countdown.start(wait / 1_000, back);
    }
  }

  // Told to come back later, and now it is: goes on as before. Without a session the visitor starts anew.
  function rested() {
    const writing = performance.now() < textUntil ? 'text-only' : 'ready';
    become(visit.session ? writing : 'idle');
  }

  function back() {
    if (visit.state === 'offline' && !visit.session) start();
  }

  function become(state, says) {
    visit.state = state;
    countdown.stop();
    if (state === 'text-only' || state === 'offline') {
      talk.hush();
      leaveRoom();
    }
    view.state(state, says, visit.session?.capabilities ?? new Set());
    tell('twin-state', { state, message: view.said || null });
  }

  function leaveRoom() {
    const { room } = stage;
    if (!room) return false;
    stage.close();
    visit.session?.closeVideo(room.id);
    return true;
  }

  return Object.assign(visit, talk, {
    reading,

    /** The browser says that it is online again. */
    back,

    /** The button beside the message: starts anew, or asks at once whether the line is back. */
    act() {
      failures = 0;
      if (ticker) ticker.now();
      else start(true);
    },

    async openVideo() {
      const { session } = visit;
      if (!session || stage.room || openingVideo) return;
      openingVideo = true; // a second click must not open, and pay for, a second room
      view.notice('opening');
      try {
        const { persona, framed } = settings();
        const room = await session.openVideo(persona);
        if (visit.session !== session) return; // ended meanwhile: the gate has closed the room with the session
        stage.open(room, view.t, framed);
        view.notice();
        ticker.now();
      } catch (error) {
        view.notice();
        if (visit.session === session) refused(error, 'video');
      } finally {
        openingVideo = false;
      }
    },

    closeVideo() {
      if (!leaveRoom()) return;
      view.notice();
      view.focusWriting();
      settled();
    },
  });
}
