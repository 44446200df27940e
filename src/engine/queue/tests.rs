//! What is due, in which order, and for whom.

use super::*;
use futures::FutureExt;
use jiff::SignedDuration;

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("n", name)
}

#[tokio::test]
async fn urgent_work_comes_before_routine_work_and_nothing_comes_twice() {
    let queue = Queue::new(Clock::default());
    queue.push(key("routine"), Urgency::Routine);
    queue.push(key("raised"), Urgency::Routine);
    queue.push(key("urgent"), Urgency::Now);
    queue.push(key("raised"), Urgency::Now);
    queue.push(key("urgent"), Urgency::Routine);
    assert_eq!(queue.next().await, key("urgent"));
    assert_eq!(queue.next().await, key("raised"));
    assert_eq!(queue.next().await, key("routine"));
    assert!(queue.next().now_or_never().is_none());
}

#[tokio::test]
async fn routine_work_has_its_turn_among_urgent_work() {
    let queue = Queue::new(Clock::default());
    queue.push(key("renewal"), Urgency::Routine);
    for number in 0..10 {
        queue.push(key(&number.to_string()), Urgency::Now);
    }
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(queue.next().await.name);
    }
    assert_eq!(order, ["0", "1", "2", "renewal", "3"]);
}

#[tokio::test]
async fn a_wake_while_running_is_kept_until_done() {
    let queue = Queue::new(Clock::default());
    queue.push(key("a"), Urgency::Now);
    assert_eq!(queue.next().await, key("a"));
    queue.push(key("a"), Urgency::Now);
    assert!(queue.next().now_or_never().is_none());
    queue.done(&key("a"));
    assert_eq!(queue.next().await, key("a"));
}

#[tokio::test]
async fn timers_follow_jumps_of_the_clock() {
    let clock = Clock::default();
    let queue = Queue::new(clock.clone());
    queue.set_timer(key("a"), Some(clock.now() + SignedDuration::from_hours(3)));
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.next().await }
    });
    tokio::task::yield_now().await;
    clock.set(clock.now() + SignedDuration::from_hours(4));
    assert_eq!(waiting.await.unwrap(), key("a"));
}

#[tokio::test]
async fn a_forgotten_object_is_not_handed_out() {
    let queue = Queue::new(Clock::default());
    queue.push(key("a"), Urgency::Now);
    queue.set_timer(key("b"), Some(Timestamp::MIN));
    queue.forget(&key("a"));
    queue.forget(&key("b"));
    assert!(queue.next().now_or_never().is_none());
    assert_eq!(queue.depth(), 0);
}

/// A queue with a share of one, of objects whose account is their namespace.
fn shared_out() -> Queue {
    let queue = Queue::new(Clock::default());
    queue.share_out(1, |key| Some(key.namespace.clone()));
    queue
}

fn of(account: &str, name: &str) -> ObjectKey {
    ObjectKey::new(account, name)
}

#[tokio::test]
async fn what_waits_for_its_share_is_due_once_and_begins_when_a_worker_ends() {
    let queue = shared_out();
    for _ in 0..2 {
        for name in ["1", "2", "3"] {
            queue.push(of("slow", name), Urgency::Routine);
        }
    }
    assert_eq!(queue.next().await, of("slow", "1"));
    let mut waiting = Box::pin(queue.next());
    assert!((&mut waiting).now_or_never().is_none());
    queue.push(of("other", "1"), Urgency::Routine);
    assert_eq!(waiting.await, of("other", "1"));
    queue.done(&of("other", "1"));

    queue.push(of("slow", "3"), Urgency::Now);
    queue.forget(&of("slow", "2"));
    assert_eq!(queue.depth(), 1);
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.next().await }
    });
    tokio::task::yield_now().await;
    queue.done(&of("slow", "1"));
    assert_eq!(waiting.await.unwrap(), of("slow", "3"));
    queue.done(&of("slow", "3"));
    assert!(queue.next().now_or_never().is_none());
}

#[tokio::test]
async fn an_object_that_moves_to_another_account_waits_for_the_former_no_more() {
    let queue = Queue::new(Clock::default());
    let moved = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let account = Arc::clone(&moved);
    queue.share_out(1, move |key| {
        let other = key.name == "moves" && account.load(std::sync::atomic::Ordering::Relaxed);
        Some(if other { "other" } else { "slow" }.to_owned())
    });
    queue.push(key("hangs"), Urgency::Now);
    queue.push(key("moves"), Urgency::Now);
    assert_eq!(queue.next().await, key("hangs"));
    assert!(queue.next().now_or_never().is_none());
    moved.store(true, std::sync::atomic::Ordering::Relaxed);
    queue.push(key("moves"), Urgency::Routine);
    assert_eq!(queue.next().await, key("moves"));
    assert!(queue.next().now_or_never().is_none());
}
