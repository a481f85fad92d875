//! Says something in a conversation, by the vendor's adapter. It costs nothing, so there is no permit.

use messaging::Conversation;
use shell::{KeyValue, Problem, host};

use crate::{
    bindings::adapter::{self, Meter, Operation, OutgoingMessage},
    problems::unplannable,
    vendor::{
        self,
        attempt::{self, Effort, Patience, Refusal},
    },
};

/// How long the vendor may take: it is tried again.
const PATIENCE_MS: u64 = 15 * calendar::SECOND;

/// Sends it. What got lost on its way may have been said all the same, and is said again.
pub async fn send(store: &KeyValue, to: &Conversation, id: &str, text: &str) -> Result<(), Problem> {
    let vendor = vendor::named(store, &to.tenant, &to.provider)?;
    let message = OutgoingMessage { conversation: to.id.clone(), text: text.into() };
    let operation = Operation::MessageSend(message);
    let planned = adapter::plan(vendor.name(), &operation, &vendor.options).map_err(unplannable)?;
    let admitted = attempt::admit(store, &vendor)?;
    let effort = Effort { patience: Patience::Once, deadline: host::now().plus(PATIENCE_MS) };
    let vault = host::vault().await?;
    let made = attempt::make(store, &vault, &vendor, &planned, id, effort, admitted).await;
    let mut answer = made.map_err(|refusal| match refusal {
        Refusal::Free(problem) | Refusal::Lost(problem) => problem,
    })?;
    let bytes = answer.body.whole(planned.max_answer_bytes).await?;
    let meter = Meter::new(vendor.name(), &operation, &answer.head, &planned.worst_case);
    // A vendor may accept the call and refuse what it asks for.
    let read = meter.push(&bytes).and_then(|_| meter.end());
    read.map(drop).map_err(|what| {
        shell::warn!("answer", about = vendor.name(), error = what);
        Problem::new(shell::Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")
    })
}

/// Whether another try would end the same: the conversation is gone, the bot isn't wanted in it, or may not say this.
pub fn is_final(problem: &Problem) -> bool {
    let unplannable = problem.kind == shell::Kind::InvalidRequest && problem.code != "vendor_not_configured";
    unplannable || matches!(problem.code.as_str(), "not_permitted" | "not_found" | "invalid_request" | "tenant_gone")
}

#[cfg(test)]
mod tests {
    use shell::Kind;

    use super::*;

    #[test]
    fn what_would_end_the_same_is_not_tried_again() {
        let check = |kind: Kind, code: &str, expected: bool| {
            assert_eq!(is_final(&Problem::new(kind, code, "")), expected, "{kind:?} {code}");
        };
        for code in ["not_permitted", "not_found", "invalid_request"] {
            check(Kind::VendorError, code, true);
        }
        check(Kind::InvalidRequest, "invalid_request", true);
        check(Kind::InvalidRequest, "unsupported", true);
        // These pass, or somebody mends them.
        for code in ["invalid_key", "rate_limited", "conflict", "overloaded", "vendor_internal", "circuit_open"] {
            check(Kind::VendorError, code, false);
        }
        check(Kind::InvalidRequest, "vendor_not_configured", false);
        check(Kind::VendorTimeout, "vendor_timeout", false);
        check(Kind::Offline, "offline", false);
    }
}
