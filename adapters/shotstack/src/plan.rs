//! Plans a render and a look at it.
//!
//! Options: `stage` (`v1`, or `stage` for the sandbox with its own key), `asset_hosts` (a list; any host if not set),
//! `max_seconds` (the longest result of the tenant's templates; without it none is rendered), `templates` (the ids of
//! those on offer; any if not set).

use adapter::prelude::*;
use adapter::{Call, Fields, Job, Options, PlanError, Quantity, Unit, is_id, is_plain_url};
use serde_json::{Map, Value};

use crate::assets::{self, Hosts};
use crate::{merge, output, timeline};

/// The largest edit that is passed on.
const MAX_INPUT_BYTES: usize = 256 * 1024;

/// The upstream request that queues a render.
pub fn start(job: &Job, options: &str) -> Result<Call, PlanError> {
    if job.input.len() > MAX_INPUT_BYTES {
        return Err(PlanError::invalid("input", format!("must be at most {MAX_INPUT_BYTES} bytes")));
    }
    let input = Fields::parse(&job.input).map_err(|_| PlanError::invalid("input", "must be a JSON object"))?;
    if input.names().any(|name| name == "callback") {
        return Err(PlanError::invalid("input.callback", "is not the page's to set"));
    }
    let stage = stage(options)?;
    match job.kind.as_str() {
        "render" => render(job, &input, &stage, options),
        "template" => template(&input, &stage, options),
        _ => Err(PlanError::invalid("kind", "must be render or template")),
    }
}

/// The upstream request that looks at a render; the edit itself is left out of the answer.
pub fn look(id: &str, options: &str) -> Result<Call, PlanError> {
    if !is_render(id) {
        return Err(PlanError::invalid("id", "must be the vendor's id of a render"));
    }
    Ok(Call::get(format!("/edit/{}/render/{id}?data=false", stage(options)?)))
}

/// Whether `id` can be the id of a render or a template.
pub fn is_render(id: &str) -> bool {
    is_id(id, 64, "-_")
}

fn render(job: &Job, input: &Fields, stage: &str, options: &str) -> Result<Call, PlanError> {
    only(input, &["timeline", "output", "merge"])?;
    let hosts = Hosts::of(options)?;
    let timeline = object(input, "timeline")?;
    let seconds = timeline::seconds(&timeline)?;
    let timeline = Value::Object(timeline);
    assets::check(&timeline, &hosts)?;
    let output = object(input, "output")?;
    output::check(&output)?;

    let mut body = Map::new();
    body.insert("timeline".to_owned(), timeline);
    body.insert("output".to_owned(), Value::Object(output));
    if let Some(merge) = merge::read(input, &hosts)? {
        body.insert("merge".to_owned(), merge);
    }
    if let Some(url) = &job.callback_url {
        if !is_plain_url(url) {
            return Err(PlanError::invalid("callback_url", "must be an https address, or http on loopback"));
        }
        body.insert("callback".to_owned(), Value::String(url.clone()));
    }
    Ok(costing(Call::post_json(format!("/edit/{stage}/render"), &Value::Object(body)), seconds))
}

/// A template brings its own callback address, for the vendor takes none with the call; the gate's looks do without.
fn template(input: &Fields, stage: &str, options: &str) -> Result<Call, PlanError> {
    only(input, &["id", "merge"])?;
    let seconds = template_seconds(options)?;
    let id = input.get("id").filter(|id: &String| is_render(id));
    let id = id.ok_or_else(|| PlanError::invalid("input.id", "must be the id of a template"))?;
    if offered(options)?.is_some_and(|offered| !offered.contains(&id)) {
        return Err(PlanError::invalid("input.id", "must be one of the binding's templates"));
    }
    let mut body = Map::new();
    body.insert("id".to_owned(), Value::String(id));
    if let Some(merge) = merge::read(input, &Hosts::of(options)?)? {
        body.insert("merge".to_owned(), merge);
    }
    Ok(costing(Call::post_json(format!("/edit/{stage}/templates/render"), &Value::Object(body)), seconds))
}

/// Only the tenant knows how long its templates' results become, so there is no default: whatever it was, a longer
/// template would cost more than is reserved.
fn template_seconds(options: &str) -> Result<u64, PlanError> {
    if fields(options)?.raw("max_seconds").is_none() {
        return Err(PlanError::invalid(
            "options.max_seconds",
            "must be set, or nothing could be reserved for a template",
        ));
    }
    Options::parse(options)?.integer("max_seconds", timeline::MAX_SECONDS, 1, timeline::MAX_SECONDS)
}

/// The templates that a page may render; `None` for any.
fn offered(options: &str) -> Result<Option<Vec<String>>, PlanError> {
    let options = fields(options)?;
    match (options.raw("templates"), options.get::<Vec<String>>("templates")) {
        (None, _) => Ok(None),
        (_, Some(ids)) => Ok(Some(ids)),
        (_, None) => Err(PlanError::invalid("options.templates", "must be a list of ids")),
    }
}

fn fields(options: &str) -> Result<Fields, PlanError> {
    Fields::parse(options.as_bytes()).map_err(|_| PlanError::invalid("options", "must be a JSON object"))
}

fn costing(mut call: Call, seconds: u64) -> Call {
    call.worst_case = vec![Quantity::new(Unit::Seconds, seconds)];
    call
}

fn stage(options: &str) -> Result<String, PlanError> {
    let stage = Options::parse(options)?.text("stage")?.unwrap_or_else(|| "v1".to_owned());
    if matches!(stage.as_str(), "v1" | "stage") {
        return Ok(stage);
    }
    Err(PlanError::invalid("options.stage", "must be v1 or stage"))
}

fn object(input: &Fields, name: &str) -> Result<Map<String, Value>, PlanError> {
    let object = input.get(name);
    object.ok_or_else(|| PlanError::invalid(format!("input.{name}"), "must be an object"))
}

fn only(input: &Fields, names: &[&str]) -> Result<(), PlanError> {
    if input.names().all(|name| names.contains(&name)) {
        return Ok(());
    }
    Err(PlanError::invalid("input", format!("must have no other fields than {}", names.join(", "))))
}
