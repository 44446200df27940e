//! How fast the emulator is and how much memory it takes, measured on the program as it is released:
//! 5,000 repositories with 100,000 package versions, then requests one after the other on kept-alive
//! connections. Fails when it takes more memory than it may.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench shows what it saw, and fails by panicking"
)]

mod client;
mod program;

use client::{Client, signed};
use program::Program;
use std::thread::scope;
use std::time::{Duration, Instant};

const REPOSITORIES: usize = 5_000;
const VERSIONS_OF_EACH: usize = 20;
/// What the emulator may take with all of them.
const MOST_MEMORY: u64 = 500 << 20;

/// As many as there are cores to serve and to ask on a small machine.
const CONNECTIONS: usize = 2;
/// Each measurement ends after so many requests or so much time.
const REQUESTS: usize = 40_000;
const TIME: Duration = Duration::from_secs(10);

fn main() {
    let program = Program::start(&["--quota", "repositories-per-domain=5000"]);
    println!("machine: {}", program::machine());
    let begun = Instant::now();
    let mut client = Client::connect(program.address);
    client.succeed(&signed("POST", "/v1/domain?domain=acme", &[]));
    scope(|scope| {
        for worker in 0..CONNECTIONS {
            scope.spawn(move || fill(program.address, worker));
        }
    });
    let versions = REPOSITORIES * VERSIONS_OF_EACH;
    println!("{REPOSITORIES} repositories with {versions} package versions, in {:.0?}", begun.elapsed());
    let memory = program.resident();
    println!("resident memory: {} MiB of {} MiB that it may take", memory >> 20, MOST_MEMORY >> 20);
    measure(&program, "DescribeRepository", ("GET", "/v1/repository?domain=acme&repository=team-77"));
    measure(&program, "GetAuthorizationToken", ("POST", "/v1/authorization-token?domain=acme"));
    assert!(memory < MOST_MEMORY, "{memory} bytes are too much");
}

/// One worker's share of the repositories, each with its versions.
fn fill(address: std::net::SocketAddr, worker: usize) {
    let mut client = Client::connect(address);
    for repository in (worker..REPOSITORIES).step_by(CONNECTIONS) {
        client.succeed(&signed(
            "POST",
            &format!("/v1/repository?domain=acme&repository=team-{repository}"),
            &[],
        ));
        for version in 0..VERSIONS_OF_EACH {
            let (package, number) = (version / 4, version % 4);
            let target = format!(
                "/v1/package/version/publish?domain=acme&repository=team-{repository}&format=generic\
                 &namespace=acme&package=widgets-{package}&version=1.0.{number}&asset=widgets.tar"
            );
            client.succeed(&signed("POST", &target, format!("{repository} {version}").repeat(50).as_bytes()));
        }
    }
}

fn measure(program: &Program, name: &str, (method, target): (&str, &str)) {
    let request = signed(method, target, &[]);
    let begun = Instant::now();
    let mut latencies: Vec<Duration> = scope(|scope| {
        let ask = || {
            let mut client = Client::connect(program.address);
            let mut latencies = Vec::with_capacity(REQUESTS / CONNECTIONS);
            while latencies.len() < REQUESTS / CONNECTIONS && begun.elapsed() < TIME {
                let sent = Instant::now();
                client.succeed(&request);
                latencies.push(sent.elapsed());
            }
            latencies
        };
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    latencies.sort_unstable();
    let at = |hundredths: usize| latencies[(latencies.len() - 1) * hundredths / 100];
    println!(
        "{name}: {} requests/s on {CONNECTIONS} connections, p50 {:.2?}, p99 {:.2?} ({} requests)",
        latencies.len() as u128 * 1_000 / took.as_millis().max(1),
        at(50),
        at(99),
        latencies.len(),
    );
}
