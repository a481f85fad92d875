//! Steps as they are asked for become steps of a run: `each` makes several of one.

use serde_json::Value as Json;

use crate::{
    check::{Known, check},
    error::Invalid,
    json,
    project::{MAX_STEPS, Step, Work},
    run::{Run, RunStep, Task},
    status::StepStatus,
    template::look_up,
};

/// Bytes of all inputs as a run keeps them: each step that `each` makes has its own.
const MAX_TASKS: usize = 1024 * 1024;

/// Adds steps at the end.
pub(crate) fn add(run: &mut Run, steps: &[Step]) -> Result<(), Invalid> {
    check(steps, &known(run))?;
    let mut left = MAX_TASKS.saturating_sub(run.steps.iter().map(task_bytes).fold(0, usize::saturating_add));
    for (i, step) in steps.iter().enumerate() {
        let made = made(run, step, i)?;
        if run.steps.len().saturating_add(made.len()) > MAX_STEPS {
            return Err(Invalid::new("steps", format!("must come to at most {MAX_STEPS} steps")));
        }
        let bytes = made.iter().map(task_bytes).fold(0, usize::saturating_add);
        let too_large = || Invalid::new(format!("steps[{i}]"), "makes all steps' inputs come to more than 1 MiB");
        left = left.checked_sub(bytes).ok_or_else(too_large)?;
        run.names.insert(step.id.clone());
        run.steps.extend(made);
    }
    Ok(())
}

fn task_bytes(step: &RunStep) -> usize {
    let Task::Job { input, item, .. } = &step.task else { return 0 };
    let values = input.values().chain(item);
    values.map(json::size).fold(0, usize::saturating_add)
}

/// What new steps may refer to.
fn known(run: &Run) -> Known {
    let ids = run.steps.iter().map(|step| step.id.clone());
    Known { names: run.names.iter().cloned().chain(ids).collect(), begun: !run.names.is_empty() }
}

fn made(run: &mut Run, step: &Step, i: usize) -> Result<Vec<RunStep>, Invalid> {
    match &step.work {
        Work::Gate { title, expires_in_s } => {
            let (title, expires_in_s) = (title.clone(), *expires_in_s);
            let task = Task::Gate { title, expires_in_s, round: 0, expires_at: None, decided_at: None };
            Ok(vec![fresh(step, step.id.clone(), task)])
        }
        Work::Job { provider, kind, input, each } => {
            let task = |item| Task::Job { provider: provider.clone(), kind: kind.clone(), input: input.clone(), item };
            let Some(pointer) = each else { return Ok(vec![fresh(step, step.id.clone(), task(None))]) };
            let items = items(run, pointer, i)?;
            run.fanned.insert(step.id.clone(), u32::try_from(items.len()).unwrap_or(u32::MAX));
            let numbered = (1_u32..).zip(items);
            Ok(numbered.map(|(n, item)| fresh(step, format!("{}.{n}", step.id), task(Some(item)))).collect())
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
