//! Reads the two answers of a start: first the session with its token, then the room.

use adapter::prelude::*;
use adapter::{AnswerHead, Auth, Call, Fields, Join, NoGood, Started, Step, is_id, is_room_url};

use crate::failure;

/// What `code` says when all is well; the second stands in the vendor's interface description.
const GOOD_CODES: [i64; 2] = [1000, 100];

/// The second answer is known by its room. It is looked for first, so that an answer can't ask for a second start.
pub fn read(body: &[u8]) -> Result<Started, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    if answer.raw("code").is_some() {
        let code: i64 = answer.get("code").ok_or_else(|| NoGood::garbled("the answer's code is garbled"))?;
        if !GOOD_CODES.contains(&code) {
            // A refusal behind a good status reads like one behind a bad request.
            return Err(NoGood::Refused(failure::explain(&AnswerHead { status: 400, headers: vec![] }, body)));
        }
    }
    let data: Fields = answer.get("data").ok_or_else(|| NoGood::garbled("the answer has no data"))?;
    let id: Option<String> = data.get("session_id");
    let vendor_id = id.filter(|id| is_id(id, 128, "_-")).ok_or_else(|| NoGood::garbled("the answer has no session"))?;
    let step = if data.raw("livekit_url").is_some() { Step::Open(room(&data)?) } else { Step::Call(start(&data)?) };
    Ok(Started { vendor_id, step })
}

/// The call that starts the session. From its answer on the vendor bills.
fn start(data: &Fields) -> Result<Call, NoGood> {
    let mut call = Call::get("/v1/sessions/start");
    call.method = "POST";
    call.auth = Auth::Bearer(token(data, "session_token")?);
    Ok(call)
}

fn room(data: &Fields) -> Result<Join, NoGood> {
    let url: Option<String> = data.get("livekit_url");
    let url = url.filter(|url| is_room_url(url)).ok_or_else(|| NoGood::garbled("the room's address is garbled"))?;
    Ok(Join::Room { url, token: token(data, "livekit_client_token")? })
}

fn token(data: &Fields, name: &str) -> Result<String, NoGood> {
    let token: Option<String> = data.get(name);
    token.filter(|token| is_id(token, 8192, "._-~=+/")).ok_or_else(|| NoGood::garbled("the answer has no token"))
}
