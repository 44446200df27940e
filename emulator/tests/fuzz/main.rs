//! Two hundred thousand requests over real connections, most of them nearly right, some of them no HTTP
//! at all. None makes the emulator panic, hang, or answer anything but a well-formed refusal.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod answer;
mod api;
mod assets;
mod connection;
mod control;
mod data;
mod mangle;
mod request;
mod sts;
mod world;

use codeartifact_emulator::{Assets, Emulator, Entry, Options};
use connection::Connection;
use request::Request;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use world::World;

const REQUESTS: usize = 200_000;
const WORKERS: usize = 2;
/// After so many requests a worker makes anew what was deleted meanwhile.
const ROUND: usize = 1_000;

#[tokio::test]
async fn no_request_makes_it_panic_hang_or_fail() {
    let emulator = Emulator::start(Options { assets: Assets::Redirect, ..Options::default() }).await.unwrap();
    let begun = Instant::now();
    let statuses = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS as u64)
            .map(|seed| {
                let emulator = &emulator;
                scope.spawn(move || work(emulator, fastrand::Rng::with_seed(seed)))
            })
            .collect();
        let mut statuses = BTreeMap::new();
        for worker in workers {
            for (status, count) in worker.join().unwrap() {
                *statuses.entry(status).or_insert(0) += count;
            }
        }
        statuses
    });
    let sent: usize = statuses.values().sum();
    let succeeded = |entry: &Entry| entry.status.is_some_and(|status| status < 300);
    let journal = emulator.journal(0);
    let operations: BTreeSet<_> =
        journal.iter().filter(|entry| succeeded(entry)).map(|entry| &entry.operation).collect();
    println!(
        "fuzz: {sent} requests in {:.0?}, {} panics; {} operations succeeded; by status {statuses:?}",
        begun.elapsed(),
        emulator.panics(),
        operations.len(),
    );
    assert_eq!(emulator.panics(), 0);
    assert!(sent >= REQUESTS, "{sent}");
    assert!(operations.len() >= 30, "{operations:?}");
    // Handlers were reached, and the gates before them too.
    for status in [200, 400, 401, 403, 404, 409] {
        assert!(statuses.get(&status).is_some_and(|count| *count > 100), "{status}: {statuses:?}");
    }
    // So were files elsewhere, whole and in parts.
    for status in [206, 307, 416] {
        assert!(statuses.contains_key(&status), "{status}: {statuses:?}");
    }
}

/// One worker's share. How often each status came; 0 stands for a connection closed without one.
fn work(emulator: &Emulator, mut chance: fastrand::Rng) -> BTreeMap<u16, usize> {
    let mut connection = Connection::open(emulator);
    let mut files = Connection::to_assets(emulator);
    let mut statuses = BTreeMap::new();
    for _ in 0..REQUESTS / WORKERS / ROUND {
        let world = World::make(emulator, &mut connection);
        for _ in 0..ROUND {
            let (request, connection) = if chance.u8(0..20) == 0 {
                (assets::request(&world, &mut chance), &mut files)
            } else {
                (one(&world, &mut chance), &mut connection)
            };
            let answer = connection.exchange(&request);
            answer.check(&request, emulator.panics());
            *statuses.entry(answer.status()).or_insert(0) += 1;
        }
    }
    statuses
}

fn one(world: &World<'_>, chance: &mut fastrand::Rng) -> Request {
    match chance.u8(0..100) {
        0..42 => api::request(world, chance),
        42..75 => data::request(world, chance),
        75..82 => sts::request(world, chance),
        82..90 => control::request(chance),
        _ => {
            let sound =
                if chance.bool() { api::request(world, chance) } else { data::request(world, chance) };
            mangle::request(sound, chance)
        }
    }
}
