//! `aws codeartifact login`: what it tells.

use crate::tools::AwsNpm;
use crate::world::World;
use jiff::{SignedDuration, Timestamp};

#[tokio::test]
async fn the_end_of_a_login_is_told_in_whole_seconds() {
    let world = World::new().await;
    let begun = world.emulator.now();
    let told = AwsNpm::new(&world).await.told;
    let (_, end) = told.split_once("Login expires in 12 hours at ").unwrap_or_else(|| panic!("{told}"));
    let (end, _) = end.split_once("+00:00").unwrap_or_else(|| panic!("{told}"));
    // 2026-01-01 00:00:00, and no fraction.
    assert_eq!(end.len(), 19, "{told}");
    let end: Timestamp = format!("{}Z", end.replace(' ', "T")).parse().unwrap();
    let (earliest, latest) = (begun - SignedDuration::from_secs(1), world.emulator.now());
    let half_a_day = SignedDuration::from_hours(12);
    assert!(earliest + half_a_day < end && end <= latest + half_a_day, "{begun} {told}");
}
