//! Medians and percentiles.

/// The median; of an even number of values the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        even if even % 2 == 0 => Some((sorted[half - 1] + sorted[half]) / 2.0),
        _ => Some(sorted[half]),
    }
}

/// The smallest value that at least so many percent of the values don't exceed.
pub fn percentile(values: &[f64], percent: f64) -> Option<f64> {
    let sorted = sorted(values);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The smallest and the largest.
pub fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let sorted = sorted(values);
    Some((*sorted.first()?, *sorted.last()?))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let check = |values: &[f64], expected: Option<f64>| assert_eq!(median(values), expected, "{values:?}");
        check(&[], None);
        check(&[3.0], Some(3.0));
        check(&[9.0, 1.0, 5.0], Some(5.0));
        check(&[4.0, 1.0, 2.0, 100.0], Some(3.0));
    }

    #[test]
    fn percentiles() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let check = |values: &[f64], percent, expected| assert_eq!(percentile(values, percent), expected, "{percent}");
        check(&[], 50.0, None);
        check(&[7.0], 99.0, Some(7.0));
        check(&hundred, 50.0, Some(50.0));
        check(&hundred, 99.0, Some(99.0));
        check(&hundred, 100.0, Some(100.0));
        check(&[1.0, 2.0, 3.0], 99.0, Some(3.0));
        assert_eq!(spread(&[2.0, 9.0, 1.0]), Some((1.0, 9.0)));
        assert_eq!(spread(&[]), None);
    }
}
