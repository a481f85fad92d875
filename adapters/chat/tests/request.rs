//! What translators are given of a request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use adapter::{Fields, Options, PlanError};
use chat::{Format, Message, Part, Picture, Request, Role, Rules, Settings, ToolCall, ToolChoice};

const RULES: Rules = Rules {
    default_model: "small",
    is_offered: |model| model != "sound",
    max_answers: 2,
    default_max_tokens: 50,
    max_tokens_ceiling: 100,
};

fn read(body: &str, options: &str) -> Result<Request, PlanError> {
    let body = body.replace('@', r#""messages":[{"role":"user","content":"hi"}]"#);
    Request::read(body.as_bytes(), &Options::parse(options)?, &RULES)
}

fn refused<T: std::fmt::Debug>(result: Result<T, PlanError>, body: &str) -> String {
    match result {
        Err(PlanError::Invalid(Some(field), _)) => field,
        other => panic!("{body}: a field must be refused, but {other:?}"),
    }
}

#[test]
fn the_model_and_the_token_limit() {
    let rows = [
        (r#"{"model":"auto",@}"#, "{}", "small", 50),
        (r#"{"model":"auto",@}"#, r#"{"model":"large","default_max_tokens":70}"#, "large", 70),
        (r#"{@}"#, r#"{"model":"large"}"#, "large", 50),
        (r#"{"model":"other",@,"max_tokens":100}"#, r#"{"model":"large"}"#, "other", 100),
        (r#"{"model":"other",@}"#, r#"{"max_tokens_limit":10}"#, "other", 10),
        (r#"{"model":"other",@,"max_completion_tokens":1}"#, "{}", "other", 1),
    ];
    for (body, options, model, max_tokens) in rows {
        let request = read(body, options).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert_eq!((request.model.as_str(), request.max_tokens), (model, max_tokens), "{body} {options}");
    }
    let rows = [
        (r#"{"model":"sound",@}"#, "{}", "model"),
        (r#"{"model":"auto",@}"#, r#"{"model":"sound"}"#, "model"),
        (r#"{"model":"auto",@}"#, r#"{"model":5}"#, "options.model"),
        (r#"{"model":"auto",@}"#, r#"{"max_tokens_limit":101}"#, "options.max_tokens_limit"),
        (r#"{"model":"auto",@,"max_tokens":11}"#, r#"{"max_tokens_limit":10}"#, "max_tokens"),
        (r#"{"model":"auto",@,"n":3}"#, "{}", "n"),
    ];
    for (body, options, field) in rows {
        assert_eq!(refused(read(body, options), body), field, "{body} {options}");
    }
}

#[test]
fn messages() {
    let blank = Message {
        role: Role::User,
        parts: vec![],
        name: None,
        tool_calls: vec![],
        tool_call_id: None,
        has_function_call: false,
    };
    let url = "https://example.com/a.png";
    let data = Picture::Data { media_type: "image/png".into(), base64: "iVBO+/A=".into() };
    let call = ToolCall { id: "c1".into(), name: "f".into(), arguments: "{".into() };
    let text = |text: &str| vec![Part::Text(text.into())];
    let rows = [
        (
            r#"{"role":"developer","content":"a","name":"b"}"#,
            Message { role: Role::Developer, parts: text("a"), name: Some("b".into()), ..blank.clone() },
        ),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO+/A="}}]}"#,
            Message {
                parts: vec![Part::Picture(Picture::Url(url.into())), Part::Text("a".into()), Part::Picture(data)],
                ..blank.clone()
            },
        ),
        (
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{"}}]}"#,
            Message { role: Role::Assistant, tool_calls: vec![call], ..blank.clone() },
        ),
        (
            r#"{"role":"assistant","content":null,"refusal":"no"}"#,
            Message { role: Role::Assistant, parts: vec![Part::Refusal("no".into())], ..blank.clone() },
        ),
        (
            r#"{"role":"assistant","function_call":{}}"#,
            Message { role: Role::Assistant, has_function_call: true, ..blank.clone() },
        ),
        (
            r#"{"role":"tool","tool_call_id":"c1","content":"a"}"#,
            Message { role: Role::Tool, parts: text("a"), tool_call_id: Some("c1".into()), ..blank.clone() },
        ),
    ];
    for (message, expected) in rows {
        let request = read(&format!(r#"{{"model":"auto","messages":[{message}]}}"#), "{}");
        assert_eq!(request.expect("is read").messages, [expected], "{message}");
    }
}

#[test]
fn wrong_messages_name_the_field() {
    let picture =
        |url: &str| format!(r#"{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}"#);
    let calls = |calls: &str| format!(r#"{{"role":"assistant","tool_calls":{calls}}}"#);
    let rows = [
        (picture("data:image/png;base64,"), "content[0].image_url.url"),
        (picture("data:image/png;base64,a b"), "content[0].image_url.url"),
        (picture("data:image/png,abc"), "content[0].image_url.url"),
        (picture("data:image/;base64,abc"), "content[0].image_url.url"),
        (picture("data:text/html;base64,abc"), "content[0].image_url.url"),
        (calls("{}"), "tool_calls"),
        (calls("[1]"), "tool_calls"),
        (calls(r#"[{"id":5}]"#), "tool_calls[0].id"),
        (calls(r#"[{"id":"a"}]"#), "tool_calls[0].function.name"),
        (calls(r#"[{"id":"a","function":{"name":"f","arguments":{}}}]"#), "tool_calls[0].function.arguments"),
        (calls(r#"[{"id":"a","type":"custom"}]"#), "tool_calls[0].type"),
    ];
    for (message, field) in rows {
        let body = format!(r#"{{"model":"auto","messages":[{message}]}}"#);
        assert_eq!(refused(read(&body, "{}"), &body), format!("messages[0].{field}"));
    }
}

#[test]
fn settings() {
    let body = r#"{"temperature":0.70,"top_p":1,"stop":["a"],"seed":-3,"presence_penalty":-2,"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"reasoning_effort":"low","user":"v1","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"b":1,"a":2.50}}}}"#;
    let settings = Settings::read(&Fields::parse(body.as_bytes()).unwrap()).expect("is read");
    assert_eq!(settings.temperature.map(|number| number.raw.get().to_owned()).as_deref(), Some("0.70"));
    assert_eq!(settings.stop, ["a"]);
    assert_eq!((settings.seed, settings.parallel_tool_calls), (Some(-3), Some(false)));
    assert_eq!(settings.tool_choice, Some(ToolChoice::Function("f".into())));
    assert_eq!(settings.reasoning_effort.as_deref(), Some("low"));
    match settings.format {
        Format::JsonSchema { name, schema } => assert_eq!((name.as_str(), schema.get()), ("n", r#"{"b":1,"a":2.50}"#)),
        other => panic!("{other:?}"),
    }
    let rows = [
        (r#"{"temperature":2.01}"#, "temperature"),
        (r#"{"temperature":1e999}"#, "temperature"),
        (r#"{"frequency_penalty":-2.5}"#, "frequency_penalty"),
        (r#"{"stop":[""]}"#, "stop"),
        (r#"{"seed":1.5}"#, "seed"),
        (r#"{"reasoning_effort":"huge"}"#, "reasoning_effort"),
        (r#"{"response_format":"json"}"#, "response_format.type"),
        (
            r#"{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":[]}}}"#,
            "response_format.json_schema.schema",
        ),
        (r#"{"tool_choice":{"type":"function"}}"#, "tool_choice"),
    ];
    for (body, field) in rows {
        assert_eq!(refused(Settings::read(&Fields::parse(body.as_bytes()).unwrap()), body), field);
    }
}

#[test]
fn what_no_translator_knows_is_refused_unless_it_changes_nothing() {
    let rows = [
        (r#"{"model":"auto",@,"logprobs":false,"logit_bias":{},"presence_penalty":0,"store":true}"#, None),
        (r#"{"model":"auto",@,"temperature":1,"reasoning_effort":"none","x":null}"#, None),
        (r#"{"model":"auto",@,"temperature":1,"logprobs":true}"#, Some("logprobs")),
        (r#"{"model":"auto",@,"presence_penalty":0.1}"#, Some("presence_penalty")),
        (r#"{"model":"auto",@,"anything":"new"}"#, Some("anything")),
        (r#"{"model":"auto",@,"functions":[{}]}"#, Some("functions")),
    ];
    for (body, field) in rows {
        let result = read(body, "{}").expect("is read").refuse_untranslated(&["temperature"]);
        match field {
            Some(field) => assert_eq!(refused(result, body), field),
            None => assert_eq!(result, Ok(()), "{body}"),
        }
    }
}
