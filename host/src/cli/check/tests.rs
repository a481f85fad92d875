//! Receipts and exports that hold, and ones in which one thing was changed.

use ::audit::{Entry, Staged, VERSION, View};
use calendar::Millis;
use money::Nanos;
use tlog::{Checkpoint, Hash, Receipt, Signer, TileId, Verifier, inclusion, leaf_hash};

use super::{Outcome, export, receipt};

const SIZE: u64 = 700;

struct Log {
    entries: Vec<Staged>,
    rows: Vec<Vec<Hash>>,
    signer: Signer,
    note: String,
}

fn log() -> Log {
    let entry = |n: u64| {
        let entry = Entry {
            v: VERSION,
            tenant_id: format!("t{}", n % 3),
            event_type: "TWIN_INTERACTION".into(),
            cost_nanos: Nanos(1_000_000),
            limit_check_id: format!("lc_{n}"),
            at_ms: Millis(1_795_165_200_000 + n),
            ..Entry::default()
        };
        Staged::new(entry, [[7; 16], [8; 16]], None, "req".into())
    };
    let entries: Vec<Staged> = (0..SIZE).map(entry).collect();
    let leaves: Vec<Hash> = entries.iter().map(|staged| leaf_hash(&staged.entry.leaf())).collect();
    let above = leaves.chunks_exact(256).map(tlog::root).collect();
    let signer = Signer::new("log.example", [7; 32]).unwrap();
    let note = Checkpoint { origin: "log.example".into(), size: SIZE, root: tlog::root(&leaves) }.sign(&signer);
    Log { entries, rows: vec![leaves, above], signer, note }
}

impl Log {
    fn tile(&self, id: TileId) -> Vec<Hash> {
        let first = usize::try_from(id.index).unwrap() * 256;
        self.rows[usize::from(id.level)][first..first + usize::from(id.width)].to_vec()
    }

    /// Every `step`-th entry.
    fn export(&self, step: usize) -> (String, export::Proof) {
        let numbers: Vec<usize> = (3..self.entries.len()).step_by(step).collect();
        let line = |n: &usize| {
            let Staged { entry, opening } = &self.entries[*n];
            let seq = u64::try_from(*n).unwrap();
            format!("{}\n", serde_json::to_string(&View::of(entry, Some(seq), opening.as_ref())).unwrap())
        };
        let tiles = export::tiles(numbers.iter().map(|n| u64::try_from(*n).unwrap()), SIZE);
        let tiles = tiles.into_iter().map(|id| (id, tlog::encode_tile(&self.tile(id))));
        (numbers.iter().map(line).collect(), export::Proof::new(&self.signer.verifier(), &self.note, tiles))
    }

    fn receipt(&self, n: usize) -> Receipt {
        let index = u64::try_from(n).unwrap();
        let proof = inclusion(&mut |id| Ok::<_, ()>(self.tile(id)), index, SIZE).unwrap();
        Receipt { extra: Some(self.entries[n].entry.canonical()), index, proof, checkpoint: self.note.clone() }
    }
}

fn stranger() -> Verifier {
    Signer::new("log.example", [8; 32]).unwrap().verifier()
}

#[track_caller]
fn says(outcome: Outcome, proven: bool, words: &str) {
    let (is_proven, text) = match outcome {
        Outcome::Proven(lines) => (true, lines.join("\n")),
        Outcome::InItself(lines) => (false, lines.join("\n")),
        Outcome::Refuted(why) => (false, why),
    };
    assert!(is_proven == proven && text.contains(words), "{is_proven} {text}");
}

#[test]
fn an_export_is_proven_line_by_line() {
    let log = log();
    let key = || export::Key::Known(log.signer.verifier());
    for step in [1, 7, 300, 5_000] {
        let (lines, proof) = log.export(step);
        says(export::verify(lines.as_bytes(), &proof, &key()), true, "proven: the log has each of these");
        let read = export::Proof::parse(&proof.bytes().unwrap()).unwrap();
        says(export::verify(lines.as_bytes(), &read, &key()), true, "log.example, 700 entries");
    }
    let (lines, proof) = log.export(7);
    says(export::verify(lines.as_bytes(), &proof, &export::Key::Known(stranger())), false, "checkpoint in the proof");
    let of_the_file = export::Key::OfTheFile(log.signer.verifier());
    let words = "consistent in itself; whose log it is nobody can tell without --vkey";
    says(export::verify(lines.as_bytes(), &proof, &of_the_file), false, words);
    let check = |from: &str, to: &str, words: &str| {
        let changed = lines.replacen(from, to, 1);
        assert_ne!(changed, lines);
        says(export::verify(changed.as_bytes(), &proof, &key()), false, words);
    };
    check("\"lc_10\"", "\"lc_11\"", "line 2 (lc_11) is not what the log has as its number 10");
    check("\"seq\":10,", "\"seq\":17,", "line 2 (lc_10) is not what the log has as its number 17");
    check("\"seq\":10,", "\"seq\":null,", "line 2 is no entry: it has no number");
    check("\"cost_amount\":0.001", "\"cost_amount\":0.002", "line 1 is no entry: `cost_amount`");
    check("\"request_id\":\"req\"", "\"request_id\":\"other\"", "line 1 is no entry");
    check("{", "{\"cost_nanos\":1,", "line 1 is no entry: not an entry: duplicate field `cost_nanos`");
    check("{", "{\"note\":1,", "unknown field");
    check("\"USD\"", "\"EUR\"", "`cost_currency` is not USD");
    let first = lines.lines().next().unwrap();
    says(export::verify(format!("{first}\n{first}\n").as_bytes(), &proof, &key()), false, "doesn't follow");
}

#[test]
fn a_proof_with_other_tiles_is_refused() {
    let log = log();
    let (lines, proof) = log.export(300);
    let text = String::from_utf8(proof.bytes().unwrap()).unwrap();
    let check = |change: &dyn Fn(&mut serde_json::Value), words: &str| {
        let mut changed: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut changed);
        let proof = export::Proof::parse(changed.to_string().as_bytes()).unwrap();
        says(export::verify(lines.as_bytes(), &proof, &export::Key::Known(log.signer.verifier())), false, words);
    };
    let other = |id: &str| {
        let mut tile = log.tile(id.parse().unwrap());
        tile[0] = [1; 32];
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tlog::encode_tile(&tile))
    };
    check(&|proof| proof["tiles"]["tile/0/001"] = other("tile/0/001").into(), "tile/0/001 in the proof is not a tile");
    check(&|proof| proof["tiles"]["tile/1/000.p/2"] = other("tile/1/000.p/2").into(), "don't come to the root");
    check(&|proof| drop(proof["tiles"].as_object_mut().unwrap().remove("tile/0/002.p/188")), "lacks tiles");
    check(&|proof| drop(proof["tiles"].as_object_mut().unwrap().remove("tile/0/001")), "line 2");
    check(&|proof| proof["tiles"]["tile/0/00"] = "".into(), "tile/0/00 in the proof is no tile");
    for (from, to) in
        [("\"v\": 1", "\"v\": 2"), ("\"v\": 1", "\"v\": 1, \"v\": 1"), ("\"v\": 1", "\"v\": 1, \"note\": 1")]
    {
        assert!(export::Proof::parse(text.replace(from, to).as_bytes()).is_none(), "{to}");
    }
}

#[test]
fn a_receipt_proves_one_entry() {
    let log = log();
    let key = log.signer.verifier();
    for n in [0, 255, 256, 699] {
        says(receipt::verify(&log.receipt(n), &key), true, &format!("index: {n} of 700 entries"));
    }
    let changed = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = log.receipt(300);
        change(&mut receipt);
        receipt
    };
    says(receipt::verify(&log.receipt(300), &stranger()), false, "signed by another key");
    says(receipt::verify(&changed(&|receipt| receipt.index = 301), &key), false, "is not number 301");
    says(receipt::verify(&changed(&|receipt| receipt.index = 700), &key), false, "not in a log of 700 entries");
    says(receipt::verify(&changed(&|receipt| receipt.proof[0] = [0; 32]), &key), false, "is not number 300");
    says(receipt::verify(&changed(&|receipt| receipt.proof.truncate(1)), &key), false, "is not number 300");
    let other = Some(log.entries[301].entry.canonical());
    says(receipt::verify(&changed(&|receipt| receipt.extra.clone_from(&other)), &key), false, "is not number 300");
    says(receipt::verify(&changed(&|receipt| receipt.extra = None), &key), false, "doesn't hold an entry");
    let spaced = |receipt: &mut Receipt| receipt.extra.as_mut().unwrap().push(b' ');
    says(receipt::verify(&changed(&spaced), &key), false, "doesn't hold an entry");
}
