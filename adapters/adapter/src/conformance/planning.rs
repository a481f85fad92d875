//! Rules for a vendor's facts and for planned requests.

use super::{Recording, Records};
use crate::{Adapter, Answer, Auth, Call, Capability, Credential, Operation, is_plain_url, units_of};

/// The profile and the price list can be used as they stand.
pub fn facts_are_well_formed(adapter: &dyn Adapter) {
    let profile = adapter.profile();
    assert!(
        !profile.vendor.is_empty() && profile.vendor.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
        "a vendor's name is lower case: {:?}",
        profile.vendor
    );
    assert!(!profile.capabilities.is_empty(), "a vendor can do something");
    if !profile.base_url.is_empty() {
        assert!(is_plain_url(profile.base_url), "the base URL is an address: {}", profile.base_url);
        assert!(profile.base_url.starts_with("https://"), "a vendor is called over TLS: {}", profile.base_url);
        assert!(!profile.base_url.ends_with('/'), "the base URL has no trailing slash: {}", profile.base_url);
    }
    assert!(!profile.credential.header_name().is_empty(), "the key goes into a header");
    assert!(profile.live_step_seconds >= 1, "time is billed in steps of at least a second");
    let carries_only = profile.capabilities.iter().all(|one| *one == Capability::Messages);
    assert!(
        carries_only || !adapter.prices().is_empty(),
        "a vendor has a price, if only a placeholder that says so; who carries messages and nothing else may be free"
    );
    for price in adapter.prices() {
        let (whole, fraction) = price.usd_per_unit.split_once('.').unwrap_or((price.usd_per_unit, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        assert!(
            digits(whole) && digits(fraction) && fraction.len() <= 9,
            "a price is a decimal with at most nine places: {price:?}"
        );
        assert!(price.usd_per_unit.bytes().any(|b| matches!(b, b'1'..=b'9')), "nothing is free: {price:?}");
        assert!(price.as_of.len() == 10 && !price.source.is_empty(), "a price says when and where: {price:?}");
    }
}

/// A kit that is fed with nothing proves nothing.
pub fn every_capability_is_recorded(adapter: &dyn Adapter, records: &Records) {
    let recorded = |wanted: fn(&Operation) -> bool| records.recordings.iter().any(|one| wanted(&one.operation));
    for capability in adapter.profile().capabilities {
        let found = match capability {
            Capability::Chat => recorded(|op| matches!(op, Operation::Chat(_))),
            Capability::Speech => recorded(|op| matches!(op, Operation::Speech(_))),
            Capability::Context => recorded(|op| matches!(op, Operation::Context(_))),
            Capability::Video | Capability::Realtime => {
                let calls = recorded(|op| matches!(op, Operation::LiveStart(_)))
                    && recorded(|op| matches!(op, Operation::LiveEnd(_)));
                calls && !records.starts.is_empty()
            }
            Capability::Jobs => {
                let calls = recorded(|op| matches!(op, Operation::JobStart(_)))
                    && recorded(|op| matches!(op, Operation::JobLook(_)));
                calls && !records.jobs.is_empty()
            }
            Capability::Messages => recorded(|op| matches!(op, Operation::MessageSend(_))),
        };
        assert!(found, "{capability:?} is offered, but nothing of it is recorded");
    }
}

/// One `/` at the start, plain ASCII, and no way up.
pub fn is_sound_path(path: &str) -> bool {
    let (route, _) = path.split_once('?').unwrap_or((path, ""));
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#'))
        && !route.split('/').any(|part| matches!(part.to_ascii_lowercase().as_str(), "." | ".." | "%2e" | "%2e%2e"))
}

/// Where a path holds the key.
const KEY: &str = "{key}";

/// The path has a place for the key, and one only, where the profile says that the key stands in the path; otherwise a
/// `{key}` in it is nobody's, and likely came from the page.
pub fn holds_the_key_as_profiled(adapter: &dyn Adapter, path: &str) -> bool {
    let is_there = adapter.profile().credential == Credential::Path;
    let route = path.split('?').next().unwrap_or_default();
    let places = path.matches(KEY).count();
    // A query gets into logs of every kind: no place for a key.
    places == usize::from(is_there) && route.matches(KEY).count() == places
}

/// The planned request can be sent without harm.
pub fn call_is_sound(adapter: &dyn Adapter, name: &str, call: &Call) {
    assert!(is_sound_path(&call.path), "{name}: path {:?}", call.path);
    assert!(matches!(call.method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE"), "{name}: method {:?}", call.method);
    let profile = adapter.profile();
    assert!(holds_the_key_as_profiled(adapter, &call.path), "{name}: the key's place in the path {:?}", call.path);
    assert!(
        matches!(call.auth, Auth::Grants(_)) == (profile.credential == Credential::SignedToken)
            || matches!(call.auth, Auth::Bearer(_)),
        "{name}: the call proves itself as the profile says"
    );
    for header in &call.headers {
        let forbidden = [
            profile.credential.header_name(),
            "authorization",
            "cookie",
            "host",
            "content-length",
            "transfer-encoding",
        ];
        assert!(
            !forbidden.iter().any(|name| header.name.eq_ignore_ascii_case(name)),
            "{name}: header {:?} belongs to the proxy",
            header.name
        );
        assert!(
            header.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && header.value.bytes().all(|b| (0x20..0x7f).contains(&b)),
            "{name}: header {header:?} is plain ASCII"
        );
    }
    assert!(call.max_answer_bytes > 0, "{name}: an answer has a bound");
    assert!(
        call.answer == Answer::Nothing || !call.content_types.is_empty(),
        "{name}: an answer with a body names its media types"
    );
    for quantity in &call.worst_case {
        assert_eq!(
            units_of(&call.worst_case, quantity.unit),
            quantity.units,
            "{name}: a unit stands once in the worst case"
        );
    }
}

/// The recorded operation plans, and the plan can be sent without harm.
pub fn plan_is_sound(adapter: &dyn Adapter, recording: &Recording) -> Call {
    let name = recording.name;
    let call = match adapter.plan(&recording.operation, recording.options) {
        Ok(call) => call,
        Err(error) => panic!("{name}: must plan, but {error:?}"),
    };
    assert_eq!(
        adapter.plan(&recording.operation, recording.options).as_ref(),
        Ok(&call),
        "{name}: a plan is repeatable"
    );
    call_is_sound(adapter, name, &call);
    call
}
