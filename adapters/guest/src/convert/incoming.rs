//! What the host hands in.

use adapter::prelude::*;
use adapter::{Quantity, Unit};

use crate::bindings::exports::tollgate::vendor::adapter as wit;

pub fn operation(op: wit::Operation) -> adapter::Operation {
    match op {
        wit::Operation::Chat(body) => adapter::Operation::Chat(body),
        wit::Operation::Speech(wit::Speech { text, voice, format }) => {
            adapter::Operation::Speech(adapter::Speech { text, voice, format })
        }
        wit::Operation::LiveStart(session) => adapter::Operation::LiveStart(live(session)),
        wit::Operation::LiveEnd(id) => adapter::Operation::LiveEnd(id),
        wit::Operation::Context(topic) => adapter::Operation::Context(topic),
        wit::Operation::JobStart(wit::Job { id, kind, input, callback_url, disclosure }) => {
            adapter::Operation::JobStart(adapter::Job { id, kind, input, callback_url, disclosure })
        }
        wit::Operation::JobLook(id) => adapter::Operation::JobLook(id),
        wit::Operation::MessageSend(wit::OutgoingMessage { conversation, text }) => {
            adapter::Operation::MessageSend(adapter::Outgoing { conversation, text })
        }
    }
}

pub fn live(live: wit::Live) -> adapter::Live {
    let wit::Live { id, persona, max_seconds, callback_url, visitor, disclosure } = live;
    adapter::Live { id, persona, max_seconds, callback_url, visitor, disclosure }
}

pub fn headers(headers: Vec<wit::Header>) -> Vec<adapter::Header> {
    headers.into_iter().map(|header| adapter::Header { name: header.name, value: header.value }).collect()
}

pub fn head(head: wit::AnswerHead) -> adapter::AnswerHead {
    adapter::AnswerHead { status: head.status, headers: headers(head.headers) }
}

/// A unit that the adapters don't know can't be counted by them, so it is left out.
pub fn quantities_in(list: Vec<wit::Quantity>) -> Vec<Quantity> {
    list.into_iter().filter_map(|q| Some(Quantity::new(Unit::parse(&q.unit_type)?, q.units))).collect()
}
