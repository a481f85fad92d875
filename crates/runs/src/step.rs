//! Steps: what a recipe or a run is made of, as they are asked for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::{bounds::MAX_STEPS, error::Invalid, fields::Fields};

const MAX_TITLE: usize = 200;
const MAX_KIND: usize = 100;
const MAX_POINTER: usize = 1_000;
/// How long a link to a gate may be good for.
const EXPIRES_S: std::ops::RangeInclusive<u64> = 60..=604_800;
const DEFAULT_EXPIRES_S: u64 = 86_400;

/// A step as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its run.
    pub id: String,
    /// What it does.
    pub work: Work,
    /// What comes before.
    pub after: Vec<String>,
    /// Whether its failing stops nothing.
    pub optional: bool,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A job at a vendor.
    Job {
        /// Which vendor, if not the tenant's usual one.
        provider: Option<String>,
        /// The vendor's word for what it does.
        kind: String,
        /// With pointers in it.
        input: Map<String, Json>,
        /// A pointer to a list: one job per element.
        each: Option<String>,
    },
    /// A person decides.
    Gate {
        /// What is decided.
        title: String,
        /// How long the link is good for.
        expires_in_s: u64,
    },
}

impl Step {
    /// As it was asked for.
    #[must_use]
    pub fn show(&self) -> Json {
        match &self.work {
            Work::Job { provider, kind, input, each } => json!({
                "id": self.id, "provider": provider, "kind": kind, "input": input, "each": each,
                "after": self.after, "optional": self.optional,
            }),
            Work::Gate { title, expires_in_s } => json!({
                "id": self.id, "gate": { "title": title, "expires_in_s": expires_in_s }, "after": self.after,
            }),
        }
    }
}

/// Reads a list of steps by themselves: whether they fit each other and their run is seen when they are added to it.
///
/// # Errors
/// It names the first field that is wrong.
pub fn parse_steps(steps: &Json) -> Result<Vec<Step>, Invalid> {
    let steps = match steps {
        Json::Null => return Ok(Vec::new()),
        Json::Array(steps) if steps.len() <= MAX_STEPS => steps,
        _ => return Err(Invalid::new("steps", format!("must be a list of at most {MAX_STEPS} steps"))),
    };
    steps.iter().enumerate().map(|(i, step)| parse_step(&format!("steps[{i}]"), step)).collect()
}

fn parse_step(path: &str, step: &Json) -> Result<Step, Invalid> {
    let fields = Fields::of(path, step)?;
    let id = fields.id("id")?.ok_or_else(|| fields.fault("id", "is required"))?.to_owned();
    let after = fields.list("after")?.iter().enumerate().map(|(i, name)| match name {
        Json::String(name) => Ok(name.clone()),
        _ => Err(fields.fault(&format!("after[{i}]"), "must be a step's id")),
    });
    let after = after.collect::<Result<Vec<_>, _>>()?;
    if let Some(gate) = fields.get("gate") {
        fields.only(&["id", "gate", "after"])?;
        let work = parse_gate(&fields.path("gate"), gate)?;
        return Ok(Step { id, work, after, optional: false });
    }
    fields.only(&["id", "provider", "kind", "input", "each", "after", "optional"])?;
    let input = match fields.get("input") {
        None => Map::new(),
        Some(Json::Object(input)) => input.clone(),
        Some(_) => return Err(fields.fault("input", "must be an object")),
    };
    let optional = match fields.get("optional") {
        None => false,
        Some(Json::Bool(optional)) => *optional,
        Some(_) => return Err(fields.fault("optional", "must be true or false")),
    };
    let kind = fields.text("kind", MAX_KIND)?.filter(|kind| !kind.is_empty());
    let work = Work::Job {
        provider: fields.id("provider")?.map(str::to_owned),
        kind: kind.ok_or_else(|| fields.fault("kind", "is required, unless the step is a gate"))?.to_owned(),
        input,
        each: fields.text("each", MAX_POINTER)?.map(str::to_owned),
    };
    Ok(Step { id, work, after, optional })
}

fn parse_gate(path: &str, gate: &Json) -> Result<Work, Invalid> {
    let fields = Fields::of(path, gate)?;
    fields.only(&["title", "expires_in_s"])?;
    let title = fields.text("title", MAX_TITLE)?.filter(|title| !title.is_empty());
    let title = title.ok_or_else(|| fields.fault("title", "is required"))?.to_owned();
    let expires_in_s = match fields.get("expires_in_s") {
        None => DEFAULT_EXPIRES_S,
        Some(seconds) => {
            let seconds = seconds.as_u64().filter(|seconds| EXPIRES_S.contains(seconds));
            seconds.ok_or_else(|| fields.fault("expires_in_s", "must be a whole number from 60 to 604800"))?
        }
    };
    Ok(Work::Gate { title, expires_in_s })
}
