//! Deliveries that are good, damaged anywhere: headers, body, secret, clock.

use calendar::Millis;
use fuzz::{Case, hold};
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, Verified, verify};

use crate::good::{Covered, Good, goods};
use crate::{millis, require};

/// A case is the scheme's headers, the body, the secret, the clock in milliseconds, and one more header as a line.
fn case(good: &Good) -> Case {
    let mut case: Case = good.headers.iter().map(|(_, value)| value.clone()).collect();
    let [secret, now] = [good.secret.clone(), good.now.0.to_string()].map(String::into_bytes);
    case.extend([good.body.clone(), secret, now, b"x-other: 1".to_vec()]);
    case
}

/// What is judged of such a case.
fn judge(good: &Good, case: &Case) -> Result<Verified, SignatureError> {
    let (values, rest) = case.split_at(good.headers.len());
    let [body, secret, now, line] = rest else { panic!("a case has four parts besides its headers") };
    let line = String::from_utf8_lossy(line);
    let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
    let mut headers: Vec<(&str, &[u8])> =
        good.headers.iter().map(|(name, _)| name.as_str()).zip(values.iter().map(Vec::as_slice)).collect();
    headers.push((name, value.as_bytes()));
    let secrets = Secrets::parse(&String::from_utf8_lossy(secret))?;
    let now = String::from_utf8_lossy(now).parse().unwrap_or(u64::MAX);
    verify(good.scheme, &secrets, &Headers(&headers), body, Millis(now))
}

/// Whoever damages a delivery has no key: so what is believed of it is what was signed.
fn believes_what_was_signed(good: &Good, covered: Covered, as_it_was: &Verified, case: &Case) -> Result<(), String> {
    let found = judge(good, case);
    require(judge(good, case) == found, || "judged twice, there are two answers".to_owned())?;
    let Ok(verified) = found else { return Ok(()) };
    let body = &case[good.headers.len()];
    if covered == Covered::Yes {
        require(*body == good.body, || "a body that nobody signed is believed".to_owned())?;
    }
    if let Some(id) = &verified.id {
        let plain = (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        require(plain, || format!("{id:?} is no id"))?;
    }
    // Telegram signs nothing, its id neither.
    let same = good.scheme == Scheme::Telegram || verified == *as_it_was;
    require(same, || format!("the id {:?} was {:?}", verified.id, as_it_was.id))
}

#[test]
fn nothing_is_believed_that_was_not_signed() {
    for (good, covered) in goods() {
        let as_it_was = good.judge().expect("it is good");
        let name = format!("{} {}", good.scheme.name(), good.headers[0].0);
        hold(&name, &[case(&good)], millis(350), |case| believes_what_was_signed(&good, covered, &as_it_was, case));
    }
}

/// All published deliveries, the good and the bad, under each scheme: they may be anything, but never a panic.
#[test]
fn any_scheme_bears_any_delivery() {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_slice(include_bytes!("../../../../crates/webhooks/tests/vectors.json")).unwrap();
    let corpus: Vec<Case> = vectors
        .iter()
        .filter(|vector| vector["expect"] != "valid")
        .map(|vector| {
            let text = |name: &str| vector[name].as_str().unwrap_or_default().as_bytes().to_vec();
            let headers = vector["headers"].as_object().unwrap();
            let written =
                headers.iter().map(|(name, value)| format!("{name}: {}\n", value.as_str().unwrap_or_default()));
            vec![text("secret"), text("body"), written.collect::<String>().into_bytes()]
        })
        .collect();
    let schemes = goods().into_iter().map(|(good, _)| good.scheme).collect::<Vec<_>>();
    hold("any delivery", &corpus, millis(1_500), |case| {
        let [secret, body, written] = case.as_slice() else { panic!("three parts") };
        let written = String::from_utf8_lossy(written);
        let lines = written.lines().filter_map(|line| line.split_once(": "));
        let headers: Vec<(&str, &[u8])> = lines.map(|(name, value)| (name, value.as_bytes())).collect();
        let Ok(secrets) = Secrets::parse(&String::from_utf8_lossy(secret)) else { return Ok(()) };
        for scheme in &schemes {
            let found = || verify(*scheme, &secrets, &Headers(&headers), body, Millis(1_700_000_000_000));
            require(found() == found(), || format!("{}: judged twice, there are two answers", scheme.name()))?;
        }
        Ok(())
    });
}
