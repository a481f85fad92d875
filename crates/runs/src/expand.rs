//! Steps as they are asked for become steps of a run: `each` makes several of one.

use serde_json::Value as Json;

use crate::{
    bounds::MAX_STEPS,
    check::{Known, check},
    error::Invalid,
    json,
    run::{Run, RunStep, Task},
    status::StepStatus,
    step::{Step, Work},
    template::look_up,
};

/// Bytes of all steps as a run keeps them: each step that `each` makes has an input and an `after` of its own.
const MAX_TASKS: usize = 512 * 1024;
/// Bytes of a name in `after`, besides its text.
const NAME: usize = 32;

/// Adds steps at the end.
pub(crate) fn add(run: &mut Run, steps: &[Step]) -> Result<(), Invalid> {
    check(steps, &known(run))?;
    let mut left = MAX_TASKS.saturating_sub(run.steps.iter().map(kept_weight).fold(0, usize::saturating_add));
    for (i, step) in steps.iter().enumerate() {
        let items = match &step.work {
            Work::Job { each: Some(pointer), .. } => Some(items(run, pointer, i)?),
            _ => None,
        };
        let count = items.as_ref().map_or(1, Vec::len);
        if run.steps.len().saturating_add(count) > MAX_STEPS {
            return Err(Invalid::new("steps", format!("must come to at most {MAX_STEPS} steps")));
        }
        // Before they are made: a hundred copies of a large input are a lot.
        let items_weigh = items.iter().flatten().map(json::weight).fold(0, usize::saturating_add);
        let weigh = asked_weight(step).saturating_mul(count).saturating_add(items_weigh);
        let too_large =
            || Invalid::new(format!("steps[{i}]"), format!("makes all steps take more than {} KiB", MAX_TASKS / 1024));
        left = left.checked_sub(weigh).ok_or_else(too_large)?;
        let made = made(run, step, items);
        run.names.insert(step.id.clone());
        run.steps.extend(made);
    }
    Ok(())
}

/// What each step made from this one takes, but for its item.
fn asked_weight(step: &Step) -> usize {
    match &step.work {
        Work::Job { input, .. } => json::weight_of_fields(input),
        Work::Gate { .. } => 0,
    }
    .saturating_add(names_weight(&step.after))
}

fn kept_weight(step: &RunStep) -> usize {
    let task = match &step.task {
        Task::Job { input, item, .. } => {
            json::weight_of_fields(input).saturating_add(item.as_ref().map_or(0, json::weight))
        }
        Task::Gate { .. } => 0,
    };
    task.saturating_add(names_weight(&step.after))
}

fn names_weight(names: &[String]) -> usize {
    names.iter().map(|name| name.len().saturating_add(NAME)).fold(0, usize::saturating_add)
}

/// What new steps may refer to.
fn known(run: &Run) -> Known {
    let ids = run.steps.iter().map(|step| step.id.clone());
    Known { names: run.names.iter().cloned().chain(ids).collect(), begun: !run.names.is_empty() }
}

fn made(run: &mut Run, step: &Step, items: Option<Vec<Json>>) -> Vec<RunStep> {
    match &step.work {
        Work::Gate { title, expires_in_s } => {
            let (title, expires_in_s) = (title.clone(), *expires_in_s);
            let task = Task::Gate { title, expires_in_s, round: 0, expires_at: None, decided_at: None };
            vec![fresh(step, step.id.clone(), task)]
        }
        Work::Job { provider, kind, input, .. } => {
            let task = |item| Task::Job { provider: provider.clone(), kind: kind.clone(), input: input.clone(), item };
            let Some(items) = items else { return vec![fresh(step, step.id.clone(), task(None))] };
            run.fanned.insert(step.id.clone(), u32::try_from(items.len()).unwrap_or(u32::MAX));
            let numbered = (1_u32..).zip(items);
            numbered.map(|(n, item)| fresh(step, format!("{}.{n}", step.id), task(Some(item)))).collect()
        }
    }
}

fn items(run: &Run, pointer: &str, i: usize) -> Result<Vec<Json>, Invalid> {
    let fault = |message: String| Invalid::new(format!("steps[{i}].each"), message);
    match look_up(run, None, pointer) {
        Some(Json::Array(items)) if items.len() <= MAX_STEPS => Ok(items),
        Some(Json::Array(_)) => Err(fault(format!("must lead to at most {MAX_STEPS} elements"))),
        Some(_) => Err(fault(format!("must lead to a list; {pointer} is none"))),
        None => Err(fault(format!("must lead to a list; there is nothing at {pointer}"))),
    }
}

fn fresh(step: &Step, id: String, task: Task) -> RunStep {
    RunStep {
        id,
        of: step.id.clone(),
        task,
        after: step.after.clone(),
        optional: step.optional,
        status: StepStatus::Blocked,
        attempt: 0,
        job: None,
        permit: None,
        result: None,
        error: None,
    }
}
