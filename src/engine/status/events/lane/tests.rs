use super::*;

const START: Duration = Duration::from_secs(77);

fn lane(events: &[(&str, u32)]) -> Lane<u32> {
    let mut lane = Lane::default();
    for (namespace, event) in events {
        lane.push(namespace, *event);
    }
    lane
}

fn written(lane: &mut Lane<u32>, now: Duration) -> Vec<u32> {
    std::iter::from_fn(|| {
        let (namespace, event) = lane.next(now)?;
        lane.ended(&namespace);
        Some(event)
    })
    .collect()
}

#[test]
fn namespaces_take_turns_and_each_keeps_its_order() {
    let mut lane = lane(&[("a", 1), ("a", 2), ("a", 3), ("b", 10), ("c", 20), ("b", 11)]);
    assert_eq!(written(&mut lane, START), [1, 10, 20, 2, 11, 3]);
    assert_eq!((lane.len(), lane.lines.len(), lane.turns.len()), (0, 0, 0), "nothing is left behind");
}

#[test]
fn one_event_of_a_namespace_is_written_at_a_time() {
    let (mut lane, now) = (lane(&[("a", 1), ("a", 2), ("b", 10)]), START);
    assert_eq!(lane.next(now), Some(("a".into(), 1)));
    assert_eq!(lane.next(now), Some(("b".into(), 10)));
    assert_eq!(lane.next(now), None);
    lane.ended("a");
    assert_eq!(lane.next(now), Some(("a".into(), 2)));
}

#[test]
fn a_failed_event_keeps_its_place_and_only_its_own_namespace_rests() {
    let mut lane = lane(&[("a", 1), ("a", 2), ("b", 10)]);
    let mut now = START;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let (namespace, event) = lane.next(now).unwrap();
        assert_eq!((namespace.as_str(), event), ("a", 1));
        lane.failed(&namespace, event, now);
        if now == START {
            assert_eq!(written(&mut lane, now), [10], "others go on");
        }
        let until = lane.first_pause_ends().unwrap();
        pauses.push(until.saturating_sub(now).as_secs());
        assert_eq!(lane.next(until.saturating_sub(Duration::from_millis(1))), None);
        now = until;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64]);
    assert_eq!(written(&mut lane, now), [1, 2]);
}

#[test]
fn who_has_much_to_tell_waits_and_others_have_room() {
    let mut lane = Lane::default();
    let fill = |lane: &mut Lane<u32>, namespace: &str| {
        let before = lane.len();
        while lane.room(namespace) == Room::Free {
            lane.push(namespace, 0);
        }
        lane.len() - before
    };
    assert_eq!(fill(&mut lane, "loud"), MOST_OF_ONE);
    assert_eq!((lane.room("loud"), lane.room("quiet")), (Room::Full, Room::Free));
    let loud = MOST / MOST_OF_ONE;
    assert!((1..loud).all(|number| fill(&mut lane, &format!("n{number}")) == MOST_OF_ONE));
    assert_eq!(fill(&mut lane, "late"), GUARANTEED);
    for number in 0.. {
        if fill(&mut lane, &format!("many{number}")) == 0 {
            break;
        }
    }
    assert_eq!(lane.len(), 2 * MOST, "the whole is bounded");
}

#[test]
fn nobody_waits_for_room_in_a_line_that_has_failed_for_minutes() {
    let mut lane = Lane::default();
    for event in (0..).take(MOST_OF_ONE) {
        lane.push("a", event);
    }
    let mut now = START;
    for failures in 0..FAILURES {
        assert_eq!(lane.room("a"), Room::Full, "after {failures} failures");
        let (namespace, event) = lane.next(now).unwrap();
        lane.failed(&namespace, event, now);
        now = lane.first_pause_ends().unwrap();
    }
    assert_eq!((lane.room("a"), lane.room("b")), (Room::None, Room::Free));
    assert!(lane.next(now).is_some());
    lane.ended("a");
    assert_eq!(lane.room("a"), Room::Free);
}

#[test]
fn in_a_hurry_no_line_rests() {
    let (mut lane, now) = (lane(&[("a", 1)]), START);
    for _ in 0..3 {
        let (namespace, event) = lane.next(now).unwrap();
        lane.failed(&namespace, event, now);
        lane.hurry();
    }
    let (namespace, event) = lane.next(now).unwrap();
    lane.failed(&namespace, event, now);
    assert_eq!(lane.first_pause_ends(), Some(now + FIRST_PAUSE));
    assert_eq!(lane.drain().collect::<Vec<_>>(), [1]);
    assert_eq!(lane.len(), 0);
}

#[test]
fn the_event_that_is_being_written_takes_room_too() {
    let mut lane = Lane::default();
    for event in (0..).take(MOST_OF_ONE) {
        lane.push("a", event);
    }
    assert!(lane.next(START).is_some());
    assert_eq!(lane.room("a"), Room::Full);
    lane.ended("a");
    assert_eq!(lane.room("a"), Room::Free);
}

#[test]
fn of_a_full_lane_only_the_guaranteed_part_is_left() {
    let mut lane = Lane::default();
    for number in 0..MOST {
        lane.push(&format!("n{}", number / GUARANTEED), 0);
    }
    assert_eq!((lane.len(), lane.room("n0"), lane.room("new")), (MOST, Room::Full, Room::Free));
}

#[test]
fn a_drained_lane_gives_everything_that_waits() {
    let mut lane = lane(&[("a", 1), ("a", 2), ("b", 10)]);
    let mut drained: Vec<_> = lane.drain().collect();
    drained.sort_unstable();
    assert_eq!((drained, lane.len()), (vec![1, 2, 10], 0));
}
