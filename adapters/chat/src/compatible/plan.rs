//! Plans the call: the page's request with the few changes that metering needs.

use adapter::prelude::*;
use adapter::{Call, Fields, Options, PlanError};

use super::{Facts, TokenLimit};
use crate::{Part, Request, Role};

/// The upstream request for an OpenAI-shaped body.
///
/// # Errors
/// The field that is wrong.
pub fn plan(facts: &Facts, body: &[u8], options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let request = Request::read(body, &options, &facts.rules)?;
    let picture_tokens = match facts.picture_tokens {
        Some(picture_tokens) => picture_tokens(&request.model),
        None => refuse_pictures(&request).map(|()| 0)?,
    };

    let mut fields = request.fields.clone();
    fields.set("model", &request.model);
    if !facts.knows_developer {
        rename_developer(&request, &mut fields);
    }
    set_token_limit(facts.token_limit, &request, &mut fields);
    facts.dropped.iter().for_each(|name| fields.remove(name));
    facts.forced.iter().for_each(|(name, value)| fields.set(name, value));
    force_usage(&request, &mut fields);

    let body = fields.to_json();
    let input_tokens = request.input_bound(body.len(), picture_tokens);
    Ok(request.call(facts.path, body, input_tokens))
}

fn refuse_pictures(request: &Request) -> Result<(), PlanError> {
    for (index, message) in request.messages.iter().enumerate() {
        if let Some(part) = message.parts.iter().position(|part| matches!(part, Part::Picture(_))) {
            let at = format!("messages[{index}].content[{part}].type");
            return Err(PlanError::invalid(at, "must be text: this vendor takes no pictures"));
        }
    }
    Ok(())
}

fn rename_developer(request: &Request, fields: &mut Fields) {
    let mut messages: Vec<Fields> = fields.get("messages").unwrap_or_default();
    let developers = request.messages.iter().zip(&mut messages).filter(|(read, _)| read.role == Role::Developer);
    let mut any = false;
    for (_, message) in developers {
        message.set("role", &"system");
        any = true;
    }
    if any {
        fields.set("messages", &messages);
    }
}

/// Set where the request names none, too: without a limit the worst case has no bound.
fn set_token_limit(by: TokenLimit, request: &Request, fields: &mut Fields) {
    let named = fields.raw("max_tokens").or(fields.raw("max_completion_tokens")).is_some();
    match by {
        TokenLimit::AsGiven if named => {}
        TokenLimit::AsGiven => fields.set("max_completion_tokens", &request.max_tokens),
        TokenLimit::MaxTokens => {
            fields.remove("max_completion_tokens");
            fields.set("max_tokens", &request.max_tokens);
        }
    }
}

/// A stream tells its usage only when asked to; the page can't ask it not to.
fn force_usage(request: &Request, fields: &mut Fields) {
    if request.stream {
        let mut stream_options: Fields = fields.get("stream_options").unwrap_or_default();
        stream_options.set("include_usage", &true);
        fields.set("stream_options", &stream_options);
    } else {
        fields.remove("stream_options");
    }
}
