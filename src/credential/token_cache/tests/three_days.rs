//! Three days of 200 logins, in simulated time: failing calls, outages, throttling, clocks that jump, a suspended machine and restarts.
//!
//! Tokens are minted by the emulator over HTTP. The clock stands still between two steps and is set for each. What a login holds is
//! what its Secret would hold.

mod story;

use super::*;
use crate::backoff::backoff;
use crate::credential::schedule::{LONGEST_ONCE_EXPIRED, retry_wait};
use story::{FEW, Happening, STORY};

/// 72 hours.
const END: i64 = 72 * 3600;
/// A login that is in sync is looked at so often, by the monotonic clock.
const COMPARED_EVERY: i64 = 300;
/// Minutes that tokens live for.
const DURATIONS: [i64; 4] = [15, 60, 240, 720];
const DOMAINS: i64 = 5;
const LOGINS: i64 = 200;
/// Until a login of many sharers is told of a new token, and something for the step itself.
const TOLD_WITHIN: i64 = 90;

/// A login, and what its Secret holds.
struct Login {
    user: ObjectId,
    key: TokenKey,
    renew_before: Option<SignedDuration>,
    holds: Option<Life>,
    /// By the wall clock: when its renewal is due, when the promised rest of its life begins, and when the token ends.
    due: i64,
    promised: i64,
    ends: i64,
    /// When it is looked at next, by each clock.
    wall: i64,
    steady: i64,
    failures: u32,
    /// For how long AWS was well since the renewal became due.
    calm: i64,
}

struct Simulation {
    started: Started,
    tokens: TokenCache,
    random: fastrand::Rng,
    logins: Vec<Login>,
    begun: Timestamp,
    /// Seconds since the start, by the wall clock and by the monotonic clock.
    wall: i64,
    steady: i64,
    /// Whether AWS answers as a rule.
    well: bool,
    /// How far the wall clock moved forward in all, and how often it was set back.
    forward: i64,
    set_back: i64,
    looks: u64,
    /// Calls for tokens by domain and duration, that succeeded and that failed; up to this entry of the journal.
    calls: BTreeMap<(String, String), (i64, i64)>,
    counted: u64,
    broken: Vec<String>,
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let started = Started::start().await;
        for domain in 0..DOMAINS {
            let call = started.session.aws.writes().await.create_domain().domain(format!("domain-{domain}"));
            call.send().await.unwrap();
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let logins = (0..LOGINS).map(|number| login(&started, number, &mut random)).collect();
        let (tokens, begun) = (TokenCache::new(&started.context), started.context.clock.now());
        Self {
            tokens,
            random,
            logins,
            begun,
            wall: 0,
            steady: 0,
            well: true,
            forward: 0,
            set_back: 0,
            looks: 0,
            calls: BTreeMap::new(),
            counted: 0,
            broken: Vec::new(),
            started,
        }
    }

    async fn run(&mut self, seed: u64) {
        for (at, happening) in STORY {
            self.until(at).await;
            self.count();
            self.happens(happening, seed).await;
        }
        self.until(END).await;
        self.count();
    }

    async fn happens(&mut self, happening: Happening, seed: u64) {
        match happening {
            Happening::Faults(faults) => {
                self.well = faults == FEW;
                let body = format!(r#"{{"seed": {seed}, "faults": [{faults}]}}"#);
                let answer = self.started.faults("PUT", &body).await;
                assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
            }
            Happening::Jump(hours) => {
                self.set_back += i64::from(hours < 0);
                self.move_clock(hours * 3600, 0);
            }
            Happening::Restart => {
                self.tokens = TokenCache::new(&self.started.context);
                for login in &mut self.logins {
                    login.steady = self.steady;
                }
            }
        }
    }

    /// Looks at each login at its time until the monotonic clock shows `end`.
    async fn until(&mut self, end: i64) {
        loop {
            self.wake();
            let due = |login: &Login| (login.wall - self.wall).min(login.steady - self.steady).max(0);
            let (next, wait) = self.logins.iter().map(due).enumerate().min_by_key(|(_, wait)| *wait).unwrap();
            if self.steady + wait > end {
                return self.move_clock(end - self.steady, end - self.steady);
            }
            self.move_clock(wait, wait);
            if wait > 0 {
                self.check();
            }
            self.look(next).await;
        }
    }

    fn now(&self) -> Timestamp {
        self.begun + SignedDuration::from_secs(self.wall)
    }

    fn move_clock(&mut self, wall: i64, steady: i64) {
        for login in &mut self.logins {
            login.calm = match login.due <= self.wall {
                true if self.well => login.calm + steady,
                true => login.calm,
                false => 0,
            };
        }
        self.forward += wall.max(0);
        self.wall += wall;
        self.steady += steady;
        let now = self.now();
        self.started.emulator.advance(now.duration_since(self.started.emulator.now()));
        self.started.context.clock.set(now);
    }

    /// Whoever was told of a new token is looked at now.
    fn wake(&mut self) {
        let queue = self.started.context.references.queue(KindName::RegistryCredential);
        while let Some(key) = queue.next().now_or_never() {
            queue.done(&key);
            let (wall, login) =
                (self.wall, self.logins.iter_mut().find(|login| login.user.key == key).unwrap());
            login.wall = login.wall.min(wall);
        }
    }

    async fn look(&mut self, index: usize) {
        self.looks += 1;
        let login = &self.logins[index];
        let request = TokenRequest {
            user: login.user.clone(),
            renew_before: login.renew_before,
            shards: None,
            force: None,
            expired: login.holds.is_some() && login.ends <= self.wall,
            impatient: false,
            addresses: Templates::new(),
        };
        let session = Arc::clone(&self.started.session);
        let answer = self.tokens.token(&login.key.clone(), &session, &request).await;
        let (now, compared) = (self.now(), COMPARED_EVERY - self.random.i64(0..60));
        let (wall, steady, random, begun) = (self.wall, self.steady, self.random.f64(), self.begun);
        let login = &mut self.logins[index];
        let wait = if let Ok(current) = answer {
            login.failures = 0;
            let life = current.kept.token.life;
            let of = |time: Timestamp| time.duration_since(begun).as_secs();
            login.holds = Some(life);
            login.due = of(life.renews_at(login.renew_before, 0.0));
            login.ends = of(life.expires);
            login.promised = login.ends - life.promised_rest(login.renew_before).as_secs();
            current.look_again().duration_since(now).as_secs() + 1
        } else {
            login.failures += 1;
            let longest = if login.ends <= wall { LONGEST_ONCE_EXPIRED.as_secs() } else { 300 };
            backoff((1, 300), login.failures, random).as_secs().clamp(1, longest)
        }
        .clamp(0, compared);
        (login.wall, login.steady) = (wall + wait, steady + wait);
    }

    /// No login is below its promised rest, and none has expired, unless the troubles of AWS or of the clock leave no time.
    fn check(&mut self) {
        for login in self.logins.iter().filter(|login| login.holds.is_some() && login.promised < self.wall) {
            let left = login.ends - self.wall;
            let most = retry_wait(99, SignedDuration::from_secs(left), 0.0).as_secs() + TOLD_WITHIN;
            if login.calm > most && self.broken.len() < 10 {
                self.broken.push(format!(
                    "at {} s: {} has {left} s left, and AWS was well for {} s since its renewal was due",
                    self.steady, login.user.key.name, login.calm
                ));
            }
        }
    }

    /// Counts the calls for tokens since the last count. The journal keeps a bounded number of them.
    fn count(&mut self) {
        for entry in self.started.emulator.journal(self.counted) {
            self.counted = entry.seq;
            if entry.operation == "GetAuthorizationToken" {
                let of = |name: &str| entry.parameters[name].as_str().unwrap_or_default().to_owned();
                let key = (of("domain"), of("duration"));
                let calls = self.calls.entry(key).or_default();
                if entry.status == Some(200) { calls.0 += 1 } else { calls.1 += 1 }
            }
        }
    }

    /// How many tokens of the key are needed when each is renewed as early as its most careful user may ask, and each time that the
    /// clock was set back.
    fn needed(&self, domain: &str, seconds: &str) -> i64 {
        let of = |login: &&Login| {
            login.key.domain.domain == domain && login.key.duration.as_secs().to_string() == seconds
        };
        let life = Life::new(self.begun, None, SignedDuration::ZERO);
        let expires = self.begun + SignedDuration::from_secs(seconds.parse().unwrap());
        let life = Life { expires, ..life };
        let use_of =
            |login: &Login| life.renews_at(login.renew_before, 1.0).duration_since(life.issued).as_secs() - 1;
        let shortest = self.logins.iter().filter(of).map(use_of).min().unwrap();
        self.forward / shortest + 1 + self.set_back
    }
}

#[tokio::test]
async fn three_days_of_logins_pass_and_no_promise_is_broken() {
    let seed = fastrand::u64(..1_000_000);
    println!("seed {seed}: put it in the place of the random one to see the same again");
    let mut simulation = Simulation::new(seed).await;
    simulation.run(seed).await;
    assert_eq!(simulation.broken, Vec::<String>::new());
    assert!(simulation.logins.iter().all(|login| login.holds.is_some()));
    let (mut minted, mut failed, mut needed) = (0, 0, 0);
    assert_eq!(simulation.calls.len(), 20, "one key for each domain and duration");
    for ((domain, duration), (good, bad)) in &simulation.calls {
        let most = simulation.needed(domain, duration);
        assert!(*good <= most, "{domain}, {duration} s: {good} tokens were minted, and {most} are enough");
        (minted, failed, needed) = (minted + good, failed + bad, needed + most);
    }
    println!(
        "200 logins of 20 keys, {} looks: {minted} tokens (at most {needed} needed), {failed} calls failed",
        simulation.looks
    );
}

fn login(started: &Started, number: i64, random: &mut fastrand::Rng) -> Login {
    let minutes = DURATIONS[usize::try_from(number % 4).unwrap()];
    let domain = format!("domain-{}", number / 4 % DOMAINS);
    let duration = SignedDuration::from_mins(minutes);
    let key = TokenKey { domain: DomainKey { domain, ..started.key(1).domain }, duration, ..started.key(1) };
    let renew_before = random.bool().then(|| duration * random.i32(20..=50) / 100);
    let object = ObjectKey::new(format!("team-{}", number % 7), format!("login-{number}"));
    let spec = json!({"registries": [{"repository": {"domain": "acme", "name": "app"}, "formats": ["npm"]}]});
    let mut cached = crate::api::RegistryCredential::new(&object.name, serde_json::from_value(spec).unwrap());
    cached.metadata.namespace = Some(object.namespace.clone());
    cached.metadata.resource_version = Some("1".into());
    started.context.caches.credentials.apply(cached);
    let user = ObjectId::new(KindName::RegistryCredential, object);
    Login {
        user,
        key,
        renew_before,
        holds: None,
        due: 0,
        promised: 0,
        ends: 0,
        wall: 0,
        steady: random.i64(0..60),
        failures: 0,
        calm: 0,
    }
}
