//! Every vendor's refusals are explained, and the profile's facts are the mock's.

use adapter::{Adapter, Capability, Job, Live, Operation, Outgoing, Speech};
use mock_vendors::{Fault, VENDORS, base_url};

use crate::caller::{ALL, KEY, call, send};
use crate::common::mock;

/// A request that the vendor would grant, with the binding's options.
fn good(adapter: &dyn Adapter) -> (Operation, &'static str) {
    let chat = br#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    let live =
        Live { id: "s1".into(), persona: Some("p1".into()), max_seconds: 60, visitor: "v1".into(), ..Live::default() };
    let job = |kind: &str, input: &str| {
        Operation::JobStart(Job { id: "j1".into(), kind: kind.into(), input: input.into(), ..Job::default() })
    };
    match (adapter.profile().vendor, adapter.profile().capabilities) {
        (_, [Capability::Chat]) => (Operation::Chat(chat.to_vec()), "{}"),
        (_, [Capability::Speech]) => {
            (Operation::Speech(Speech { text: "Hi".into(), voice: None, format: "mp3".into() }), "{}")
        }
        ("heygen", _) => (Operation::LiveStart(live), crate::live::HEYGEN),
        (_, [Capability::Video | Capability::Realtime]) => (Operation::LiveStart(live), "{}"),
        ("sportradar", _) => (Operation::Context("live".into()), "{}"),
        ("newsapi", _) => (Operation::Context("headlines".into()), "{}"),
        ("kie", _) => (job("video", r#"{"prompt":"A cat"}"#), "{}"),
        ("shotstack", _) => (job("template", r#"{"id":"21e781c0"}"#), r#"{"max_seconds":30}"#),
        ("upload-post", _) => {
            let input = r#"{"user":"ada","platforms":["tiktok"],"title":"Hi","video":"https://files.example/a.mp4"}"#;
            (job("publish_video", input), "{}")
        }
        ("telegram", _) => {
            (Operation::MessageSend(Outgoing { conversation: "1111111".into(), text: "Hi".into() }), "{}")
        }
        (vendor, _) => panic!("{vendor} has no request here"),
    }
}

#[test]
fn the_mocks_addresses_end_as_the_vendors_own() {
    for adapter in ALL {
        let profile = adapter.profile();
        let path = profile.base_url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let path = path.map_or_else(String::new, |(_, path)| format!("/{path}"));
        assert_eq!(base_url("http://m", profile.vendor), format!("http://m/{}{path}", profile.vendor));
    }
    assert_eq!(ALL.len(), VENDORS.len());
}

#[tokio::test]
async fn refusals_are_explained() {
    let mock = mock().await;
    for adapter in ALL {
        let vendor = adapter.profile().vendor;
        let (operation, options) = good(adapter);
        call(&mock, adapter, &operation, options).await.assert_good();
        // (status, what it means, whether a repeat may help)
        for (status, code, retryable) in
            [(429, "rate_limited", true), (402, "quota_exceeded", false), (503, "overloaded", true)]
        {
            // LiveKit has no word for it.
            if (vendor, status) == ("livekit", 402) {
                continue;
            }
            let fault = Fault { status: Some(status), retry_after: Some(2), times: Some(1), ..Fault::default() };
            mock.state.set_fault(vendor, Some(fault));
            let exchange = call(&mock, adapter, &operation, options).await;
            let failure = adapter.explain(&exchange.head(), &exchange.answer.body);
            assert_eq!(
                (exchange.answer.status, failure.code, failure.retryable),
                (status, code, retryable),
                "{vendor}"
            );
            assert_eq!(failure.retry_after_ms, retryable.then_some(2000), "{vendor} {status}");
        }
        let planned = adapter.plan(&operation, options).expect("plans");
        let refused = send(&mock, adapter, planned, &format!("bad{KEY}")).await;
        // Where a wrong key is only forbidden, it can't be told from one that may not do this.
        let expected = if vendor == "sportradar" { "not_permitted" } else { "invalid_key" };
        assert_eq!(adapter.explain(&refused.head(), &refused.answer.body).code, expected, "{vendor}");
        call(&mock, adapter, &operation, options).await.assert_good();
    }
}

/// A vendor that answers 200 and says no in the body.
#[tokio::test]
async fn a_good_status_is_no_good_answer() {
    let mock = mock().await;
    for adapter in ALL {
        let vendor = adapter.profile().vendor;
        if !["heygen", "kie", "newsapi", "telegram"].contains(&vendor) {
            continue;
        }
        let (operation, options) = good(adapter);
        mock.state.set_fault(vendor, Some(Fault { refuse: Some(402), ..Fault::default() }));
        let exchange = call(&mock, adapter, &operation, options).await;
        assert_eq!(exchange.answer.status, 200, "{vendor}");
        match &operation {
            Operation::LiveStart(live) => assert!(adapter.live_started(live, &exchange.answer.body).is_err()),
            Operation::JobStart(_) => assert!(adapter.read_job(&operation, &exchange.answer.body).is_err()),
            _ => assert!(exchange.metered(adapter, &operation).passed.is_err(), "{vendor}"),
        }
    }
}

#[tokio::test]
async fn a_redirect_points_elsewhere_and_a_fault_may_be_for_one_key() {
    let mock = mock().await;
    for adapter in ALL {
        let vendor = adapter.profile().vendor;
        let (operation, options) = good(adapter);
        let other = Fault { redirect: Some("http://127.0.0.2:9/".into()), key: Some("x".into()), ..Fault::default() };
        mock.state.set_fault(vendor, Some(other.clone()));
        call(&mock, adapter, &operation, options).await.assert_good();
        mock.state.set_fault(vendor, Some(Fault { key: Some(KEY.into()), ..other }));
        let exchange = call(&mock, adapter, &operation, options).await;
        assert_eq!(
            (exchange.answer.status, &exchange.answer.headers["location"]),
            (302, &"http://127.0.0.2:9/".parse().expect("a header")),
            "{vendor}"
        );
    }
}
