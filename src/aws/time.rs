//! Times as the service tells them.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// The time, to the millisecond: the service sends epoch seconds as a floating-point number, whose last digits are noise.
pub fn timestamp(time: &DateTime) -> Option<Timestamp> {
    let milliseconds = (i64::from(time.subsec_nanos()) + 500_000) / 1_000_000;
    Timestamp::from_millisecond(time.secs().checked_mul(1000)?.checked_add(milliseconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floating_point_noise_makes_no_other_time() {
        let times = [122_999_906, 123_000_000, 123_000_144];
        let told =
            times.map(|nanos| timestamp(&DateTime::from_secs_and_nanos(1_767_225_600, nanos)).unwrap());
        assert_eq!(told, [Timestamp::from_millisecond(1_767_225_600_123).unwrap(); 3]);
    }
}
