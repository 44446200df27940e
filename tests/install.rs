//! The chart installs an operator whose rights are enough: for the whole cluster, and in some namespaces with Roles alone.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{Emulator, Install, Options, cluster_tool, own, repository, shared};
use serde_json::json;

/// The standby looks once a second, and then lists what it works on; a busy machine may need as long again.
const HAND_OVER: Duration = Duration::from_secs(3);

#[tokio::test]
async fn an_installed_operator_signs_in_is_killed_returns_and_ends_cleanly() -> Result<()> {
    let control_plane = own(Options { crds: false, ..Options::default() }).await?;
    let emulator = Emulator::start().await?;
    let grants = json!([{"namespaces": {"all": true}, "manage": ["*", "*/*"]}]);
    let install = Install::into(&control_plane, &emulator).account(&grants).start().await?;
    install.operator.ready().await?;
    install.ready("AwsAccount", "", "default").await?;

    install.operator.kill().await?;
    assert!(install.operator.get("/health").await.is_err(), "a killed operator answered");
    install.operator.start_again().await?;
    install.operator.ready().await?;

    let status = install.operator.terminate().await?;
    assert_eq!(status.code(), Some(0), "{}", install.operator.log_tail());
    let log = control_plane.audit_log().await?;
    let ours: Vec<_> = log.iter().filter(|event| event.user.username == install.user).collect();
    assert!(!ours.is_empty(), "the audit log knows no {}", install.user);
    let denied: Vec<String> =
        ours.iter().filter(|event| event.denied()).map(|event| event.summary()).collect();
    assert!(denied.is_empty(), "{denied:#?}");
    Ok(())
}

#[tokio::test]
async fn two_namespaced_installs_share_a_cluster_with_roles_alone() -> Result<()> {
    let control_plane = shared().await?;
    let (one, other) = (Emulator::start().await?, Emulator::start().await?);
    let first = Install::into(control_plane, &one).namespaced(2).start().await?;
    let second = Install::into(control_plane, &other).namespaced(1).start().await?;
    for install in [&first, &second] {
        install.explain(install.operator.ready().await)?;
        let log = control_plane.audit_log().await?;
        let denied = log.iter().filter(|event| event.user.username == install.user && event.denied());
        let denied: Vec<String> = denied.map(harness::control_plane::AuditEvent::summary).collect();
        assert!(denied.is_empty(), "{denied:#?}");
    }
    assert_ne!(first.operator.address()?, second.operator.address()?);
    Ok(())
}

/// A pod that is asked to end gives the Lease back. That a Lease expires without its holder is tested beside the Lease.
#[tokio::test]
async fn a_second_replica_waits_and_takes_over_when_the_first_one_ends() -> Result<()> {
    let emulator = Emulator::start().await?;
    let values = json!({"replicas": 2});
    let install = Install::into(shared().await?, &emulator).namespaced(1).values(values).start().await?;
    install.operator.ready().await?;
    let standby = install.operator.another().await?;
    let leader = standby.stands_by().await?;
    ensure!(leader.ends_with(" leads"), "{leader}");
    ensure!(standby.metric("codeartifact_operator_leader").await? < 1.0, "two lead");

    let ended = install.operator.terminate().await?;
    ensure!(ended.code() == Some(0), "{}", install.operator.log_tail());
    let began = Instant::now();
    standby.ready().await?;
    let took = began.elapsed();
    println!("the second replica works {:.1} s after the first one ended", took.as_secs_f64());
    ensure!(took < HAND_OVER, "the hand-over took {took:?}: {}", standby.log_tail());
    ensure!(standby.metric("codeartifact_operator_leader").await? > 0.0, "nobody leads");

    install.operator.start_again().await?;
    install.operator.stands_by().await.map(drop)
}

#[test]
fn the_values_refuse_a_log_level_that_the_operator_could_not_read() -> Result<()> {
    let chart = repository().join("charts/codeartifact-operator");
    let levels = [
        ("info", true),
        ("off", true),
        ("info,kube=debug", true),
        ("codeartifact_operator=trace,warn", true),
        ("chatty", false),
        ("kube=loud", false),
        ("info,", false),
        ("info kube=debug", false),
        ("", false),
    ];
    for (level, legal) in levels {
        let value = format!("logLevel={}", level.replace(',', "\\,"));
        let mut helm = Command::new(cluster_tool("helm")?);
        let rendered =
            helm.args(["template", "release"]).arg(&chart).args(["--set-string", &value]).output()?;
        let said = String::from_utf8_lossy(&rendered.stderr);
        ensure!(rendered.status.success() == legal, "{level:?}: {said}");
        ensure!(legal || said.contains("/logLevel"), "{level:?}: {said}");
    }
    Ok(())
}
