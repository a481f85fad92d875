//! Voices are made of samples, and looked at until they may be used.

use adapter::{Adapter, Job, JobState, Operation, Progress, VOICE_CLONE};
use cartesia::Cartesia;
use elevenlabs::ElevenLabs;
use serde_json::{Value, json};

use crate::caller::call;
use crate::common::mock;

fn clone(name: &str) -> Operation {
    let input = json!({"name": name, "media_type": "audio/mpeg", "sample": "SUQzBAAA"}).to_string().into();
    Operation::JobStart(Job { id: "j1".into(), kind: VOICE_CLONE.into(), input, ..Job::default() })
}

#[tokio::test]
async fn twn_1_a_voice_is_made_and_found_again() {
    let mock = mock().await;
    let read = async |adapter: &dyn Adapter, operation: &Operation| -> JobState {
        let exchange = call(&mock, adapter, operation, "{}").await;
        exchange.assert_good();
        adapter.read_job(operation, &exchange.answer.body).unwrap()
    };
    for adapter in [&ElevenLabs as &dyn Adapter, &Cartesia] {
        let made = read(adapter, &clone("Meta Travis")).await;
        let id = made.vendor_id.clone().unwrap();
        let Progress::Done(result) = &made.progress else { panic!("{made:?}") };
        assert_eq!(serde_json::from_slice::<Value>(result).unwrap(), json!({"voice_id": id}));
        assert_eq!(read(adapter, &Operation::JobLook(id)).await, made);
    }

    let waits = read(&ElevenLabs, &clone("Meta Travis [[verify]]")).await;
    assert_eq!(waits.progress, Progress::Running);
    let look = Operation::JobLook(waits.vendor_id.unwrap());
    assert_eq!(read(&ElevenLabs, &look).await.progress, Progress::Running);
    assert!(matches!(read(&ElevenLabs, &look).await.progress, Progress::Done(_)));

    let fails = read(&ElevenLabs, &clone("Meta Travis [[verify]] [[fail]]")).await;
    let look = Operation::JobLook(fails.vendor_id.unwrap());
    read(&ElevenLabs, &look).await;
    assert!(matches!(read(&ElevenLabs, &look).await.progress, Progress::Failed(_)));
}
