//! A tenant's webhook secrets as they are stored.

use calendar::Millis;
use fuzz::{Case, hold};
use webhooks::signature::{Headers, Scheme, Secrets, verify};

use crate::{millis, require};

const TOKEN: &str = "a_B-1";

/// Whether the stored text takes this very secret for one of its own.
fn takes(stored: &str) -> bool {
    let headers: [(&str, &[u8]); 1] = [("x-telegram-bot-api-secret-token", TOKEN.as_bytes())];
    let judge = |secrets: &Secrets| verify(Scheme::Telegram, secrets, &Headers(&headers), b"{}", Millis(0)).is_ok();
    Secrets::parse(stored).as_ref().is_ok_and(judge)
}

#[test]
fn a_secret_is_a_whole_line_among_the_first_five() {
    let texts =
        ["a_B-1", "other\r\na_B-1\n", "whsec_YWJj\n\n \nwhpk_MTIz\na_B-1", "key:secret", "\n", "1\n2\n3\n4\n5\na_B-1"];
    let corpus: Vec<Case> = texts.iter().map(|text| vec![text.as_bytes().to_vec()]).collect();
    hold("secrets", &corpus, millis(600), |case| {
        let stored = String::from_utf8_lossy(&case[0]);
        let lines = || stored.lines().map(str::trim).filter(|line| !line.is_empty());
        require(Secrets::parse(&stored).is_ok() == (lines().count() > 0), || "an empty text has secrets".to_owned())?;
        let expected = lines().take(5).any(|line| line == TOKEN);
        require(takes(&stored) == expected, || format!("whether it takes the token is not {expected}"))
    });
}
