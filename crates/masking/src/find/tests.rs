//! What is found and what is not, kind by kind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use super::*;

/// In each row, what is between `<` and `>` must be found, and nothing else.
fn check(kind: Kind, rows: &[&str]) {
    for row in rows {
        let text = row.replace(['<', '>'], "");
        let found = find(&text, Kinds::NONE.with(kind));
        let marked = replace(&text, &found, |_, value| format!("<{value}>"));
        assert_eq!(marked, *row);
    }
}

#[test]
fn emails() {
    check(
        Kind::Email,
        &[
            "<bob@example.com>",
            "Write to <bob.smith+news@mail.example.co.uk>, please.",
            "(<bob@example.com>) \"<a@b.de>\" '<bob@example.com>' mailto:<bob@example.com>?subject=x",
            "<o'brien@example.ie> <x_y-z%q@a-b.museum> <5551234567@example.com>",
            "email=<bob@example.com>&x=1",
            "<bob@example.com>;<eve@example.com>,<joe@example.org>",
            "<jörg@müller.de> <用户@例子.公司> <bob@xn--bcher-kva.xn--p1ai>",
            "邮箱：<bob@163.com>。",
            "Ends with a dot: <bob@example.com>. And <bob@example.com>...",
            "<BOB@EXAMPLE.COM> <docomo.@docomo.ne.jp> <bob@example.com>-",
            "{\"mail\":\"<bob@example.com>\"}",
        ],
    );
}

#[test]
fn no_emails() {
    check(
        Kind::Email,
        &[
            "@bob",
            "user@localhost",
            "root@192.168.0.1",
            "a @ b.com",
            "icon@2x.png logo@3x.webp",
            "npm install react@18.2.0 @scope/pkg@1.2.3-rc.final",
            "3 apples @ 1.50",
            "@media screen",
            "bob@",
            "bob@.com",
            "bob@example",
            "bob@-example.com",
            "bob@example.c",
            "!!@example.com",
            "@@@@",
            "",
        ],
    );
}

#[test]
fn cards() {
    check(
        Kind::Card,
        &[
            "<4111111111111111>",
            "<4111 1111 1111 1111> <4111-1111-1111-1111>",
            "<4111\u{A0}1111\u{A0}1111\u{A0}1111>",
            "Amex <378282246310005>, <3782 822463 10005>",
            "Diners <30569309025904>; JCB <3530111333300000>; Discover <6011111111111117>",
            "Mastercard <5555555555554444> and <2223003122003222>",
            "Maestro <6304000000000000>; UnionPay <6200000000000005>",
            "Old Visa <4222222222222>",
            "card:<4111111111111111>, exp 12/27, cvv 123",
            "1,<4111111111111111>,bob",
            "order 12 <4111 1111 1111 1111>",
            "кар<4111111111111111>та",
            "\"<4111111111111111>\"",
        ],
    );
}

#[test]
fn no_cards() {
    check(
        Kind::Card,
        &[
            "4111111111111112",
            "4111 1111 1111 1112",
            "411111111111",
            "41111111111111111111",
            "a4111111111111111 4111111111111111b x_4111111111111111",
            "0.4111111111111111",
            "4111111111111111.5",
            "1731417600005 1731417600013",
            "IMEI 356938035643809",
            "0000000000000000",
            "9780306406157",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "41111111-1111-1111-1111-111111111111 41111111-1111-1111-abcd-0123456789ab",
            "4111  1111  1111  1111",
            "4111.1111.1111.1111",
            "01KGX3T5E0Z4111111111111111",
        ],
    );
}

#[test]
fn one_wrong_digit_is_no_card() {
    let good = "4111111111111111";
    for place in 0..good.len() {
        for digit in '0'..='9' {
            let mut bad = good.to_owned();
            bad.replace_range(place..=place, &digit.to_string());
            assert_eq!(find(&bad, Kinds::NONE.with(Kind::Card)).is_empty(), bad != good, "{bad}");
        }
    }
}

#[test]
fn phones() {
    check(
        Kind::Phone,
        &[
            "<+14155552671> <+1 415 555 2671> <+1 (415) 555-2671> <+1-415-555-2671>",
            "<+49 30 1234567>, <+49 (0)30 1234567>, <+49 (30) 123-4567>, <+4915112345678>",
            "<+44 20 7946 0958> <+33 1 23 45 67 89> <+86 138 0013 8000> <+91 98765 43210>",
            "<0049 30 1234567> <004915112345678>",
            "<415-555-2671> <415.555.2671> <(415) 555-2671> (<(415)555-2671>) <1-800-555-0199>",
            "<415 555 2671>",
            "<030 1234567> <030/1234567> <(030) 1234567> <0151-12345678> <06-12345678>",
            "<020 7946 0958> <07700 900123>, <01 23 45 67 89>, <01.23.45.67.89>; <07700 900123> <01 23 45 67 89>",
            "<(11) 91234-5678>, <138 0013 8000>",
            "phone: <4155552671> tel <612 345 678> Mobile <98765 43210> \"phone_number\":\"<07700900123>\"",
            "Telefon <03012345678>, WhatsApp: <5511912345678>",
            "电话<138-0013-8000>。",
            "Call <415-555-2671>x123 or <415-555-2671>.",
            "<+4915112345678> 2 people",
            "<+49\u{A0}30\u{A0}1234567>",
        ],
    );
}

#[test]
fn no_phones() {
    check(
        Kind::Phone,
        &[
            "2024-01-02 01.02.2024 01/02/2024 01-02-2024 10:30 01.02.2024 10 Uhr",
            "2024-01-02T03:04:05Z 20240102 20240102030405",
            "10:30 09:00-17:00 00:00:00",
            "$1,234,567.89 €12.345.678,90 12 345 678 EUR $415 555 2671",
            "order 12345678 and 4155552671 and 0612345678",
            "192.168.100.200 10.0.0.1 010.020.030.040 127.0.0.1:8080",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "3f2504e0-4f89-11d3-9a0c-030582c33010 00112233-4455-6677-8899-001122334455",
            "5+12345678 a+12345678 +0123456789 +1000000000 ++12345678",
            "+12345678% +1234567",
            "123-4567890-1234567",
            "100 415 555 2671 300",
            "115-555-2671 415-155-2671",
            "(2019) 123456 (1984) 12 34 56",
            "0.123456789 3.14159265358979",
            "01 02 03 04 05 06 07",
            "SKU 1234-5678-9012 ISBN 978-0-306-40615-7 ISBN 0-306-40615-2",
            "hotel 12345678, telemetry 123456789",
            "call on 01.02.2024 or 2024-05-06",
            "version 1.2.3.4 1-2-3-4",
        ],
    );
}

#[test]
fn national_ids() {
    check(
        Kind::NationalId,
        &[
            "SSN <078-05-1120>, <219 09 9999>, ssn: <078051120>, ITIN <912-70-1234>",
            "NINO <AB123456C> <AB 12 34 56 C> <ab123456d>",
            "Steuer-ID <86095742719> <47 036 892 816> <65929970489>",
            "DNI <12345678Z> <12345678-z> <12.345.678-Z> NIE <X1234567L> <Y-1234567-X>",
            "NIR <185057800608491> <1 85 05 78 006 084 91>",
            "Corse <2 85 05 2A 006 084 82>",
            "Codice fiscale <RSSMRA85T10A562S> <rssmra85t10a562s> <RSSMRA85T10A56NH>",
            "BSN <111222333> <1234.56.782>",
            "Aadhaar <234123412346>, <2341 2341 2346>, <2341-2341-2346>",
            "IBAN <GB82 WEST 1234 5698 7654 32> <GB82WEST12345698765432> <DE89370400440532013000>",
            "<NL91ABNA0417164300>. <FR1420041010050500013M02606> <no9386011117947>",
            "身份<DE89 3704 0044 0532 0130 00>号",
        ],
    );
}

#[test]
fn no_national_ids() {
    check(
        Kind::NationalId,
        &[
            "000-12-3456 666-12-3456 078-00-1120 078-05-0000 912-10-1234",
            "078051120 078-05 1120 078-051-120 1078-05-1120 078-05-11201",
            "AB123456E GB123456A DA123456A AO123456A AB12345C AB1234567C",
            "12345678903 11223345675 01234567888 86095742718 12345678901 00000000000 11111111111",
            "12345678A X1234567A 1234567Z 12345678ZZ 20240101T120000",
            "185057800608492 185137800608491 585057800608491",
            "RSSMRA85T10A562T RSSMRA85F10A562S RSSMRA8XT10A562S",
            "111222334 000000000 $111222333 111222333.5 1112.22 333",
            "234123412347 2341 2341 2347 1341 2341 2346 2341 2341 2346 1234",
            "GB82WEST12345698765433 XX82WEST12345698765432 GB82 WEST 1234 5698 7654 3",
            "a12345678Z DE8937040044053201300",
            "3f2504e0-4f89-11d3-9a0c-234123412346",
            "415-555-2671 2024-01-02",
        ],
    );
}

/// Every other check character is refused.
#[test]
fn one_wrong_character_is_no_id() {
    let rows =
        ["86095742719", "12345678Z", "X1234567L", "185057800608491", "RSSMRA85T10A562S", "DE89370400440532013000"];
    for good in rows {
        let last = good.len() - 1;
        // Another kind of character would make it another kind of number.
        let is_digit = good.ends_with(|c: char| c.is_ascii_digit());
        for c in ('0'..='9').chain('A'..='Z').filter(|c| c.is_ascii_digit() == is_digit) {
            let mut bad = good.to_owned();
            bad.replace_range(last.., &c.to_string());
            assert_eq!(find(&bad, Kinds::NONE.with(Kind::NationalId)).is_empty(), bad != good, "{bad}");
        }
    }
}

/// What is found never has a quote, a backslash or a control character: inside JSON it needs no escape.
#[test]
fn found_values_are_plain_and_apart() {
    let pieces =
        ["bob@example.com", "4111 1111 1111 1111", "\"", "\\", "\n", "+49 30 1234567", "１２３", "é", "@", "(", "0"];
    let mut seed = 7_u64;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..8 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        let mut from = 0;
        for Found { range, .. } in find(&text, Kinds::ALL) {
            assert!(from <= range.start && range.start < range.end, "{text}");
            assert!(!text[range.clone()].contains(['"', '\\', '\n']), "{text}");
            from = range.end;
        }
    }
}

/// Each scanner looks a bounded way ahead, so this takes seconds at most, even unoptimized on a busy machine; a scanner
/// that looks at all the rest from each place would take hours.
#[test]
fn hostile_texts_take_linear_time() {
    let begun = std::time::Instant::now();
    find(&"1".repeat(1 << 20), Kinds::ALL);
    find(&"@".repeat(1 << 20), Kinds::ALL);
    find(&"A".repeat(1 << 20), Kinds::ALL);
    let pieces =
        ["1 ", "4111 ", "+", "+1(", "(0", "a@", "a.", "a@b.", "A1", "GB82 ", "0-", "é@é.", "\u{A0}1", "tel ", "A A "];
    for piece in pieces {
        let text = piece.repeat((1 << 18) / piece.len());
        find(&text, Kinds::ALL);
    }
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}
