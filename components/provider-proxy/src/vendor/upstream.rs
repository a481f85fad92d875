//! The call to a vendor: the key is opened for this one call, put where the adapter says, and forgotten.

use std::{borrow::Cow, time::Duration};

use http::{Uri, uri};
use shell::{Kind, Problem};
use spin_sdk::wasip3::{
    http::{
        client,
        types::{ErrorCode, Fields, Method, Request, Response, Scheme},
    },
    wit_bindgen::{FutureWriter, StreamWriter, spawn},
    wit_future, wit_stream,
};
use vault::{Secret, Vault};

use super::{
    body::Body,
    outgoing::{self, Keyed},
    timer::Timer,
};
use crate::{
    bindings::adapter::{AnswerHead, Auth, Call, Credential, Grants, Header},
    vendor::Vendor,
};

/// How long all calls of one request may take until the last one's answer begins: the host gives a request 90 s for its
/// head, and what is killed there leaves permits behind.
pub const REQUEST_MS: u64 = 75 * calendar::SECOND;
/// How long a vendor may take until its answer begins. Less than the hosts give a request, so that the page hears of it.
pub const FIRST_BYTE: Duration = Duration::from_secs(45);
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
    pub body: Body,
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
    let (request, sending) = assemble(vault, vendor, planned, repeat).map_err(Failure::NotSent)?;
    spawn(sending.whole(planned.body.clone()));
    let mut timer = Timer::default();
    let sent = timer.within(patience, client::send(request)).await.ok_or_else(|| Failure::Lost(timeout()))?;
    let response = sent.map_err(|code| classify(vendor, &code))?;
    let head = head(&response);
    let length = length(&head).map_err(Failure::Lost)?;
    Ok(Answer { body: Body::new(response, length, timer), head })
}

/// The end of a request's body that is written to.
pub struct Sending {
    body: StreamWriter<u8>,
    end: FutureWriter<Result<Option<Fields>, ErrorCode>>,
}

impl Sending {
    /// Writes it all. A host that doesn't take it tells so in the answer.
    pub async fn whole(mut self, body: Vec<u8>) {
        if !body.is_empty() && !self.body.write_all(body).await.is_empty() {
            return;
        }
        drop(self.body);
        let _not_taken = self.end.write(Ok(None)).await;
    }
}

fn assemble(vault: &Vault, vendor: &Vendor, planned: &Call, repeat: &str) -> Result<(Request, Sending), Problem> {
    let wrong = |what| misconfigured(vendor, what);
    let method = outgoing::method(&planned.method).ok_or_else(|| wrong("no method of a vendor"))?;
    let uri = address(vault, vendor, planned)?;
    let fields = headers(vault, vendor, planned, method, repeat)?;
    request_of(method, &uri, &fields).map_err(wrong)
}

/// A request as the host takes it. What is wrong is told in our own words: the host's may show the header or the path that
/// holds the key.
pub fn request_of(method: &str, uri: &Uri, fields: &[(String, Vec<u8>)]) -> Result<(Request, Sending), &'static str> {
    let fields = Fields::from_list(fields).map_err(|_| "no valid headers")?;
    let (body, contents) = wit_stream::new();
    // What if we end before all of it is written? The vendor's connection is cut, as that of a request that broke off.
    let (end, trailers) = wit_future::new(|| Err(ErrorCode::InternalError(Some("the request broke off".into()))));
    let (request, _sent) = Request::new(fields, Some(contents), trailers, None);
    let scheme = if uri.scheme() == Some(&uri::Scheme::HTTP) { Scheme::Http } else { Scheme::Https };
    let path = uri.path_and_query().map(uri::PathAndQuery::as_str);
    let set = request
        .set_method(&wire(method))
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(uri.authority().map(uri::Authority::as_str)))
        .and_then(|()| request.set_path_with_query(path));
    set.map_err(|()| "no valid request")?;
    Ok((request, Sending { body, end }))
}

fn wire(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        _ => Method::Delete,
    }
}

/// All headers: the proxy's own, the one that proves whose call it is, and those that the adapter has planned.
fn headers(
    vault: &Vault,
    vendor: &Vendor,
    planned: &Call,
    method: &str,
    repeat: &str,
) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let wrong = |what| misconfigured(vendor, what);
    let mut fields = Vec::with_capacity(planned.headers.len() + 4);
    fields.push(("user-agent".to_owned(), concat!("tollgate/", env!("CARGO_PKG_VERSION")).as_bytes().to_vec()));
    // Whoever knows the length sends the body in the head's packet, and not in chunks.
    if method != "GET" || !planned.body.is_empty() {
        fields.push(("content-length".to_owned(), planned.body.len().to_string().into_bytes()));
    }
    let proof = proof(vault, vendor, &planned.auth)?;
    let name = proof.as_ref().map_or("", |(name, _)| name);
    if let Some((name, value)) = &proof {
        if !outgoing::may_hold_key(name) || !outgoing::is_value(value.expose()) {
            return Err(wrong("no place for a key"));
        }
        fields.push((name.to_string(), value.expose().as_bytes().to_vec()));
    }
    let repeat = planned.idempotency_header.as_deref().map(|header| (header, repeat));
    let planned_headers = planned.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()));
    for (header, value) in repeat.into_iter().chain(planned_headers) {
        if !outgoing::is_settable(header, name) || !outgoing::is_value(value) {
            return Err(wrong("a header that is not the adapter's"));
        }
        fields.push((header.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(fields)
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
fn proof<'a>(vault: &Vault, vendor: &'a Vendor, auth: &Auth) -> Result<Option<(Cow<'a, str>, Secret)>, Problem> {
    let bearer = |token: &str| Some(("authorization".into(), Secret::new(format!("Bearer {token}"))));
    match (auth, &vendor.profile.credential) {
        (Auth::Key, Credential::Header(place)) => {
            let value = Secret::new(format!("{}{}", place.prefix, key(vault, vendor)?.expose()));
            Ok(Some((place.name.as_str().into(), value)))
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
        shell::warn!("secret", provider = vendor.name(), tenant = vendor.tenant, error = error);
        Problem::offline()
    })
}

fn misconfigured(vendor: &Vendor, what: &str) -> Problem {
    shell::warn!("planned_call", provider = vendor.name(), error = what);
    Problem::new(Kind::VendorError, "vendor_misconfigured", "The vendor's binding makes no valid request.")
}

fn head(response: &Response) -> AnswerHead {
    let text = |bytes| String::from_utf8(bytes).ok().filter(|value| outgoing::is_value(value));
    let headers = response.get_headers().copy_all().into_iter();
    let headers = headers.filter_map(|(name, value)| Some(Header { name, value: text(value)? }));
    AnswerHead { status: response.get_status_code(), headers: headers.collect() }
}

/// How long the head says that the body is. What says it twice, or not in digits, may end anywhere.
fn length(head: &AnswerHead) -> Result<Option<u64>, Problem> {
    let mut lengths = head.headers.iter().filter(|header| header.name == "content-length");
    let Some(length) = lengths.next() else { return Ok(None) };
    match (length.value.parse(), lengths.next()) {
        (Ok(length), None) => Ok(Some(length)),
        _ => Err(Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")),
    }
}

/// What kind of failure the host's error is. The code itself goes to the log.
fn classify(vendor: &Vendor, code: &ErrorCode) -> Failure {
    // A host's own words might have the address in them, and that might have the key.
    match (code, &vendor.profile.credential) {
        (ErrorCode::InternalError(_), Credential::Path) => {
            shell::warn!("vendor_call", provider = vendor.name(), error = "InternalError")
        }
        _ => shell::warn!("vendor_call", provider = vendor.name(), error = format!("{code:?}")),
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
