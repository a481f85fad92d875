//! What the adapters give back.

use adapter::prelude::*;
use adapter::{
    Answer, Auth, Capability, Credential, Effect, Ended, Incoming, Join, NoGood, PlanError, Progress, Step, Usage,
};
use adapter::{Quantity, SignatureScheme};

use crate::bindings::exports::tollgate::vendor::adapter as wit;

pub fn profile(profile: adapter::Profile) -> wit::Profile {
    wit::Profile {
        vendor: profile.vendor.to_owned(),
        capabilities: profile.capabilities.iter().copied().map(capability).collect(),
        base_url: profile.base_url.to_owned(),
        credential: match profile.credential {
            Credential::Header { name, prefix } => {
                wit::Credential::Header(wit::KeyHeader { name: name.to_owned(), prefix: prefix.to_owned() })
            }
            Credential::SignedToken => wit::Credential::SignedToken,
            Credential::Path => wit::Credential::Path,
        },
        signature: signature(profile.signature),
        models: profile.models.iter().map(|model| (*model).to_owned()).collect(),
        live_step_seconds: profile.live_step_seconds,
    }
}

fn capability(capability: Capability) -> wit::Capability {
    match capability {
        Capability::Chat => wit::Capability::Chat,
        Capability::Speech => wit::Capability::Speech,
        Capability::Video => wit::Capability::Video,
        Capability::Realtime => wit::Capability::Realtime,
        Capability::Context => wit::Capability::Context,
        Capability::Jobs => wit::Capability::Jobs,
        Capability::Messages => wit::Capability::Messages,
    }
}

fn signature(scheme: SignatureScheme) -> wit::SignatureScheme {
    match scheme {
        SignatureScheme::CallbackToken => wit::SignatureScheme::CallbackToken,
        SignatureScheme::Generic => wit::SignatureScheme::Generic,
        SignatureScheme::StandardWebhooks => wit::SignatureScheme::StandardWebhooks,
        SignatureScheme::ElevenLabs => wit::SignatureScheme::Elevenlabs,
        SignatureScheme::LiveKit => wit::SignatureScheme::Livekit,
        SignatureScheme::HeyGen => wit::SignatureScheme::Heygen,
        SignatureScheme::Kie => wit::SignatureScheme::Kie,
        SignatureScheme::UploadPost => wit::SignatureScheme::UploadPost,
        SignatureScheme::Telegram => wit::SignatureScheme::Telegram,
    }
}

pub fn price(price: &adapter::Price) -> wit::Price {
    wit::Price {
        model: price.model.to_owned(),
        unit_type: price.unit.as_str().to_owned(),
        usd_per_unit: price.usd_per_unit.to_owned(),
        from_input_tokens: price.from_input_tokens,
        hours_utc: price.hours_utc.map(ToOwned::to_owned),
        as_of: price.as_of.to_owned(),
        source: price.source.to_owned(),
    }
}

pub fn call(call: adapter::Call) -> wit::Call {
    let header = |header: adapter::Header| wit::Header { name: header.name, value: header.value };
    wit::Call {
        method: call.method.to_owned(),
        path: call.path,
        headers: call.headers.into_iter().map(header).collect(),
        body: call.body,
        auth: match call.auth {
            Auth::Key => wit::Auth::Key,
            Auth::Grants(allowed) => wit::Auth::Grants(grants(allowed)),
            Auth::Bearer(token) => wit::Auth::Bearer(token),
        },
        idempotency_header: call.idempotency_header.map(ToOwned::to_owned),
        model: call.model,
        answer: match call.answer {
            Answer::Json => wit::Answer::Json,
            Answer::EventStream => wit::Answer::EventStream,
            Answer::Audio => wit::Answer::Audio,
            Answer::Nothing => wit::Answer::Nothing,
        },
        content_types: call.content_types.into_iter().map(ToOwned::to_owned).collect(),
        worst_case: quantities(call.worst_case),
        max_answer_bytes: call.max_answer_bytes,
        cache_seconds: call.cache_seconds,
    }
}

fn grants(grants: adapter::Grants) -> wit::Grants {
    wit::Grants { claims: grants.claims, ttl_seconds: grants.ttl_seconds }
}

pub fn plan_error(error: PlanError) -> wit::PlanError {
    match error {
        PlanError::Unsupported(what) => wit::PlanError::Unsupported(what),
        PlanError::Invalid(param, expected) => wit::PlanError::Invalid((param, expected)),
    }
}

pub fn started(started: adapter::Started) -> wit::Started {
    let step = match started.step {
        Step::Open(Join::Url(url)) => wit::Step::Open(wit::Join::Url(url)),
        Step::Open(Join::Room { url, token }) => wit::Step::Open(wit::Join::Room(wit::Room { url, token })),
        Step::Open(Join::Grants(allowed)) => wit::Step::Open(wit::Join::Grants(grants(allowed))),
        Step::Call(next) => wit::Step::Call(call(next)),
    };
    wit::Started { vendor_id: started.vendor_id, step }
}

pub fn job_state(state: adapter::JobState) -> wit::JobState {
    let progress = match state.progress {
        Progress::Queued => wit::Progress::Queued,
        Progress::Running => wit::Progress::Running,
        Progress::Done(result) => wit::Progress::Done(result),
        Progress::Failed(why) => wit::Progress::Failed(failure(why)),
    };
    wit::JobState { vendor_id: state.vendor_id, progress, usage: usage(state.usage) }
}

pub fn no_good(no_good: NoGood) -> wit::NoGood {
    match no_good {
        NoGood::Refused(why) => wit::NoGood::Refused(failure(why)),
        NoGood::Garbled(what) => wit::NoGood::Garbled(what),
    }
}

fn quantities(list: Vec<Quantity>) -> Vec<wit::Quantity> {
    list.into_iter().map(|q| wit::Quantity { unit_type: q.unit.as_str().to_owned(), units: q.units }).collect()
}

pub fn usage(usage: Usage) -> wit::Usage {
    match usage {
        Usage::Reported(list) => wit::Usage::Reported(quantities(list)),
        Usage::Counted(list) => wit::Usage::Counted(quantities(list)),
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
            Effect::LiveEnded(Ended { vendor_id, at_ms }) => wit::Effect::LiveEnded(wit::Ended { vendor_id, at_ms }),
            Effect::JobChanged(id) => wit::Effect::JobChanged(id),
            Effect::Message(Incoming { conversation, sender, text }) => {
                wit::Effect::Message(wit::IncomingMessage { conversation, sender, text })
            }
        },
    }
}
