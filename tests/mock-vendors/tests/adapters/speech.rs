//! Two vendors speak, and the characters are counted.

use adapter::{Adapter, Operation, Speech, Unit, units_of};
use cartesia::Cartesia;
use elevenlabs::ElevenLabs;

use crate::caller::call;
use crate::common::mock;

#[tokio::test]
async fn sound_passes_untouched_and_characters_are_counted() {
    let mock = mock().await;
    let rows: [(&dyn Adapter, &[&str]); 2] =
        [(&ElevenLabs, &["mp3", "wav", "pcm", "opus"]), (&Cartesia, &["mp3", "wav", "pcm"])];
    for (adapter, formats) in rows {
        for format in formats {
            let name = format!("{} {format}", adapter.profile().vendor);
            let speech = Speech { text: "Grüß dich".into(), voice: None, format: (*format).into() };
            let operation = Operation::Speech(speech);
            let exchange = call(&mock, adapter, &operation, "{}").await;
            exchange.assert_good();
            let metered = exchange.metered(adapter, &operation);
            assert_eq!(metered.passed.as_deref(), Ok(exchange.answer.body.as_ref()), "{name}");
            let list = metered.usage.quantities().unwrap_or_else(|| panic!("{name}: {:?}", metered.usage));
            assert_eq!(units_of(list, Unit::Characters), 9, "{name}");
        }
    }
}
