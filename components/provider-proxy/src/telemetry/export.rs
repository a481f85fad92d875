//! Spans on their way to the collector.

use std::time::Duration;

use http::Uri;
use kv_schemas::{Store, StoreError, expiry, families};
use shell::{KeyValue, host};
use spin_sdk::wasip3::{http::client, wit_bindgen::spawn};

use super::otlp::{self, Span};
use crate::vendor::{
    timer::Timer,
    upstream::{Sending, request_of},
};

/// How long the collector may take, in all.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many exports begin in a second, of all nodes: each keeps an instance busy for as long as the collector takes, and a
/// flood of errors must not keep all of them. What is beyond is left out.
const MOST_A_SECOND: i64 = 50;

/// Sends them in the background.
pub fn later(endpoint: String, spans: Vec<Span>) {
    spin_sdk::wasip3::spawn(async move { send(&endpoint, &spans).await });
}

/// Sends them. A failure has nobody to go to but the log: the call is over, and was well or wasn't.
pub async fn send(endpoint: &str, spans: &[Span]) {
    let turn = KeyValue::open().and_then(|store| has_turn(&store, host::now().0 / 1_000));
    if !turn.unwrap_or(false) {
        return;
    }
    let sent = match request(endpoint, otlp::payload(spans).to_string().into_bytes()) {
        Ok((request, sending, body)) => {
            spawn(sending.whole(body));
            let status = async { client::send(request).await.map(|response| response.get_status_code()) };
            match Timer::default().within(PATIENCE, status).await {
                Some(Ok(200..=299)) => Ok(()),
                Some(Ok(status)) => Err(format!("the collector answered {status}")),
                // The host's own code, which names no address.
                Some(Err(code)) => Err(format!("{code:?}")),
                None => Err("the collector did not answer in time".to_owned()),
            }
        }
        Err(what) => Err(what.to_owned()),
    };
    if let Err(error) = sent {
        shell::warn!("traces", error = error);
    }
}

type Request = spin_sdk::wasip3::http::types::Request;

fn request(endpoint: &str, body: Vec<u8>) -> Result<(Request, Sending, Vec<u8>), &'static str> {
    let uri: Uri = format!("{}/v1/traces", endpoint.trim_end_matches('/')).parse().map_err(|_| "no address")?;
    let fields = [
        ("content-type".to_owned(), b"application/json".to_vec()),
        ("content-length".to_owned(), body.len().to_string().into_bytes()),
        ("user-agent".to_owned(), concat!("tollgate/", env!("CARGO_PKG_VERSION")).as_bytes().to_vec()),
    ];
    let (request, sending) = request_of("POST", &uri, &fields)?;
    Ok((request, sending, body))
}

/// Whether one more may begin in this second.
fn has_turn(store: &dyn Store, second: u64) -> Result<bool, StoreError> {
    let turns = families::TRACE_TURN.counter(&[&second.to_string()]);
    let taken = turns.add(store, 1)?;
    if taken == 1 {
        // What if we crash before? One small counter stays.
        expiry::forget_after(store, second / 3_600 + 1, &[turns.key()])?;
    }
    Ok(taken <= MOST_A_SECOND)
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn ops_1_traces_of_a_second_have_a_bound() {
        let store = Memory::default();
        let begun = |second: u64| (0..200).filter(|_| has_turn(&store, second).unwrap()).count();
        assert_eq!((begun(7_200), begun(7_201)), (50, 50));
        store.fail_after(0);
        assert!(has_turn(&store, 7_202).is_err());
    }
}
