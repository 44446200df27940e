//! Wakes the logins that share a token when there is a new one: not all in the same second.

use jiff::SignedDuration;

use super::TokenCache;
use crate::credential::schedule::place;
use crate::credential::token_request::Sharers;
use crate::engine::object::ObjectId;

/// Logins whose places in the window are so near to each other are woken together.
const TOGETHER: SignedDuration = SignedDuration::from_millis(50);

impl TokenCache {
    /// Each of the others moves to the new token at its place in the window.
    pub(super) fn wake(&self, Sharers { others, window }: Sharers) {
        let turns = in_turn(others, window);
        let (this, stop) = (self.clone(), self.context.stop.clone());
        let work = async move {
            for (wait, users) in turns {
                if !wait.is_zero() {
                    self::sleep(&this, wait).await;
                }
                for user in &users {
                    this.context.references.wake(user);
                }
            }
        };
        tokio::spawn(async move { stop.run_until_cancelled(work).await });
    }
}

async fn sleep(cache: &TokenCache, wait: SignedDuration) {
    cache.context.clock.sleep(wait.unsigned_abs()).await;
}

/// Who is woken together, and how long after those before them.
fn in_turn(others: Vec<ObjectId>, window: SignedDuration) -> Vec<(SignedDuration, Vec<ObjectId>)> {
    let mut placed: Vec<_> = others.into_iter().map(|user| (window.mul_f64(place(&user)), user)).collect();
    placed.sort();
    let (mut turns, mut last) = (Vec::<(SignedDuration, Vec<ObjectId>)>::new(), SignedDuration::ZERO);
    for (at, user) in placed {
        match turns.last_mut() {
            Some((_, together)) if at - last < TOGETHER => together.push(user),
            _ => {
                turns.push((at.saturating_sub(last).max(SignedDuration::ZERO), vec![user]));
                last = at;
            }
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KindName;
    use crate::engine::object::ObjectKey;

    fn users(count: usize) -> Vec<ObjectId> {
        let user = |number| ObjectKey::new("team", format!("login-{number}"));
        (0..count).map(|number| ObjectId::new(KindName::RegistryCredential, user(number))).collect()
    }

    #[test]
    fn without_a_window_all_are_woken_at_once() {
        let turns = in_turn(users(100), SignedDuration::ZERO);
        assert_eq!(turns.len(), 1);
        assert_eq!((turns[0].0, turns[0].1.len()), (SignedDuration::ZERO, 100));
        assert!(in_turn(Vec::new(), SignedDuration::ZERO).is_empty());
    }

    #[test]
    fn in_a_window_each_is_woken_once_and_the_last_within_it() {
        let window = SignedDuration::from_secs(60);
        let turns = in_turn(users(10_000), window);
        let woken: usize = turns.iter().map(|(_, users)| users.len()).sum();
        let waited: SignedDuration = turns.iter().map(|(wait, _)| *wait).sum();
        assert_eq!(woken, 10_000);
        assert!(waited <= window && waited > SignedDuration::from_secs(58), "{waited}");
        let most = turns.iter().map(|(_, users)| users.len()).max().unwrap();
        assert!(most < 50, "{most} at once");
    }
}
