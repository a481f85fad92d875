//! `GET /v1/events`: what happened, as a page of JSON or as a stream of server-sent events. `GET /v1/live` is that stream,
//! without having to be asked for by name.

use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, offline};

use crate::{
    access::{self, Credential, Scope},
    stream,
};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 200;
const EVENT_STREAM: &str = "text/event-stream";

pub fn tell(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let scope = access::scope(call, &store)?;
    let after = after(call.header("last-event-id"), call.query("after"))?;
    if wants_stream(call.header("accept")) {
        return stream(call, store, scope, after);
    }
    let limit = limit(call.query("limit"))?;
    page(&store, &scope, after.unwrap_or(0), limit).map(|page| Reply::json(200, &page))
}

/// `GET /v1/live`: what happens, as it happens.
pub fn live(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let scope = access::scope(call, &store)?;
    let after = after(call.header("last-event-id"), call.query("after"))?;
    stream(call, store, scope, after)
}

fn stream(call: &Call, store: KeyValue, scope: Scope, after: Option<u64>) -> Result<Reply, Problem> {
    // Who says no place hears what happens from now on.
    let from = match after {
        Some(after) => after,
        None => events::feed::end(&store, &scope.tenant).map_err(|error| offline(&error))?,
    };
    let credential = Credential::of(call, &scope);
    stream::open(store, scope, credential, from).map_err(|error| offline(&error))
}

/// Of a page's events alone there may be none, and more behind: `next` leads on.
fn page(store: &KeyValue, scope: &Scope, after: u64, limit: usize) -> Result<Json, Problem> {
    let page = events::read(store, &scope.tenant, after, limit).map_err(|error| offline(&error))?;
    if page.waits {
        events::feed::settle(store, &scope.tenant, shell::host::now()).map_err(|error| offline(&error))?;
    }
    let events = page.events.iter().filter(|(_, event)| scope.sees(event)).map(|(place, event)| {
        let mut told = event.told();
        told["cursor"] = json!(place);
        told
    });
    Ok(json!({ "events": events.collect::<Vec<_>>(), "next": page.next }))
}

fn wants_stream(accept: Option<&str>) -> bool {
    let ranges = accept.unwrap_or_default().split(',');
    ranges.filter_map(|range| range.split(';').next()).any(|range| range.trim().eq_ignore_ascii_case(EVENT_STREAM))
}

/// A browser that comes back says where it was, and leaves the address as it is: so that counts more.
fn after(last_event_id: Option<&str>, query: Option<String>) -> Result<Option<u64>, Problem> {
    let read = |param: &str, text: &str| match text {
        "" => Ok(None),
        text if text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().map(Some).map_err(|_| Problem::invalid(param, "is no place of the feed"))
        }
        _ => Err(Problem::invalid(param, "must be the id of an event of the stream, or a page's next")),
    };
    match read("Last-Event-ID", last_event_id.unwrap_or_default())? {
        Some(place) => Ok(Some(place)),
        None => read("after", query.as_deref().unwrap_or_default()),
    }
}

pub fn limit(text: Option<String>) -> Result<usize, Problem> {
    shell::page::limit(text.as_deref(), DEFAULT_PAGE, MAX_PAGE)
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use events::Event;

    use super::*;

    #[test]
    fn a_place_is_a_number_and_the_header_counts_more() {
        let check = |header: Option<&str>, query: Option<&str>, read: Result<Option<u64>, &str>| {
            let found = after(header, query.map(str::to_owned)).map_err(|problem| problem.param.unwrap());
            assert_eq!(
                found.as_ref().map_err(String::as_str),
                read.as_ref().map_err(|param| *param),
                "{header:?} {query:?}"
            );
        };
        check(None, None, Ok(None));
        check(None, Some("7"), Ok(Some(7)));
        check(Some("9"), Some("7"), Ok(Some(9)));
        check(Some(""), Some("7"), Ok(Some(7)));
        check(None, Some(""), Ok(None));
        check(Some("x"), None, Err("Last-Event-ID"));
        for bad in ["x", "-1", "+1", "1.5", " 1", "99999999999999999999999"] {
            check(None, Some(bad), Err("after"));
        }
    }

    #[test]
    fn a_stream_is_asked_for_by_name() {
        let check = |accept: Option<&str>, stream: bool| assert_eq!(wants_stream(accept), stream, "{accept:?}");
        check(Some("text/event-stream"), true);
        check(Some("application/json, Text/Event-Stream;q=0.5"), true);
        check(Some("*/*"), false);
        check(Some("application/json"), false);
        check(None, false);
    }

    #[test]
    fn a_page_sees_its_own_session_alone() {
        let check = |scope: Option<&str>, event: Option<&str>, seen: bool| {
            let scope = Scope { tenant: "demo".into(), session: scope.map(str::to_owned) };
            let event = Event::new("job.done", "job_1", Millis(0), event, Json::Null);
            assert_eq!(scope.sees(&event), seen, "{scope:?} {event:?}");
        };
        check(None, None, true);
        check(None, Some("ses_1"), true);
        check(Some("ses_1"), Some("ses_1"), true);
        check(Some("ses_1"), Some("ses_2"), false);
        check(Some("ses_1"), None, false);
    }

    #[test]
    fn pages_are_bounded() {
        for (text, read) in
            [(None, Some(50)), (Some("200"), Some(200)), (Some("0"), None), (Some("201"), None), (Some("x"), None)]
        {
            assert_eq!(limit(text.map(str::to_owned)).ok(), read);
        }
    }
}
