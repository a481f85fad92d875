//! What is said in a chat, and the answer to it.

use adapter::{Adapter, AnswerHead, Operation, Outgoing, Usage};
use fuzz::{Case, hold};
use serde_json::Value;
use telegram::Telegram;

use crate::{as_another_reads, is_plain, millis, recorded, require};

#[test]
fn a_message_goes_to_its_chat_and_nowhere_else() {
    let corpus: Vec<Case> = [("1111111", "Hi"), ("-1001234567890", "*\u{1F600}* {key}"), ("0", "{\"chat_id\": 2}")]
        .map(|(chat, text)| vec![chat.as_bytes().to_vec(), text.as_bytes().to_vec()])
        .into();
    hold("a message", &corpus, millis(700), |case| {
        let [chat, text] = [&case[0], &case[1]].map(|part| String::from_utf8_lossy(part).into_owned());
        let operation = Operation::MessageSend(Outgoing { conversation: chat.clone(), text: text.clone() });
        let Ok(call) = Telegram.plan(&operation, "{}") else { return Ok(()) };
        require(call.path == "/bot{key}/sendMessage", || format!("the path {:?}", call.path))?;
        let body: Value = serde_json::from_slice(&call.body).map_err(|error| error.to_string())?;
        let said = body["text"].as_str().unwrap_or_default();
        let members = body.as_object().map_or(0, |members| members.len());
        require(members == 2 && body["chat_id"].as_i64().is_some_and(|id| id.to_string() == chat), || {
            format!("{body} for {chat:?}")
        })?;
        let units = said.encode_utf16().count();
        let is_whole = said == text && units <= 4_096;
        let is_cut =
            said.strip_suffix('…').is_some_and(|left| text.starts_with(left) && (4_095..=4_096).contains(&units));
        require(is_whole || is_cut, || "it is cut wrongly".to_owned())
    });
}

#[test]
fn an_answer_names_a_message_or_is_none() {
    let corpus: Vec<Case> = recorded("telegram").into_iter().map(|body| vec![body]).collect();
    let operation = Operation::MessageSend(Outgoing { conversation: "1".into(), text: "Hi".into() });
    // The undamaged ones among them that are no answers are refused, which is right as well.
    hold("an answer to a message", &corpus, millis(500), |case| {
        let mut meter = Telegram.meter(&operation, &AnswerHead::default(), &[]);
        let middle = case[0].len() / 2;
        let pushed = meter.push(&case[0][..middle]).and_then(|_| meter.push(&case[0][middle..]));
        let passed = pushed.and_then(|_| meter.end());
        require(meter.usage() == Usage::Counted(vec![]), || "a message costs nothing".to_owned())?;
        match passed {
            Ok(told) => {
                let Some(answer) = as_another_reads(&case[0]) else { return Ok(()) };
                let told: Value = serde_json::from_slice(&told).map_err(|error| error.to_string())?;
                let id = answer["result"]["message_id"].to_string();
                require(answer["ok"] == true && told["message_id"] == id, || format!("{told} of {answer}"))
            }
            Err(why) => require(is_plain(&why, 200), || format!("{why:?}")),
        }
    });
}
