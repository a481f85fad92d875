//! Messages, from the adapter to the mock and back: the mock's updates are the adapter's.

use adapter::{Adapter, Effect, Header, Incoming, Operation, Outgoing, Usage};
use mock_vendors::{Hook, Said};
use serde_json::json;
use telegram::Telegram;

use crate::caller::{KEY, call};
use crate::common::{Receiver, mock};

fn say(conversation: &str, text: &str) -> Operation {
    Operation::MessageSend(Outgoing { conversation: conversation.into(), text: text.into() })
}

#[tokio::test]
async fn what_is_sent_is_said_once_in_its_chat() {
    let mock = mock().await;
    let long = "\u{1F600}".repeat(3000);
    for (chat, text) in [("1111111", "Hi"), ("-1001234567890", long.as_str())] {
        let operation = say(chat, text);
        let exchange = call(&mock, &Telegram, &operation, "{}").await;
        exchange.assert_good();
        let metered = exchange.metered(&Telegram, &operation);
        let passed = String::from_utf8(metered.passed.expect("passes")).expect("text");
        assert!(passed.starts_with(r#"{"message_id":""#), "{passed}");
        assert_eq!(metered.usage, Usage::Counted(vec![]));
    }
    let said = mock.state.said();
    let found: Vec<(&str, i64, usize)> =
        said.iter().map(|one| (one.key.as_str(), one.chat_id, one.text.chars().count())).collect();
    assert_eq!(found, [(KEY, 1_111_111, 2), (KEY, -1_001_234_567_890, 2048)]);
}

#[tokio::test]
async fn the_mock_refuses_as_the_vendor_does() {
    let mock = mock().await;
    for (chat, words, code, retryable) in [
        ("404", "Hi", "not_found", false),
        ("1", "[[fault:403]]", "not_permitted", false),
        ("1", "[[fault:404]]", "invalid_key", false),
        ("1", "[[fault:429]][[retry-after:7]]", "rate_limited", true),
        ("1", "[[fault:500]]", "vendor_internal", true),
    ] {
        let exchange = call(&mock, &Telegram, &say(chat, words), "{}").await;
        let failure = Telegram.explain(&exchange.head(), &exchange.answer.body);
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{words}");
        if code == "rate_limited" {
            // In the body as well as in the header.
            let body = Telegram.explain(&adapter::AnswerHead { status: 429, headers: vec![] }, &exchange.answer.body);
            assert_eq!((failure.retry_after_ms, body.retry_after_ms), (Some(7_000), Some(7_000)));
        }
    }
    assert_eq!(mock.state.said(), []);
}

#[tokio::test]
async fn what_people_say_is_delivered_with_the_secret() {
    let mock = mock().await;
    let receiver = Receiver::start().await;
    assert!(mock.state.hear(Said { chat: 5, text: "Hi".into(), ..Said::default() }).await.is_none(), "nowhere to go");
    let hook = Hook { key: "k".into(), url: Some(receiver.url.clone()), secret: Some("a_B-1".into()) };
    mock.state.set_hook("telegram", hook);
    let said = Said { key: "k".into(), chat: -7, from: Some(5), text: "/status".into(), ..Said::default() };
    let (id, statuses) = mock.state.hear(said.clone()).await.expect("delivered");
    assert_eq!(statuses, json!([200]));

    let (headers, body) = receiver.wait_for("/status").await;
    assert!(headers.contains(&("x-telegram-bot-api-secret-token".to_owned(), "a_B-1".to_owned())), "{headers:?}");
    let headers: Vec<Header> = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
    let event = Telegram.webhook(&headers, &body).expect("an update");
    let message = Incoming { conversation: "-7".into(), sender: "5".into(), text: "/status".into() };
    assert_eq!((event.dedupe_id, event.effect), (id.to_string(), Effect::Message(message)));

    // Once more, under the same number; and something that is no message.
    let (again, _) = mock.state.hear(Said { update_id: Some(id), ..said.clone() }).await.expect("delivered");
    assert_eq!(again, id);
    let update = Some(json!({"callback_query": {"id": "1", "data": "x"}}));
    mock.state.hear(Said { update, ..said }).await.expect("delivered");
    let (_, body) = receiver.wait_for("callback_query").await;
    assert_eq!(Telegram.webhook(&[], &body).map(|event| event.effect), Ok(Effect::None));
    assert_eq!(receiver.count(), 3);
}
