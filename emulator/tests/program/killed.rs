//! Killed in the middle of writes: what was answered is there.

use crate::running::{Running, ask};
use aws_sdk_codeartifact::Client;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// Create repositories and mint tokens until the program is gone; what was answered is noted.
async fn write(client: Client, prefix: String, answered: Arc<Answered>) {
    for number in 0.. {
        let name = format!("{prefix}-{number}");
        if client.create_repository().domain("acme").repository(&name).send().await.is_err() {
            return;
        }
        answered.repositories.lock().unwrap().insert(name);
        answered.count.fetch_add(1, Ordering::SeqCst);
        let Ok(minted) = client.get_authorization_token().domain("acme").send().await else { return };
        *answered.token.lock().unwrap() = minted.authorization_token().map(str::to_owned);
    }
}

#[derive(Default)]
struct Answered {
    repositories: Mutex<BTreeSet<String>>,
    token: Mutex<Option<String>>,
    count: AtomicUsize,
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_in_the_middle_of_writes() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state");
    let arguments = ["--state", file.to_str().unwrap(), "--page-size", "1000"];
    let answered = Arc::new(Answered::default());
    let mut running = Running::start(&arguments);
    running.client().create_domain().domain("acme").send().await.unwrap();
    for round in 1..=3 {
        let mut writers = JoinSet::new();
        for writer in 0..4 {
            writers.spawn(write(running.client(), format!("r{round}-{writer}"), answered.clone()));
        }
        let enough = async {
            while answered.count.load(Ordering::SeqCst) < round * 40 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), enough).await.unwrap();
        running.signal("-KILL");
        running.ended();
        while writers.join_next().await.is_some() {}
        running = Running::start(&arguments);
        let token = answered.token.lock().unwrap().clone().unwrap();
        let repositories = answered.repositories.lock().unwrap().clone();
        let listed = running.client().list_repositories_in_domain().domain("acme").send().await.unwrap();
        let listed: BTreeSet<_> =
            listed.repositories().iter().map(|one| one.name().unwrap().to_owned()).collect();
        let lost: Vec<_> = repositories.difference(&listed).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        let path = format!("/npm/d/acme-123456789012/{}/-/ping", repositories.first().unwrap());
        let answer = ask(running.address, "GET", &path, &format!("authorization: Bearer {token}\r\n"), "");
        assert!(answer.starts_with("HTTP/1.1 200"), "round {round}: {answer}");
    }
}
