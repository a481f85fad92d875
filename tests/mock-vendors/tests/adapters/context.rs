//! Sports and news come in the gate's words.

use adapter::{Adapter, Operation, Unit, units_of};
use newsapi::NewsApi;
use serde_json::Value;
use sportradar::Sportradar;

use crate::caller::call;
use crate::common::mock;

#[tokio::test]
async fn topics() {
    let mock = mock().await;
    // (vendor, topic, where the answer's list is, a text in it)
    let rows: [(&dyn Adapter, &str, &str, &str); 9] = [
        (&Sportradar, "live", "matches", "Liverpool FC"),
        (&Sportradar, "soccer/live", "matches", "Arsenal FC"),
        (&Sportradar, "schedule/2026-03-30", "matches", "Liverpool FC"),
        (&Sportradar, "match/sr:sport_event:999", "matches", "81:12"),
        (&Sportradar, "standings/sr:season:100", "standings", "Liverpool FC"),
        (&Sportradar, "competitor/sr:competitor:44", "matches", "Arsenal FC"),
        (&NewsApi, "headlines", "articles", "Comet seen over the harbour"),
        (&NewsApi, "headlines/technology/de", "articles", "Bakers agree on a smaller loaf"),
        (&NewsApi, "search/comets & bread", "articles", "Small news, number 10"),
    ];
    for (adapter, topic, list, text) in rows {
        let operation = Operation::Context(topic.to_owned());
        let exchange = call(&mock, adapter, &operation, "{}").await;
        exchange.assert_good();
        assert!(exchange.answer.headers.contains_key("cache-control"), "{topic}");
        let metered = exchange.metered(adapter, &operation);
        let units = metered.usage.quantities().map(|list| units_of(list, Unit::Requests));
        assert_eq!(units, Some(1), "{topic}");
        let passed = String::from_utf8(metered.passed.expect(topic)).expect("UTF-8");
        let body: Value = serde_json::from_str(&passed).expect("JSON");
        assert!(body[list].as_array().is_some_and(|list| !list.is_empty()), "{topic}: {passed}");
        assert!(passed.contains(text) && !passed.contains("<script>"), "{topic}: {passed}");
    }
    assert_eq!(mock.state.seen().len(), rows.len(), "every call shows in the record");
}
