//! One delivery over HTTP. Neither the address nor the secret is ever printed: an address may have a secret in it.

use std::time::Duration;

use bytes::Bytes;
use calendar::SECOND;
use events::{
    Event,
    delivery::{Outcome, signatures},
};
use futures::future::{Either, select};
use http::Request;
use http_body_util::Full;
use shell::host;
use spin_sdk::wasip3::http::types::ErrorCode;

/// How long a server may take until its answer begins.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Sends an event, signed with each of the secrets.
pub async fn send(url: &str, secrets: &[&str], event: &Event) -> Outcome {
    let body = event.told().to_string().into_bytes();
    let timestamp = (host::now().0 / SECOND).to_string();
    let request = Request::post(url)
        .header("content-type", "application/json")
        // Not every small server takes a body in chunks.
        .header("content-length", body.len())
        .header("user-agent", concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &event.id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", signatures(secrets, &event.id, &timestamp, &body))
        .body(Full::new(Bytes::from(body)));
    let Ok(request) = request else { return silent("the address can't be called") };
    let limit = std::pin::pin!(spin_sdk::time::sleep(TIME_LIMIT));
    let sending = std::pin::pin!(spin_sdk::http::send(request));
    match select(sending, limit).await {
        Either::Left((Ok(response), _)) => {
            let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            outcome(response.status().as_u16(), retry_after)
        }
        Either::Left((Err(code), _)) => silent(why(&code)),
        Either::Right(_) => silent("no answer in time"),
    }
}

fn outcome(status: u16, retry_after: Option<&str>) -> Outcome {
    match status {
        200..=299 => Outcome::Taken,
        410 => Outcome::Gone,
        _ => {
            let seconds = retry_after.and_then(|text| text.trim().parse::<u64>().ok());
            Outcome::Refused { status, retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(SECOND)) }
        }
    }
}

fn silent(why: &str) -> Outcome {
    Outcome::Silent { why: why.into() }
}

fn why(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => "the host is unknown",
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached => "no connection",
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
            "no TLS connection"
        }
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied | ErrorCode::HttpRequestUriInvalid => {
            "the address may not be called"
        }
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => "no answer in time",
        _ => "no answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_taken() {
        let refused = |status, retry_after_ms| Outcome::Refused { status, retry_after_ms };
        let check = |status: u16, retry_after: Option<&str>, expected: Outcome| {
            assert_eq!(outcome(status, retry_after), expected, "{status} {retry_after:?}");
        };
        for status in [200, 201, 202, 204, 299] {
            check(status, None, Outcome::Taken);
        }
        check(410, None, Outcome::Gone);
        for status in [301, 302, 307, 400, 401, 404, 409, 429, 500, 503] {
            check(status, None, refused(status, None));
        }
        check(503, Some("30"), refused(503, Some(30_000)));
        check(503, Some(" 0 "), refused(503, Some(0)));
        check(503, Some("Fri, 20 Nov 2026 09:00:00 GMT"), refused(503, None));
        check(503, Some("99999999999999999999999"), refused(503, None));
        check(503, Some("18446744073709551615"), refused(503, Some(u64::MAX)));
    }
}
