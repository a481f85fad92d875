//! Notes: what opens, what is ignored, and what rejects the whole note.

use base64::{Engine, engine::general_purpose::STANDARD};
use tlog::{KeyError, NameError, NoteError, Signer, Verifier, open};

const TEXT: &str = "one line\n\nand another\n";

fn signer(name: &str, seed: u8) -> Signer {
    Signer::new(name, [seed; 32]).unwrap()
}

/// The signature line with its newline.
fn line(signer: &Signer, text: &str) -> String {
    signer.sign(text)[text.len() + 1..].to_owned()
}

fn note(lines: &[&str]) -> String {
    format!("{TEXT}\n{}", lines.concat())
}

fn check(name: &str, note: &str, known: &[Verifier], expected: Result<&[&str], NoteError>) {
    let signed_by = open(note, known).map(|opened| {
        assert_eq!(opened.text, TEXT, "{name}");
        opened.signed_by
    });
    let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
    assert_eq!(signed_by, expected, "{name}: {note:?}");
}

#[test]
fn whose_signatures_count() {
    let (log, witness, stranger) = (signer("log.example", 1), signer("witness.example", 2), signer("log.example", 3));
    let both = [log.verifier(), witness.verifier()];
    let [by_log, by_witness, by_stranger] = [&log, &witness, &stranger].map(|signer| line(signer, TEXT));
    let of_other_text = line(&log, "another text\n");
    // The log's name and key identifier, but not 64 bytes behind it.
    let short =
        format!("\u{2014} log.example {}\n", STANDARD.encode([&log.verifier().key_id()[..], &[1; 63]].concat()));
    // The log's key identifier under another name, and a kind of signature that is none of ours.
    let renamed = by_log.replace("log.example", "log2.example");
    let foreign = format!("\u{2014} pq.example {}\n", STANDARD.encode([9u8; 2424]));

    check("one", &note(&[&by_log]), &both, Ok(&["log.example"]));
    check("two", &note(&[&by_witness, &by_log]), &both, Ok(&["witness.example", "log.example"]));
    check("same key known twice", &note(&[&by_log]), &[log.verifier(), log.verifier()], Ok(&["log.example"]));
    check("unknown beside", &note(&[&by_stranger, &foreign, &renamed, &by_log]), &both, Ok(&["log.example"]));
    check("repeated", &note(&[&by_log, &by_log]), &both, Ok(&["log.example"]));
    check("unknown only", &note(&[&by_stranger, &foreign, &renamed]), &both, Err(NoteError::Unsigned));
    check("nobody known", &note(&[&by_log]), &[], Err(NoteError::Unsigned));
    check("of another text", &note(&[&of_other_text]), &both, Err(NoteError::BadSignature));
    check("bad beside good", &note(&[&by_witness, &of_other_text]), &both, Err(NoteError::BadSignature));
    check("repeated, one bad", &note(&[&by_log, &of_other_text]), &both, Err(NoteError::BadSignature));
    check("too short", &note(&[&short, &by_witness]), &both, Err(NoteError::BadSignature));
}

#[test]
fn what_is_not_a_note() {
    let log = signer("log.example", 1);
    let good = log.sign(TEXT);
    let signature = line(&log, TEXT);
    let base64 = signature.trim_end().rsplit(' ').next().unwrap().to_owned();
    let of = |line: &str| format!("{TEXT}\n{line}");
    let rows = [
        ("empty", String::new()),
        ("newlines", "\n\n\n".to_owned()),
        ("no signatures", format!("{TEXT}\n")),
        ("text only", "one line\n".to_owned()),
        ("no empty line", format!("one line\n{signature}")),
        ("no final newline", good.trim_end().to_owned()),
        ("empty line behind", format!("{good}\n")),
        ("line behind", format!("{good}more\n")),
        ("a carriage return", good.replace('\n', "\r\n")),
        ("a tab in the text", good.replace("and another", "and\tanother")),
        ("a zero byte in the text", good.replace("and another", "and\0another")),
        ("a hyphen for the dash", good.replace('\u{2014}', "-")),
        ("an en dash for the dash", good.replace('\u{2014}', "\u{2013}")),
        ("no space behind the dash", good.replace("\u{2014} ", "\u{2014}")),
        ("two spaces", good.replace("example ", "example  ")),
        ("no name", of(&format!("\u{2014} {base64}\n"))),
        ("an empty name", of(&format!("\u{2014}  {base64}\n"))),
        ("a plus in the name", of(&format!("\u{2014} log+example {base64}\n"))),
        ("a wide space in the name", of(&format!("\u{2014} log\u{3000}example {base64}\n"))),
        ("no signature", of("\u{2014} log.example \n")),
        ("garbled base64", of("\u{2014} log.example !!!!\n")),
        ("base64 for URLs", of(&format!("\u{2014} log.example {}\n", "-_".repeat(44)))),
        ("base64 without padding", good.replace("=\n", "\n")),
        ("a space behind", good.replace("=\n", "= \n")),
        ("key identifier only", of(&format!("\u{2014} log.example {}\n", STANDARD.encode(log.verifier().key_id())))),
        ("bad line behind a good one", format!("{good}\u{2014} other.example\n")),
    ];
    check("good", &good, &[log.verifier()], Ok(&["log.example"]));
    for (name, text) in rows {
        check(name, &text, &[log.verifier()], Err(NoteError::Malformed));
    }
}

#[test]
fn a_note_may_have_a_hundred_signatures() {
    let log = signer("log.example", 1);
    let foreign = format!("\u{2014} other.example {}\n", STANDARD.encode([9u8; 68]));
    let signed = |others: usize| format!("{TEXT}\n{}{}", foreign.repeat(others), line(&log, TEXT));
    check("hundred", &signed(99), &[log.verifier()], Ok(&["log.example"]));
    check("one more", &signed(100), &[log.verifier()], Err(NoteError::TooManySignatures));
}

/// Whatever single bit of a note changes, the note does not open any more, or it still says the same.
#[test]
fn every_flipped_bit_is_noticed() {
    let log = signer("log.example", 1);
    let good = log.sign(TEXT);
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(open(&flipped, &[log.verifier()]).is_err(), "bit {bit}: {flipped:?}");
    }
}

/// Adding the group's order to a signature's second half gives other bytes that a lax verifier takes as well.
#[test]
fn a_signature_has_one_form() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let log = signer("log.example", 1);
    let signature = line(&log, TEXT);
    let mut bytes = STANDARD.decode(signature.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[36..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let other = note(&[&format!("\u{2014} log.example {}\n", STANDARD.encode(bytes))]);
    check("second form", &other, &[log.verifier()], Err(NoteError::BadSignature));
}

#[test]
fn names_of_keys() {
    for name in ["", " ", "a b", "a+b", "a\tb", "a\nb", "a\0b", "a\u{a0}b", "a\u{3000}b", "a\u{85}b"] {
        assert_eq!(Signer::new(name, [1; 32]).err(), Some(NameError), "{name:?}");
    }
    for name in ["a", "example.com/log", "tollgate.localhost/0a1b2c3d", "Zürich", "\u{2014}"] {
        let signer = signer(name, 1);
        assert_eq!(signer.name(), name);
        assert_eq!(open(&signer.sign(TEXT), &[signer.verifier()]).unwrap().signed_by, [name]);
        assert_eq!(signer.verifier().to_string().parse(), Ok(signer.verifier()));
    }
}

#[test]
fn keys_that_are_refused() {
    let good = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let id_of = |name: &str, key: [u8; 32]| {
        let bytes = [name.as_bytes(), b"\n\x01", &key].concat();
        let hash: [u8; 32] = <sha2_011::Sha256 as sha2_011::Digest>::digest(&bytes).into();
        format!(
            "{name}+{:08x}+{}",
            u32::from_be_bytes(hash[..4].try_into().unwrap()),
            STANDARD.encode([&[1], &key[..]].concat())
        )
    };
    let mut identity = [0; 32];
    identity[0] = 1;
    let rows = [
        ("another name", good.replace("foo", "bar"), KeyError::KeyId),
        ("another identifier", good.replace("530d903a", "530d903b"), KeyError::KeyId),
        ("capital hex", good.replace("530d903a", "530D903A"), KeyError::KeyId),
        ("short hex", good.replace("530d903a", "30d903a"), KeyError::KeyId),
        ("no identifier", good.replace("+530d903a", ""), KeyError::Malformed),
        ("no name", good.replace("example.com/foo", ""), KeyError::Name(NameError)),
        ("a space in the name", good.replace("example.com/foo", "example com"), KeyError::Name(NameError)),
        ("another type", good.replace("+Aeky", "+Beky"), KeyError::Malformed),
        ("too short", good.replace("3U2k", ""), KeyError::Malformed),
        ("too long", format!("{good}AAAA"), KeyError::Malformed),
        ("a newline behind", format!("{good}\n"), KeyError::Malformed),
        ("garbled base64", good.replace("Aeky", "!eky"), KeyError::Malformed),
        ("empty", String::new(), KeyError::Malformed),
        ("a key of small order, for which anyone can sign", id_of("weak", identity), KeyError::Malformed),
    ];
    assert!(good.parse::<Verifier>().is_ok());
    for (name, text, expected) in rows {
        assert_eq!(text.parse::<Verifier>(), Err(expected), "{name}: {text}");
    }
}

#[test]
fn a_signer_never_shows_its_key() {
    let signer = Signer::new("log.example", [0xab; 32]).unwrap();
    let shown = format!("{signer:?} {signer:#?}");
    assert!(shown.contains(&signer.verifier().to_string()));
    for secret in ["abab", "ABAB", "171, 171", &STANDARD.encode([0xab; 30])[..8]] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
