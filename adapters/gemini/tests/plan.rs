//! What a request must be, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use adapter::{Adapter, Operation, PlanError, Unit, units_of};
use gemini::Gemini;

const USER: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

fn plan(body: &str, options: &str) -> Result<adapter::Call, PlanError> {
    Gemini.plan(&Operation::Chat(body.into()), options)
}

#[test]
fn where_it_goes() {
    let rows = [
        (r#""stream":false"#, "{}", "/v1beta/models/gemini-2.5-flash:generateContent"),
        (r#""stream":true"#, "{}", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        (
            r#""stream":true,"stream_options":{"include_usage":true}"#,
            r#"{"model":"gemini-3-flash-preview"}"#,
            "/v1beta/models/gemini-3-flash-preview:streamGenerateContent?alt=sse",
        ),
    ];
    for (body, options, path) in rows {
        let call = plan(&format!(r#"{{"model":"auto",{USER},{body}}}"#), options).expect("plans");
        assert_eq!((call.method, call.path.as_str()), ("POST", path));
    }
}

/// What stands in `generationConfig` for a request that names nothing.
const PLAIN: &str = r#""generationConfig":{"maxOutputTokens":1024,"thinkingConfig":{"thinkingBudget":0}}"#;

#[test]
fn conversations_become() {
    let picture = r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}}"#;
    let hi = r#"{"role":"user","parts":[{"text":"hi"}]}"#;
    let rows = [
        (r#"{"role":"user","content":"hi"}"#.to_owned(), format!(r#"{{"contents":[{hi}],{PLAIN}}}"#)),
        // The system stands outside, wherever it spoke; nothing said is no turn.
        (
            r#"{"role":"system","content":"You are Ada."},{"role":"user","content":"hi"},{"role":"assistant","content":""},{"role":"assistant","content":"Hello."},{"role":"developer","content":"Be brief."}"#.to_owned(),
            format!(
                r#"{{"contents":[{hi},{{"role":"model","parts":[{{"text":"Hello."}}]}}],"systemInstruction":{{"parts":[{{"text":"You are Ada."}},{{"text":"Be brief."}}]}},{PLAIN}}}"#
            ),
        ),
        (
            format!(r#"{{"role":"user","content":[{{"type":"text","text":"hi"}},{picture}]}}"#),
            format!(
                r#"{{"contents":[{{"role":"user","parts":[{{"text":"hi"}},{{"inlineData":{{"mimeType":"image/png","data":"iVBORw0="}}}}]}}],{PLAIN}}}"#
            ),
        ),
        // Answers go back by name, in the order of their calls, and the vendor's own ids come back to it.
        (
            r#"{"role":"user","content":"hi"},
               {"role":"assistant","content":null,"tool_calls":[
                 {"id":"call_0","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Graz\",\"b\":1.50}"}},
                 {"id":"fc-81","type":"function","function":{"name":"time","arguments":""}}]},
               {"role":"tool","tool_call_id":"fc-81","content":"{\"now\":\"noon\"}"},
               {"role":"tool","tool_call_id":"call_0","content":[{"type":"text","text":"sunny"},{"type":"text","text":"[1]"}]},
               {"role":"assistant","content":null,"tool_calls":[
                 {"id":"call_0","type":"function","function":{"name":"rain","arguments":"{}"}}]},
               {"role":"tool","tool_call_id":"call_0","content":"none"},
               {"role":"user","content":"hi"}"#.to_owned(),
            format!(
                r#"{{"contents":[{hi},{{"role":"model","parts":[{{"functionCall":{{"name":"weather","args":{{"city":"Graz","b":1.50}}}}}},{{"functionCall":{{"id":"fc-81","name":"time","args":{{}}}}}}]}},{{"role":"user","parts":[{{"functionResponse":{{"name":"weather","response":{{"output":"sunny\n[1]"}}}}}},{{"functionResponse":{{"id":"fc-81","name":"time","response":{{"now":"noon"}}}}}}]}},{{"role":"model","parts":[{{"functionCall":{{"name":"rain","args":{{}}}}}}]}},{{"role":"user","parts":[{{"functionResponse":{{"name":"rain","response":{{"output":"none"}}}}}}]}},{hi}],{PLAIN}}}"#
            ),
        ),
    ];
    for (messages, upstream) in rows {
        let page = format!(r#"{{"model":"gemini-2.5-flash","messages":[{messages}]}}"#);
        let call = plan(&page, "{}").unwrap_or_else(|error| panic!("{page}: {error:?}"));
        assert_eq!(String::from_utf8_lossy(&call.body), upstream, "{page}");
    }
}

#[test]
fn settings_become() {
    let tools = r#""tools":[{"type":"function","function":{"name":"weather","description":"By city","strict":true,"parameters":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"number"}}}}},{"type":"function","function":{"name":"time"}}]"#;
    let schema = r#"{"type":"object","properties":{"z":{"type":"string"}}}"#;
    let format = format!(
        r#""response_format":{{"type":"json_schema","json_schema":{{"name":"n","strict":true,"schema":{schema}}}}}"#
    );
    let config = |more: &str| {
        format!(r#""generationConfig":{{"maxOutputTokens":1024,"thinkingConfig":{{"thinkingBudget":0}}{more}}}"#)
    };
    let parameters = r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"number"}}}"#;
    let declared = |word: &str| {
        format!(
            r#""tools":[{{"functionDeclarations":[{{"name":"weather","description":"By city","{word}":{parameters}}},{{"name":"time"}}]}}]"#
        )
    };
    let chosen = |choice: &str| format!(r#""toolConfig":{{"functionCallingConfig":{choice}}}"#);
    let json = declared("parametersJsonSchema");
    let openapi = r#"{"schemas":"openapi"}"#;
    let rows: Vec<(&str, String, String)> = vec![
        (
            "{}",
            r#""max_tokens":5,"temperature":0.10,"top_p":0.9,"presence_penalty":1,"frequency_penalty":-0.5,"seed":7,"stop":["\n\n","END"],"user":"u","store":true,"logprobs":false"#.into(),
            r#""generationConfig":{"maxOutputTokens":5,"thinkingConfig":{"thinkingBudget":0},"temperature":0.10,"topP":0.9,"presencePenalty":1,"frequencyPenalty":-0.5,"seed":7,"stopSequences":["\n\n","END"]}"#.into(),
        ),
        ("{}", r#""stop":"END","n":1"#.into(), config(r#","stopSequences":["END"]"#)),
        ("{}", r#""response_format":{"type":"text"}"#.into(), config("")),
        (
            "{}",
            r#""response_format":{"type":"json_object"}"#.into(),
            config(r#","responseMimeType":"application/json""#),
        ),
        (
            "{}",
            format.clone(),
            config(&format!(r#","responseMimeType":"application/json","responseJsonSchema":{schema}"#)),
        ),
        (openapi, format, config(&format!(r#","responseMimeType":"application/json","responseSchema":{schema}"#))),
        ("{}", tools.into(), format!("{json},{}", config(""))),
        (openapi, tools.into(), format!("{},{}", declared("parameters"), config(""))),
        (
            "{}",
            format!(r#"{tools},"tool_choice":"required","parallel_tool_calls":true"#),
            format!("{json},{},{}", chosen(r#"{"mode":"ANY"}"#), config("")),
        ),
        (
            "{}",
            format!(r#"{tools},"tool_choice":"none""#),
            format!("{json},{},{}", chosen(r#"{"mode":"NONE"}"#), config("")),
        ),
        (
            "{}",
            format!(r#"{tools},"tool_choice":{{"type":"function","function":{{"name":"time"}}}}"#),
            format!("{json},{},{}", chosen(r#"{"mode":"ANY","allowedFunctionNames":["time"]}"#), config("")),
        ),
        ("{}", r#""tool_choice":"auto""#.into(), config("")),
        (
            r#"{"default_max_tokens":7,"thinking_budget":500}"#,
            r#""stream":true"#.into(),
            r#""generationConfig":{"maxOutputTokens":7,"thinkingConfig":{"thinkingBudget":500}}"#.into(),
        ),
        (
            r#"{"thinking_level":"high"}"#,
            r#""stream":true"#.into(),
            r#""generationConfig":{"maxOutputTokens":1024,"thinkingConfig":{"thinkingLevel":"high"}}"#.into(),
        ),
    ];
    for (options, page, upstream) in rows {
        let page = format!(r#"{{"model":"gemini-2.5-flash",{USER},{page}}}"#);
        let call = plan(&page, options).unwrap_or_else(|error| panic!("{page}: {error:?}"));
        let upstream = format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"hi"}}]}}],{upstream}}}"#);
        assert_eq!(String::from_utf8_lossy(&call.body), upstream, "{page}");
    }
}

#[test]
fn what_the_newest_models_want() {
    let calls = r#""messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_0","type":"function","function":{"name":"weather","arguments":"{}"}},{"id":"call_1","type":"function","function":{"name":"time","arguments":"{}"}}]}]"#;
    // (model, options, how often a signature stands in)
    let rows = [
        ("gemini-3-flash-preview", "{}", "skip_thought_signature_validator", 1),
        ("gemini-3-flash-preview", r#"{"thought_signature":""}"#, "thoughtSignature", 0),
        ("gemini-2.5-flash", "{}", "thoughtSignature", 0),
        ("gemini-2.5-flash", r#"{"thought_signature":"c2ln"}"#, "\"thoughtSignature\":\"c2ln\"", 1),
        ("gemini-3.1-pro-preview", "{}", r#""thinkingConfig":{"thinkingLevel":"low"}"#, 1),
        ("gemini-2.5-pro", "{}", r#""thinkingConfig":{"thinkingBudget":128}"#, 1),
        ("gemini-2.0-flash", "{}", "thinkingConfig", 0),
    ];
    for (model, options, text, times) in rows {
        let call = plan(&format!(r#"{{"model":"{model}",{calls}}}"#), options).expect("plans");
        let body = String::from_utf8(call.body).expect("text");
        assert_eq!(body.matches(text).count(), times, "{model} {options}: {body}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let call = r#"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"ARGS"}}]}"#;
    let calls = |arguments: &str, more: &str| {
        let call = call.replace("ARGS", arguments);
        format!(r#"{{"model":"auto","messages":[{{"role":"user","content":"hi"}},{call}{more}]}}"#)
    };
    let url = |url: &str| {
        format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]}}"#
        )
    };
    let picture = "messages[0].content[0].image_url.url";
    let fetch = r#"{"picture_urls":"fetch"}"#;
    let rows: Vec<(&str, String, &str)> = vec![
        ("{}", r#"{@}"#.into(), "model"),
        ("{}", r#"{"model":"gemini-2.5-flash/../x",@}"#.into(), "model"),
        ("{}", r#"{"model":"models/gemini-2.5-flash",@}"#.into(), "model"),
        ("{}", r#"{"model":"gemini-2.5-flash:embedContent",@}"#.into(), "model"),
        ("{}", r#"{"model":"..",@}"#.into(), "model"),
        ("{}", r#"{"model":"gemini-2.5-flash-image",@}"#.into(), "model"),
        ("{}", r#"{"model":"gemini-2.5-flash-preview-tts",@}"#.into(), "model"),
        (r#"{"model":"a/b"}"#, r#"{"model":"auto",@}"#.into(), "model"),
        ("{}", r#"{"model":"auto","messages":[{"role":"system","content":"x"}]}"#.into(), "messages"),
        ("{}", r#"{"model":"auto",@,"n":2}"#.into(), "n"),
        ("{}", r#"{"model":"auto",@,"max_tokens":16385}"#.into(), "max_tokens"),
        ("{}", r#"{"model":"auto",@,"temperature":3}"#.into(), "temperature"),
        ("{}", r#"{"model":"auto",@,"seed":4294967296}"#.into(), "seed"),
        ("{}", r#"{"model":"auto",@,"logprobs":true}"#.into(), "logprobs"),
        ("{}", r#"{"model":"auto",@,"logit_bias":{"5":1}}"#.into(), "logit_bias"),
        ("{}", r#"{"model":"auto",@,"reasoning_effort":"high"}"#.into(), "reasoning_effort"),
        ("{}", r#"{"model":"auto",@,"response_format":{"type":"xml"}}"#.into(), "response_format.type"),
        (
            "{}",
            r#"{"model":"auto",@,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}}"#.into(),
            "tool_choice.function.name",
        ),
        (
            "{}",
            r#"{"model":"auto",@,"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false}"#.into(),
            "parallel_tool_calls",
        ),
        ("{}", calls("no JSON", ""), "messages[1].tool_calls[0].function.arguments"),
        ("{}", calls("[1]", ""), "messages[1].tool_calls[0].function.arguments"),
        ("{}", calls("{}", r#",{"role":"tool","tool_call_id":"b","content":"x"}"#), "messages[2].tool_call_id"),
        (
            "{}",
            calls("{}", r#",{"role":"tool","tool_call_id":"a","content":[{"type":"image_url","image_url":{"url":"https://a.example/b"}}]}"#),
            "messages[2].content[0].type",
        ),
        ("{}", url("https://cdn.example/cat.png"), picture),
        (fetch, url("http://cdn.example/cat.png"), picture),
        (fetch, url("https://cdn example/cat.png"), picture),
        (r#"{"picture_urls":"maybe"}"#, r#"{"model":"auto",@}"#.into(), "options.picture_urls"),
        (r#"{"picture_tokens":0}"#, r#"{"model":"auto",@}"#.into(), "options.picture_tokens"),
        (r#"{"schemas":"xml"}"#, r#"{"model":"auto",@}"#.into(), "options.schemas"),
        (r#"{"thinking_budget":-1}"#, r#"{"model":"auto",@}"#.into(), "options.thinking_budget"),
        (r#"{"thinking_level":"most"}"#, r#"{"model":"auto",@}"#.into(), "options.thinking_level"),
        (r#"{"thought_signature":"a b"}"#, r#"{"model":"auto",@}"#.into(), "options.thought_signature"),
        (r#"{"max_tokens_limit":70000}"#, r#"{"model":"auto",@}"#.into(), "options.max_tokens_limit"),
    ];
    for (options, body, field) in rows {
        let body = body.replace('@', USER);
        match plan(&body, options) {
            Err(PlanError::Invalid(Some(param), expected)) => assert_eq!(param, field, "{body}: {expected}"),
            other => panic!("{body}: {field} must be refused, but {other:?}"),
        }
    }
    assert!(matches!(Gemini.plan(&Operation::LiveEnd("c1".into()), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn worst_cases() {
    let ask = |model: &str, more: &str| format!(r#"{{"model":"{model}",{USER}{more}}}"#);
    let image = |url: &str| {
        format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]}}"#
        )
    };
    let data = image(&format!("data:image/png;base64,{}", "A".repeat(100_000)));
    // (options, body, least and most input, output)
    let rows = [
        ("{}", ask("gemini-2.5-flash", r#","max_tokens":100"#), 100, 300, 100),
        ("{}", ask("gemini-2.5-flash", ""), 100, 300, 1024),
        // Thoughts are reserved beside the answer.
        ("{}", ask("gemini-2.5-pro", r#","max_completion_tokens":100"#), 100, 300, 228),
        ("{}", ask("gemini-3-flash-preview", r#","max_tokens":100"#), 100, 300, 1124),
        (r#"{"thinking_budget":8000}"#, ask("gemini-2.5-flash", r#","max_tokens":100"#), 100, 300, 8100),
        ("{}", data.clone(), 8192, 8600, 1024),
        (r#"{"picture_tokens":2000}"#, data, 2000, 2400, 1024),
        (r#"{"picture_urls":"fetch"}"#, image("https://cdn.example/cat.png"), 8192, 8600, 1024),
    ];
    for (options, body, least, most, output) in rows {
        let worst_case = plan(&body, options).expect("plans").worst_case;
        let input = units_of(&worst_case, Unit::InputTokens);
        assert!((least..=most).contains(&input), "{input} input tokens for {body:.80}");
        assert_eq!(units_of(&worst_case, Unit::OutputTokens), output, "{body:.80}");
    }
}
