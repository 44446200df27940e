//! How long to wait before what failed is tried again. Pure.

use std::time::Duration;

use jiff::SignedDuration;

/// A wait that doubles with each failure in a row, from the first bound to the second, both in seconds. Up to a quarter is taken
/// off by `random`, which lies in 0..1, so that objects that failed together do not come back together.
pub fn backoff((first, most): (u64, u64), failures: u32, random: f64) -> SignedDuration {
    let doubled = first.saturating_mul(1_u64 << failures.saturating_sub(1).min(20)).min(most);
    let wait = Duration::from_secs(doubled).mul_f64(1.0 - random.clamp(0.0, 1.0) / 4.0);
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_slow_down_from_the_first_bound_to_the_second() {
        for (failures, random, expected) in [
            (0, 0.0, 10.0),
            (1, 0.0, 10.0),
            (1, 1.0, 7.5),
            (2, 0.0, 20.0),
            (5, 0.0, 160.0),
            (6, 0.0, 300.0),
            (99, 1.0, 225.0),
        ] {
            let wait = backoff((10, 300), failures, random).as_secs_f64();
            assert!((wait - expected).abs() < 1e-6, "{failures} failures: {wait}");
        }
    }
}
