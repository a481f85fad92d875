//! The record's bytes.

use super::*;
use crate::reseal::progress::Pass;

fn progress() -> Progress {
    Progress {
        key: "f2".into(),
        past: vec!["f1".into()],
        since: Millis(5),
        seen: Millis(6),
        past_seen: Some(Millis(4)),
        both: true,
        pass: Some(Pass {
            at: At::Tenants(40),
            clean: false,
            began: Some(Millis(8)),
            unopened: vec!["person-key".into()],
        }),
        clean: false,
        began: Some(Millis(3)),
        ended: Millis(7),
        resealed: 8,
        unopened: vec!["vendor/t/openai/secret".into()],
    }
}

#[test]
fn what_is_stored_is_read_by_every_later_release() {
    let stored = r#"{"key":"f2","past":["f1"],"since":5,"seen":6,"past_seen":4,"both":true,"pass":{"at":{"tenants":40},"clean":false,"began":8,"unopened":["person-key"]},"done":false,"began":3,"ended":7,"resealed":8,"unopened":["vendor/t/openai/secret"]}"#;
    assert_eq!(serde_json::to_string(&progress()).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Progress>(stored).unwrap(), progress());
}

#[test]
fn what_an_earlier_release_has_stored_says_nothing_of_when() {
    let stored = r#"{"key":"f2","past":["f1"],"since":5,"seen":6,"pass":{"at":{"tenants":40},"clean":false},"done":true,"ended":7,"resealed":8,"unopened":["vendor/t/openai/secret"]}"#;
    let read: Progress = serde_json::from_str(stored).unwrap();
    let pass = Pass { at: At::Tenants(40), clean: false, began: None, unopened: vec![] };
    let expected = Progress { past_seen: None, both: false, pass: Some(pass), clean: true, began: None, ..progress() };
    assert_eq!(read, expected);
    // Done by its measure, it is begun anew by whoever accepts another key.
    let store = house(&vault(A, None));
    let (new, alone) = (vault(B, Some(A)), vault(B, None));
    let key = Node::of(&new).key;
    place().set(&store, &Progress { key, pass: None, ..read }).unwrap();
    assert!(go(&store, &alone, NOW).done);
    assert!(!go(&store, &new, NOW).done);
    clean(&store, &new, NOW);
    opens(&store, &alone, "sk-1");
}
