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
    queue.push(key("urgent"), Urgency::Changed);
    queue.push(key("raised"), Urgency::Changed);
    queue.push(key("urgent"), Urgency::Routine);
    assert_eq!(queue.next().await, key("urgent"));
    assert_eq!(queue.next().await, key("raised"));
    assert_eq!(queue.next().await, key("routine"));
    assert!(queue.next().now_or_never().is_none());
}

/// At the start of the operator: the login that was due first is the first to be looked at, and all of them before routine work.
#[tokio::test]
async fn what_is_due_for_longest_comes_first() {
    let clock = Clock::default();
    let queue = Queue::new(clock.clone());
    queue.push(key("routine"), Urgency::Routine);
    for (name, minutes) in [("a minute", 1), ("a day", 1440)] {
        let since = clock.now() - SignedDuration::from_mins(minutes);
        queue.set_timer(key(name), Some((since, Urgency::LoginAtStake)));
    }
    queue.set_timer(key("never written"), Some((Timestamp::MIN, Urgency::LoginAtStake)));
    for expected in ["never written", "a day", "a minute", "routine"] {
        assert_eq!(queue.next().await, key(expected));
    }
}

#[tokio::test]
async fn routine_work_has_its_turn_among_urgent_work() {
    let queue = Queue::new(Clock::default());
    queue.push(key("renewal"), Urgency::Routine);
    for number in 0..10 {
        queue.push(key(&number.to_string()), Urgency::Changed);
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
    queue.push(key("a"), Urgency::Changed);
    assert_eq!(queue.next().await, key("a"));
    queue.push(key("a"), Urgency::Changed);
    assert!(queue.next().now_or_never().is_none());
    queue.done(&key("a"));
    assert_eq!(queue.next().await, key("a"));
}

#[tokio::test]
async fn timers_follow_jumps_of_the_clock() {
    let clock = Clock::default();
    let queue = Queue::new(clock.clone());
    let timer = (clock.now() + SignedDuration::from_hours(3), Urgency::Routine);
    queue.set_timer(key("a"), Some(timer));
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
    queue.push(key("a"), Urgency::Changed);
    queue.set_timer(key("b"), Some((Timestamp::MIN, Urgency::Routine)));
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

    queue.push(of("slow", "3"), Urgency::Changed);
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
    queue.push(key("hangs"), Urgency::Changed);
    queue.push(key("moves"), Urgency::Changed);
    assert_eq!(queue.next().await, key("hangs"));
    assert!(queue.next().now_or_never().is_none());
    moved.store(true, std::sync::atomic::Ordering::Relaxed);
    queue.push(key("moves"), Urgency::Routine);
    assert_eq!(queue.next().await, key("moves"));
    assert!(queue.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_timer_fires_in_time_though_the_clock_was_set_back() {
    let clock = Clock::default();
    let queue = Queue::new(clock.clone());
    clock.set(clock.now() + SignedDuration::from_hours(6));
    queue.set_timer(key("a"), Some((clock.now() + SignedDuration::from_secs(20), Urgency::LoginAtStake)));
    clock.set(clock.now() - SignedDuration::from_hours(6));
    let started = tokio::time::Instant::now();
    assert_eq!(queue.next().await, key("a"));
    let waited = started.elapsed().as_secs();
    assert!((20..=21).contains(&waited), "waited {waited} s");
}

#[tokio::test(start_paused = true)]
async fn who_keeps_asking_is_looked_at_now_and_then_and_no_wake_is_lost() {
    let queue = Queue::new(Clock::default());
    let mut looked_at = 0;
    let started = tokio::time::Instant::now();
    while started.elapsed().as_secs() < 59 {
        queue.ask(key("a"), Urgency::Changed);
        while let Some(object) = queue.next().now_or_never() {
            looked_at += 1;
            // Asked while it is looked at.
            queue.ask(object.clone(), Urgency::Changed);
            queue.done(&object);
        }
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!((20..=26).contains(&looked_at), "looked at {looked_at} times in a minute");
    queue.ask(key("b"), Urgency::Changed);
    assert_eq!(queue.next().now_or_never(), Some(key("b")), "another object asks for the first time");
    queue.push(key("a"), Urgency::Changed);
    assert!(queue.next().now_or_never().is_none(), "no other wake is a way around the limit");
    assert_eq!(queue.next().await, key("a"), "the last wake is served when its turn comes");
}

#[tokio::test]
async fn a_login_at_stake_comes_before_everything_else() {
    let queue = Queue::new(Clock::default());
    queue.push(key("drift"), Urgency::Routine);
    queue.push(key("edit"), Urgency::Changed);
    queue.ask(key("put-back"), Urgency::LoginAtStake);
    queue.set_timer(key("renewal"), Some((Timestamp::MIN, Urgency::LoginAtStake)));
    let mut order = Vec::new();
    while let Some(key) = queue.next().now_or_never() {
        order.push(key.name);
    }
    assert_eq!(order, ["put-back", "renewal", "edit", "drift"]);
}

#[tokio::test]
async fn an_outcome_waits_behind_other_work_and_has_its_turn() {
    let queue = Queue::new(Clock::default());
    queue.push(key("first"), Urgency::Changed);
    assert_eq!(queue.next().await, key("first"));
    queue.park(&key("first"));
    assert_eq!(queue.depth(), 1);
    for number in 0..10 {
        queue.push(key(&number.to_string()), Urgency::Routine);
    }
    let mut order = Vec::new();
    for _ in 0..9 {
        order.push(queue.next().await.name);
    }
    assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "first", "7"]);
}

#[tokio::test]
async fn a_wake_hurries_an_outcome_and_is_kept_until_that_is_written() {
    for woken_before_it_is_parked in [true, false] {
        let queue = Queue::new(Clock::default());
        queue.push(key("parked"), Urgency::Changed);
        queue.push(key("other"), Urgency::Routine);
        assert_eq!(queue.next().await, key("parked"));
        if woken_before_it_is_parked {
            queue.push(key("parked"), Urgency::LoginAtStake);
        }
        queue.park(&key("parked"));
        if !woken_before_it_is_parked {
            queue.ask(key("parked"), Urgency::LoginAtStake);
        }
        assert_eq!(queue.next().await, key("parked"), "the outcome goes first");
        queue.done(&key("parked"));
        assert_eq!(queue.next().await, key("parked"), "the wake is kept");
        queue.done(&key("parked"));
        assert_eq!(queue.next().await, key("other"));
        assert!(queue.next().now_or_never().is_none());
    }
}

#[tokio::test]
async fn an_outcome_holds_no_worker_and_outlives_its_object() {
    let queue = shared_out();
    queue.push(of("a", "1"), Urgency::Changed);
    queue.push(of("a", "2"), Urgency::Changed);
    assert_eq!(queue.next().await, of("a", "1"));
    assert!(queue.next().now_or_never().is_none());
    queue.park(&of("a", "1"));
    assert_eq!(queue.next().await, of("a", "2"));
    queue.forget(&of("a", "1"));
    queue.done(&of("a", "2"));
    assert_eq!(queue.next().await, of("a", "1"));
    queue.done(&of("a", "1"));
    assert!(queue.next().now_or_never().is_none());
}
