//! Four vendors say the same, count the same, and look the same to the page.

use adapter::{Adapter, Operation, Unit, Usage, units_of};
use anthropic::Anthropic;
use deepseek::DeepSeek;
use gemini::Gemini;
use openai::OpenAi;
use serde_json::Value;

use crate::caller::{Exchange, Metered, call};
use crate::common::mock;

const VENDORS: [&dyn Adapter; 4] = [&OpenAi, &DeepSeek, &Anthropic, &Gemini];

/// What the page asks, with these words in it.
fn ask(words: &str, stream: bool) -> Operation {
    let tool = r#"{"type":"function","function":{"name":"look_up","description":"d","parameters":{"type":"object","properties":{"question":{"type":"string"},"how":{"type":"string"}}}}}"#;
    let text = format!(
        r#"{{"model":"auto","stream":{stream},"tools":[{tool}],"messages":[{{"role":"system","content":"You are Ada."}},{{"role":"user","content":"Hi! {words}"}}]}}"#
    );
    Operation::Chat(text.into_bytes())
}

/// What the page gets: what is said, and the name and arguments of a tool.
fn said(body: &[u8], stream: bool) -> (String, String) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let (mut said, mut tool) = (String::new(), String::new());
    let mut add = |message: &Value| {
        said.push_str(message["content"].as_str().unwrap_or_default());
        let function = &message["tool_calls"][0]["function"];
        tool.push_str(function["name"].as_str().unwrap_or_default());
        tool.push_str(function["arguments"].as_str().unwrap_or_default());
    };
    if stream {
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]") {
            let chunk: Value = serde_json::from_str(data).expect("JSON");
            assert_eq!(chunk["object"], "chat.completion.chunk");
            add(&chunk["choices"][0]["delta"]);
        }
    } else {
        let answer: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(answer["object"], "chat.completion");
        add(&answer["choices"][0]["message"]);
    }
    (said, tool)
}

async fn exchange(adapter: &dyn Adapter, words: &str, stream: bool) -> (Exchange, Metered) {
    let mock = mock().await;
    let operation = ask(words, stream);
    let exchange = call(&mock, adapter, &operation, "{}").await;
    let metered = exchange.metered(adapter, &operation);
    (exchange, metered)
}

#[tokio::test]
async fn good_answers_are_the_same_everywhere() {
    // (words, input, cached input, output)
    let rows = [
        ("", 4, 0, 32),
        ("[[cached]]", 4, 3, 32),
        ("[[think]]", 7, 0, 35),
        ("[[tool]]", 6, 0, 2),
        ("[[long]]", 6, 0, 392),
    ];
    for adapter in VENDORS {
        let vendor = adapter.profile().vendor;
        for (words, input, cached, output) in rows {
            for stream in [false, true] {
                let name = format!("{vendor} {words} streamed: {stream}");
                let (exchange, metered) = exchange(adapter, words, stream).await;
                exchange.assert_good();
                let (said, tool) = said(&metered.passed.expect(&name), stream);
                if words == "[[tool]]" {
                    assert_eq!(tool, r#"look_up{"question":"Hi!","how":"in short"}"#, "{name}");
                } else {
                    assert!(said.starts_with("Hi, Ada here \u{1F44B} You said: \u{201C}Hi!\u{201D}"), "{name}: {said}");
                    assert!(
                        said.ends_with("What matters most to you about it?") || words == "[[long]]",
                        "{name}: {said}"
                    );
                }
                let Usage::Reported(list) = &metered.usage else { panic!("{name}: {:?}", metered.usage) };
                let units = [Unit::InputTokens, Unit::CachedInputTokens, Unit::OutputTokens];
                assert_eq!(units.map(|unit| units_of(list, unit)), [input, cached, output], "{name}");
                let worst = |unit| units_of(&exchange.call.worst_case, unit);
                assert!(input + cached <= worst(Unit::InputTokens) && output <= worst(Unit::OutputTokens), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn bad_answers_are_never_taken_for_whole() {
    for adapter in VENDORS {
        let vendor = adapter.profile().vendor;
        for words in ["[[fault:cut]]", "[[fault:garble]]", "[[fault:error]]"] {
            let (_, metered) = exchange(adapter, words, true).await;
            assert!(metered.passed.is_err(), "{vendor} {words}");
            assert!(!matches!(metered.usage, Usage::Reported(_)), "{vendor} {words}: {:?}", metered.usage);
        }
        let (exchange, metered) = exchange(adapter, "[[no-usage]]", true).await;
        assert!(metered.passed.is_ok(), "{vendor} without usage");
        match &metered.usage {
            Usage::Reported(_) => panic!("{vendor}: nothing was reported"),
            Usage::Counted(list) => {
                let (counted, worst) = (units_of(list, Unit::OutputTokens), &exchange.call.worst_case);
                assert!((32..=units_of(worst, Unit::OutputTokens)).contains(&counted), "{vendor}: {counted}");
            }
            Usage::Unknown => {}
        }
    }
}
