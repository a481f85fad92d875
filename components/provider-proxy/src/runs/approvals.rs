//! `/v1/approvals/{token}`: somebody looks at what waits for a decision, and decides. The token is the credential: whoever
//! was given the link may decide, once.

use runs::{Approval, Decision, Fact, Refused, Run, RunStep, Standing, apply, standing, store};
use serde_json::{Map, Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use super::{
    form::{self, Word},
    links, page as pages,
    refuse::refused,
    rounds,
    routes::under_lease,
};

/// `GET /v1/approvals/{token}`: what is to be decided. Looking decides nothing.
pub async fn page(call: &Call, store: &KeyValue, token: &str) -> Result<Reply, Problem> {
    let shown = async {
        let link = links::read(token).await?;
        let run = find(store, &link)?;
        answer(call, &run, &link)
    };
    shown.await.or_else(|problem| failed(call, problem))
}

/// `POST /v1/approvals/{token}`: the decision.
pub async fn decide(call: &Call, store: &KeyValue, token: &str) -> Result<Reply, Problem> {
    let decided = async {
        let link = links::read(token).await?;
        let wanted = form::read(call)?;
        // Before the lease is waited for: a used link costs one read.
        let run = find(store, &link)?;
        if standing(&run, &link, host::now()) != Standing::Open {
            return answer(call, &run, &link);
        }
        let decision = match wanted.decision {
            Word::Approve => Decision::Approve,
            Word::Reject => Decision::Reject,
        };
        let fact = Fact::Decided { link: link.clone(), decision, comment: wanted.comment };
        let changed = under_lease(&link.run, |run| match apply(run, fact, host::now()) {
            Ok(_) => Ok(()),
            Err(refusal @ (Refused::Invalid(_) | Refused::QueueFull | Refused::NotNow)) => Err(refused(refusal)),
            // Another was quicker, or time was: the answer says how it stands.
            Err(_) => Err(Problem::conflict(LATE, "")),
        });
        match changed.await {
            Ok(run) => {
                rounds::drive_if_neglected(store, &run).await;
                taken(call, &run, &link, decision)
            }
            Err(problem) if problem.code == LATE => answer(call, &find(store, &link)?, &link),
            Err(problem) => Err(problem),
        }
    };
    decided.await.or_else(|problem| failed(call, problem))
}

const LATE: &str = "late";

fn unknown() -> Problem {
    Problem::not_found("There is nothing to approve at this address.")
}

fn find(store: &KeyValue, link: &Approval) -> Result<Run, Problem> {
    store::run(&link.run).get(store).map_err(|error| offline(&error))?.ok_or_else(unknown)
}

/// How the link stands, for a browser or for a program.
fn answer(call: &Call, run: &Run, link: &Approval) -> Result<Reply, Problem> {
    let gate = run.step(&link.gate).ok_or_else(unknown)?;
    let standing = standing(run, link, host::now());
    let refusal = match &standing {
        Standing::Open => None,
        Standing::Decided { decision, at } => {
            Some(Problem::conflict("gate_decided", format!("It was {} on {at}.", word(*decision))))
        }
        Standing::Expired => Some(refused(Refused::LinkExpired)),
        Standing::RunOver => Some(refused(Refused::RunOver)),
        Standing::Unknown => return Err(unknown()),
    };
    match (wants_json(call), refusal) {
        (true, Some(problem)) => Err(problem),
        (true, None) => Ok(Reply::json(200, &described(run, gate, "open"))),
        (false, refusal) => {
            let status = refusal.map_or(200, |problem| problem.kind.status());
            Ok(html(status, pages::decide(run, gate, &standing)))
        }
    }
}

/// The decision just made.
fn taken(call: &Call, run: &Run, link: &Approval, decision: Decision) -> Result<Reply, Problem> {
    let gate = run.step(&link.gate).ok_or_else(unknown)?;
    if wants_json(call) {
        return Ok(Reply::json(200, &described(run, gate, word(decision))));
    }
    let now = Standing::Decided { decision, at: host::now() };
    Ok(html(200, pages::decide(run, gate, &now)))
}

fn described(run: &Run, gate: &RunStep, status: &str) -> Json {
    let results: Map<String, Json> =
        pages::shown_steps(run).filter_map(|step| Some((step.id.clone(), step.result.clone()?))).collect();
    json!({
        "run_id": run.id,
        "project": run.project,
        "title": run.title,
        "gate": { "id": gate.id, "title": pages::gate_title(gate) },
        "status": status,
        "decision": gate.result,
        "results": results,
    })
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
    }
}

/// A browser is told in words; a program gets the usual error.
fn failed(call: &Call, problem: Problem) -> Result<Reply, Problem> {
    if wants_json(call) {
        return Err(problem);
    }
    let title = match problem.kind.status() {
        404 => "Nothing here",
        400 | 413 => "That could not be read",
        _ => "Not now",
    };
    let mut said = problem.message.clone();
    if let Some(param) = &problem.param {
        said = format!("{param}: {said}");
    }
    let reply = html(problem.kind.status(), pages::say(title, &said));
    Ok(match problem.retry_after_seconds() {
        Some(seconds) => reply.with("retry-after", &seconds.to_string()),
        None => reply,
    })
}

/// By name: a browser asks for `text/html`, and for everything else besides.
fn wants_json(call: &Call) -> bool {
    let accepted = call.header("accept").unwrap_or_default();
    let names =
        |wanted: &str| accepted.split(',').any(|part| part.split(';').next().is_some_and(|name| name.trim() == wanted));
    names("application/json") && !names("text/html")
}

fn html(status: u16, text: String) -> Reply {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                          base-uri 'none'";
    Reply::bytes(status, "text/html; charset=utf-8", text)
        .with("content-security-policy", POLICY)
        .with("referrer-policy", "no-referrer")
        .with("x-robots-tag", "noindex")
}
