//! A job's input with everything filled in: `{"$from": "/steps/ideate/result/scenes/0"}` becomes that value.
//!
//! A pointer (RFC 6901) goes into `{"input": .., "steps": {"id": {"result": ..}}, "item": ..}`. What is filled in isn't
//! searched for further pointers: results are vendors' words.

use serde_json::{Map, Value as Json};

use crate::{
    bounds::MAX_FILLED,
    error::Failure,
    json,
    references::{Reference, Root},
    run::{Run, RunStep, Task},
    status::StepStatus,
};

/// The step's input.
///
/// # Errors
/// `input_missing` when a pointer leads nowhere, `input_too_large` when it all comes to more than may be sent.
pub fn expand(run: &Run, step: &RunStep) -> Result<Map<String, Json>, Failure> {
    let Task::Job { input, item, .. } = &step.task else { return Ok(Map::new()) };
    let mut scope = Scope { run, item: item.as_ref(), left: MAX_FILLED };
    let filled: Result<Map<_, _>, _> =
        input.iter().map(|(name, value)| Ok((name.clone(), scope.fill(value)?))).collect();
    let filled = Json::Object(filled?);
    json::bounded("input", &filled, MAX_FILLED).map_err(|invalid| too_large(&invalid.message))?;
    match filled {
        Json::Object(input) => Ok(input),
        _ => Ok(Map::new()),
    }
}

fn too_large(message: &str) -> Failure {
    Failure::new("input_too_large", format!("The input, filled in, {message}."))
}

struct Scope<'a> {
    run: &'a Run,
    item: Option<&'a Json>,
    /// Bytes that may still be filled in: counted on the way, or a thousand small pointers to one large value would
    /// make a very large one first.
    left: usize,
}

impl Scope<'_> {
    fn fill(&mut self, value: &Json) -> Result<Json, Failure> {
        if let Some(pointer) = Reference::pointer(value) {
            let found = look_up(self.run, self.item, pointer).ok_or_else(|| missing(pointer))?;
            let size = json::weight(&found);
            self.left = self.left.checked_sub(size).ok_or_else(|| too_large(&json::at_most(MAX_FILLED)))?;
            return Ok(found);
        }
        match value {
            Json::Array(values) => values.iter().map(|value| self.fill(value)).collect(),
            Json::Object(fields) => {
                let fields: Result<Map<_, _>, _> =
                    fields.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?))).collect();
                Ok(Json::Object(fields?))
            }
            plain => Ok(plain.clone()),
        }
    }
}

fn missing(pointer: &str) -> Failure {
    Failure::new("input_missing", format!("There is nothing at {pointer}."))
}

/// The value at a pointer; nothing for a malformed one.
pub(crate) fn look_up(run: &Run, item: Option<&Json>, pointer: &str) -> Option<Json> {
    let reference = Reference::parse(pointer)?;
    match &reference.root {
        Root::Input => run.input.pointer(reference.rest).cloned(),
        Root::Item => item?.pointer(reference.rest).cloned(),
        Root::Step(name) => {
            let rest = reference.rest.strip_prefix("/result")?;
            if !(rest.is_empty() || rest.starts_with('/')) {
                return None;
            }
            result_at(run, name, rest)
        }
    }
}

/// What came out of a step; of one that `each` made several of, all that came out of them. Only what is pointed at is
/// copied.
fn result_at(run: &Run, name: &str, rest: &str) -> Option<Json> {
    let is_fanned = run.fanned.contains_key(name);
    if !is_fanned {
        return result(run.step(name)?)?.pointer(rest).cloned();
    }
    let results = run.named(name).map(result).collect::<Option<Vec<_>>>()?;
    let Some(inner) = rest.strip_prefix('/') else { return Some(results.into_iter().cloned().collect()) };
    let (index, rest) = inner.split_at_checked(inner.find('/').unwrap_or(inner.len()))?;
    let is_plain = index == "0" || !(index.starts_with('0') || index.starts_with('+'));
    let index: usize = index.parse().ok().filter(|_| is_plain)?;
    results.get(index)?.pointer(rest).cloned()
}

/// Nothing while it isn't over; `null` of a failed one that is optional.
fn result(step: &RunStep) -> Option<&Json> {
    match step.status {
        StepStatus::Done | StepStatus::Approved => Some(step.result.as_ref().unwrap_or(&Json::Null)),
        StepStatus::Failed if step.optional => Some(&Json::Null),
        _ => None,
    }
}
