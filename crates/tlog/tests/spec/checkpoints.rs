//! Checkpoints: one spelling of each value, the right key, the right origin.

use tlog::{Checkpoint, CheckpointError, NoteError, Signer, empty_root};

const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

fn signer(name: &str, seed: u8) -> Signer {
    Signer::new(name, [seed; 32]).unwrap()
}

#[test]
fn texts_round_trip() {
    for size in [0, 1, 10, 70_000, u64::MAX] {
        let checkpoint = Checkpoint { origin: "log.example/a".into(), size, root: empty_root() };
        assert_eq!(checkpoint.text(), format!("log.example/a\n{size}\n{ROOT}\n"));
        assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
    }
    let extended = format!("log.example/a\n7\n{ROOT}\nan extension\nand another\n");
    assert_eq!(Checkpoint::parse(&extended).map(|checkpoint| checkpoint.size), Ok(7));
}

#[test]
fn other_spellings_are_refused() {
    let sizes = ["", "00", "007", "+7", "-7", " 7", "7 ", "7.0", "0x7", "7e3", "٧", "18446744073709551616"];
    let short = &ROOT[4..];
    let roots = [
        "",
        short,
        &format!("AAAA{ROOT}"),
        &ROOT[..43],
        &format!("{ROOT}="),
        &format!(" {ROOT}"),
        &format!("{ROOT} "),
        &ROOT.replace('/', "_").replace('+', "-"),
        &ROOT.replace("FU=", "FV="),
        "not base64 at all",
    ];
    let texts = [
        String::new(),
        "\n".into(),
        "\n\n\n".into(),
        "log.example\n".into(),
        "log.example\n7\n".into(),
        format!("log.example\n7\n{ROOT}"),
        format!("\n7\n{ROOT}\n"),
        format!("7\n{ROOT}\n"),
        format!("log.example\n7\n{ROOT}\n\n"),
        format!("log.example\n7\n{ROOT}\n\nextension\n"),
        format!("log.example\n\n7\n{ROOT}\n"),
        format!("log.example\r\n7\r\n{ROOT}\r\n"),
        format!("log.example\n{ROOT}\n7\n"),
    ];
    let with_size = sizes.iter().map(|size| format!("log.example\n{size}\n{ROOT}\n"));
    let with_root = roots.iter().map(|root| format!("log.example\n7\n{root}\n"));
    for text in texts.into_iter().chain(with_size).chain(with_root) {
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Malformed), "{text:?}");
    }
}

#[test]
fn who_may_sign() {
    let (log, other) = (signer("log.example", 1), signer("log.example", 2));
    let checkpoint = Checkpoint { origin: "log.example".into(), size: 7, root: empty_root() };
    let note = checkpoint.sign(&log);
    let key = log.verifier();
    let rows = [
        ("good", note.clone(), Ok(checkpoint.clone())),
        ("another key of that name", checkpoint.sign(&other), Err(CheckpointError::Note(NoteError::Unsigned))),
        ("another size", note.replace("\n7\n", "\n8\n"), Err(CheckpointError::Note(NoteError::BadSignature))),
        ("another log's text", log.sign(&checkpoint.text().replace("log.", "gol.")), Err(CheckpointError::Origin)),
        ("not a checkpoint", log.sign("log.example\n07\n"), Err(CheckpointError::Malformed)),
        ("no signature", checkpoint.text(), Err(CheckpointError::Note(NoteError::Malformed))),
    ];
    for (name, note, expected) in rows {
        assert_eq!(Checkpoint::open(&note, &key), expected, "{name}");
    }
    assert_eq!(checkpoint.sign(&log), note, "the same bytes each time");
    assert_eq!(Checkpoint::unverified(&checkpoint.sign(&other)), Ok(checkpoint));
    assert!(Checkpoint::unverified("log.example\n7\n").is_err());
}

/// A witness's line beside the log's own changes nothing.
#[test]
fn cosigned() {
    let (log, witness) = (signer("log.example", 1), signer("witness.example", 2));
    let checkpoint = Checkpoint { origin: "log.example".into(), size: 7, root: empty_root() };
    let cosignature = witness.sign(&checkpoint.text())[checkpoint.text().len() + 1..].to_owned();
    let note = checkpoint.sign(&log) + &cosignature;
    assert_eq!(Checkpoint::open(&note, &log.verifier()), Ok(checkpoint));
    // The witness did sign it, but it is not the witness's log.
    assert_eq!(Checkpoint::open(&note, &witness.verifier()), Err(CheckpointError::Origin));
}
