//! The tree and the proofs as anybody may check them, and who gets to.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use audit::{Entry, append, sequence};
use audit_append::{settings::Settings, signer::signer};
use common::{ADMIN, Answer, NOW, OWN, ask, entry, get, house, settings, staged};
use http::Method;
use kv_schemas::{Store, memory::Memory};
use tlog::{Checkpoint, Receipt, Verifier, decode_bundle, decode_tile, empty_root, leaf_hash, root};

const CHECKPOINT: &str = "/v1/audit/log/checkpoint";
const KEY: &str = "/v1/audit/log/key";
const TEXT: Option<&str> = Some("text/plain; charset=utf-8");

fn key(store: &Memory) -> Verifier {
    let answer = get(store, OWN, KEY);
    assert_eq!((answer.status, answer.header("content-type")), (200, TEXT));
    answer.text().strip_suffix('\n').unwrap().parse().unwrap()
}

fn checkpoint(store: &Memory) -> Checkpoint {
    let answer = get(store, OWN, CHECKPOINT);
    assert_eq!((answer.status, answer.header("content-type")), (200, TEXT));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    Checkpoint::open(answer.text(), &key(store)).unwrap()
}

fn open_to_all() -> Settings {
    Settings { log_access: "public".into(), ..settings() }
}

#[test]
fn before_the_first_entry_an_empty_log_is_signed() {
    let store = Memory::default();
    let answer = get(&store, ADMIN, CHECKPOINT);
    let name = signer(&settings()).unwrap().name().to_owned();
    let empty = Checkpoint { origin: name, size: 0, root: empty_root() };
    let key = get(&store, ADMIN, KEY).text().trim().parse().unwrap();
    assert_eq!(Checkpoint::open(answer.text(), &key).unwrap(), empty);
    assert_eq!(get(&store, ADMIN, "/v1/audit/log/tile/0/000.p/1").status, 404);
    assert_eq!(get(&store, ADMIN, "/v1/audit/log/tile/entries/000.p/1").status, 404);
}

#[test]
fn tiles_and_bundles_hash_to_the_checkpoint() {
    let store = house();
    let signed = checkpoint(&store);
    assert_eq!(signed.size, 3);
    for width in 1..=3 {
        let tile = get(&store, OWN, &format!("/v1/audit/log/tile/0/000.p/{width}"));
        let bundle = get(&store, OWN, &format!("/v1/audit/log/tile/entries/000.p/{width}"));
        for file in [&tile, &bundle] {
            assert_eq!((file.status, file.header("content-type")), (200, Some("application/octet-stream")));
            assert_eq!(file.header("cache-control"), Some("private, max-age=31536000, immutable"));
            assert_eq!(file.header("access-control-allow-origin"), None);
        }
        let hashes = decode_tile(&tile.body).unwrap();
        let leaves = decode_bundle(&bundle.body).unwrap();
        assert_eq!((hashes.len(), leaves.len()), (width, width));
        assert_eq!(leaves.iter().map(|leaf| leaf_hash(leaf)).collect::<Vec<_>>(), hashes);
        assert_eq!(root(&hashes) == signed.root, width == 3);
    }
    for n in 4..300 {
        append(&store, &staged(n)).unwrap();
    }
    sequence(&store, NOW, 1_000, &signer(&settings()).unwrap()).unwrap();
    let width = |path: &str| decode_tile(&get(&store, OWN, path).body).unwrap().len();
    assert_eq!(width("/v1/audit/log/tile/0/000"), 256);
    assert_eq!(width("/v1/audit/log/tile/0/001.p/44"), 44);
    assert_eq!(width("/v1/audit/log/tile/1/000.p/1"), 1);
    assert_eq!(checkpoint(&store).size, 300);
    for beyond in
        ["0/001.p/45", "0/001", "1/000.p/2", "1/000", "2/000.p/1", "63/000", "entries/001.p/45", "entries/002"]
    {
        let answer = get(&store, OWN, &format!("/v1/audit/log/tile/{beyond}"));
        assert_eq!(answer.status, 404, "{beyond}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "it may be there tomorrow");
    }
}

#[test]
fn an_entry_is_proven_to_whoever_may_see_it() {
    let store = house();
    let key = key(&store);
    let check = |who: &str, n: u64, index: u64| {
        let answer = get(&store, who, &format!("/v1/audit/entries/lc_{n}/proof"));
        assert_eq!((answer.status, answer.header("content-type")), (200, TEXT), "{}", answer.text());
        let receipt: Receipt = answer.text().parse().unwrap();
        let entry: Entry = serde_json::from_slice(receipt.extra.as_ref().unwrap()).unwrap();
        assert_eq!((entry.limit_check_id.as_str(), receipt.index), (format!("lc_{n}").as_str(), index));
        assert_eq!(entry.canonical(), *receipt.extra.as_ref().unwrap());
        receipt.verify(&entry.leaf(), &key).unwrap().size
    };
    assert_eq!([check(ADMIN, 0, 0), check(ADMIN, 1, 1), check(OWN, 2, 2)], [3, 3, 3]);
    assert_eq!(check(ADMIN, 3, 3), 4, "it was staged; who asks doesn't wait for maintenance");
}

#[test]
fn an_entry_behind_a_gap_is_not_in_the_log_yet() {
    let store = house();
    // A writer has taken the next place on the stage and hasn't written yet: nothing overtakes it.
    store.increment("stage/tail", 1).unwrap();
    append(&store, &staged(4)).unwrap();
    let answer = get(&store, OWN, "/v1/audit/entries/lc_4/proof");
    let code = answer.json()["error"]["code"].clone();
    assert_eq!((answer.status, code.as_str(), answer.header("retry-after")), (404, Some("not_in_log_yet"), Some("1")));
    assert_eq!(get(&store, OWN, "/v1/audit/entries/lc_4").status, 200, "it counts all the same");
}

#[test]
fn a_foreign_entry_is_as_unknown_as_one_that_never_was() {
    let store = house();
    let ask = |target: &str| {
        let answer = get(&store, OWN, target);
        (answer.status, answer.text().to_owned(), answer.header("retry-after").map(str::to_owned))
    };
    let unknown = ask("/v1/audit/entries/lc_9/proof");
    assert_eq!((unknown.0, unknown.2.as_deref()), (404, None));
    // One in the log, one staged.
    for foreign in ["lc_1", "lc_3"] {
        assert_eq!(ask(&format!("/v1/audit/entries/{foreign}/proof")), unknown);
        assert_eq!(ask(&format!("/v1/audit/entries/{foreign}")), unknown);
    }
}

#[test]
fn who_may_read_the_tree() {
    let store = house();
    let files = ["checkpoint", "key", "tile/0/000.p/3", "tile/entries/000.p/3"];
    let check = |settings: &Settings, who: Option<&str>, status: u16, code: Option<&str>| {
        for file in files {
            let headers: Vec<_> = who.into_iter().map(|who| ("authorization", who)).collect();
            let answer = ask(&store, settings, Method::GET, &format!("/v1/audit/log/{file}"), &headers);
            assert_eq!(answer.status, status, "{who:?} {file}");
            let said = code.map(|_| answer.json()["error"]["code"].as_str().unwrap().to_owned());
            assert_eq!(said.as_deref(), code, "{who:?} {file}");
        }
    };
    for who in [ADMIN, OWN] {
        check(&settings(), Some(who), 200, None);
    }
    for who in [None, Some(""), Some("Bearer wrong"), Some("Bearer tg_sk_b"), Some("Bearer tg_sk_old")] {
        check(&settings(), who, 401, Some("unauthenticated"));
    }
    for who in ["Bearer tg_pk_a", "Bearer tgs_ses_1.x"] {
        check(&settings(), Some(who), 403, Some("secret_key_needed"));
    }
    for who in [None, Some("Bearer wrong"), Some("Bearer tg_pk_a"), Some(OWN)] {
        check(&open_to_all(), who, 200, None);
    }
    check(&Settings { log_access: "everybody".into(), ..settings() }, Some(ADMIN), 503, Some("offline"));
    check(&Settings { log_access: String::new(), ..settings() }, Some(ADMIN), 503, Some("offline"));
    // What entries say is never public.
    for path in ["/v1/audit/entries", "/v1/audit/entries/lc_0", "/v1/audit/entries/lc_0/proof"] {
        assert_eq!(ask(&store, &open_to_all(), Method::GET, path, &[]).status, 401, "{path}");
    }
}

#[test]
fn an_open_log_may_be_kept_by_every_cache_and_read_by_every_page() {
    let store = house();
    let ask = |file: &str| ask(&store, &open_to_all(), Method::GET, &format!("/v1/audit/log/{file}"), &[]);
    let check = |answer: Answer, caching: &str| {
        assert_eq!(answer.header("cache-control"), Some(caching));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    };
    check(ask("checkpoint"), "no-cache");
    check(ask("key"), "no-cache");
    check(ask("tile/0/000.p/3"), "public, max-age=31536000, immutable");
    check(ask("tile/entries/000.p/3"), "public, max-age=31536000, immutable");
}

#[test]
fn a_key_that_is_none_signs_nothing() {
    let store = house();
    let check = |bad: Settings| {
        for path in [KEY, CHECKPOINT, "/v1/audit/entries/lc_3/proof"] {
            let answer = ask(&store, &bad, Method::GET, path, &[("authorization", ADMIN)]);
            assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (503, Some("offline")), "{path}");
        }
        // Reading needs no key.
        let tile = "/v1/audit/log/tile/0/000.p/3";
        assert_eq!(ask(&store, &bad, Method::GET, tile, &[("authorization", ADMIN)]).status, 200);
    };
    check(Settings { log_key: "AAAA".into(), ..settings() });
    check(Settings { master_key: String::new(), ..settings() });
    check(Settings { log_origin: "https://gate.example.com".into(), ..settings() });
}

#[test]
fn the_log_is_only_read_over_http() {
    let store = house();
    for file in ["checkpoint", "key", "tile/0/000.p/3", "tile/entries/000.p/3"] {
        let path = format!("/v1/audit/log/{file}");
        let headers = [("authorization", ADMIN)];
        let [get, head] = [Method::GET, Method::HEAD].map(|method| ask(&store, &settings(), method, &path, &headers));
        assert_eq!((get.status, head.status, head.body.len()), (200, 200, 0), "{file}");
        assert_eq!(get.header("cache-control"), head.header("cache-control"), "{file}");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = ask(&store, &settings(), method, &path, &headers);
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{file}");
        }
    }
    store.fail_after(0);
    for path in [CHECKPOINT, "/v1/audit/log/tile/0/000.p/3", "/v1/audit/entries/lc_0/proof"] {
        assert_eq!(get(&store, ADMIN, path).status, 503, "{path}");
    }
}

#[test]
fn leaves_say_nothing() {
    let store = house();
    let bundle = get(&store, OWN, "/v1/audit/log/tile/entries/000.p/3");
    let leaves = decode_bundle(&bundle.body).unwrap();
    assert!(leaves.iter().all(|leaf| leaf.len() == 33 && leaf.starts_with(&[1])));
    // Without the salt the same entry would be another leaf: it can't be guessed by trying.
    assert_ne!(entry(0).leaf(), leaves[0]);
    assert_eq!(staged(0).entry.leaf(), leaves[0]);
}
