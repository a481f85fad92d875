//! Plans the start of a task and a look at it.
//!
//! Options: `model` of a video whose input names none, `credits` ([`crate::credits`]), `watermark` (0 leaves the
//! disclosure out of the picture). The names `imageUrls`, `seeds` and `watermark` were seen in a captured request and
//! are in no document that was read.

use adapter::prelude::*;
use adapter::{Call, Fields, Job, Options, PlanError, Quantity, Unit, is_id, is_plain_url, is_public_url};
use serde_json::{Map, Value, json};

use crate::credits;

pub const DEFAULT_MODEL: &str = "veo3_fast";

/// The longest prompt, in characters.
const MAX_PROMPT: usize = 5_000;

/// A video is made from a few images at most.
const MAX_IMAGES: usize = 8;

/// The largest input that is passed on to a model.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// The upstream request that creates a task.
pub fn start(job: &Job, options: &str) -> Result<Call, PlanError> {
    let input = Fields::parse(&job.input).map_err(|_| PlanError::invalid("input", "must be a JSON object"))?;
    let (path, model, mut body) = match job.kind.as_str() {
        "video" => video(job, &input, options)?,
        "task" => task(&input)?,
        _ => return Err(PlanError::invalid("kind", "must be video or task")),
    };
    let most = credits::of(&model, options)?;
    body.insert("model".to_owned(), Value::String(model.clone()));
    if let Some(url) = &job.callback_url {
        if !is_plain_url(url) {
            return Err(PlanError::invalid("callback_url", "must be an https address, or http on loopback"));
        }
        body.insert("callBackUrl".to_owned(), Value::String(url.clone()));
    }
    let mut call = Call::post_json(path, &Value::Object(body));
    call.model = model;
    call.worst_case = vec![Quantity::new(Unit::Credits, most)];
    Ok(call)
}

/// The upstream request that looks at a task, where its kind keeps it.
pub fn look(id: &str) -> Result<Call, PlanError> {
    let (place, task) = match id.split_once(':') {
        Some(("veo", task)) => ("veo/record-info", task),
        Some(("job", task)) => ("jobs/recordInfo", task),
        _ => ("", ""),
    };
    if !is_task(task) {
        return Err(PlanError::invalid("id", "must be the vendor's id of a task"));
    }
    Ok(Call::get(format!("/api/v1/{place}?taskId={task}")))
}

/// Whether `id` can be the id of a task.
pub fn is_task(id: &str) -> bool {
    is_id(id, 128, "_-")
}

type Planned = (&'static str, String, Map<String, Value>);

fn video(job: &Job, input: &Fields, options: &str) -> Result<Planned, PlanError> {
    only(input, &["prompt", "model", "aspect_ratio", "image_urls", "seed"])?;
    let options = Options::parse(options)?;
    let prompt: String = input.get("prompt").unwrap_or_default();
    if prompt.trim().is_empty() || prompt.chars().count() > MAX_PROMPT {
        return Err(PlanError::invalid("input.prompt", format!("must have 1 to {MAX_PROMPT} characters")));
    }
    let model = match (input.raw("model"), options.text("model")?) {
        (Some(_), _) => model(input)?,
        (None, Some(model)) => model,
        (None, None) => DEFAULT_MODEL.to_owned(),
    };
    let mut body = Map::new();
    body.insert("prompt".to_owned(), Value::String(prompt));
    if input.raw("aspect_ratio").is_some() {
        let ratio = input.get("aspect_ratio").filter(|ratio: &String| is_id(ratio, 8, ":"));
        let ratio = ratio.ok_or_else(|| PlanError::invalid("input.aspect_ratio", "must be such as 16:9"))?;
        body.insert("aspect_ratio".to_owned(), Value::String(ratio));
    }
    if input.raw("image_urls").is_some() {
        let fine = |urls: &Vec<String>| urls.len() <= MAX_IMAGES && urls.iter().all(|url| is_public_url(url));
        let urls = input.get("image_urls").filter(fine);
        let urls = urls.ok_or_else(|| {
            PlanError::invalid(
                "input.image_urls",
                format!("must be a list of at most {MAX_IMAGES} public https addresses"),
            )
        })?;
        body.insert("imageUrls".to_owned(), json!(urls));
    }
    if input.raw("seed").is_some() {
        let seed: u32 = input
            .get("seed")
            .ok_or_else(|| PlanError::invalid("input.seed", "must be a whole number from 0 to 4294967295"))?;
        body.insert("seeds".to_owned(), json!(seed));
    }
    if let (Some(label), 1) = (&job.disclosure, options.integer("watermark", 1, 0, 1)?) {
        body.insert("watermark".to_owned(), Value::String(label.clone()));
    }
    Ok(("/api/v1/veo/generate", model, body))
}

/// The model's own input goes on as it is: which fields it has is between the page and the model.
fn task(input: &Fields) -> Result<Planned, PlanError> {
    only(input, &["model", "input"])?;
    let model = model(input)?;
    let inner = input.raw("input").filter(|raw| raw.len() <= MAX_INPUT_BYTES);
    // Read strictly first: of a name that appears twice, which value is meant is not the gate's to guess.
    let inner = inner.filter(|raw| Fields::parse(raw.as_bytes()).is_ok());
    let inner: Option<Map<String, Value>> = inner.and_then(|raw| serde_json::from_str(raw).ok());
    let inner = inner.ok_or_else(|| {
        PlanError::invalid("input.input", format!("must be an object of at most {MAX_INPUT_BYTES} bytes"))
    })?;
    let mut body = Map::new();
    body.insert("input".to_owned(), Value::Object(inner));
    Ok(("/api/v1/jobs/createTask", model, body))
}

fn model(input: &Fields) -> Result<String, PlanError> {
    let model = input.get("model").filter(|model: &String| is_id(model, 100, "/._-"));
    model.ok_or_else(|| PlanError::invalid("input.model", "must be the name of a model"))
}

fn only(input: &Fields, names: &[&str]) -> Result<(), PlanError> {
    if input.names().all(|name| names.contains(&name)) {
        return Ok(());
    }
    Err(PlanError::invalid("input", format!("must have no other fields than {}", names.join(", "))))
}
