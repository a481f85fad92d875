//! The component's functions: find the vendor, convert, call, convert back.

use adapter::prelude::*;

use crate::bindings::exports::tollgate::vendor::adapter as wit;
use crate::meter::ComponentMeter;
use crate::{Component, UNKNOWN, Vendors, convert, find};

impl<V: Vendors> wit::Guest for Component<V> {
    type Meter = ComponentMeter<V>;

    fn vendors() -> Vec<wit::Profile> {
        V::ALL.iter().map(|adapter| convert::profile(adapter.profile())).collect()
    }

    fn vendor(name: String) -> Option<wit::Profile> {
        find::<V>(&name).map(|adapter| convert::profile(adapter.profile()))
    }

    fn prices(vendor: String) -> Vec<wit::Price> {
        let rows = find::<V>(&vendor).map(|adapter| adapter.prices()).unwrap_or_default();
        rows.iter().map(convert::price).collect()
    }

    fn plan(vendor: String, op: wit::Operation, options: String) -> Result<wit::Call, wit::PlanError> {
        let adapter = find::<V>(&vendor).ok_or_else(|| wit::PlanError::Unsupported(UNKNOWN.to_owned()))?;
        adapter.plan(&convert::operation(op), &options).map(convert::call).map_err(convert::plan_error)
    }

    fn live_started(vendor: String, session: wit::Live, body: Vec<u8>) -> Result<wit::Started, wit::NoGood> {
        let adapter = find::<V>(&vendor).ok_or_else(|| wit::NoGood::Garbled(UNKNOWN.to_owned()))?;
        adapter.live_started(&convert::live(session), &body).map(convert::started).map_err(convert::no_good)
    }

    fn read_job(vendor: String, op: wit::Operation, body: Vec<u8>) -> Result<wit::JobState, wit::NoGood> {
        let adapter = find::<V>(&vendor).ok_or_else(|| wit::NoGood::Garbled(UNKNOWN.to_owned()))?;
        adapter.read_job(&convert::operation(op), &body).map(convert::job_state).map_err(convert::no_good)
    }

    fn explain(vendor: String, head: wit::AnswerHead, body: Vec<u8>) -> wit::Failure {
        let head = convert::head(head);
        let failure = match find::<V>(&vendor) {
            Some(adapter) => adapter.explain(&head, &body),
            None => adapter::Failure::by_status(&head),
        };
        convert::failure(failure)
    }

    fn webhook(vendor: String, headers: Vec<wit::Header>, body: Vec<u8>) -> Result<wit::Event, String> {
        let adapter = find::<V>(&vendor).ok_or_else(|| UNKNOWN.to_owned())?;
        adapter.webhook(&convert::headers(headers), &body).map(convert::event)
    }
}
