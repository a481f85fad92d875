//! Recipes, what a run is begun with, and links to gates: from callers, models and people in chats.

use calendar::Millis;
use fuzz::{Case, hold};
use runs::{Action, Approval, Begin, Decision, Fact, Failure, MAX_QUEUED, MAX_RUNNING, MAX_STEPS, Project, Run, Then};
use serde_json::{Value, json};

use crate::{is_plain, millis, require};

const NOW: Millis = Millis(1_795_165_200_000);
const MAC: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const RECIPE: &str = r#"{"title": "Clips", "steps": [
    {"id": "ideate", "provider": "kie", "kind": "task", "input": {"prompt": {"$from": "/input/topic"}}},
    {"id": "check", "gate": {"title": "Is it good?", "expires_in_s": 3600}, "after": ["ideate"]},
    {"id": "clips", "kind": "video", "each": "/input/scenes", "after": ["check"], "optional": true,
     "input": {"text": {"$from": "/item/text"}, "list": [{"$from": "/steps/ideate/result/urls/0"}]}},
    {"id": "publish", "kind": "publish_video", "after": ["clips"], "input": {"all": {"$from": "/steps/clips/result"}}}]}"#;
const SMALL: &str =
    r#"{"id": "p", "steps": [{"id": "a", "kind": "k"}, {"id": "b", "kind": "k", "after": ["a"], "input": {}}]}"#;
const INPUT: &str = r#"{"topic": "a boat", "scenes": [{"text": "dawn"}, {"text": "dusk"}]}"#;

/// A recipe, an input, and how things go: a byte for each thing that happens.
fn corpus() -> Vec<Case> {
    let case = |recipe: &str, goes: &[u8]| vec![recipe.as_bytes().to_vec(), INPUT.as_bytes().to_vec(), goes.to_vec()];
    vec![
        case(RECIPE, &[0; 24]),
        case(RECIPE, b"\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"),
        case(SMALL, b"\x00\x05"),
    ]
}

fn begun(project: &Project, input: &[u8]) -> Option<Run> {
    let begin = Begin {
        id: "run_0123456789abcdef".into(),
        tenant: "t1".into(),
        credential: "sk_1".into(),
        channel: String::new(),
        base: None,
        chat: None,
        project: Some(project.id.clone()),
        title: project.title.clone(),
        steps: project.steps.clone(),
        input: serde_json::from_slice(input).ok()?,
    };
    Run::start(begin, NOW).ok()
}

/// What happens next, as `byte` has it.
fn facts(run: &Run, action: Option<&Action>, byte: u8) -> Vec<Fact> {
    let said = || json!({"urls": ["https://files.example/a"], "text": "x".repeat(usize::from(byte))});
    let failure = || Failure::new("lost", "It was lost.");
    match (action, byte % 10) {
        (Some(Action::Tell(notice)), _) => vec![Fact::Told { subject: notice.subject.clone() }],
        (Some(Action::Expire), _) => vec![Fact::Expired],
        (Some(Action::Start { step, attempt, job, .. }), kind) => {
            let (step, attempt) = (step.clone(), *attempt);
            let begun = Fact::Starting { step: step.clone(), attempt };
            let then = match kind {
                0..5 => Fact::Started { step, attempt, job: job.clone(), permit: "lim_1".into() },
                5 => Fact::JobOver { step, attempt, outcome: Err(failure()) },
                6 => Fact::StartRefused { step, attempt, why: failure(), then: Then::of("hard_cap", "cap", None) },
                7 => Fact::StartRefused { step, attempt, why: failure(), then: Then::of("burst", "", Some(u64::MAX)) },
                8 => Fact::StartRefused { step, attempt, why: failure(), then: Then::Fail },
                _ => return vec![begun],
            };
            vec![begun, then]
        }
        (Some(Action::Look { step, attempt, .. }), kind) => {
            let (step, attempt) = (step.clone(), *attempt);
            vec![match kind {
                0..7 => Fact::JobOver { step, attempt, outcome: Ok(said()) },
                7 => Fact::JobOver { step, attempt, outcome: Err(failure()) },
                _ => Fact::JobMissing { step, attempt },
            }]
        }
        (None, 9) => vec![Fact::Cancel],
        (None, kind) => {
            let Some(link) = run.pending().and_then(|pending| Approval::parse(&pending.token(MAC))) else {
                let retry = run.steps.first().map(|step| step.id.clone()).into_iter().collect();
                return vec![Fact::Continue { steps: Vec::new(), retry }];
            };
            let decision = if kind == 8 { Decision::Reject } else { Decision::Approve };
            vec![Fact::Decided { link, decision, comment: String::new() }]
        }
    }
}

/// What is promised of every run at every moment.
fn is_within_bounds(run: &Run, actions: &[Action]) -> Result<(), String> {
    let jobs = |is: fn(&runs::RunStep) -> bool| run.steps.iter().filter(|step| step.is_job() && is(step)).count();
    let (running, unfinished) = (jobs(|step| step.status.is_under_way()), jobs(|step| !step.status.is_over()));
    let starts = actions.iter().filter(|action| matches!(action, Action::Start { .. })).count();
    require(running + starts <= MAX_RUNNING, || format!("{running} jobs run and {starts} begin"))?;
    require(unfinished <= MAX_RUNNING + MAX_QUEUED, || format!("{unfinished} are unfinished"))?;
    require(run.steps.len() <= MAX_STEPS, || format!("{} steps", run.steps.len()))?;
    let written = serde_json::to_string(run).map_err(|error| error.to_string())?;
    let read: Run = serde_json::from_str(&written).map_err(|error| format!("written and not read: {error}"))?;
    require(read == *run, || "written and read, it is another run".to_owned())?;
    require(runs::show(run)["steps"].is_array(), || "it is shown without its steps".to_owned())
}

#[test]
fn a_recipe_is_refused_or_runs_within_its_bounds() {
    hold("a recipe", &corpus(), millis(1_500), |case| {
        let [recipe, input, goes] = case.as_slice() else { panic!("three parts") };
        let Ok(body) = serde_json::from_slice::<Value>(recipe) else { return Ok(()) };
        let project = match Project::parse("p", &body) {
            Ok(project) => project,
            Err(wrong) => return require(!wrong.param.is_empty() && wrong.message.len() < 500, || wrong.to_string()),
        };
        require(Project::parse("p", &project.show()) == Ok(project.clone()), || {
            "shown and read, it is another".to_owned()
        })?;
        let Some(mut run) = begun(&project, input) else { return Ok(()) };
        let mut now = NOW;
        for byte in goes.iter().take(60) {
            let actions = runs::plan(&run, now);
            is_within_bounds(&run, &actions)?;
            let which = usize::from(byte / 10) % actions.len().max(1);
            for fact in facts(&run, actions.get(which), *byte) {
                let before = run.clone();
                if runs::apply(&mut run, fact.clone(), now).is_err() {
                    require(run == before, || format!("{fact:?} is refused and has changed something"))?;
                }
            }
            now = now.plus(u64::from(*byte) * 1_000);
        }
        is_within_bounds(&run, &runs::plan(&run, now))
    });
}

#[test]
fn a_link_is_one_text() {
    let links = [
        format!("run_0123456789abcdef.check.1.1795251600000.{MAC}"),
        format!("run_1.a.0.0.{MAC}"),
        format!("run_1.clips.1.2.3.{MAC}"),
    ];
    let corpus: Vec<Case> = links.map(|link| vec![link.into_bytes()]).into();
    hold("a link", &corpus, millis(600), |case| {
        let token = String::from_utf8_lossy(&case[0]);
        let Some(link) = Approval::parse(&token) else { return Ok(()) };
        let Approval { run, gate, round, expires_at, mac } = &link;
        let again = format!("{run}.{gate}.{round}.{}.{mac}", expires_at.0);
        require(again == token, || format!("{again} is the same link"))?;
        require(is_plain(&link.purpose(), 400) && link.purpose().matches('/').count() == 4, || link.purpose())
    });
}
