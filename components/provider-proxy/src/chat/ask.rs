//! A question of one message, asked for somebody who doesn't speak this route: the same path, permits, limits and log.

use bytes::Bytes;
use calendar::Millis;
use http::HeaderValue;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::json;
use shell::{Call, KeyValue, Kind, Problem, Reply, host};

use super::{answer, kept, whole};
use crate::{
    bindings::sessions::Grant,
    keyed::{self, Failed, Keyed, Start},
    vendor::upstream,
};

/// What was said.
pub struct Said {
    pub text: String,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub limit_check_id: Option<String>,
}

/// Asks; an answer must have begun by `deadline`. A repeat with the same `key` gets the first answer.
pub async fn ask(
    store: &KeyValue,
    grant: &Grant,
    request_id: &str,
    question: &str,
    model: Option<&str>,
    key: Option<&str>,
    deadline: Millis,
) -> Result<Said, Problem> {
    let mut call = request(question, model, request_id);
    if let Some(key) = key {
        let wrong = |_| Problem::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters");
        call.headers.insert("idempotency-key", HeaderValue::from_str(key).map_err(wrong)?);
    }
    let reply = match keyed::begin(&call, store, grant).await? {
        Start::Before(reply) => reply,
        Start::Now(keyed) => {
            let outcome = made(&call, store, grant, &keyed, deadline).await;
            kept(&call, store, keyed, outcome)?
        }
    };
    let (parts, body) = reply.0.into_parts();
    let body = body.collect().await.map_err(|_| Problem::offline())?.to_bytes();
    if !parts.status.is_success() {
        // A repeat of what failed then.
        return Err(before(&body));
    }
    read(&parts.headers, &body)
}

/// Asks under a permit of that name, for a caller who keeps the answer by itself.
pub async fn ask_named(
    store: &KeyValue,
    grant: &Grant,
    request_id: &str,
    question: &str,
    keyed: &Keyed,
) -> Result<Said, Failed> {
    let (call, deadline) = (request(question, None, request_id), host::now().plus(upstream::REQUEST_MS));
    let (reply, body) = made(&call, store, grant, keyed, deadline).await?;
    read(reply.0.headers(), &body).map_err(Failed::Charged)
}

async fn made(
    call: &Call,
    store: &KeyValue,
    grant: &Grant,
    keyed: &Keyed,
    deadline: Millis,
) -> Result<(Reply, Bytes), Failed> {
    whole(answer(call, store, grant, keyed, deadline).await?).await
}

fn request(question: &str, model: Option<&str>, request_id: &str) -> Call {
    let messages = json!([{ "role": "user", "content": question }]);
    let body = json!({ "model": model.unwrap_or("auto"), "messages": messages });
    Call::of_gate("/v1/chat/completions", body.to_string(), request_id)
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

fn read(headers: &http::HeaderMap, body: &[u8]) -> Result<Said, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let limit_check_id = header("x-limit-check-id");
    let text = serde_json::from_slice::<Completion>(body).ok().and_then(|completion| {
        let Message { content, refusal } = completion.choices.into_iter().next()?.message;
        // Blanks are nothing that could be shown or sent.
        [content, refusal].into_iter().flatten().find(|text| !text.trim().is_empty())
    });
    match text {
        Some(text) => {
            let (provider, model) = (header("x-tollgate-provider"), header("x-tollgate-model"));
            Ok(Said { text, provider, model, limit_check_id })
        }
        None => {
            let message = "The vendor's answer has no text.";
            let problem = Problem::new(Kind::VendorError, "vendor_answer_garbled", message);
            Err(Problem { limit_check_id, ..problem })
        }
    }
}

/// The kept failure of an earlier call.
fn before(body: &[u8]) -> Problem {
    #[derive(Deserialize)]
    struct Kept {
        error: Told,
    }
    #[derive(Deserialize)]
    struct Told {
        code: String,
        message: String,
        limit_check_id: Option<String>,
    }
    match serde_json::from_slice::<Kept>(body) {
        Ok(Kept { error: Told { code, message, limit_check_id } }) => {
            Problem { limit_check_id, ..Problem::new(Kind::VendorError, &code, message) }
        }
        Err(_) => Problem::new(Kind::Internal, "answer_unreadable", "The first answer to this key can't be read."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_the_assistant_said() {
        let check = |body: &str, expected: Option<&str>| {
            let said = read(&http::HeaderMap::new(), body.as_bytes());
            assert_eq!(said.ok().map(|said| said.text).as_deref(), expected, "{body}");
        };
        check(r#"{"choices":[{"message":{"content":"Hi"}},{"message":{"content":"No"}}]}"#, Some("Hi"));
        check(r#"{"choices":[{"message":{"content":null,"refusal":"I won't"}}]}"#, Some("I won't"));
        for none in ["", "{}", r#"{"choices":[]}"#, r#"{"choices":[{"message":{"content":null}}]}"#] {
            check(none, None);
        }
        for blank in ["", " ", "\\n\\t ", "\u{a0}"] {
            check(&format!(r#"{{"choices":[{{"message":{{"content":"{blank}"}}}}]}}"#), None);
            let refused = format!(r#"{{"choices":[{{"message":{{"content":"{blank}","refusal":"I won't"}}}}]}}"#);
            check(&refused, Some("I won't"));
            check(&format!(r#"{{"choices":[{{"message":{{"content":null,"refusal":"{blank}"}}}}]}}"#), None);
        }
        check(r#"{"choices":[{"message":{"content":" Hi\n"}}]}"#, Some(" Hi\n"));
    }

    #[test]
    fn a_failure_that_was_kept_is_told_again() {
        let problem = Problem::new(Kind::VendorTimeout, "vendor_timeout", "Too late.");
        let told = before(&Problem { limit_check_id: Some("lc_1".into()), ..problem }.to_json("req_1"));
        assert_eq!((told.code.as_str(), told.limit_check_id.as_deref()), ("vendor_timeout", Some("lc_1")));
        assert_eq!(before(b"{").code, "answer_unreadable");
    }
}
