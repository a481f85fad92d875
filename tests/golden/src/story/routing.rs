//! Routing: a decision, with a vendor that failed and is being probed, and one that failed once.

use kv_schemas::Store;
use router::{
    breaker::{Admission, Settings, admit},
    window::{self, Observation},
};

use super::NOW;

const SETTINGS: Settings = Settings { failures: 1, open_ms: 10_000, longest_ms: 300_000 };

pub fn told(store: &dyn Store) {
    let call = |vendor: &str, settings: &Settings, after| {
        let Ok(Admission::Allow(pass)) = admit(store, "demo", vendor, settings, NOW.plus(after)) else {
            panic!("{vendor} is refused")
        };
        pass
    };
    call("openai", &SETTINGS, 0).failed(store, &SETTINGS, NOW).unwrap();
    assert!(call("openai", &SETTINGS, 10_000).is_probe());
    let usual = Settings::default();
    call("gemini", &usual, 0).failed(store, &usual, NOW).unwrap();
    let decision = Observation {
        candidate: "deepseek/deepseek-chat".into(),
        failed_before: vec!["openai/gpt-4.1".into()],
        latency_ms: 412,
        ok: true,
        decision_us: 90,
        rung: 1,
        at: NOW,
    };
    window::record(store, "demo", decision).unwrap();
}

pub fn goes_on(store: &dyn Store) {
    let decision = |summary: &router::Summary| (summary.decisions, summary.succeeded, summary.candidates.len());
    assert_eq!(decision(&window::summary(store, "demo", NOW).unwrap()), (1, 1, 2));
    let refused = admit(store, "demo", "openai", &SETTINGS, NOW.plus(10_001)).unwrap();
    assert!(matches!(refused, Admission::Refuse { retry_after_ms: 9_999 }), "{refused:?}");
    for vendor in ["openai", "gemini"] {
        let back = admit(store, "demo", vendor, &SETTINGS, NOW.plus(20_000)).unwrap();
        let Admission::Allow(pass) = back else { panic!("{vendor} is refused") };
        pass.succeeded(store).unwrap();
    }
    let failed = Observation {
        candidate: "gemini/gemini-2.5-flash".into(),
        failed_before: Vec::new(),
        latency_ms: 0,
        ok: false,
        decision_us: 80,
        rung: 0,
        at: NOW.plus(30_000),
    };
    window::record(store, "demo", failed).unwrap();
    assert_eq!(decision(&window::summary(store, "demo", NOW.plus(30_000)).unwrap()), (2, 1, 3));
}
