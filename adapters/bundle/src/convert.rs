//! Between the component's types and those of the adapters; the only place that knows both.

use adapter::prelude::*;
use adapter::{Answer, Capability, Effect, PlanError, Quantity, SignatureScheme, Unit, Usage};

use crate::bindings::exports::tollgate::vendor::adapter as wit;

pub fn profile(profile: adapter::Profile) -> wit::Profile {
    let capability = |capability: &Capability| match capability {
        Capability::Chat => wit::Capability::Chat,
        Capability::Speech => wit::Capability::Speech,
        Capability::Video => wit::Capability::Video,
    };
    wit::Profile {
        vendor: profile.vendor.to_owned(),
        capabilities: profile.capabilities.iter().map(capability).collect(),
        base_url: profile.base_url.to_owned(),
        credential: wit::Credential {
            name: profile.credential.name.to_owned(),
            prefix: profile.credential.prefix.to_owned(),
        },
        signature: match profile.signature {
            SignatureScheme::CallbackToken => wit::SignatureScheme::CallbackToken,
            SignatureScheme::Generic => wit::SignatureScheme::Generic,
            SignatureScheme::StandardWebhooks => wit::SignatureScheme::StandardWebhooks,
            SignatureScheme::ElevenLabs => wit::SignatureScheme::Elevenlabs,
        },
        models: profile.models.iter().map(|model| (*model).to_owned()).collect(),
    }
}

pub fn operation(op: wit::Operation) -> adapter::Operation {
    match op {
        wit::Operation::Chat(body) => adapter::Operation::Chat(body),
        wit::Operation::Speech(wit::Speech { text, voice, format }) => {
            adapter::Operation::Speech(adapter::Speech { text, voice, format })
        }
        wit::Operation::VideoStart(wit::Video { persona, max_seconds, callback_url }) => {
            adapter::Operation::VideoStart(adapter::Video { persona, max_seconds, callback_url })
        }
        wit::Operation::VideoEnd(id) => adapter::Operation::VideoEnd(id),
    }
}

pub fn call(call: adapter::Call) -> wit::Call {
    let header = |header: adapter::Header| wit::Header { name: header.name, value: header.value };
    wit::Call {
        method: call.method.to_owned(),
        path: call.path,
        headers: call.headers.into_iter().map(header).collect(),
        body: call.body,
        model: call.model,
        answer: match call.answer {
            Answer::Json => wit::Answer::Json,
            Answer::EventStream => wit::Answer::EventStream,
            Answer::Audio => wit::Answer::Audio,
            Answer::Nothing => wit::Answer::Nothing,
        },
        content_types: call.content_types.into_iter().map(ToOwned::to_owned).collect(),
        worst_case: quantities_out(call.worst_case),
        max_answer_bytes: call.max_answer_bytes,
    }
}

pub fn plan_error(error: PlanError) -> wit::PlanError {
    match error {
        PlanError::Unsupported(what) => wit::PlanError::Unsupported(what),
        PlanError::Invalid(param, expected) => wit::PlanError::Invalid((param, expected)),
    }
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

fn quantities_out(list: Vec<Quantity>) -> Vec<wit::Quantity> {
    list.into_iter().map(|q| wit::Quantity { unit_type: q.unit.as_str().to_owned(), units: q.units }).collect()
}

pub fn usage(usage: Usage) -> wit::Usage {
    match usage {
        Usage::Reported(list) => wit::Usage::Reported(quantities_out(list)),
        Usage::Counted(list) => wit::Usage::Counted(quantities_out(list)),
        Usage::Unknown => wit::Usage::Unknown,
    }
}

pub fn failure(failure: adapter::Failure) -> wit::Failure {
    wit::Failure {
        message: failure.message,
        code: failure.code.to_owned(),
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
    }
}

pub fn event(event: adapter::Event) -> wit::Event {
    wit::Event {
        dedupe_id: event.dedupe_id,
        name: event.name,
        effect: match event.effect {
            Effect::None => wit::Effect::None,
            Effect::VideoEnded(id) => wit::Effect::VideoEnded(id),
        },
    }
}
