//! The component's functions: find the vendor, convert, call, convert back.

use adapter::prelude::*;

use crate::bindings::Bundle;
use crate::bindings::exports::tollgate::vendor::adapter as wit;
use crate::meter::BundleMeter;
use crate::{UNKNOWN, VENDORS, convert, find};

impl wit::Guest for Bundle {
    type Meter = BundleMeter;

    fn vendors() -> Vec<wit::Profile> {
        VENDORS.iter().map(|adapter| convert::profile(adapter.profile())).collect()
    }

    fn plan(vendor: String, op: wit::Operation, options: String) -> Result<wit::Call, wit::PlanError> {
        let adapter = find(&vendor).ok_or_else(|| wit::PlanError::Unsupported(UNKNOWN.to_owned()))?;
        adapter.plan(&convert::operation(op), &options).map(convert::call).map_err(convert::plan_error)
    }

    fn video_started(vendor: String, body: Vec<u8>) -> Result<wit::VideoSession, String> {
        let session = find(&vendor).ok_or_else(|| UNKNOWN.to_owned())?.video_started(&body)?;
        Ok(wit::VideoSession { vendor_id: session.vendor_id, join_url: session.join_url })
    }

    fn explain(vendor: String, head: wit::AnswerHead, body: Vec<u8>) -> wit::Failure {
        let head = convert::head(head);
        let failure = match find(&vendor) {
            Some(adapter) => adapter.explain(&head, &body),
            None => adapter::Failure::by_status(&head),
        };
        convert::failure(failure)
    }

    fn webhook(vendor: String, headers: Vec<wit::Header>, body: Vec<u8>) -> Result<wit::Event, String> {
        let adapter = find(&vendor).ok_or_else(|| UNKNOWN.to_owned())?;
        adapter.webhook(&convert::headers(headers), &body).map(convert::event)
    }
}
