//! How a run begins.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Millis;
use serde_json::{Map, Value as Json};

use crate::{
    bounds::MAX_INPUT,
    error::{Invalid, Refused},
    expand,
    ids::is_run_id,
    json,
    notice::{Kind, Notice},
    run::{Chat, Run},
    settle::settle,
    status::Status,
    step::Step,
};

/// What a run is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// `run_...`
    pub id: String,
    /// Whose it is, and who pays.
    pub tenant: String,
    /// The key that asked, as the grant names it.
    pub credential: String,
    /// The grant's channel; may be empty.
    pub channel: String,
    /// Where links to this deployment begin, if the configuration doesn't say.
    pub base: Option<String>,
    /// The chat that asked.
    pub chat: Option<Chat>,
    /// The recipe's id.
    pub project: Option<String>,
    /// The recipe's title; may be empty.
    pub title: String,
    /// At least one.
    pub steps: Vec<Step>,
    /// `null` counts as `{}`.
    pub input: Json,
}

impl Run {
    /// Begins one; it isn't stored yet. Its first notice (`run.started`) stands in it, untold.
    ///
    /// # Errors
    /// The input doesn't fit the steps, or there are too many.
    pub fn start(begin: Begin, now: Millis) -> Result<Self, Refused> {
        if !is_run_id(&begin.id) {
            return Err(Invalid::new("id", "must be run_ and up to 64 letters and digits").into());
        }
        let input = match begin.input {
            Json::Null => Json::Object(Map::new()),
            Json::Object(input) => Json::Object(input),
            _ => return Err(Invalid::new("input", "must be an object").into()),
        };
        json::bounded("input", &input, MAX_INPUT)?;
        let mut run = Self {
            id: begin.id,
            tenant: begin.tenant,
            credential: begin.credential,
            channel: begin.channel,
            base: begin.base,
            chat: begin.chat,
            project: begin.project,
            title: begin.title,
            input,
            created_at: now,
            status: Status::Running,
            ended_at: None,
            pause: None,
            error: None,
            steps: Vec::new(),
            names: BTreeSet::new(),
            fanned: BTreeMap::new(),
            hold_until: None,
            refusals: 0,
            pauses: 0,
            ends: 0,
            untold: Vec::new(),
            continued: Vec::new(),
            list_index: 0,
            of_index: 0,
        };
        if begin.steps.is_empty() {
            return Err(Invalid::new("steps", "must have at least one step").into());
        }
        expand::add(&mut run, &begin.steps)?;
        run.check_bounds()?;
        let subject = run.id.clone();
        run.tell(Notice::new(Kind::Started, subject, now));
        settle(&mut run, now);
        Ok(run)
    }
}
