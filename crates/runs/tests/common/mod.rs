//! What the tests share: runs made in a line, facts in a word.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "tests may panic, and none uses all"
)]

use calendar::Millis;
use runs::{
    Action, Approval, Begin, Decision, Fact, Failure, Pending, Refused, Run, StepStatus, Then, apply, parse_steps, plan,
};
use serde_json::{Value as Json, json};

pub const NOW: Millis = Millis(1_800_000_000_000);
pub const MAC: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub fn begin(steps: &Json, input: Json) -> Begin {
    Begin {
        id: "run_1".into(),
        tenant: "demo".into(),
        credential: "key".into(),
        channel: String::new(),
        base: None,
        chat: None,
        project: Some("clips".into()),
        title: "Clips".into(),
        steps: parse_steps(steps).unwrap(),
        input,
    }
}

/// A run of these steps.
pub fn run_with(steps: &Json, input: Json) -> Run {
    Run::start(begin(steps, input), NOW).unwrap()
}

pub fn run(steps: &Json) -> Run {
    run_with(steps, json!({}))
}

/// `n` jobs that wait for nothing: `s1`, `s2`, ...
pub fn jobs(n: usize) -> Json {
    (1..=n).map(|i| json!({"id": format!("s{i}"), "kind": "video"})).collect()
}

pub fn at(seconds: u64) -> Millis {
    NOW.plus(seconds * 1_000)
}

pub fn starting(step: &str, attempt: u32) -> Fact {
    Fact::Starting { step: step.into(), attempt }
}

pub fn started(step: &str, attempt: u32) -> Fact {
    let job = runs::job_id("run_1", step, attempt);
    Fact::Started { step: step.into(), attempt, job, permit: format!("lc_{step}") }
}

pub fn done(step: &str, attempt: u32, result: Json) -> Fact {
    Fact::JobOver { step: step.into(), attempt, outcome: Ok(result) }
}

pub fn failed(step: &str, attempt: u32) -> Fact {
    Fact::JobOver { step: step.into(), attempt, outcome: Err(Failure::new("vendor_error", "It broke.")) }
}

pub fn refused(step: &str, attempt: u32, code: &str, then: Then) -> Fact {
    Fact::StartRefused { step: step.into(), attempt, why: Failure::new(code, "No."), then }
}

pub fn go_on(steps: &Json, retry: &[&str]) -> Fact {
    let retry = retry.iter().map(|id| (*id).to_owned()).collect();
    Fact::Continue { steps: parse_steps(steps).unwrap(), retry }
}

pub fn link(gate: &Pending) -> Approval {
    Approval::parse(&gate.token(MAC)).unwrap()
}

pub fn decide(gate: &Pending, decision: Decision) -> Fact {
    Fact::Decided { link: link(gate), decision, comment: "fine".into() }
}

/// Applies them all; gives the kinds of the notices.
pub fn take(run: &mut Run, facts: Vec<Fact>, now: Millis) -> Result<Vec<&'static str>, Refused> {
    let mut kinds = Vec::new();
    for fact in facts {
        kinds.extend(apply(run, fact, now)?.iter().map(|notice| notice.kind.name()));
    }
    Ok(kinds)
}

/// Begins and ends a job.
pub fn perform(run: &mut Run, step: &str, attempt: u32, result: Json) {
    take(run, vec![starting(step, attempt), started(step, attempt), done(step, attempt, result)], at(1)).unwrap();
}

/// `s1 queued, s2 blocked`
pub fn steps(run: &Run) -> String {
    let name = |status: StepStatus| if status == StepStatus::Starting { "starting" } else { status.name() };
    let steps: Vec<_> = run.steps.iter().map(|step| format!("{} {}", step.id, name(step.status))).collect();
    steps.join(", ")
}

/// The plan in words, without what is to be told.
pub fn planned(run: &Run, now: Millis) -> String {
    let words = plan(run, now).into_iter().filter_map(|action| match action {
        Action::Start { step, attempt, job, token, .. } => {
            assert_eq!((job, token), (runs::job_id("run_1", &step, attempt), format!("run/run_1/{step}/{attempt}")));
            Some(format!("start {step} {attempt}"))
        }
        Action::Look { step, attempt, known, .. } => Some(format!("look {step} {attempt} {known}")),
        Action::Expire => Some("expire".into()),
        Action::Tell(_) => None,
    });
    words.collect::<Vec<_>>().join(", ")
}
