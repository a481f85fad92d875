//! Every adapter's reading of its vendor's webhooks, whose signature may be no protection: some vendors sign nothing.

use adapter::{Effect, Event, Header, is_id};
use fuzz::{Case, hold};

use crate::{adapters, is_plain, millis, recorded, require};

/// What is done about an event has bounds, whatever the event says.
fn effect_is_bounded(effect: &Effect, sent: usize) -> Result<(), String> {
    match effect {
        Effect::None => Ok(()),
        Effect::LiveEnded(ended) => require(is_id(&ended.vendor_id, 256, "_-.:"), || format!("{ended:?}")),
        Effect::JobChanged(id) => require(is_id(id, 256, "_-.:"), || format!("no id of a job: {id:?}")),
        Effect::Message(message) => {
            let ids = [&message.conversation, &message.sender].iter().all(|id| is_id(id, 64, "_-"));
            let text = !message.text.trim().is_empty() && message.text.len() <= sent;
            require(ids && text, || format!("{message:?}"))
        }
    }
}

#[test]
fn an_event_is_bounded_whatever_the_webhook_says() {
    for adapter in adapters() {
        let vendor = adapter.profile().vendor;
        let delivery = b"dlv_1".to_vec();
        let corpus: Vec<Case> = recorded(vendor).into_iter().map(|body| vec![body, delivery.clone()]).collect();
        hold(&format!("webhook of {vendor}"), &corpus, millis(450), |case| {
            let [body, delivery] = case.as_slice() else { panic!("two parts") };
            let delivery = String::from_utf8_lossy(delivery);
            let named = ["x-upload-post-delivery", "webhook-id", "heygen-event-id"];
            let headers: Vec<Header> = named.iter().map(|name| Header::new(*name, delivery.clone())).collect();
            let found = adapter.webhook(&headers, body);
            require(adapter.webhook(&headers, body) == found, || "read twice, there are two events".to_owned())?;
            match found {
                Ok(Event { dedupe_id, name, effect }) => {
                    require(is_plain(&dedupe_id, 512), || format!("no id: {dedupe_id:?}"))?;
                    require(is_plain(&name, 512), || format!("no name: {name:?}"))?;
                    effect_is_bounded(&effect, body.len())
                }
                // It goes into the list of dead letters, for people to read.
                Err(why) => require(is_plain(&why, 200), || format!("{why:?}")),
            }
        });
    }
}
