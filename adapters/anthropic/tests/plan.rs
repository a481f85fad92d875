//! What a request must be, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::{Adapter, Call, Operation, PlanError, Unit, units_of};
use anthropic::Anthropic;

const HI: &str = r#""messages":[{"role":"user","content":"hi"}]"#;
const HI_SENT: &str = r#""messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#;
const WEATHER: &str = r#""tools":[{"type":"function","function":{"name":"weather","description":"Now.","parameters":{"type":"object","z":1,"a":2.50}}}]"#;
const WEATHER_SENT: &str =
    r#""tools":[{"name":"weather","description":"Now.","input_schema":{"type":"object","z":1,"a":2.50}}]"#;

fn plan(body: &str, options: &str) -> Result<Call, PlanError> {
    Anthropic.plan(&Operation::Chat(body.into()), options)
}

#[test]
fn good_requests_become() {
    let model = r#""model":"claude-haiku-4-5""#;
    let rows = [
        (
            format!(r#"{{"model":"auto",{HI}}}"#),
            format!(r#"{{{model},"max_tokens":1024,{HI_SENT},"stream":false}}"#),
        ),
        (
            format!(
                r#"{{"model":"claude-opus-4-5",{HI},"stream":true,"stream_options":{{"include_usage":true}},"max_completion_tokens":9,"temperature":0.50,"top_p":1.0,"stop":"END","user":"v1","seed":3,"n":1,"store":true,"presence_penalty":0,"logprobs":false,"response_format":{{"type":"text"}}}}"#
            ),
            format!(
                r#"{{"model":"claude-opus-4-5","max_tokens":9,{HI_SENT},"stream":true,"stop_sequences":["END"],"temperature":0.50,"metadata":{{"user_id":"v1"}}}}"#
            ),
        ),
        (
            format!(r#"{{"model":"auto",{HI},"top_p":0.90,"stop":["\n\nEND"]}}"#),
            format!(
                r#"{{{model},"max_tokens":1024,{HI_SENT},"stream":false,"stop_sequences":["\n\nEND"],"top_p":0.90}}"#
            ),
        ),
        (
            format!(r#"{{"model":"auto",{HI},"top_p":1}}"#),
            format!(r#"{{{model},"max_tokens":1024,{HI_SENT},"stream":false}}"#),
        ),
        // Texts of white space are none, and others keep theirs.
        (
            r#"{"model":"auto","messages":[{"role":"system","content":" \n"},{"role":"user","content":" hi "},{"role":"assistant","content":"\t"},{"role":"user","content":[{"type":"text","text":"\n"},{"type":"text","text":"there"}]}]}"#.to_owned(),
            format!(
                r#"{{{model},"max_tokens":1024,"messages":[{{"role":"user","content":[{{"type":"text","text":" hi "}},{{"type":"text","text":"there"}}]}}],"stream":false}}"#
            ),
        ),
        // Instructions go apart, wherever they stand; one side's messages in a row are one turn; empty texts are none.
        (
            r#"{"model":"auto","messages":[{"role":"system","content":"a"},{"role":"user","content":"b"},{"role":"developer","content":[{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"d"},{"type":"text","text":""}]},{"role":"assistant","content":""},{"role":"assistant","content":"e"},{"role":"user","content":"f"}],"stop":["x","y"]}"#.to_owned(),
            format!(
                r#"{{{model},"max_tokens":1024,"system":[{{"type":"text","text":"a"}},{{"type":"text","text":"c"}}],"messages":[{{"role":"user","content":[{{"type":"text","text":"b"}},{{"type":"text","text":"d"}}]}},{{"role":"assistant","content":[{{"type":"text","text":"e"}}]}},{{"role":"user","content":[{{"type":"text","text":"f"}}]}}],"stream":false,"stop_sequences":["x","y"]}}"#
            ),
        ),
        // The assistant greets first.
        (
            r#"{"model":"auto","messages":[{"role":"assistant","content":"Hello!"},{"role":"user","content":"hi"}]}"#.to_owned(),
            format!(
                r#"{{{model},"max_tokens":1024,"messages":[{{"role":"user","content":[{{"type":"text","text":"(The conversation begins.)"}}]}},{{"role":"assistant","content":[{{"type":"text","text":"Hello!"}}]}},{{"role":"user","content":[{{"type":"text","text":"hi"}}]}}],"stream":false}}"#
            ),
        ),
        // Pictures.
        (
            r#"{"model":"auto","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"low"}},{"type":"image_url","image_url":{"url":"https://example.com/a.jpg"}}]}]}"#.to_owned(),
            format!(
                r#"{{{model},"max_tokens":1024,"messages":[{{"role":"user","content":[{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}}},{{"type":"image","source":{{"type":"url","url":"https://example.com/a.jpg"}}}}]}}],"stream":false}}"#
            ),
        ),
        // Calls and their results.
        (
            format!(
                r#"{{"model":"auto","messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","content":null,"tool_calls":[{{"id":"c1","type":"function","function":{{"name":"weather","arguments":"{{\"b\":1.50,\"a\":2}}"}}}},{{"id":"c2","type":"function","function":{{"name":"weather","arguments":""}}}}]}},{{"role":"tool","tool_call_id":"c1","content":"rain"}},{{"role":"tool","tool_call_id":"c2","content":" "}},{{"role":"user","content":"thanks"}}],{WEATHER}}}"#
            ),
            format!(
                r#"{{{model},"max_tokens":1024,"messages":[{{"role":"user","content":[{{"type":"text","text":"hi"}}]}},{{"role":"assistant","content":[{{"type":"tool_use","id":"c1","name":"weather","input":{{"b":1.50,"a":2}}}},{{"type":"tool_use","id":"c2","name":"weather","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c1","content":[{{"type":"text","text":"rain"}}]}},{{"type":"tool_result","tool_use_id":"c2","content":[]}},{{"type":"text","text":"thanks"}}]}}],"stream":false,{WEATHER_SENT}}}"#
            ),
        ),
        (
            format!(r#"{{"model":"auto",{HI},"tools":[{{"type":"function","function":{{"name":"now"}}}}],"tool_choice":null}}"#),
            format!(
                r#"{{{model},"max_tokens":1024,{HI_SENT},"stream":false,"tools":[{{"name":"now","input_schema":{{"type":"object"}}}}]}}"#
            ),
        ),
    ];
    for (page, upstream) in rows {
        let call = plan(&page, "{}").unwrap_or_else(|error| panic!("{page}: {error:?}"));
        assert_eq!(String::from_utf8_lossy(&call.body), upstream, "{page}");
        assert_eq!(call.path, "/v1/messages");
        let version = call.headers.iter().find(|header| header.name == "anthropic-version");
        assert_eq!(version.map(|header| header.value.as_str()), Some("2023-06-01"));
    }
}

#[test]
fn tool_choices() {
    let rows = [
        ("", ""),
        (r#","tool_choice":"auto""#, r#","tool_choice":{"type":"auto"}"#),
        (r#","tool_choice":"none","parallel_tool_calls":false"#, r#","tool_choice":{"type":"none"}"#),
        (r#","tool_choice":"required""#, r#","tool_choice":{"type":"any"}"#),
        (
            r#","tool_choice":{"type":"function","function":{"name":"weather"}}"#,
            r#","tool_choice":{"type":"tool","name":"weather"}"#,
        ),
        (r#","parallel_tool_calls":true"#, ""),
        (r#","parallel_tool_calls":false"#, r#","tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#),
    ];
    for (page, upstream) in rows {
        let call = plan(&format!(r#"{{"model":"auto",{HI},{WEATHER}{page}}}"#), "{}").expect("plans");
        let expected = format!(
            r#"{{"model":"claude-haiku-4-5","max_tokens":1024,{HI_SENT},"stream":false,{WEATHER_SENT}{upstream}}}"#
        );
        assert_eq!(String::from_utf8_lossy(&call.body), expected, "{page}");
    }
    let call = plan(&format!(r#"{{"model":"auto",{HI},"tool_choice":"auto"}}"#), "{}").expect("plans");
    assert!(!String::from_utf8_lossy(&call.body).contains("tool_choice"), "without tools there is no choice");
}

#[test]
fn wrong_requests_name_the_field() {
    let rows = [
        (r#"{@}"#, "model"),
        (r#"{"model":"auto"}"#, "messages"),
        (r#"{"model":"auto","messages":[{"role":"system","content":"a"}]}"#, "messages"),
        (r#"{"model":"auto","messages":[{"role":"user","content":""}]}"#, "messages"),
        (r#"{"model":"auto","messages":[{"role":"user","content":" \n\t"}]}"#, "messages"),
        (r#"{"model":"auto","messages":[{"role":"function","name":"f","content":"a"}]}"#, "messages[0].role"),
        (
            r#"{"model":"auto","messages":[{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}]}"#,
            "messages[0].function_call",
        ),
        (r#"{"model":"auto","messages":[{"role":"tool","content":"a"}]}"#, "messages[0].tool_call_id"),
        (
            r#"{"model":"auto","messages":[{"role":"tool","tool_call_id":"a b","content":"a"}]}"#,
            "messages[0].tool_call_id",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"http://example.com/a.png"}}]}]}"#,
            "messages[0].content[1].image_url.url",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/svg+xml;base64,AAAA"}}]}]}"#,
            "messages[0].content[0].image_url.url",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x/a.png"}}]}]}"#,
            "messages[0].content[0].type",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"[1]"}}]}]}"#,
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"assistant","tool_calls":[{"id":"c/1","function":{"name":"f","arguments":"{}"}}]}]}"#,
            "messages[0].tool_calls[0].id",
        ),
        (
            r#"{"model":"auto","messages":[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"a b","arguments":"{}"}}]}]}"#,
            "messages[0].tool_calls[0].function.name",
        ),
        (r#"{"model":"auto",@,"n":2}"#, "n"),
        (r#"{"model":"auto",@,"temperature":1.1}"#, "temperature"),
        (r#"{"model":"auto",@,"temperature":"1"}"#, "temperature"),
        (r#"{"model":"auto",@,"temperature":-0.1}"#, "temperature"),
        (r#"{"model":"auto",@,"top_p":1.1}"#, "top_p"),
        (r#"{"model":"auto",@,"stop":["a","b","c","d","e"]}"#, "stop"),
        (r#"{"model":"auto",@,"stop":""}"#, "stop"),
        (r#"{"model":"auto",@,"stop":"\n"}"#, "stop"),
        (r#"{"model":"auto",@,"stop":["END"," \t"]}"#, "stop"),
        (r#"{"model":"auto",@,"temperature":0.5,"top_p":0.9}"#, "top_p"),
        (r#"{"model":"auto",@,"temperature":1,"top_p":0}"#, "top_p"),
        (r#"{"model":"auto",@,"user":5}"#, "user"),
        (r#"{"model":"auto",@,"response_format":{"type":"json_object"}}"#, "response_format"),
        (
            r#"{"model":"auto",@,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}}}}"#,
            "response_format",
        ),
        (r#"{"model":"auto",@,"response_format":{"type":"xml"}}"#, "response_format.type"),
        (r#"{"model":"auto",@,"response_format":{"type":"json_schema"}}"#, "response_format.json_schema.name"),
        (r#"{"model":"auto",@,"tool_choice":"maybe"}"#, "tool_choice"),
        (r#"{"model":"auto",@,"parallel_tool_calls":"yes"}"#, "parallel_tool_calls"),
        (r#"{"model":"auto",@,"tools":[{"type":"web_search_20250305"}]}"#, "tools[0].type"),
        (r#"{"model":"auto",@,"tools":[{"type":"function","function":{"name":"a b"}}]}"#, "tools[0].function.name"),
        (
            r#"{"model":"auto",@,"tools":[{"type":"function","function":{"name":"a","parameters":[]}}]}"#,
            "tools[0].function.parameters",
        ),
        (r#"{"model":"auto",@,"functions":[{"name":"a"}]}"#, "functions"),
        (r#"{"model":"auto",@,"presence_penalty":0.5}"#, "presence_penalty"),
        (r#"{"model":"auto",@,"logprobs":true}"#, "logprobs"),
        (r#"{"model":"auto",@,"reasoning_effort":"high"}"#, "reasoning_effort"),
        (r#"{"model":"auto",@,"thinking":{"type":"enabled","budget_tokens":9}}"#, "thinking"),
    ];
    for (body, field) in rows {
        let body = body.replace('@', HI);
        match plan(&body, "{}") {
            Err(PlanError::Invalid(Some(param), expected)) => assert_eq!(param, field, "{body}: {expected}"),
            other => panic!("{body}: {field} must be refused, but {other:?}"),
        }
    }
}

#[test]
fn worst_cases() {
    let picture = format!(
        r#"{{"model":"auto","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}}]}}]}}"#,
        "A".repeat(100_000)
    );
    // (body, least and most input, output)
    let rows = [
        (format!(r#"{{"model":"auto",{HI},"max_tokens":100}}"#), 100, 300, 100),
        (format!(r#"{{"model":"auto",{HI},{WEATHER}}}"#), 1_300, 1_600, 1024),
        (picture, 5_000, 5_400, 1024),
    ];
    for (body, least, most, output) in rows {
        let worst_case = plan(&body, "{}").expect("plans").worst_case;
        let input = units_of(&worst_case, Unit::InputTokens);
        assert!((least..=most).contains(&input), "{input} input tokens for {body:.80}");
        assert_eq!(units_of(&worst_case, Unit::OutputTokens), output, "{body:.80}");
    }
}
