//! The vendor's refusals in the gate's terms. Source: the error codes of Twirp, version 7.

use adapter::prelude::*;
use adapter::{AnswerHead, Failure, Fields};

/// `{"code":"not_found","msg":".."}`; the code tells more than the status. Only a deletion asks for a room that must be
/// there, so `not_found` means that it is gone: the caller takes `already_ended` as success. A 404 of another kind is an
/// address at which there is no such server.
pub fn explain(head: &AnswerHead, body: &[u8]) -> Failure {
    let answer = Fields::parse(body).unwrap_or_default();
    let code: String = answer.get("code").unwrap_or_default();
    match code.as_str() {
        "not_found" => Failure::fatal("already_ended", "The room is gone already."),
        "bad_route" | "unimplemented" => {
            Failure::fatal("not_found", "There is no room service at the vendor's address.")
        }
        "unauthenticated" => Failure::fatal("invalid_key", "The vendor doesn't accept the tenant's key."),
        "permission_denied" => Failure::fatal("not_permitted", "The tenant's key may not do this at the vendor."),
        "resource_exhausted" => Failure::transient("rate_limited", "The vendor takes no more requests just now.", head),
        "unavailable" => Failure::transient("overloaded", "The vendor is overloaded.", head),
        // Creating and deleting a room may both be repeated without harm, so not knowing is no reason to give up.
        "deadline_exceeded" | "canceled" | "aborted" => {
            Failure::transient("conflict", "The vendor could not take the request just now.", head)
        }
        "invalid_argument" | "malformed" | "out_of_range" | "failed_precondition" | "already_exists" => {
            Failure::fatal("invalid_request", "The vendor refused the request.")
        }
        _ => Failure::by_status(head),
    }
}
