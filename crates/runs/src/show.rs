//! A run as the HTTP interface shows it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::{
    approval::Pending,
    notice::{Kind, Notice},
    run::{Run, RunStep, Task},
    status::{Status, StepStatus},
};

/// The run in full. Of an open gate the shell adds the link, as `approval_url` in `gate`.
#[must_use]
pub fn show(run: &Run) -> Json {
    let mut shown = show_without_results(run);
    if let Json::Object(fields) = &mut shown {
        fields.insert("steps".into(), run.steps.iter().map(show_step).collect());
        fields.insert("input".into(), run.input.clone());
        fields.insert("result".into(), result(run).unwrap_or_default());
    }
    shown
}

/// The run for a list: without its steps, its input and its result.
#[must_use]
pub fn show_without_results(run: &Run) -> Json {
    json!({
        "id": run.id,
        "project": run.project,
        "title": run.title,
        "status": run.status.name(),
        "created_at": run.created_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "gate": run.pending().as_ref().map(Pending::show),
        "pause": run.pause,
        "error": run.error,
    })
}

fn show_step(step: &RunStep) -> Json {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Json| drop(shown.insert(name.into(), value));
    put("id", json!(step.id));
    match &step.task {
        Task::Job { provider, kind, .. } => {
            put("provider", json!(provider));
            put("kind", json!(kind));
        }
        Task::Gate { title, expires_in_s, .. } => {
            put("gate", json!({ "title": title, "expires_in_s": expires_in_s }));
        }
    }
    put("status", json!(step.status.name()));
    put("after", json!(step.after));
    put("optional", json!(step.optional));
    put("job", json!(step.job));
    put("limit_check_id", json!(step.permit));
    put("attempt", json!(step.attempt));
    put("result", json!(step.result));
    put("error", json!(step.error));
    Json::Object(shown)
}

/// What came out of a run that is done.
#[must_use]
pub fn result(run: &Run) -> Option<Json> {
    if run.status != Status::Done {
        return None;
    }
    let used = used(run);
    let (mut results, mut artifacts) = (Map::new(), Map::new());
    for step in run.steps.iter().filter(|step| step.is_job() && step.status == StepStatus::Done) {
        let Some(result) = &step.result else { continue };
        if !used.contains(step.id.as_str()) {
            results.insert(step.id.clone(), result.clone());
        }
        // By the one name or by the other: vendors of media give addresses.
        let made = ["artifacts", "urls"].iter().find_map(|name| result.get(name).filter(|made| !made.is_null()));
        if let Some(made) = made {
            artifacts.insert(step.id.clone(), made.clone());
        }
    }
    Some(json!({ "results": results, "artifacts": artifacts }))
}

/// Steps that a job depends on, itself or through gates.
fn used(run: &Run) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let mut open: Vec<&RunStep> = run.steps.iter().filter(|step| step.is_job()).collect();
    while let Some(step) = open.pop() {
        for name in &step.after {
            for before in run.named(name) {
                if used.insert(before.id.as_str()) && !before.is_job() {
                    open.push(before);
                }
            }
        }
    }
    used
}

impl Notice {
    /// What the event says. The link of a gate is for the shell to add, as `approval_url` of `gate`.
    #[must_use]
    pub fn data(&self, run: &Run) -> Json {
        let mut data = json!({
            "run_id": run.id,
            "project": run.project,
            "status": match self.kind {
                Kind::Started => "running",
                Kind::Waiting => "waiting",
                Kind::Paused => "paused",
                Kind::Done => "done",
                Kind::Failed => "failed",
                Kind::Cancelled => "cancelled",
            },
        });
        let Json::Object(fields) = &mut data else { return data };
        if let Some(gate) = &self.gate {
            fields.insert("gate".into(), gate.show());
        }
        if let Some(failure) = &self.failure {
            let name = if self.kind == Kind::Paused { "pause" } else { "error" };
            fields.insert(name.into(), json!(failure));
        }
        data
    }
}
