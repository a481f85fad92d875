//! What every scheme must refuse, made from deliveries that are good.

use calendar::Millis;
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, verify};

use crate::good::{Covered::No, Good, goods};

/// Runs `test` on each header of each good delivery.
fn for_each_header(mut test: impl FnMut(&mut Good, usize, &str)) {
    for (mut good, _) in goods() {
        assert!(!good.headers.is_empty());
        for index in 0..good.headers.len() {
            let name = format!("{} {}", good.scheme.name(), good.headers[index].0);
            test(&mut good, index, &name);
        }
    }
}

#[test]
fn the_deliveries_are_good_as_they_are() {
    for (mut good, _) in goods() {
        assert!(good.judge().is_ok(), "{}", good.scheme.name());
        // Nothing but the headers of the scheme matters, and names are of any case.
        good.headers.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
        good.headers.push(("x-other".into(), b"\xff".to_vec()));
        assert!(good.judge().is_ok(), "{}", good.scheme.name());
    }
}

#[test]
fn headers_must_be_there_once_and_whole() {
    use SignatureError::{Malformed, MissingHeader};
    let long = vec![b'a'; 64 * 1_024];
    let digits = vec![b'1'; 64 * 1_024];
    for_each_header(|good, index, name| {
        let removed = good.headers.remove(index);
        assert_eq!(good.judge(), Err(MissingHeader), "{name} missing");
        good.headers.insert(index, removed.clone());
        good.headers.push((removed.0.to_lowercase(), removed.1.clone()));
        assert_eq!(good.judge(), Err(Malformed), "{name} twice");
        good.headers.pop();
        let mut padded = removed.1.clone();
        padded.resize(64 * 1_024, b' ');
        let bad: [&[u8]; 10] = [
            b"",
            &long,
            &digits,
            &padded,
            "größe".as_bytes(),
            "１７".as_bytes(),
            b"\xff\xfe",
            b"\0",
            b"a\nb",
            b"\xef\xbb\xbf",
        ];
        for value in bad {
            let shown = String::from_utf8_lossy(&value[..value.len().min(8)]).into_owned();
            assert_eq!(good.with(index, value), Err(Malformed), "{name} {shown:?}");
        }
    });
}

/// The clock's own header isn't signed at HeyGen.
fn is_signed(name: &str) -> bool {
    !name.ends_with("Heygen-Timestamp")
}

#[test]
fn no_beginning_of_a_header_is_enough() {
    for_each_header(|good, index, name| {
        let value = good.headers[index].1.clone();
        // Without the padding of base64 the bytes are the same.
        let whole = value.iter().rposition(|byte| *byte != b'=').unwrap();
        for end in 0..whole {
            assert!(good.with(index, &value[..end]).is_err(), "{name} up to {end}");
        }
    });
}

#[test]
fn every_byte_of_a_header_counts() {
    for_each_header(|good, index, name| {
        let value = good.headers[index].1.clone();
        for at in 0..value.len() {
            let mut flipped = value.clone();
            flipped[at] ^= 1;
            assert!(!is_signed(name) || good.with(index, &flipped).is_err(), "{name} at {at}");
            let mut longer = value.clone();
            longer.insert(at, b'0');
            assert!(!is_signed(name) || good.with(index, &longer).is_err() || harmless(name, at), "{name} 0 at {at}");
        }
    });
}

/// Stripe signs the time as a number: zeros before it are the same number.
fn harmless(name: &str, at: usize) -> bool {
    name == "stripe Stripe-Signature" && at == "t=".len()
}

#[test]
fn every_byte_of_a_signed_body_counts() {
    for (mut good, covered) in goods() {
        let body = good.body.clone();
        for at in 0..body.len() {
            good.body[at] ^= 1;
            let flipped = good.judge();
            good.body = body[..at].to_vec();
            let cut = good.judge();
            good.body.clone_from(&body);
            assert!(covered == No || flipped == Err(SignatureError::BadSignature), "{} at {at}", good.scheme.name());
            assert!(covered == No || cut == Err(SignatureError::BadSignature), "{} up to {at}", good.scheme.name());
        }
        good.body.push(b' ');
        assert_eq!(good.judge().is_ok(), covered == No, "{}", good.scheme.name());
    }
}

#[test]
fn each_of_several_secrets_is_good_and_no_other() {
    for (mut good, _) in goods() {
        let (name, secret) = (good.scheme.name(), good.secret.clone());
        let other = match good.scheme {
            Scheme::LiveKit => "abcdefg:another",
            _ => "another",
        };
        let mut check = |secrets: &str, expected: Result<(), SignatureError>| {
            good.secret = secrets.to_owned();
            assert_eq!(good.judge().map(|_| ()), expected, "{name} with {secrets:?}");
        };
        check(&format!("{other}\n{secret}"), Ok(()));
        check(&format!("{secret}\r\n{other}\n"), Ok(()));
        check(other, Err(SignatureError::BadSignature));
        check("", Err(SignatureError::NoSecret));
        check(" \n\t\n", Err(SignatureError::NoSecret));
        // A bound on what one request can cost.
        check(&format!("{}{secret}", format!("{other}\n").repeat(5)), Err(SignatureError::BadSignature));
    }
}

#[test]
fn times_out_of_the_window_are_stale() {
    /// How far the clock may be ahead of what the vendor states, and how far behind it, in seconds.
    fn window(good: &Good) -> Option<(u64, u64)> {
        let older = good.headers.iter().any(|(name, _)| name == "Signature");
        match good.scheme {
            Scheme::Telegram | Scheme::GitHub => None,
            Scheme::HeyGen if older => None,
            Scheme::ElevenLabs => Some((1_800, 300)),
            // Five seconds of its five minutes are over, and it may be 60 late or early.
            Scheme::LiveKit => Some((355, 65)),
            _ => Some((300, 300)),
        }
    }
    for (good, _) in goods() {
        let now = good.now.0;
        let moments = match window(&good) {
            None => vec![(0, true), (u64::MAX, true)],
            Some((after, before)) => vec![
                (now + after * 1_000, true),
                (now + (after + 1) * 1_000, false),
                (now - before * 1_000, true),
                (now - (before + 1) * 1_000, false),
                (0, false),
                (u64::MAX, false),
            ],
        };
        for (moment, fits) in moments {
            let expected = if fits { Ok(()) } else { Err(SignatureError::Stale) };
            let found = good.judge_at(Millis(moment)).map(|_| ());
            assert_eq!(found, expected, "{} {moment} for {now}", good.scheme.name());
        }
    }
}

#[test]
fn times_of_another_form_are_no_times() {
    let odd = ["-1", "+1700000000", " 1700000000", "1.7e9", "1700000000.0", "0x6553f100", "NaN"];
    let huge = ["1700000000000", "18446744073709551616", "99999999999999999999999999999999999999"];
    let timestamps =
        ["webhook-timestamp", "X-Timestamp", "Heygen-Timestamp", "X-Webhook-Timestamp", "X-Upload-Post-Timestamp"];
    let mut seen = 0;
    for_each_header(|good, index, name| {
        let (_, header) = name.split_once(' ').unwrap();
        let wrap = match header {
            "Stripe-Signature" | "ElevenLabs-Signature" => |time: &str, tags: &str| format!("t={time},{tags}"),
            _ if timestamps.contains(&header) => |time: &str, _: &str| time.to_owned(),
            _ => return,
        };
        seen += 1;
        let value = String::from_utf8(good.headers[index].1.clone()).unwrap();
        let tags = value.split_once(',').map_or("", |(_, tags)| tags);
        for time in odd.iter().chain(&huge) {
            assert_eq!(good.with(index, wrap(time, tags).as_bytes()), Err(SignatureError::Malformed), "{name} {time}");
        }
        assert_eq!(good.with(index, wrap("999999999999", tags).as_bytes()), Err(SignatureError::Stale), "{name}");
    });
    assert_eq!(seen, 8);
}

/// A signature is good for its own scheme alone.
#[test]
fn schemes_do_not_believe_each_other() {
    let all = goods();
    for (good, _) in &all {
        for (other, _) in all.iter().filter(|(other, _)| other.scheme != good.scheme) {
            let headers: Vec<(&str, &[u8])> = good.headers.iter().map(|(k, v)| (k.as_str(), v.as_slice())).collect();
            let secret = if other.scheme == Scheme::LiveKit { "abcdefg:abababa" } else { &good.secret };
            let found =
                verify(other.scheme, &Secrets::parse(secret).unwrap(), &Headers(&headers), &good.body, good.now);
            let (good, other) = (good.scheme.name(), other.scheme.name());
            assert!(found.is_err(), "a delivery of {good} at {other}");
        }
    }
}
