//! The demo's director, before a small gate that keeps its promises: who is answered, what breaks, and that it mends.

#[path = "../common/mod.rs"]
mod common;
mod gate;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::Method;
use common::mock;
use gate::{Books, SECRET, Shared};
use mock_vendors::Mock;
use mock_vendors::client::{self, Answer};
use serde_json::{Value, json};

/// A mock with a director and the gate that it directs.
struct House {
    mock: Mock,
    books: Shared,
    gate: String,
    drills: tempfile::TempDir,
}

impl House {
    async fn start() -> Self {
        let house = Self::without_director().await;
        assert_eq!(house.introduce(&[]).await.status, 204);
        house
    }

    async fn without_director() -> Self {
        let books = Shared::default();
        let drills = tempfile::tempdir().expect("a folder");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let gate = format!("http://{}", listener.local_addr().expect("an address"));
        let state = (books.clone(), drills.path().to_owned());
        let app = Router::new().fallback(gate::answers).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { mock: mock().await, books, gate, drills }
    }

    async fn introduce(&self, headers: &[(&str, &str)]) -> Answer {
        let setup = json!({
            "gate": self.gate, "origins": ["http://127.0.0.1:3000", "http://localhost:3000"], "tenant": "demo",
            "secret_key": "tg_sk_1", "admin_key": "tg_admin_1", "webhook_secret": SECRET, "drills": self.drills.path(),
        });
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.send(Method::POST, "/control/director", &headers, setup.to_string()).await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        client::send(method, &format!("{}{path}", self.mock.url()), &headers, body).await.expect("an answer")
    }

    /// As the gate's own page.
    async fn page(&self, method: Method, path: &str) -> Answer {
        self.send(method, path, &[("origin", "http://127.0.0.1:3000")], String::new()).await
    }

    async fn breaks(&self, drill: &str) -> Value {
        let answer = self.page(Method::POST, &format!("/demo/break/{drill}")).await;
        assert_eq!(answer.status, 200, "{drill}: {:?}", answer.body);
        common::json(&answer)
    }

    async fn mend(&self) {
        assert_eq!(self.page(Method::POST, "/demo/mend").await.status, 204);
    }

    async fn ledger(&self) -> Value {
        common::json(&self.page(Method::GET, "/demo/ledger").await)
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().expect("books")
    }
}

fn asked(report: &Value) -> Vec<(u64, &str, u64)> {
    let one = |one: &'_ Value| (one["status"].as_u64(), one["count"].as_u64());
    let all = report["asked"].as_array().expect("answers");
    all.iter()
        .map(|each| {
            (one(each).0.expect("a status"), each["said"].as_str().expect("a word"), one(each).1.expect("a count"))
        })
        .collect()
}

#[tokio::test]
async fn only_pages_of_the_gate_are_answered() {
    let house = House::start().await;
    let own = house.mock.address.to_string();
    let rows: [(&[(&str, &str)], u16); 8] = [
        (&[("origin", "http://127.0.0.1:3000")], 200),
        (&[("origin", "http://localhost:3000")], 200),
        (&[("origin", "http://localhost:3000"), ("host", "localhost:1")], 200),
        (&[], 403),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "http://127.0.0.1:3001")], 403),
        (&[("origin", "null")], 403),
        // A name of somebody else's that leads here: the browser takes us for its origin, and says the name.
        (&[("origin", "http://127.0.0.1:3000"), ("host", "evil.example:3000")], 403),
    ];
    for (headers, status) in rows {
        let answer = house.send(Method::GET, "/demo/ledger", headers, String::new()).await;
        assert_eq!(answer.status, status, "{headers:?}");
        let shared = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().expect("text"));
        let origin = headers.iter().find(|(name, _)| *name == "origin").map(|(_, value)| *value);
        assert_eq!(shared, origin.filter(|_| status == 200), "{headers:?}");
    }
    for (method, path) in
        [(Method::POST, "/demo/break/cap"), (Method::POST, "/demo/mend"), (Method::OPTIONS, "/demo/mend")]
    {
        let answer =
            house.send(method, path, &[("origin", "http://evil.example"), ("host", &own)], String::new()).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(house.books().caps.is_empty(), "nothing was broken");
    assert_eq!(house.page(Method::OPTIONS, "/demo/mend").await.status, 204);
    assert_eq!(house.page(Method::POST, "/demo/break/everything").await.status, 404);
}

#[tokio::test]
async fn no_page_sets_it_up_and_without_a_setup_there_is_none() {
    let house = House::without_director().await;
    assert_eq!(house.page(Method::GET, "/demo/ledger").await.status, 403);
    assert_eq!(house.introduce(&[("origin", "http://127.0.0.1:3000")]).await.status, 403);
    assert_eq!(house.introduce(&[("host", "evil.example")]).await.status, 403);
    assert_eq!(house.page(Method::GET, "/demo/ledger").await.status, 403);
}

#[tokio::test]
async fn the_ledger_has_the_months_sums_and_of_entries_what_is_shown() {
    let house = House::start().await;
    let ledger = house.ledger().await;
    assert_eq!(ledger["month"], json!({"cap": "25.00", "settled": "0.012345", "held": "0.00"}));
    assert_eq!((&ledger["open"], &ledger["charged"], &ledger["running"]), (&json!(0), &json!(4), &json!([])));
    assert_eq!(ledger["entries"][0]["seq"], 7);
    let text = ledger.to_string();
    assert!(!text.contains("ses_secret") && !text.contains("tg_"), "{text}");
}

#[tokio::test]
async fn a_cap_is_lowered_to_what_is_spent_and_put_back() {
    let house = House::start().await;
    let report = house.breaks("cap").await;
    assert_eq!(asked(&report), [(402, "monthly_cap", 1)]);
    assert_eq!((&report["cost_usd"], &report["ends_in_s"]), (&json!("0.00"), &json!(60)));
    assert_eq!(house.ledger().await["running"][0]["name"], "cap");
    // Pressed once more it is not the lowered cap that is remembered.
    house.breaks("cap").await;
    house.mend().await;
    assert_eq!(house.books().caps, ["0.012345", "25.00", "0.012345", "25.00"]);
    assert_eq!(house.ledger().await["running"], json!([]));
    assert!(!house.drills.path().join("cap-before").exists());
}

#[tokio::test]
async fn what_a_director_that_was_killed_has_left_is_taken_back_by_the_next() {
    let house = House::without_director().await;
    let leave =
        |name: &str, text: &str| std::fs::write(Path::new(house.drills.path()).join(name), text).expect("a file");
    leave("cap-before", "\"25.00\"");
    leave("store-down", "");
    assert_eq!(house.introduce(&[]).await.status, 204);
    assert_eq!(house.books().caps, ["25.00"]);
    assert_eq!(std::fs::read_dir(house.drills.path()).expect("the folder").count(), 0);
}

#[tokio::test]
async fn a_flood_takes_every_place_and_gives_each_back() {
    let house = House::start().await;
    let report = house.breaks("flood").await;
    assert_eq!(asked(&report), [(200, "allow", 50), (429, "burst", 30)]);
    assert_eq!(house.books().released, 0);
    house.mend().await;
    assert_eq!(house.books().released, 50);
}

#[tokio::test]
async fn the_vendor_that_answered_last_fails_until_it_is_mended() {
    let house = House::start().await;
    let report = house.breaks("vendor").await;
    assert_eq!((asked(&report), &report["vendor"]), (vec![(502, "overloaded", 11)], &json!("anthropic")));
    let call = async || {
        let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).to_string();
        let headers = [("x-api-key", "k"), ("anthropic-version", "2023-06-01"), ("content-type", "application/json")];
        house.send(Method::POST, "/anthropic/v1/messages", &headers, body).await.status
    };
    assert_eq!(call().await, 503);
    house.mend().await;
    assert_eq!(call().await, 200);
}

#[tokio::test]
async fn a_webhook_counts_once_and_a_forged_one_not_at_all() {
    let house = House::start().await;
    let report = house.breaks("webhook").await;
    assert_eq!(asked(&report), [(200, "accepted", 1), (200, "duplicate", 1), (401, "bad_signature", 1)]);
    assert_eq!((&report["ends_in_s"], &house.ledger().await["running"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn a_store_that_is_down_comes_back_by_itself() {
    let house = House::start().await;
    let report = house.breaks("store").await;
    assert_eq!((asked(&report), &report["cost_usd"]), (vec![(503, "offline", 1)], &Value::Null));
    let ledger = house.ledger().await;
    assert_eq!((&ledger["offline"], &ledger["running"][0]["name"]), (&json!("offline"), &json!("store")));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(house.ledger().await["month"]["cap"], "25.00");
    assert_eq!(house.ledger().await["running"], json!([]));
}
