//! Receipts: they verify offline, in one spelling only, and for one entry of one log only.

use crate::memory::{Memory, entry, leaves};
use tlog::{Checkpoint, CheckpointError, NoteError, ProofError, Receipt, ReceiptError, Signer, inclusion, root};

fn signer() -> Signer {
    Signer::new("log.example", [1; 32]).unwrap()
}

fn receipt(index: u64, size: u64, extra: Option<&[u8]>) -> Receipt {
    let leaves = leaves(size);
    let checkpoint = Checkpoint { origin: "log.example".into(), size, root: root(&leaves) };
    Receipt {
        extra: extra.map(<[u8]>::to_vec),
        index,
        proof: inclusion(&mut Memory::new(&leaves), index, size).unwrap(),
        checkpoint: checkpoint.sign(&signer()),
    }
}

#[test]
fn the_form() {
    let text = receipt(1, 2, Some(b"{}")).to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra e30=", "index 1"]);
    assert_eq!((lines[3].len(), lines[4], lines[5], lines[6]), (44, "", "log.example", "2"));
    assert!(lines[9].starts_with("\u{2014} log.example "));
    assert_eq!((lines.len(), text.ends_with('\n')), (10, true));
}

#[test]
fn receipts_round_trip_and_verify() {
    for (index, size) in [(0, 1), (0, 2), (6, 7), (255, 257), (256, 257), (299, 300), (69_999, 70_000)] {
        let plain = receipt(index, size, None);
        for extra in [None, Some(vec![]), Some(b"{\"v\":2}".to_vec()), Some(vec![0xff; 1000])] {
            let receipt = Receipt { extra, ..plain.clone() };
            let read: Receipt = receipt.to_string().parse().unwrap();
            assert_eq!(read, receipt);
            let checkpoint = read.verify(&entry(index), &signer().verifier()).unwrap();
            assert_eq!(checkpoint.size, size);
        }
    }
}

#[test]
fn what_does_not_verify() {
    let good = receipt(3, 7, None);
    let key = signer().verifier();
    let other_key = Signer::new("log.example", [2; 32]).unwrap().verifier();
    let check = |name: &str, receipt: &Receipt, leaf: &[u8], key, expected: ReceiptError| {
        assert_eq!(receipt.verify(leaf, key), Err(expected), "{name}");
    };
    let root = ReceiptError::Proof(ProofError::Root);
    check("another entry", &good, &entry(4), &key, root);
    check("an entry with a byte more", &good, &[entry(3), vec![0]].concat(), &key, root);
    check("another index", &Receipt { index: 2, ..good.clone() }, &entry(3), &key, root);
    let outside = ReceiptError::Proof(ProofError::Outside { size: 7 });
    check("an index outside", &Receipt { index: 7, ..good.clone() }, &entry(3), &key, outside);
    let length = ReceiptError::Proof(ProofError::Length { expected: 3, got: 0 });
    check("no proof", &Receipt { proof: Vec::new(), ..good.clone() }, &entry(3), &key, length);
    let of_another_tree = Receipt { checkpoint: receipt(3, 8, None).checkpoint, ..good.clone() };
    check("another checkpoint", &of_another_tree, &entry(3), &key, root);
    let unsigned = ReceiptError::Checkpoint(CheckpointError::Note(NoteError::Unsigned));
    check("another log's key", &good, &entry(3), &other_key, unsigned);
    let forged = Receipt { checkpoint: good.checkpoint.replace("\n7\n", "\n8\n"), ..good.clone() };
    let bad = ReceiptError::Checkpoint(CheckpointError::Note(NoteError::BadSignature));
    check("a forged checkpoint", &forged, &entry(3), &key, bad);
    assert!(good.verify(&entry(3), &key).is_ok());
}

/// Every bit that is flipped in the file is noticed, by the form or by the check.
#[test]
fn every_flipped_bit_is_noticed() {
    let good = receipt(3, 7, None).to_string();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let verdict = text.parse::<Receipt>().and_then(|receipt| receipt.verify(&entry(3), &signer().verifier()));
        assert!(verdict.is_err(), "bit {bit}: {text}");
    }
}

#[test]
fn other_spellings_are_refused() {
    let good = receipt(3, 7, Some(b"ab")).to_string();
    let hash = good.lines().nth(3).unwrap().to_owned();
    let rows = [
        ("empty", String::new()),
        ("no header", good.replace("c2sp.org/tlog-proof@v1\n", "")),
        ("another version", good.replace("@v1", "@v2")),
        ("a space behind the header", good.replace("@v1", "@v1 ")),
        ("a byte order mark", format!("\u{feff}{good}")),
        ("an empty line in front", format!("\n{good}")),
        ("no index", good.replace("index 3\n", "")),
        ("an empty index", good.replace("index 3", "index ")),
        ("a leading zero", good.replace("index 3", "index 03")),
        ("a sign", good.replace("index 3", "index +3")),
        ("two spaces", good.replace("index 3", "index  3")),
        ("a space behind", good.replace("index 3", "index 3 ")),
        ("past the range", good.replace("index 3", "index 18446744073709551616")),
        ("a capital", good.replace("index", "Index")),
        ("extra behind the index", good.replace("extra YWI=\nindex 3\n", "index 3\nextra YWI=\n")),
        ("extra twice", good.replace("extra YWI=\n", "extra YWI=\nextra YWI=\n")),
        ("extra without space", good.replace("extra YWI=", "extra")),
        ("extra without padding", good.replace("YWI=", "YWI")),
        ("extra with bits left over", good.replace("YWI=", "YWJ=")),
        ("a short hash", good.replace(&hash, &hash[4..])),
        ("a long hash", good.replace(&hash, &format!("AAAA{hash}"))),
        ("a space before a hash", good.replace(&hash, &format!(" {hash}"))),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("65 hashes", good.replace(&hash, &vec![hash.as_str(); 63].join("\n"))),
        ("an empty line too few", good.replacen("\n\n", "\n", 1)),
    ];
    for (name, text) in rows {
        assert_ne!(text, good, "{name}");
        assert_eq!(text.parse::<Receipt>(), Err(ReceiptError::Malformed), "{name}: {text}");
    }
    assert!(good.replace(&hash, &vec![hash.as_str(); 62].join("\n")).parse::<Receipt>().is_ok(), "64 hashes");
    // What follows must be a checkpoint, also before any signature is looked at.
    let rows = [
        ("an empty line too many", good.replacen("\n\n", "\n\n\n", 1)),
        ("no checkpoint", good.split_once("\n\n").unwrap().0.to_owned() + "\n\n"),
        ("an unsigned checkpoint", good.split('\u{2014}').next().unwrap().to_owned()),
        ("something behind", format!("{good}more\n")),
        ("a size with a leading zero", good.replace("\n7\n", "\n07\n")),
    ];
    for (name, text) in rows {
        assert!(matches!(text.parse::<Receipt>(), Err(ReceiptError::Checkpoint(_))), "{name}: {text}");
    }
}
