//! Nobody holds more than allowed, nobody waits without cause, and each line keeps its order.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn account(name: &str) -> Account {
    (!name.is_empty()).then(|| name.to_owned())
}

fn shares(share: usize) -> FairQueue {
    FairQueue::of(share)
}

impl FairQueue {
    fn due(&mut self, of: &str, urgency: Urgency, names: impl IntoIterator<Item = usize>) {
        for name in names {
            let place = Place { account: account(of), urgency };
            self.push(ObjectKey::new(of, name.to_string()), &place);
        }
    }

    /// All that may be begun now, as account and number.
    fn begin(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).map(|(_, key)| format!("{}{}", key.namespace, key.name)).collect()
    }
}

#[test]
fn an_account_holds_its_share_and_the_others_go_on() {
    let mut shares = shares(2);
    shares.due("a", Urgency::Changed, 0..9);
    assert_eq!(shares.begin(), ["a0", "a1"]);
    shares.due("b", Urgency::Routine, 0..3);
    shares.due("", Urgency::Routine, 0..3);
    assert_eq!(shares.begin(), ["b0", "0", "b1", "1"], "no known account is like one account");
    shares.ended(&account("a"), "a");
    assert_eq!(shares.begin(), ["a2"]);
    shares.ended(&account("b"), "b");
    shares.ended(&account(""), "");
    shares.ended(&account("b"), "b");
    assert_eq!(shares.begin(), ["b2", "2"]);
}

#[test]
fn accounts_that_hold_all_shares_leave_a_quarter_of_one_to_each_other() {
    for (share, left) in [(1, 1), (2, 1), (4, 1), (5, 2), (16, 4)] {
        let mut shares = shares(share);
        for name in ["a", "b", "c", "d"] {
            shares.due(name, Urgency::Changed, 0..2 * share);
        }
        assert_eq!(shares.begin().len(), 4 * share);
        shares.due("e", Urgency::Routine, 0..2 * share);
        shares.due("f", Urgency::Routine, 0..2 * share);
        assert_eq!(shares.begin().len(), 2 * left, "share {share}");
        shares.ended(&account("e"), "e");
        assert_eq!(shares.begin(), [format!("e{left}")], "its own place is free, all others are taken");
        // The rest of its share comes when the others hold less.
        for _ in 0..share {
            shares.ended(&account("a"), "a");
        }
        for name in share..2 * share {
            let place = Place { account: account("a"), urgency: Urgency::Changed };
            shares.remove(&ObjectKey::new("a", name.to_string()), &place);
        }
        let more = shares.begin();
        assert_eq!(more.len(), share.saturating_sub(2 * left), "share {share}: {more:?}");
    }
}

#[test]
fn a_line_keeps_its_order_whatever_the_others_do() {
    let alone = ["a0", "a1", "a2", "a10", "a3", "a4", "a5", "a11", "a6"];
    let mut shares = shares(1);
    shares.due("a", Urgency::Routine, 10..12);
    shares.due("a", Urgency::Changed, 0..7);
    let mut order = Vec::new();
    for round in 0..alone.len() {
        shares.due("b", Urgency::Changed, [round]);
        order.extend(shares.begin().into_iter().filter(|key| key.starts_with('a')));
        shares.ended(&account("a"), "a");
        shares.ended(&account("b"), "b");
    }
    assert_eq!(order, alone);
}

#[test]
fn a_flood_of_one_account_lets_the_others_have_their_turns() {
    let mut shares = shares(100);
    shares.due("a", Urgency::Changed, 0..5);
    shares.due("b", Urgency::Routine, 0..2);
    assert_eq!(shares.begin(), ["a0", "b0", "a1", "b1", "a2", "a3", "a4"]);
}

#[test]
fn accounts_that_are_done_with_leave_nothing() {
    let mut shares = shares(1);
    shares.due("a", Urgency::Changed, 0..2);
    shares.due("b", Urgency::Routine, 0..2);
    assert_eq!(shares.begin(), ["a0", "b0"]);
    let place = |of: &str, urgency| Place { account: account(of), urgency };
    shares.remove(&ObjectKey::new("a", "1"), &place("a", Urgency::Changed));
    shares.remove(&ObjectKey::new("b", "1"), &place("b", Urgency::Routine));
    shares.ended(&account("a"), "a");
    shares.ended(&account("b"), "b");
    assert!(shares.begin().is_empty());
    assert!(shares.lines.is_empty() && shares.rotation.is_empty() && shares.running == 0);
}

/// An object of a namespace of account `a`.
fn put(shares: &mut FairQueue, namespace: &str, urgency: Urgency, names: std::ops::Range<usize>) {
    for name in names {
        shares.push(ObjectKey::new(namespace, name.to_string()), &Place { account: account("a"), urgency });
    }
}

#[test]
fn the_namespaces_of_an_account_take_turns_whatever_one_of_them_floods_it_with() {
    for flood in [Urgency::LoginAtStake, Urgency::Changed, Urgency::Routine] {
        let mut shares = shares(100);
        put(&mut shares, "x", flood, 0..50);
        put(&mut shares, "y", Urgency::Changed, 0..1);
        put(&mut shares, "z", Urgency::LoginAtStake, 0..1);
        let order = shares.begin();
        for late in ["y0", "z0"] {
            let place = order.iter().position(|key| key == late).unwrap();
            assert!(place <= 4, "{late} is number {place} in a flood of {flood:?}: {order:?}");
        }
    }
}

#[test]
fn a_namespace_that_holds_all_workers_of_an_account_leaves_a_part_to_each_other() {
    for (share, part) in [(1, 1), (2, 1), (4, 1), (5, 2), (16, 4)] {
        let mut shares = shares(share);
        put(&mut shares, "x", Urgency::LoginAtStake, 0..3 * share);
        assert_eq!(shares.begin().len(), share);
        put(&mut shares, "y", Urgency::Routine, 0..3 * share);
        assert_eq!(shares.begin().len(), part, "share {share}");
        for namespace in 0..50 {
            put(&mut shares, &format!("n{namespace}-"), Urgency::Changed, 0..3 * share);
        }
        shares.begin();
        assert_eq!(shares.running, 2 * share, "an account never holds more");
    }
}

#[test]
fn the_number_of_workers_is_bounded_however_many_accounts_and_namespaces_there_are() {
    for share in [1, 2, 5, 16] {
        let mut shares = shares(share);
        for of in 0..100 {
            for namespace in 0..20 {
                let place = Place { account: account(&format!("a{of}")), urgency: Urgency::Changed };
                for name in 0..3 {
                    shares.push(ObjectKey::new(format!("n{namespace}"), name.to_string()), &place);
                }
            }
        }
        shares.begin();
        assert_eq!(shares.running, 8 * share, "share {share}");
    }
}

#[test]
fn no_lane_is_starved() {
    let mut shares = shares(1000);
    put(&mut shares, "x", Urgency::LoginAtStake, 0..40);
    put(&mut shares, "x", Urgency::Changed, 100..140);
    put(&mut shares, "x", Urgency::Routine, 200..240);
    let order = shares.begin();
    for (from, to, least) in [(0, 100, 9), (100, 200, 3), (200, 300, 3)] {
        let numbers = order.iter().take(20).map(|key| key.trim_start_matches('x').parse::<usize>().unwrap());
        let of_lane = numbers.filter(|number| (from..to).contains(number)).count();
        assert!(of_lane >= least, "{of_lane} from {from}: {order:?}");
    }
}

/// What a run of random events has seen.
#[derive(Default)]
struct Model {
    /// By account and urgency, in the order of arrival.
    due: BTreeMap<(usize, Urgency), VecDeque<usize>>,
    running: BTreeMap<usize, usize>,
    all: BTreeSet<usize>,
}

const NAMES: [&str; 7] = ["", "a", "b", "c", "d", "e", "f"];

impl Model {
    fn may_begin(&self, of: usize, share: usize) -> bool {
        let running = self.running.get(&of).copied().unwrap_or_default();
        let total: usize = self.running.values().sum();
        running < share.div_ceil(4) || running < share && total < 4 * share
    }

    fn begun(&mut self, of: usize, number: usize, share: usize) {
        assert!(self.may_begin(of, share), "{} holds too much", NAMES[of]);
        let first = |urgency| self.due.get(&(of, urgency)).and_then(|line| line.front()) == Some(&number);
        let urgency = if first(Urgency::Changed) { Urgency::Changed } else { Urgency::Routine };
        assert!(first(urgency), "{number} is not the first of {}", NAMES[of]);
        self.due.entry((of, urgency)).or_default().pop_front();
        *self.running.entry(of).or_default() += 1;
        assert!(self.all.insert(number), "{number} came twice");
    }

    fn waits_without_cause(&self, share: usize) -> bool {
        self.due.iter().any(|((of, _), line)| !line.is_empty() && self.may_begin(*of, share))
    }
}

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_held_up_without_cause() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let share = random.usize(1..9);
        let (mut shares, mut model, mut removed) = (shares(share), Model::default(), 0);
        for number in 0..300 {
            let of = random.usize(..NAMES.len()).min(random.usize(..NAMES.len()));
            let urgency = if random.bool() { Urgency::Changed } else { Urgency::Routine };
            shares.due(NAMES[of], urgency, [number]);
            model.due.entry((of, urgency)).or_default().push_back(number);
            if random.u8(..8) == 0 {
                let key = ObjectKey::new(NAMES[of], number.to_string());
                shares.remove(&key, &Place { account: account(NAMES[of]), urgency });
                model.due.get_mut(&(of, urgency)).unwrap().pop_back();
                removed += 1;
            }
            settle(&mut shares, &mut model, share, &mut random);
        }
        while !shares.lines.is_empty() {
            settle(&mut shares, &mut model, share, &mut random);
        }
        assert_eq!(model.all.len(), 300 - removed);
        assert!(shares.rotation.is_empty() && shares.running == 0);
    }
}

/// Begins all that may be, then ends one at random.
fn settle(shares: &mut FairQueue, model: &mut Model, share: usize, random: &mut fastrand::Rng) {
    while let Some((of, key)) = shares.next() {
        let of = NAMES.iter().position(|name| account(name) == of).unwrap();
        model.begun(of, key.name.parse().unwrap(), share);
    }
    assert!(!model.waits_without_cause(share));
    let of = random.usize(..NAMES.len());
    if let Some(running) = model.running.get_mut(&of).filter(|running| **running > 0) {
        *running -= 1;
        shares.ended(&account(NAMES[of]), NAMES[of]);
    }
}

#[test]
fn a_namespace_has_its_guaranteed_part_again_when_its_worker_ends() {
    let mut shares = shares(4);
    let place = Place { account: account("a"), urgency: Urgency::Changed };
    for number in 0..8 {
        shares.push(ObjectKey::new("loud", number.to_string()), &place);
    }
    assert_eq!(shares.begin().len(), 4, "the whole share of the account");
    for number in 0..3 {
        shares.push(ObjectKey::new("quiet", number.to_string()), &place);
    }
    for number in 0..3 {
        assert_eq!(shares.begin(), [format!("quiet{number}")]);
        shares.ended(&account("a"), "quiet");
    }
    assert!(shares.begin().is_empty());
}
