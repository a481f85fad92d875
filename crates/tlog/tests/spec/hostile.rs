//! Whatever comes from outside, nothing panics, and whatever is accepted has exactly one spelling.

use crate::memory::{Memory, leaves};
use proptest::{collection::vec, prelude::*};
use tlog::{
    BundleId, Checkpoint, Edge, Receipt, Signer, TileId, Verifier, consistency, decode_bundle, decode_tile,
    encode_bundle, encode_tile, inclusion, open, root, verify_consistency, verify_inclusion,
};

/// Text that is nearly right: pieces of all the forms, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\u{2014} log.example ".to_owned()),
        Just("log.example\n".to_owned()),
        Just("c2sp.org/tlog-proof@v1\n".to_owned()),
        Just("extra ".to_owned()),
        Just("index ".to_owned()),
        Just("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".to_owned()),
        Just("tile/".to_owned()),
        Just("entries/".to_owned()),
        Just("x001/".to_owned()),
        Just(".p/".to_owned()),
        Just("+".to_owned()),
        "[0-9]{1,21}",
        "[A-Za-z0-9+/]{0,12}={0,2}",
        any::<String>(),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn check_text(text: &str) {
    let signer = Signer::new("log.example", [1; 32]).unwrap();
    assert!(open(text, &[signer.verifier()]).is_err(), "nobody signed {text:?}");
    assert!(Checkpoint::open(text, &signer.verifier()).is_err());
    let _ = Checkpoint::unverified(text);
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert!(text.starts_with(&checkpoint.text()));
    }
    if let Ok(id) = text.parse::<TileId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(id) = text.parse::<BundleId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(key) = text.parse::<Verifier>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(receipt) = text.parse::<Receipt>() {
        assert_eq!(receipt.to_string(), text);
        assert!(receipt.verify(b"", &signer.verifier()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_text(text in any::<String>()) {
        check_text(&text);
    }

    #[test]
    fn nearly_right_text(text in pieces()) {
        check_text(&text);
    }

    /// A good file with a piece cut out and another put in.
    #[test]
    fn damaged_receipts(from in 0usize..700, until in 0usize..700, other in pieces()) {
        let signer = Signer::new("log.example", [1; 32]).unwrap();
        let leaves = leaves(5);
        let checkpoint = Checkpoint { origin: "log.example".into(), size: 5, root: root(&leaves) };
        let proof = inclusion(&mut Memory::new(&leaves), 2, 5).unwrap();
        let text = Receipt { extra: None, index: 2, proof, checkpoint: checkpoint.sign(&signer) }.to_string();
        let chars: Vec<char> = text.chars().collect();
        let (from, until) = (from.min(until).min(chars.len()), until.max(from).min(chars.len()));
        let damaged: String = chars[..from].iter().copied().chain(other.chars()).chain(chars[until..].iter().copied()).collect();
        if let Ok(receipt) = damaged.parse::<Receipt>() {
            prop_assert_eq!(receipt.to_string(), damaged);
            // What still verifies says what was signed.
            if let Ok(read) = receipt.verify(&crate::memory::entry(2), &signer.verifier()) {
                prop_assert_eq!((read, receipt.index), (checkpoint, 2));
            }
        }
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..9000)) {
        if let Some(hashes) = decode_tile(&bytes) {
            prop_assert_eq!(encode_tile(&hashes), bytes.clone());
        }
        if let Some(entries) = decode_bundle(&bytes) {
            prop_assert_eq!(encode_bundle(&entries), Ok(bytes));
        }
    }

    #[test]
    fn any_bundle(entries in vec(vec(any::<u8>(), 0..40), 1..=256)) {
        prop_assert_eq!(decode_bundle(&encode_bundle(&entries).unwrap()), Some(entries));
    }

    #[test]
    fn any_path(level in 0u8..=63, index: u64, width in 1u16..=256) {
        let (tile, bundle) = (TileId { level, index, width }, BundleId { index, width });
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        prop_assert_eq!(bundle.to_string().parse(), Ok(bundle));
    }

    /// Numbers that mean nothing together, also those no parser would let through.
    #[test]
    fn any_numbers(level: u8, a: u64, b: u64, width: u16, proof in vec(any::<[u8; 32]>(), 0..70)) {
        let _ = TileId { level, index: a, width }.to_string();
        let _ = (TileId::in_tree(level, a, b), BundleId::in_tree(a, b), TileId::path(a, b));
        let hash = [7; 32];
        let _ = verify_consistency(a, &hash, b, &hash, &proof);
        prop_assert!(verify_inclusion(&hash, a, b, &proof, &hash).is_err());
        let mut full = |_| Ok::<_, ()>(vec![hash; 256]);
        let _ = (inclusion(&mut full, a, b), consistency(&mut full, a, b));
        let mut edge = Edge::load(a, &mut full).unwrap();
        edge.push(hash);
        let _ = (edge.root(), edge.partials());
    }
}
