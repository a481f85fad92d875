//! The call to a vendor: the key is opened for this one call, put where the adapter says, and forgotten.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::future::{Either, select};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use shell::{Kind, Problem};
use spin_sdk::{
    http::{Response as Incoming, send},
    wasip3::http::types::ErrorCode,
};
use vault::{Secret, Vault};

use super::outgoing::{self, Keyed};
use crate::{
    bindings::adapter::{AnswerHead, Auth, Call, Credential, Grants, Header},
    vendor::Vendor,
};

/// How long all calls of one request may take until the last one's answer begins: the host gives a request 90 s for its
/// head, and what is killed there leaves permits behind.
pub const REQUEST_MS: u64 = 75 * calendar::SECOND;
/// How long a vendor may take until its answer begins. Less than the hosts give a request, so that the page hears of it.
pub const FIRST_BYTE: Duration = Duration::from_secs(45);
/// How long a vendor may stay silent within an answer.
pub const BETWEEN_BYTES: Duration = Duration::from_secs(30);
/// How long an answer that is read as a whole may take from its head on: a drip must not outlast the host's patience.
const WHOLE: Duration = Duration::from_secs(40);
/// The same of an error answer, of which the status says enough.
const WHOLE_ERROR: Duration = Duration::from_secs(5);
/// How much of an error answer is read.
const MAX_ERROR_BYTES: u64 = 64 * 1024;

/// How a call failed.
pub enum Failure {
    /// It never left: nothing can have been used, and another try would end the same.
    NotSent(Problem),
    /// It never arrived: nothing can have been used, and the vendor may be back soon.
    NotReached(Problem),
    /// It may have arrived: what it used is unknown.
    Lost(Problem),
}

impl Failure {
    /// What is told of it.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::NotSent(problem) | Self::NotReached(problem) | Self::Lost(problem) => problem,
        }
    }
}

/// The vendor's answer: head and body, not yet read.
pub struct Answer {
    pub head: AnswerHead,
    pub body: Incoming,
}

/// Sends the planned call; its answer must begin within `patience`. `repeat` is the same for all tries of one call, for
/// vendors that know a repeat by it.
pub async fn call(
    vault: &Vault,
    vendor: &Vendor,
    planned: &Call,
    repeat: &str,
    patience: Duration,
) -> Result<Answer, Failure> {
    let request = assemble(vault, vendor, planned, repeat).map_err(Failure::NotSent)?;
    let sent = bounded(patience, send(request)).await.ok_or_else(|| Failure::Lost(timeout()))?;
    let body = sent.map_err(|code| classify(vendor, &code))?;
    Ok(Answer { head: head(&body), body })
}

fn assemble(vault: &Vault, vendor: &Vendor, planned: &Call, repeat: &str) -> Result<Request<Full<Bytes>>, Problem> {
    if !outgoing::is_method(&planned.method) {
        return Err(misconfigured(vendor, "no method of a vendor"));
    }
    let uri = address(vault, vendor, planned)?;
    let proof = proof(vault, vendor, &planned.auth)?;
    let name = proof.as_ref().map_or("", |(name, _)| name);
    let mut request = Request::builder()
        .method(planned.method.as_str())
        .uri(uri)
        .header("user-agent", concat!("tollgate/", env!("CARGO_PKG_VERSION")));
    if let Some((name, value)) = &proof {
        if !outgoing::may_hold_key(name) {
            return Err(misconfigured(vendor, "no place for a key"));
        }
        request = request.header(name, value.expose());
    }
    let repeat = planned.idempotency_header.as_deref().map(|header| (header, repeat));
    let planned_headers = planned.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()));
    for (header, value) in repeat.into_iter().chain(planned_headers) {
        if !outgoing::is_settable(header, name) {
            return Err(misconfigured(vendor, "a header that is not the adapter's"));
        }
        request = request.header(header, value);
    }
    // Not printed: the error may show the header or the path that holds the key.
    request.body(Full::new(Bytes::from(planned.body.clone()))).map_err(|_| misconfigured(vendor, "no valid request"))
}

/// Where the call goes. What is planned is checked before there is a key in it.
fn address(vault: &Vault, vendor: &Vendor, planned: &Call) -> Result<Uri, Problem> {
    let wrong = |what| misconfigured(vendor, what);
    match (&planned.auth, &vendor.profile.credential) {
        (Auth::Key, Credential::Path) => {
            let keyed = Keyed::checked(vendor.base_url(), &planned.path).map_err(wrong)?;
            keyed.with(&key(vault, vendor)?).map_err(wrong)
        }
        _ => outgoing::address(vendor.base_url(), &planned.path).map_err(wrong),
    }
}

/// The header that proves whose call it is; none where the path does.
fn proof(vault: &Vault, vendor: &Vendor, auth: &Auth) -> Result<Option<(String, Secret)>, Problem> {
    let bearer = |token: &str| Some(("authorization".to_owned(), Secret::new(format!("Bearer {token}"))));
    match (auth, &vendor.profile.credential) {
        (Auth::Key, Credential::Header(place)) => {
            let value = Secret::new(format!("{}{}", place.prefix, key(vault, vendor)?.expose()));
            Ok(Some((place.name.clone(), value)))
        }
        (Auth::Key, Credential::Path) => Ok(None),
        (Auth::Grants(grants), Credential::SignedToken) => Ok(bearer(signed(vault, vendor, grants)?.expose())),
        (Auth::Bearer(token), _) => Ok(bearer(token)),
        (Auth::Key, Credential::SignedToken) | (Auth::Grants(_), Credential::Header(_) | Credential::Path) => {
            Err(misconfigured(vendor, "no proof that this vendor takes"))
        }
    }
}

/// A token that the vendor's key signs: for the proxy itself, or for a page that joins a room.
pub fn signed(vault: &Vault, vendor: &Vendor, grants: &Grants) -> Result<Secret, Problem> {
    let now = shell::host::now().0 / calendar::SECOND;
    vault::sign(&key(vault, vendor)?, &grants.claims, now, grants.ttl_seconds)
        .map_err(|error| misconfigured(vendor, &error.to_string()))
}

/// The vendor's key, opened for one use.
fn key(vault: &Vault, vendor: &Vendor) -> Result<Secret, Problem> {
    let sealed = vendor.binding.sealed_secret.as_deref().unwrap_or_default();
    vault.open(&vendor.secret_context(), sealed).map_err(|error| {
        eprintln!("secret of {} for {}: {error}", vendor.name(), vendor.tenant);
        Problem::offline()
    })
}

fn misconfigured(vendor: &Vendor, what: &str) -> Problem {
    eprintln!("the call planned for {}: {what}", vendor.name());
    Problem::new(Kind::VendorError, "vendor_misconfigured", "The vendor's binding makes no valid request.")
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
    // A host's own words might have the address in them, and that might have the key.
    match (code, &vendor.profile.credential) {
        (ErrorCode::InternalError(_), Credential::Path) => eprintln!("call to {}: InternalError", vendor.name()),
        _ => eprintln!("call to {}: {code:?}", vendor.name()),
    }
    let unreachable = || Problem::new(Kind::VendorError, "vendor_unreachable", "The vendor can't be reached.");
    match code {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => Failure::NotReached(unreachable()),
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied | ErrorCode::HttpRequestUriInvalid => {
            Failure::NotSent(unreachable())
        }
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => Failure::Lost(timeout()),
        _ => Failure::Lost(unreachable()),
    }
}

pub fn timeout() -> Problem {
    Problem::new(Kind::VendorTimeout, "vendor_timeout", "The vendor did not answer in time.")
}

/// Reads a whole answer of at most `limit` bytes.
pub async fn read(body: &mut Incoming, limit: u64) -> Result<Vec<u8>, Problem> {
    bounded(WHOLE, gathered(body, limit)).await.ok_or_else(timeout)?
}

/// Reads what there is of an error answer; failing to is no reason to fail otherwise.
pub async fn read_error(body: &mut Incoming) -> Vec<u8> {
    let read = bounded(WHOLE_ERROR, gathered(body, MAX_ERROR_BYTES)).await;
    read.and_then(Result::ok).unwrap_or_default()
}

async fn gathered(body: &mut Incoming, limit: u64) -> Result<Vec<u8>, Problem> {
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

/// Whether the answer came as it is, without an encoding (nobody asked for one).
pub fn is_plain(head: &AnswerHead) -> bool {
    let mut encodings = head.headers.iter().filter(|header| header.name == "content-encoding");
    encodings.all(|encoding| encoding.value.trim().eq_ignore_ascii_case("identity"))
}

/// The media type without parameters, in lower case.
pub fn media_type(head: &AnswerHead) -> String {
    let value = head.headers.iter().find(|header| header.name == "content-type").map(|header| header.value.as_str());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
