//! The operator in a Pod of a real node, installed from its image by helm, and Jobs that know nothing but the mounted Secret.
//!
//! `make test-node` runs this. The tests are steps of one story on one node, in this order.

mod cluster;
mod crowd;
mod images;
mod memory;
mod pods;
mod replicas;
mod soak;
mod story;
mod workload;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use harness::node::namespaces::{self, Place};
use libtest_mimic::{Arguments, Failed, Trial};

use cluster::Cluster;

/// A step of the story.
type Step = for<'a> fn(&'a Cluster) -> futures::future::LocalBoxFuture<'a, Result<()>>;

fn main() -> ExitCode {
    // `make test-node` builds what a node needs and asks for it; without that there is nothing to run.
    let steps = match std::env::var_os("CODEARTIFACT_NODE").as_ref().and_then(|asked| asked.to_str()) {
        Some("story") => story::STEPS,
        Some("memory") => memory::STEPS,
        Some("soak") => soak::STEPS,
        _ => return libtest_mimic::run(&Arguments::from_args(), Vec::new()).exit_code(),
    };
    match namespaces::enter() {
        Ok(Place::Inside(inside)) => run(&inside, steps),
        Ok(Place::Ended(status)) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => {
            say(&format!("no node can run here: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(inside: &namespaces::Inside, steps: &[(&'static str, Step)]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let runtime = tokio::runtime::Runtime::new().map(Arc::new);
    let cluster = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let cluster = runtime.block_on(Cluster::start(inside))?;
        Ok((runtime, Arc::new(cluster)))
    });
    match cluster {
        Ok((runtime, cluster)) => {
            let trials = steps.iter().copied().map(|(name, step)| {
                let (runtime, cluster) = (Arc::clone(&runtime), Arc::clone(&cluster));
                Trial::test(name, move || {
                    let began = Instant::now();
                    let done = runtime.block_on(step(&cluster));
                    cluster.tell(format!("{:>5.1} s  {name}", began.elapsed().as_secs_f64()));
                    // Said at once: the later steps need what this one was about, and may wait long for it.
                    done.map_err(|error| {
                        say(&format!("{name} failed: {error:#}"));
                        Failed::without_message()
                    })
                })
            });
            let conclusion = libtest_mimic::run(&arguments, trials.collect());
            runtime.block_on(cluster.collect());
            say(&cluster.told());
            conclusion.exit_code()
        }
        Err(error) => {
            say(&format!("the node did not start: {error:#}\n{}", inside.logs()));
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
