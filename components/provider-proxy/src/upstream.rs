//! The call to a vendor: the key is opened for this one call, put where the adapter says, and forgotten.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::future::{Either, select};
use http::Request;
use http_body_util::{BodyExt, Full};
use shell::{Kind, Problem};
use spin_sdk::{
    http::{Response as Incoming, send},
    wasip3::http::types::ErrorCode,
};
use vault::Vault;

use crate::{
    bindings::adapter::{AnswerHead, Call, Header},
    vendor::Vendor,
};

/// How long a vendor may take until its answer begins. Less than the hosts give a request, so that the page hears of it.
pub const FIRST_BYTE: Duration = Duration::from_secs(45);
/// How long a vendor may stay silent within an answer.
pub const BETWEEN_BYTES: Duration = Duration::from_secs(30);
/// How much of an error answer is read.
const MAX_ERROR_BYTES: u64 = 64 * 1024;

/// How a call failed.
pub enum Failure {
    /// It never left, or never arrived: nothing can have been used.
    NotSent(Problem),
    /// It may have arrived: what it used is unknown.
    Lost(Problem),
}

/// The vendor's answer: head and body, not yet read.
pub struct Answer {
    pub head: AnswerHead,
    pub body: Incoming,
}

/// Sends the planned call; its answer must begin within `patience`.
pub async fn call(vault: &Vault, vendor: &Vendor, planned: &Call, patience: Duration) -> Result<Answer, Failure> {
    let request = assemble(vault, vendor, planned).map_err(Failure::NotSent)?;
    let sent = bounded(patience, send(request)).await.ok_or_else(|| Failure::Lost(timeout()))?;
    let body = sent.map_err(|code| classify(vendor, &code))?;
    Ok(Answer { head: head(&body), body })
}

fn assemble(vault: &Vault, vendor: &Vendor, planned: &Call) -> Result<Request<Full<Bytes>>, Problem> {
    let sealed = vendor.binding.sealed_secret.as_deref().unwrap_or_default();
    let secret = vault.open(&vendor.secret_context(), sealed).map_err(|error| {
        eprintln!("secret of {} for {}: {error}", vendor.name(), vendor.tenant);
        Problem::offline()
    })?;
    let credential = &vendor.profile.credential;
    let mut request = Request::builder()
        .method(planned.method.as_str())
        .uri(format!("{}{}", vendor.base_url(), planned.path))
        .header(credential.name.as_str(), format!("{}{secret}", credential.prefix))
        .header("user-agent", concat!("tollgate/", env!("CARGO_PKG_VERSION")));
    for Header { name, value } in &planned.headers {
        // The adapter names what it needs; the key's place is not for it to write.
        if !name.eq_ignore_ascii_case(&credential.name) {
            request = request.header(name, value);
        }
    }
    request.body(Full::new(Bytes::from(planned.body.clone()))).map_err(|_| {
        // Not printed: the error may show the header that holds the key.
        eprintln!("the call planned for {} is not a request", vendor.name());
        Problem::new(Kind::VendorError, "vendor_misconfigured", "The vendor's binding makes no valid request.")
    })
}

fn head(response: &Incoming) -> AnswerHead {
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some(Header { name: name.as_str().into(), value: value.to_str().ok()?.into() }));
    AnswerHead { status: response.status().as_u16(), headers: headers.collect() }
}

/// What kind of failure the host's error is. The code itself goes to the log.
fn classify(vendor: &Vendor, code: &ErrorCode) -> Failure {
    eprintln!("call to {}: {code:?}", vendor.name());
    let unreachable = || Problem::new(Kind::VendorError, "vendor_unreachable", "The vendor can't be reached.");
    match code {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_)
        | ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestUriInvalid => Failure::NotSent(unreachable()),
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => Failure::Lost(timeout()),
        _ => Failure::Lost(unreachable()),
    }
}

pub fn timeout() -> Problem {
    Problem::new(Kind::VendorTimeout, "vendor_timeout", "The vendor did not answer in time.")
}

/// Reads a whole answer of at most `limit` bytes.
pub async fn read(body: &mut Incoming, limit: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next(body).await? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(Problem::new(
                Kind::VendorError,
                "vendor_answer_too_large",
                "The vendor's answer is too large.",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.to_vec())
}

/// Reads what there is of an error answer; failing to is no reason to fail otherwise.
pub async fn read_error(body: &mut Incoming) -> Vec<u8> {
    read(body, MAX_ERROR_BYTES).await.unwrap_or_default()
}

/// The next bytes; `None` at the end.
pub async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Problem> {
    loop {
        let Some(frame) = bounded(BETWEEN_BYTES, body.frame()).await.ok_or_else(timeout)? else { return Ok(None) };
        let cut = |code| {
            eprintln!("vendor's answer: {code:?}");
            Problem::new(Kind::VendorError, "vendor_answer_cut", "The vendor's answer ended early.")
        };
        if let Ok(data) = frame.map_err(cut)?.into_data() {
            return Ok(Some(data));
        }
    }
}

/// The future's value, or `None` when it takes longer than that. Every wait has a bound.
async fn bounded<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(spin_sdk::time::sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// Whether the vendor accepted the call.
pub fn is_success(head: &AnswerHead) -> bool {
    (200..300).contains(&head.status)
}

/// The media type without parameters, in lower case.
pub fn media_type(head: &AnswerHead) -> String {
    let value = head.headers.iter().find(|header| header.name == "content-type").map(|header| header.value.as_str());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
