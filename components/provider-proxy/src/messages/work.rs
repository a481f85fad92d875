//! One message, as far as it goes now.

use kv_schemas::StoreError;
use messaging::{Direction, Message, State, Step, is_stale};
use shell::{KeyValue, Problem, host};

use super::{answer, hold::Hold, perform, send};
use crate::keyed::Origin;

/// What became of the work on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is done with.
    Over,
    /// It waits for another try, or somebody else is at it.
    NotNow,
}

/// Works on it, unless somebody else does.
pub async fn on(store: &KeyValue, id: &str) -> Result<Progress, StoreError> {
    let state = messaging::state(id).get(store)?.unwrap_or_default();
    if state.is_over() {
        return Ok(Progress::Over);
    }
    if state.next_try > host::now() {
        return Ok(Progress::NotNow);
    }
    let Some(hold) = Hold::take(store, id)? else { return Ok(Progress::NotNow) };
    let outcome = step_by_step(store, id, &hold).await;
    hold.release();
    outcome
}

async fn step_by_step(store: &KeyValue, id: &str, hold: &Hold<'_>) -> Result<Progress, StoreError> {
    let Some(message) = messaging::record(id).get(store)? else { return Ok(Progress::Over) };
    // Read again: somebody may have been at it until just now.
    let mut state = messaging::state(id).get(store)?.unwrap_or_default();
    loop {
        if state.is_over() {
            return Ok(Progress::Over);
        }
        if state.next_try > host::now() {
            return Ok(Progress::NotNow);
        }
        let next = next(store, id, hold, &message, &state).await?;
        let Some(next) = next else { return Ok(Progress::NotNow) };
        if !hold.note(&next)? {
            return Ok(Progress::NotNow);
        }
        state = next;
    }
}

/// The state after one step. `None`: somebody else has taken over.
async fn next(
    store: &KeyValue,
    id: &str,
    hold: &Hold<'_>,
    message: &Message,
    state: &State,
) -> Result<Option<State>, StoreError> {
    if is_stale(message.at, host::now()) {
        return Ok(Some(state.at(Step::GivenUp { why: "too late".into() })));
    }
    let step = match (&state.step, &message.direction) {
        (Step::Answered { text }, _) => match hold.during(send::send(store, &message.conversation, id, text)).await {
            Ok(()) => state.at(Step::Sent),
            Err(problem) => unsent(id, state, text, &problem),
        },
        (_, Direction::Out) => state.at(Step::Answered { text: message.text.clone() }),
        (Step::Received, Direction::In { .. }) => match answer::kind_of(store, message)? {
            answer::Kind::Nothing => state.at(Step::Ignored),
            answer::Kind::Command(command) => {
                let said = hold.during(perform::perform(store, id, message, command)).await;
                answered(state, said)
            }
            answer::Kind::Question => {
                // Before the permit: what if we crash after this? Whoever takes over knows that it may be paid for.
                let asking = state.at(Step::Asking);
                if !hold.note(&asking)? {
                    return Ok(None);
                }
                answered(&asking, hold.during(answer::question(store, id, message, &asking, Origin::New)).await)
            }
        },
        (_, Direction::In { .. }) => {
            answered(state, hold.during(answer::question(store, id, message, state, Origin::Resumed)).await)
        }
    };
    Ok(Some(step))
}

fn answered(state: &State, said: answer::Said) -> State {
    match said {
        // Sending has tries of its own.
        answer::Said::Text(text) => State { tries: 0, ..state.at(Step::Answered { text }) },
        answer::Said::Later { wanted_ms, asked } => {
            let step = if asked { Step::Asking } else { Step::Received };
            let later = state.later(step, host::now(), wanted_ms);
            // The same try goes on: its permit has the same name.
            if asked { State { tries: state.tries, ..later } } else { later }
        }
    }
}

/// Tried again, unless this conversation will never take it.
fn unsent(id: &str, state: &State, text: &str, problem: &Problem) -> State {
    shell::warn!("sending", about = id, code = problem.code, message = problem.message);
    if send::is_final(problem) {
        return state.at(Step::GivenUp { why: problem.code.clone() });
    }
    state.later(Step::Answered { text: text.into() }, host::now(), problem.retry_after_ms)
}
