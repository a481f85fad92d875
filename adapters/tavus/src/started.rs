//! Reads the answer to a start.

use adapter::prelude::*;
use adapter::{Fields, Join, NoGood, Started, Step, is_id, is_plain_url};

/// The room's address with its token, under which the page joins.
///
/// An answer without a token is taken as it is: refusing it would leave a running conversation that nobody ends.
pub fn read(body: &[u8]) -> Result<Started, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    let id: Option<String> = answer.get("conversation_id");
    let vendor_id =
        id.filter(|id| is_id(id, 128, "_-")).ok_or_else(|| NoGood::garbled("the answer has no conversation"))?;
    let url: Option<String> = answer.get("conversation_url");
    let url = url.filter(|url| is_plain_url(url) && !url.contains('#'));
    let url = url.ok_or_else(|| NoGood::garbled("the answer has no address to join at"))?;
    let join_url = match answer.get::<String>("meeting_token") {
        Some(token) if is_id(&token, 4096, "._-~=") => {
            let mark = if url.contains('?') { '&' } else { '?' };
            format!("{url}{mark}t={token}")
        }
        Some(_) => return Err(NoGood::garbled("the room's token is garbled")),
        None => url,
    };
    if !is_plain_url(&join_url) {
        return Err(NoGood::garbled("the address to join at is too long"));
    }
    Ok(Started { vendor_id, step: Step::Open(Join::Url(join_url)) })
}
