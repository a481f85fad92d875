//! A schedule as a person reads it.

use std::fmt::Write;

use crate::{
    Explore,
    behaviour::Step,
    search::{Move, Search, way::How},
    state::Stand,
};

/// Plays the moves again from the beginning and writes down each operation and its answer.
pub(crate) fn show<O: Clone + Eq + std::fmt::Debug>(
    plan: &Explore<'_, O>,
    search: &mut Search<'_, '_, O>,
    moves: &[Move],
) -> String {
    let mut text = String::new();
    let mut state = search.initial().clone();
    for (number, step) in moves.iter().enumerate() {
        let number = number + 1;
        let Move { actor, how } = *step;
        let before = state.clone();
        state = search.play(&state, *step);
        if how == How::PhaseOver {
            let crashed: Vec<_> = plan
                .actors
                .iter()
                .enumerate()
                .filter(|(i, _)| matches!(before.stand(*i), Stand::At(_)))
                .map(|(_, actor)| actor.name.as_str())
                .collect();
            let _ = writeln!(text, "{number:4}  -- phase over; crashed: {}", crashed.join(", "));
            continue;
        }
        let Stand::At(node) = before.stand(actor.into()) else { continue };
        let Step::Operation(operation) = search.step(node) else { continue };
        let mut tried = before.clone();
        let answered = tried.apply(operation);
        let names = search.names().borrow();
        let answer = match (how, answered) {
            (How::Done, Some(reply)) => reply.show(&names),
            (How::Lost, _) => "error, though applied".into(),
            (How::Refused, _) => "error, not applied".into(),
            _ => "not possible: a value and a counter".into(),
        };
        let _ = writeln!(
            text,
            "{number:4}  {}: {} -> {answer}",
            plan.actors[usize::from(actor)].name,
            operation.show(&names)
        );
    }
    for (i, actor) in plan.actors.iter().enumerate() {
        let stands = match state.stand(i) {
            Stand::Waiting => "waiting".into(),
            Stand::Crashed => "crashed".into(),
            Stand::At(_) => "at work, or crashed here".into(),
            Stand::Ended(number) => format!("ended with {:?}", search.outcome(number)),
        };
        let _ = writeln!(text, "      {}: {stands}", actor.name);
    }
    text
}
