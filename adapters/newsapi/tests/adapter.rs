//! The conformance kit on recorded shapes, and which request each topic becomes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, check};
use adapter::{Adapter, AnswerHead, Operation, PlanError, Quantity, Unit, Usage};
use newsapi::NewsApi;
use serde_json::{Value, json};

const HEADLINES: &[u8] = include_bytes!("fixtures/headlines.json");
const ERROR: &[u8] = include_bytes!("fixtures/error.json");

fn topic(text: &str) -> Operation {
    Operation::Context(text.into())
}

#[test]
fn recorded_answers() {
    let rows = [
        ("headlines", "headlines", HEADLINES, Ending::Complete),
        ("search", "search/ferry & flour", HEADLINES, Ending::Complete),
        ("no news", "headlines/science", br#"{"status":"ok","totalResults":0,"articles":[]}"#, Ending::Complete),
        ("an error with a good status", "headlines", ERROR, Ending::Faulty),
        ("an error with articles", "headlines", br#"{"status":"error","articles":[]}"#, Ending::Faulty),
        ("no list", "headlines", br#"{"status":"ok"}"#, Ending::Faulty),
        ("nothing", "headlines", b"", Ending::Faulty),
    ];
    let recordings = rows.map(|(name, text, body, ending)| Recording {
        name,
        operation: topic(text),
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage: Usage::Counted(vec![Quantity::new(Unit::Requests, 1)]),
        ending,
    });
    check(&NewsApi, &Records { recordings: recordings.into(), ..Records::default() });
}

#[test]
fn topics_become_paths() {
    let many = r#"{"country":"de","language":"de","page_size":3,"sort_by":"relevancy","cache_seconds":30}"#;
    let rows = [
        ("headlines", "{}", "/v2/top-headlines?country=us&pageSize=10", 600),
        ("headlines", many, "/v2/top-headlines?country=de&pageSize=3", 30),
        ("headlines/sports", "{}", "/v2/top-headlines?country=us&category=sports&pageSize=10", 600),
        ("headlines/business/gb", "{}", "/v2/top-headlines?country=gb&category=business&pageSize=10", 600),
        ("search/ferry", many, "/v2/everything?q=ferry&language=de&sortBy=relevancy&pageSize=3", 30),
        (
            "search/ a/b&apiKey=x#é\u{1F600}+\"q\" ",
            "{}",
            "/v2/everything?q=a%2Fb%26apiKey%3Dx%23%C3%A9%F0%9F%98%80%2B%22q%22&language=en&sortBy=publishedAt&pageSize=10",
            600,
        ),
        ("search/../..", "{}", "/v2/everything?q=..%2F..&language=en&sortBy=publishedAt&pageSize=10", 600),
    ];
    for (text, options, path, cache) in rows {
        let call = NewsApi.plan(&topic(text), options).unwrap();
        assert_eq!((call.method, call.path.as_str(), call.cache_seconds), ("GET", path, cache), "{text} {options}");
        assert_eq!(call.worst_case, vec![Quantity::new(Unit::Requests, 1)]);
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let long = format!("search/{}", "é".repeat(501));
    let rows = [
        ("", "{}", "topic"),
        ("news", "{}", "topic"),
        ("headlines/", "{}", "topic"),
        ("headlines/weather", "{}", "topic"),
        ("headlines/sports/USA", "{}", "topic"),
        ("headlines/sports/us/x", "{}", "topic"),
        ("headlines/sports/u&", "{}", "topic"),
        ("search", "{}", "topic"),
        ("search/", "{}", "topic"),
        ("search/  ", "{}", "topic"),
        ("search/a\u{0}b", "{}", "topic"),
        (long.as_str(), "{}", "topic"),
        ("headlines", r#"{"country":"us&x=1"}"#, "options.country"),
        ("search/a", r#"{"language":"english"}"#, "options.language"),
        ("search/a", r#"{"sort_by":"x"}"#, "options.sort_by"),
        ("headlines", r#"{"page_size":101}"#, "options.page_size"),
        ("headlines", r#"{"page_size":"many"}"#, "options.page_size"),
        ("headlines", r#"{"cache_seconds":86401}"#, "options.cache_seconds"),
        ("headlines", "[]", "options"),
    ];
    for (text, options, field) in rows {
        let planned = NewsApi.plan(&topic(text), options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{text}: {planned:?}");
    }
    assert!(matches!(NewsApi.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn articles_are_made_plain() {
    let worst_case = [Quantity::new(Unit::Requests, 1)];
    let mut meter = NewsApi.meter(&topic("headlines"), &AnswerHead { status: 200, headers: vec![] }, &worst_case);
    meter.push(HEADLINES).unwrap();
    let read: Value = serde_json::from_slice(&meter.end().unwrap()).unwrap();
    let expected = json!({ "articles": [
        {
            "title": "Ferry back in service", "description": "After a week in the dock, the ferry sails again.",
            "source": "Harbour Times", "url": "https://harbour.example/ferry?from=feed",
            "published_at": "2026-01-01T10:00:00Z",
        },
        { "title": "Flour prices steady", "source": "Mill Post", "published_at": "2026-01-01T09:00:00Z" },
    ]});
    assert_eq!(read, expected);
}

#[test]
fn refusals() {
    let rows = [
        (401, r#"{"status":"error","code":"apiKeyInvalid","message":"x"}"#, "invalid_key", false),
        (401, r#"{"status":"error","code":"apiKeyExhausted"}"#, "quota_exceeded", false),
        (400, r#"{"status":"error","code":"apiKeyMissing"}"#, "invalid_key", false),
        (400, r#"{"status":"error","code":"parameterInvalid"}"#, "invalid_request", false),
        (426, r#"{"status":"error","code":"parameterInvalid"}"#, "not_permitted", false),
        (429, r#"{"status":"error","code":"rateLimited"}"#, "rate_limited", true),
        (500, r#"{"status":"error","code":"unexpectedError"}"#, "vendor_internal", true),
        (401, "", "invalid_key", false),
    ];
    for (status, body, code, retryable) in rows {
        let failure = NewsApi.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
