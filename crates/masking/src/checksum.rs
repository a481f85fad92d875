//! Check digits: what tells an identity number from any other number of its length. Digits are values from 0 to 9.
//!
//! Sources: Luhn and MOD 97-10, MOD 11,10 are ISO/IEC 7812-1 annex B and ISO 7064; Verhoeff is J. Verhoeff, "Error
//! Detecting Decimal Codes" (1969); the eleven test is the Dutch tax office's for the BSN.

/// Luhn: from the right, every second digit doubled (and its digits added up); the sum ends in 0.
pub fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| match digit.saturating_mul(2) {
        two if two > 9 => two.saturating_sub(9),
        one => one,
    };
    let terms = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => doubled(*digit),
    });
    sum(terms) % 10 == 0
}

/// ISO 7064 MOD 97-10 and its kin: the remainder by 97 of the decimal number.
pub fn mod_97(digits: impl IntoIterator<Item = u8>) -> u32 {
    digits.into_iter().fold(0, |rest, digit| rest.saturating_mul(10).saturating_add(u32::from(digit)) % 97)
}

/// ISO 7064 MOD 11,10: the last digit is the check digit.
pub fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10_u32, |product, digit| {
        let rest = match product.saturating_add(u32::from(*digit)) % 10 {
            0 => 10,
            rest => rest,
        };
        rest.saturating_mul(2) % 11
    });
    11_u32.saturating_sub(product) % 10 == u32::from(*check)
}

/// The eleven test: nine digits weighted 9 to 2 and the last one -1; the sum is a multiple of 11, and not 0.
pub fn eleven_test(digits: &[u8]) -> bool {
    let Some((last, body)) = digits.split_last().filter(|(_, body)| body.len() == 8) else {
        return false;
    };
    let weights = [9_u32, 8, 7, 6, 5, 4, 3, 2];
    let terms = body.iter().zip(weights).map(|(digit, weight)| u32::from(*digit).saturating_mul(weight));
    let total = terms.fold(0_u32, u32::saturating_add);
    total > 0 && total % 11 == u32::from(*last)
}

/// Verhoeff: the digits folded through the dihedral group of the pentagon give 0.
pub fn verhoeff(digits: &[u8]) -> bool {
    // Row n is the permutation applied n times.
    const PERMUTATION: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let permuted = digits.iter().rev().zip(PERMUTATION.iter().cycle());
    let folded = permuted.map(|(digit, row)| row.get(usize::from(*digit)).copied().unwrap_or(0)).fold(0, dihedral);
    !digits.is_empty() && folded == 0
}

/// The product in the dihedral group of order ten: 0 to 4 are turns, 5 to 9 are turns of the mirrored pentagon.
fn dihedral(a: u8, b: u8) -> u8 {
    let (turn_a, turn_b) = (a % 5, b % 5);
    let turn = match a < 5 {
        true => turn_a.saturating_add(turn_b) % 5,
        false => turn_a.saturating_add(5).saturating_sub(turn_b) % 5,
    };
    match (a < 5) == (b < 5) {
        true => turn,
        false => turn.saturating_add(5),
    }
}

fn sum(terms: impl Iterator<Item = u8>) -> u32 {
    terms.fold(0, |total, term| total.saturating_add(u32::from(term)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    /// Known answers; and each of these codes finds every single wrong digit.
    #[test]
    fn one_wrong_digit_is_found() {
        type Check = fn(&[u8]) -> bool;
        let rows: [(&str, Check, &[&str]); 5] = [
            ("luhn", luhn, &["4111111111111111", "378282246310005", "79927398713", "5555555555554444"]),
            ("97", |digits| mod_97(digits.iter().copied()) == 1, &["3214282912345698765432161182"]),
            ("11,10", mod_11_10, &["86095742719", "47036892816", "65929970489", "07945"]),
            ("eleven", eleven_test, &["111222333", "123456782"]),
            ("verhoeff", verhoeff, &["2363", "234123412346", "123451"]),
        ];
        for (name, check, numbers) in rows {
            for number in numbers {
                let good = digits(number);
                assert!(check(&good), "{name} {number}");
                for place in 0..good.len() {
                    for other in (0..10).filter(|digit| *digit != good[place]) {
                        let mut bad = good.clone();
                        bad[place] = other;
                        assert!(!check(&bad), "{name} {number} with {other} at {place}");
                    }
                }
            }
        }
    }

    /// Verhoeff also finds every swap of neighbours; Luhn every one but 09 and 90.
    #[test]
    fn swapped_neighbours_are_found() {
        type Check = fn(&[u8]) -> bool;
        let rows: [(Check, &str); 3] = [(verhoeff, "234123412346"), (luhn, "79927398713"), (mod_11_10, "86095742719")];
        for (check, number) in rows {
            let good = digits(number);
            for place in (1..good.len()).filter(|place| good[*place] != good[place - 1]) {
                let mut bad = good.clone();
                bad.swap(place, place - 1);
                assert!(!check(&bad), "{number} swapped at {place}");
            }
        }
    }

    #[test]
    fn nothing_is_not_a_number() {
        assert!(!mod_11_10(&[]) && !eleven_test(&[]) && !eleven_test(&[0; 9]) && !verhoeff(&[]));
    }
}
