//! The import `tollgate:vendor/adapter`, and the bindings of all imports.

pub mod bindings {
    wit_bindgen::generate!({
        inline: r"
            package tollgate:webhook-ingest;

            world webhook-ingest {
                import tollgate:core/limits@0.1.0;
                import tollgate:core/audit@0.1.0;
                import tollgate:vendor/adapter@0.1.0;
            }
        ",
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:webhook-ingest/webhook-ingest",
        generate_all,
    });
}

use bindings::tollgate::vendor::adapter::{self, Header, SignatureScheme};
use calendar::Millis;
use webhooks::{
    ingest::{Effect, Ended, Event, Message},
    signature::Scheme,
};

use crate::vendors::{Reading, Signing, Vendors};

/// The bundle of adapters that the manifest names.
pub struct Bundle;

impl Vendors for Bundle {
    fn signing(&self, vendor: &str) -> Option<Signing> {
        let profile = adapter::vendor(vendor)?;
        Some(match profile.signature {
            SignatureScheme::CallbackToken => Signing::CallbackToken,
            SignatureScheme::Generic => Signing::Signed(Scheme::Generic),
            SignatureScheme::StandardWebhooks => Signing::Signed(Scheme::StandardWebhooks),
            SignatureScheme::Elevenlabs => Signing::Signed(Scheme::ElevenLabs),
            SignatureScheme::Livekit => Signing::Signed(Scheme::LiveKit),
            SignatureScheme::Heygen => Signing::Signed(Scheme::HeyGen),
            SignatureScheme::Kie => Signing::Signed(Scheme::Kie),
            SignatureScheme::UploadPost => Signing::Signed(Scheme::UploadPost),
            SignatureScheme::Telegram => Signing::Signed(Scheme::Telegram),
        })
    }

    fn read(&self, vendor: &str, headers: &[(String, String)], body: &[u8]) -> Result<Reading, String> {
        let header = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
        let headers: Vec<Header> = headers.iter().map(header).collect();
        let event = adapter::webhook(vendor, &headers, body)?;
        let effect = match event.effect {
            adapter::Effect::None => Effect::None,
            adapter::Effect::LiveEnded(adapter::Ended { vendor_id, at_ms }) => {
                Effect::LiveEnded(Ended { vendor_id, at: at_ms.map(Millis) })
            }
            adapter::Effect::JobChanged(id) => Effect::JobChanged(id),
            adapter::Effect::Message(adapter::IncomingMessage { conversation, sender, text }) => {
                Effect::Message(Message { conversation, sender, text })
            }
        };
        Ok(Reading { dedupe_id: event.dedupe_id, event: Event { name: event.name, effect } })
    }
}
