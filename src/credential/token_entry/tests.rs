//! What somebody who asks for a token is told, by what is known about it.

use super::*;
use crate::api::{EndpointType, KindName};
use crate::aws::{AwsError, AwsErrorKind};
use crate::credential::schedule::Life;
use crate::credential::token_store::{Origin, Templates};
use crate::engine::object::ObjectKey;
use crate::reason::Reason;

const HOUR: i64 = 3600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

/// A token of 12 h that was minted at the start.
fn token(id: &str) -> Arc<StoredToken> {
    let life = Life { issued: at(0), expires: at(12 * HOUR) };
    Arc::new(StoredToken {
        token: Token { id: id.into(), text: "t".into(), life },
        previous: None,
        version: None,
        origin: Origin::default(),
    })
}

fn request(user: &str) -> TokenRequest {
    let user = ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", user));
    TokenRequest {
        user,
        renew_before: None,
        shards: None,
        force: None,
        expired: false,
        impatient: false,
        addresses: Templates::new(),
    }
}

fn error() -> Arc<Error> {
    Arc::new(Error::waiting(Reason::NotFound, "no such domain"))
}

fn holding(id: &str) -> EntryState {
    EntryState { kept: Some(token(id)), ..EntryState::default() }
}

/// `mint`, or what is answered without one.
fn asked(state: &mut EntryState, request: &TokenRequest, now: i64) -> &'static str {
    match state.answer(request, at(now)) {
        None => "mint",
        Some(Ok(current)) if current.failing.is_some() => "old",
        Some(Ok(_)) => "good",
        Some(Err(_)) => "error",
    }
}

#[test]
fn a_token_is_given_until_somebody_needs_a_better_one() {
    let patient = request("a");
    let careful = TokenRequest { renew_before: Some(SignedDuration::from_hours(6)), ..request("b") };
    let mut state = EntryState::default();
    assert_eq!(asked(&mut state, &patient, 0), "mint");
    let mut state = holding("x");
    assert_eq!(asked(&mut state, &patient, 6 * HOUR), "good");
    assert_eq!(asked(&mut state, &careful, 5 * HOUR - HOUR / 4), "good");
    assert_eq!(asked(&mut state, &careful, 6 * HOUR), "mint", "half of the life was promised to this user");
    assert_eq!(asked(&mut state, &patient, 8 * HOUR), "mint");
}

#[test]
fn a_renewal_is_due_at_its_time_and_not_before() {
    let (user, mut state) = (request("a"), holding("x"));
    let due = renews_at(&token("x"), &user);
    let mut minted = |now: Timestamp| state.answer(&user, now).is_none();
    assert!(!minted(due - SignedDuration::from_nanos(1)));
    assert!(minted(due));
}

#[test]
fn a_renewal_tells_everybody_else_who_uses_the_token() {
    let mut state = holding("x");
    for user in ["a", "b", "c"] {
        assert_eq!(asked(&mut state, &request(user), 0), "good");
    }
    let mut told = state.succeeded(token("y"), &request("b"), at(9 * HOUR)).others;
    told.sort();
    assert_eq!(told, [request("a").user, request("c").user]);

    let mut first = EntryState::default();
    asked(&mut first, &request("a"), 0);
    assert_eq!(
        first.succeeded(token("x"), &request("b"), at(0)),
        Sharers::default(),
        "those who wait get the first one anyway"
    );
}

/// Eleven thousand logins: they ask for the next token at different times of one minute, and those who have not are told in as much time.
#[test]
fn many_who_share_a_token_do_not_move_in_the_same_second() {
    let mut state = holding("x");
    let users: Vec<_> = (0..11_000).map(|number| request(&format!("login-{number}"))).collect();
    for user in &users {
        asked(&mut state, user, 0);
    }
    let due = renews_at(&token("x"), &users[0]);
    let mut seconds: Vec<_> = users
        .iter()
        .map(|user| match state.answer(user, at(HOUR)) {
            Some(Ok(current)) => due.duration_since(current.look_again()).as_secs(),
            other => panic!("{other:?}"),
        })
        .collect();
    seconds.sort_unstable();
    assert_eq!(
        (seconds[0], seconds[10_999]),
        (0, 59),
        "never later than planned, and a minute earlier at most"
    );
    let in_one_second = seconds.chunk_by(|one, other| one == other).map(<[_]>::len).max().unwrap();
    assert!(in_one_second < 400, "{in_one_second} in one second");

    let minute = SignedDuration::from_mins(1);
    let early = due - minute;
    let mut renewed = EntryState { users: state.users.clone(), ..holding("x") };
    let first = users.iter().find(|user| renewed.answer(user, early + minute / 60).is_none()).unwrap();
    let sharers = renewed.succeeded(token("y"), first, early + minute / 60);
    assert_eq!((sharers.others.len(), sharers.window), (10_999, minute));
    // When the renewal has failed for long, nobody waits any more.
    let late = state.succeeded(token("y"), &users[0], due + minute);
    assert_eq!((late.others.len(), late.window), (10_999, SignedDuration::ZERO));
}

#[test]
fn the_old_token_is_given_while_its_renewal_fails_and_until_it_ends() {
    let mut state = holding("x");
    let user = request("a");
    assert_eq!(asked(&mut state, &user, 9 * HOUR), "mint");
    state.failed(error(), false, at(9 * HOUR), 0.0);
    let current = state.after(&user, at(9 * HOUR), Err(error())).unwrap();
    assert_eq!(current.look_again(), at(9 * HOUR + 10));
    assert_eq!(asked(&mut state, &user, 9 * HOUR + 9), "old");
    assert_eq!(asked(&mut state, &user, 9 * HOUR + 10), "mint");
    state.failed(error(), false, at(9 * HOUR + 10), 0.0);
    assert_eq!(asked(&mut state, &user, 9 * HOUR + 29), "old", "each failure waits longer");

    state.failed(error(), false, at(12 * HOUR - 1), 0.0);
    let current = state.after(&user, at(12 * HOUR - 1), Err(error())).unwrap();
    assert_eq!(current.look_again(), at(12 * HOUR), "its end must be told in time");
    assert_eq!(asked(&mut state, &user, 12 * HOUR), "error");
    assert!(state.after(&user, at(12 * HOUR), Err(error())).is_err());
}

#[test]
fn many_who_fail_together_do_not_all_try() {
    let mut state = EntryState::default();
    assert_eq!(asked(&mut state, &request("a"), 0), "mint");
    state.failed(error(), false, at(0), 0.0);
    assert_eq!(asked(&mut state, &request("b"), 4), "error");
    assert_eq!(asked(&mut state, &request("b"), 5), "mint");
    let impatient = TokenRequest { impatient: true, ..request("b") };
    assert_eq!(asked(&mut state, &impatient, 1), "mint", "somebody asked to look now");
    let told = state.after(&request("c"), at(1), Err(error())).unwrap_err();
    assert_eq!((told.reason(), told.to_string().as_str()), (Reason::NotFound, "no such domain"));
}

#[test]
fn a_forced_renewal_happens_once() {
    let mut state = holding("x");
    let forced = TokenRequest { force: Some("1".into()), ..request("a") };
    assert_eq!(asked(&mut state, &forced, 300), "mint");
    state.failed(error(), false, at(300), 0.0);
    assert_eq!(asked(&mut state, &forced, 301), "old");
    assert_eq!(asked(&mut state, &request("b"), 301), "good", "nobody else is bothered");
    state.succeeded(token("y"), &forced, at(301));
    assert_eq!(asked(&mut state, &forced, 301), "good");
    let again = TokenRequest { force: Some("2".into()), ..request("a") };
    assert_eq!(asked(&mut state, &again, 301), "mint");
}

/// The token that somebody is given.
fn given(state: &mut EntryState, request: &TokenRequest, now: i64) -> String {
    state
        .answer(request, at(now))
        .map_or_else(|| "mint".into(), |current| current.unwrap().kept.token.id.clone())
}

fn minted_at(id: &str, second: i64) -> Arc<StoredToken> {
    let life = Life { issued: at(second), expires: at(second + 12 * HOUR) };
    Arc::new(StoredToken {
        token: Token { id: id.into(), text: "t".into(), life },
        previous: None,
        version: None,
        origin: Origin::default(),
    })
}

#[test]
fn a_forced_renewal_moves_nobody_else_before_their_time() {
    let mut state = holding("x");
    for user in ["a", "b", "c"] {
        assert_eq!(given(&mut state, &request(user), 0), "x");
    }
    let forced = |user: &str, value: &str| TokenRequest { force: Some(value.into()), ..request(user) };
    assert_eq!(given(&mut state, &forced("a", "1"), HOUR), "mint");
    assert_eq!(
        state.succeeded(minted_at("y", HOUR), &forced("a", "1"), at(HOUR)),
        Sharers::default(),
        "nobody else is woken"
    );
    let table = [
        ("the one who asked has the new token", request("a"), HOUR, "y"),
        ("others stay with theirs", request("b"), HOUR, "x"),
        ("who is new gets the new one", request("d"), HOUR, "y"),
        ("who asks too gets the young one", forced("c", "1"), HOUR + 60, "y"),
        ("and keeps it", request("c"), HOUR + 61, "y"),
        ("others still stay", request("b"), 7 * HOUR, "x"),
        ("and move when their own renewal is due", request("b"), 8 * HOUR, "y"),
        ("for good", request("b"), 8 * HOUR + 1, "y"),
    ];
    for (what, request, now, expected) in table {
        assert_eq!(given(&mut state, &request, now), expected, "{what}");
    }
}

#[test]
fn a_renewal_that_is_due_moves_also_those_who_stayed() {
    let mut state = holding("x");
    for user in ["a", "b"] {
        given(&mut state, &request(user), 0);
    }
    let forced = TokenRequest { force: Some("1".into()), ..request("a") };
    assert_eq!(given(&mut state, &forced, 600), "mint");
    state.succeeded(minted_at("y", 600), &forced, at(600));
    assert_eq!(given(&mut state, &request("b"), 601), "x");
    // Both joined the one mint: neither goes back to what it had.
    let both = TokenRequest { force: Some("1".into()), ..request("b") };
    assert_eq!(given(&mut state, &both, 900), "mint");
    state.succeeded(minted_at("z", 900), &TokenRequest { force: Some("2".into()), ..request("a") }, at(900));
    assert_eq!(state.after(&both, at(900), Ok(minted_at("z", 900))).unwrap().kept.token.id, "z");
    assert_eq!(given(&mut state, &request("b"), 901), "z");
    let careful = TokenRequest { renew_before: Some(SignedDuration::from_hours(6)), ..request("a") };
    assert_eq!(given(&mut state, &careful, 6 * HOUR), "mint");
    assert_eq!(state.succeeded(minted_at("v", 6 * HOUR), &careful, at(6 * HOUR)).others, [request("b").user]);
    assert_eq!(given(&mut state, &request("b"), 6 * HOUR), "v");
}

#[test]
fn the_time_that_aws_asks_for_is_kept_while_the_old_token_works() {
    let throttled = |seconds: u64| {
        let kind = AwsErrorKind::Throttled(Some(std::time::Duration::from_secs(seconds)));
        Arc::new(Error::from(AwsError { operation: "GetAuthorizationToken", kind, message: "slow".into() }))
    };
    let user = request("a");
    for (what, asked_for, now, expected) in [
        ("more than the backoff", 600, 9 * HOUR, 9 * HOUR + 600),
        ("less than the backoff", 3, 9 * HOUR, 9 * HOUR + 10),
        ("beyond its end, which is told in time", 600, 12 * HOUR - 60, 12 * HOUR),
    ] {
        let mut state = holding("x");
        assert_eq!(asked(&mut state, &user, now), "mint", "{what}");
        state.failed(throttled(asked_for), false, at(now), 0.0);
        let current = state.after(&user, at(now), Err(throttled(asked_for))).unwrap();
        assert_eq!(current.look_again(), at(expected), "{what}");
        assert_eq!(asked(&mut state, &user, expected.min(12 * HOUR) - 1), "old", "{what}");
    }
}

#[test]
fn a_young_token_is_not_forced_away_now_or_later() {
    let mut state = holding("x");
    let forced = TokenRequest { force: Some("1".into()), ..request("a") };
    assert_eq!(asked(&mut state, &forced, 299), "good");
    assert_eq!(asked(&mut state, &forced, 300), "good", "it has been handled");
    let again = TokenRequest { force: Some("2".into()), ..request("a") };
    assert_eq!(asked(&mut state, &again, 300), "mint");
}

#[test]
fn addresses_are_learnt_once_and_again_when_they_could_not_be_kept() {
    let mut state = holding("x");
    let origin = |kind: EndpointType| Origin {
        source: "s".into(),
        addresses: [(kind, "https://{format}/{repository}/".into())].into(),
        ..Origin::default()
    };
    let (ipv4, dualstack) = (origin(EndpointType::Ipv4), origin(EndpointType::Dualstack));
    let first = state.learn(&ipv4).expect("it is new");
    assert!(state.learn(&ipv4).is_none(), "it is on its way");
    let saved = Arc::new(StoredToken { version: Some("2".into()), ..StoredToken::clone(&first) });
    state.learned(&first, saved);
    assert_eq!(state.kept.as_ref().unwrap().version.as_deref(), Some("2"));
    let both = state.learn(&dualstack).expect("another kind");
    assert_eq!(both.origin.addresses.len(), 2);
    state.unlearn(&dualstack.addresses);
    assert!(state.learn(&ipv4).is_none());
    assert!(state.learn(&dualstack).is_some(), "it is tried again");

    let minted = token("y");
    state.kept = Some(Arc::clone(&minted));
    state.learned(&both, token("x"));
    assert!(Arc::ptr_eq(state.kept.as_ref().unwrap(), &minted), "a newer token stays");
    let other = Origin { source: "other".into(), ..Origin::default() };
    assert!(state.learn(&other).is_some(), "a token of an earlier version does not know its source");
}

#[test]
fn users_who_are_gone_are_forgotten() {
    let mut state = holding("x");
    asked(&mut state, &request("a"), 0);
    asked(&mut state, &request("b"), 0);
    state.retain_users(|user| *user == request("b").user);
    assert!(state.is_used());
    assert_eq!(state.succeeded(token("y"), &request("c"), at(9 * HOUR)).others, [request("b").user]);
    state.retain_users(|_| false);
    assert!(!state.is_used());
}

#[test]
fn a_token_goes_when_it_has_expired_or_nobody_has_used_it_for_a_while() {
    let mut state = holding("x");
    asked(&mut state, &request("a"), 0);
    assert!(state.take_useless(at(HOUR)).is_none());
    state.retain_users(|_| false);
    assert!(state.take_useless(at(HOUR)).is_none());
    assert!(state.take_useless(at(HOUR + 599)).is_none());
    assert_eq!(asked(&mut state, &request("b"), HOUR + 599), "good");
    state.retain_users(|_| false);
    assert!(state.take_useless(at(2 * HOUR)).is_none(), "it was used in between");
    assert!(state.take_useless(at(2 * HOUR + 600)).is_some());

    let mut used = holding("x");
    asked(&mut used, &request("a"), 0);
    assert!(used.take_useless(at(12 * HOUR)).is_some());
}
