//! Whether steps fit each other and the run that they come to.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::{
    bounds::MAX_INPUT,
    error::Invalid,
    json,
    references::{Reference, Root, pointers},
    step::{Step, Work},
};

/// What is told of a pointer, in characters.
const SHOWN: usize = 40;

/// What is there already when steps are added.
#[derive(Default)]
pub(crate) struct Known {
    /// Steps that new ones may name.
    pub names: BTreeSet<String>,
    /// Whether there may be results.
    pub begun: bool,
}

/// Whether the steps fit each other and what is known: unique, without circles, with pointers that can lead somewhere.
pub(crate) fn check(steps: &[Step], known: &Known) -> Result<(), Invalid> {
    let mut names = BTreeSet::new();
    for (i, step) in steps.iter().enumerate() {
        if known.names.contains(&step.id) || !names.insert(step.id.as_str()) {
            return Err(Invalid::new(format!("steps[{i}].id"), "is another step's"));
        }
    }
    for (i, step) in steps.iter().enumerate() {
        for (j, name) in step.after.iter().enumerate() {
            if !known.names.contains(name) && !names.contains(name.as_str()) {
                return Err(Invalid::new(format!("steps[{i}].after[{j}]"), "names no step"));
            }
        }
    }
    for (i, step) in steps.iter().enumerate() {
        let before = before(steps, step);
        if before.contains(step.id.as_str()) {
            let j = step.after.iter().position(|name| reaches(steps, name, &step.id)).unwrap_or(0);
            return Err(Invalid::new(format!("steps[{i}].after[{j}]"), "makes the step wait for itself"));
        }
        check_pointers(steps, step, &before, known).map_err(|(field, message)| {
            let param = format!("steps[{i}].{field}");
            Invalid::new(param, message)
        })?;
    }
    let inputs = steps.iter().map(|step| match &step.work {
        Work::Job { input, .. } => Json::Object(input.clone()),
        Work::Gate { .. } => Json::Null,
    });
    let all: Vec<_> = inputs.collect();
    json::bounded("steps", &Json::Array(all), MAX_INPUT)
}

/// All that comes before a step, however far.
fn before<'a>(steps: &'a [Step], step: &'a Step) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = step.after.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            let named = steps.iter().filter(|step| step.id == name);
            open.extend(named.flat_map(|step| step.after.iter().map(String::as_str)));
        }
    }
    found
}

/// Whether `from` is `to`, or waits for it.
fn reaches(steps: &[Step], from: &str, to: &str) -> bool {
    from == to || steps.iter().find(|step| step.id == from).is_some_and(|step| before(steps, step).contains(to))
}

fn check_pointers(
    steps: &[Step],
    step: &Step,
    before: &BTreeSet<&str>,
    known: &Known,
) -> Result<(), (&'static str, String)> {
    let Work::Job { input, each, .. } = &step.work else { return Ok(()) };
    if let Some(pointer) = each {
        match Reference::parse(pointer).map(|reference| reference.root) {
            Some(Root::Input) => {}
            Some(Root::Step(name)) if known.begun && known.names.contains(&name) => {}
            _ if known.begun => return Err(("each", "must point into /input, or to the result of a step".into())),
            _ => return Err(("each", "must point into /input".into())),
        }
    }
    let mut found = Vec::new();
    for value in input.values() {
        pointers(value, &mut found).map_err(|message| ("input", message))?;
    }
    for pointer in found {
        let shown: String = pointer.chars().take(SHOWN).collect();
        let leads_nowhere = |why: &str| Err(("input", format!("has a pointer {shown:?} that {why}")));
        let Some(reference) = Reference::parse(pointer) else {
            return leads_nowhere("is none into /input, /steps/{id}/result or /item");
        };
        match reference.root {
            Root::Input => {}
            Root::Item if each.is_some() => {}
            Root::Item => return leads_nowhere("needs an each"),
            Root::Step(_) if !(reference.rest == "/result" || reference.rest.starts_with("/result/")) => {
                return leads_nowhere("is none into /input, /steps/{id}/result or /item");
            }
            Root::Step(name) => {
                if !known.names.contains(&name) && !is_before(steps, before, &name) {
                    return leads_nowhere("names no step that comes before, by after");
                }
            }
        }
    }
    Ok(())
}

/// Whether a step, or one of those that `each` will have made, comes before.
fn is_before(steps: &[Step], before: &BTreeSet<&str>, name: &str) -> bool {
    let of = name.split_once('.').map_or(name, |(of, _)| of);
    let makes_several = steps.iter().any(|step| step.id == of && matches!(step.work, Work::Job { each: Some(_), .. }));
    before.contains(of) && (of == name || makes_several)
}
