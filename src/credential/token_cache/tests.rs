//! The tokens against the emulator, and against an API server that keeps Secrets and can refuse to.

mod three_days;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use codeartifact_emulator::{Emulator, Options};
use http::{StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::api::{AwsAccount, KindName};
use crate::aws::Sdk;
use crate::clock::Clock;
use crate::credential::token_store::Templates;
use crate::engine::object::ObjectKey;
use crate::engine::queue::urgent_writes::UrgentWrites;
use crate::engine::watching::caches::Caches;
use crate::engine::watching::own_writes::OwnWrites;
use crate::engine::watching::references::References;
use crate::engine::watching::secret_watches::SecretWatches;
use crate::kubernetes::KubeClient;
use crate::ops::Metrics;
use crate::sessions::Accounts;
use jiff::{SignedDuration, Timestamp};

/// The Secrets of all namespaces, and whether writes are refused.
#[derive(Clone, Default)]
struct Server {
    secrets: Arc<Mutex<BTreeMap<String, Value>>>,
    readonly: Arc<AtomicBool>,
}

impl Server {
    fn client(&self) -> KubeClient {
        let router = Router::new()
            .route("/api/v1/namespaces/{namespace}/secrets", get(list))
            .route("/api/v1/namespaces/{namespace}/secrets/{name}", get(read).patch(apply))
            .with_state(self.clone());
        KubeClient(kube::Client::new(router, "default"))
    }

    fn put(&self, name: &str, secret: Value) {
        self.secrets.lock().unwrap().insert(name.into(), secret);
    }

    fn kept(&self) -> usize {
        self.secrets.lock().unwrap().keys().filter(|name| name.starts_with("token-")).count()
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status.as_u16()});
    answer(status, &body)
}

async fn read(State(server): State<Server>, Path((_, name)): Path<(String, String)>) -> Response {
    match server.secrets.lock().unwrap().get(&name) {
        Some(secret) => answer(StatusCode::OK, secret),
        None => refusal(StatusCode::NOT_FOUND, "NotFound"),
    }
}

/// One Secret in a page, whatever limit is asked for.
async fn list(State(server): State<Server>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    assert_eq!(query["labelSelector"], "codeartifact-operator.dev/component=token");
    let start = query.get("continue").map_or(0, |start| start.parse().unwrap());
    let secrets = server.secrets.lock().unwrap();
    let tokens: Vec<_> = secrets.iter().filter(|(name, _)| name.starts_with("token-")).collect();
    let page: Vec<_> = tokens.iter().skip(start).take(1).map(|(_, secret)| secret).collect();
    let next = if start + 1 < tokens.len() { (start + 1).to_string() } else { String::new() };
    answer(
        StatusCode::OK,
        &json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {"continue": next}, "items": page}),
    )
}

async fn apply(
    State(server): State<Server>,
    Path((namespace, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    if server.readonly.load(Ordering::Relaxed) {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
    }
    let mut secret: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((namespace.as_str(), &secret["type"]), ("operator", &json!("Opaque")));
    secret["metadata"]["resourceVersion"] = json!("1");
    server.put(&name, secret.clone());
    answer(
        StatusCode::OK,
        &json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": secret["metadata"]}),
    )
}

/// An emulator with the domain acme, and an operator that has just started.
struct Started {
    emulator: Emulator,
    server: Server,
    context: Context,
    session: Arc<Session>,
}

impl Started {
    async fn start() -> Self {
        let emulator = Emulator::start(Options::default()).await.unwrap();
        let server = Server::default();
        let keys = json!({"AWS_ACCESS_KEY_ID": "dGVzdA==", "AWS_SECRET_ACCESS_KEY": "dGVzdA=="});
        server.put(
            "keys",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": keys}),
        );
        let (client, clock) = (server.client(), Clock::default());
        let metrics = Metrics::new(clock.clone());
        let sdk = Sdk::new(clock.clone(), metrics.clone());
        let references = References::new(clock.clone());
        let accounts = Accounts::new(client.clone(), clock.clone(), references.clone(), sdk, "test-cluster");
        let session = accounts.session(&account(&emulator)).await.unwrap();
        let stop = CancellationToken::new();
        let caches = Caches::default();
        let context = Context {
            secret_watches: SecretWatches::new(client.clone(), references.clone(), stop.clone()),
            client,
            clock,
            cluster: "test-cluster".into(),
            own_writes: OwnWrites::default(),
            urgent_writes: UrgentWrites::default(),
            operator_namespace: "operator".into(),
            caches,
            accounts,
            references,
            metrics,
            stop,
        };
        let call = session.aws.writes().await.create_domain().domain("acme");
        call.send().await.unwrap();
        Self { emulator, server, context, session }
    }

    fn key(&self, hours: i64) -> TokenKey {
        TokenKey {
            proof: self.session.proof.clone(),
            domain: domain("acme"),
            duration: SignedDuration::from_hours(hours),
            shard: 0,
        }
    }

    fn asks(&self, tokens: &TokenCache, user: &str) -> JoinHandle<Result<CurrentToken>> {
        let (tokens, key, session) = (tokens.clone(), self.key(12), Arc::clone(&self.session));
        let user = ObjectId::new(KindName::RegistryCredential, ObjectKey::new("team", user));
        tokio::spawn(async move {
            let request = TokenRequest {
                user,
                renew_before: None,
                shards: None,
                force: None,
                expired: false,
                impatient: true,
                addresses: Templates::new(),
            };
            tokens.token(&key, &session, &request).await
        })
    }

    async fn faults(&self, method: &str, body: &str) -> String {
        let length = body.len();
        let request = format!(
            "{method} /_emulator/faults HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut stream = tokio::net::TcpStream::connect(self.emulator.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn until_a_mint_is_held(&self) {
        let current = async {
            while !self.faults("GET", "").await.contains(r#""held":1"#) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), current).await.unwrap();
    }

    fn minted(&self) -> usize {
        self.emulator.tokens_minted().len()
    }
}

fn account(emulator: &Emulator) -> AwsAccount {
    let url = emulator.url();
    let spec = json!({
        "region": "us-east-1", "accountId": "123456789012", "endpoints": {"codeartifact": url, "sts": url},
        "credentials": {"secretRef": {"namespace": "aws", "name": "keys"}},
        "limits": {"tokensPerSecond": 100_000},
    });
    let mut account = AwsAccount::new("default", serde_json::from_value(spec).unwrap());
    account.metadata.uid = Some("uid-1".into());
    account
}

#[tokio::test]
async fn one_who_stops_waiting_takes_the_token_from_nobody() {
    let started = Started::start().await;
    let tokens = TokenCache::new(&started.context);
    started
        .faults("PUT", r#"[{"match": {"operation": "GetAuthorizationToken"}, "fault": {"hold": true}}]"#)
        .await;
    let first = started.asks(&tokens, "first");
    started.until_a_mint_is_held().await;
    let second = started.asks(&tokens, "second");
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    started.faults("DELETE", "").await;
    let current = second.await.unwrap().unwrap();
    assert_eq!(current.kept.token.text.expose_secret(), started.emulator.tokens_minted()[0]);
    let third = started.asks(&tokens, "third").await.unwrap().unwrap();
    assert_eq!((third.kept.token.id.as_str(), started.minted()), (current.kept.token.id.as_str(), 1));
}

#[tokio::test]
async fn a_token_is_given_to_nobody_before_it_is_kept_and_is_not_minted_twice() {
    let started = Started::start().await;
    let tokens = TokenCache::new(&started.context);
    started.server.readonly.store(true, Ordering::Relaxed);
    let error = started.asks(&tokens, "a").await.unwrap().unwrap_err();
    assert_eq!((error.reason(), started.minted()), (crate::reason::Reason::KubernetesUnavailable, 1));
    started.asks(&tokens, "b").await.unwrap().unwrap_err();
    started.server.readonly.store(false, Ordering::Relaxed);
    let current = started.asks(&tokens, "a").await.unwrap().unwrap();
    assert_eq!(current.kept.token.text.expose_secret(), started.emulator.tokens_minted()[0]);
    assert_eq!((started.minted(), started.server.kept()), (1, 1));
}

#[tokio::test]
async fn after_a_restart_tokens_come_from_where_they_were_kept() {
    let started = Started::start().await;
    let before = started.asks(&TokenCache::new(&started.context), "a").await.unwrap().unwrap();
    // Others in the list, good and bad, must not hide it.
    for (name, data) in
        [("token-0", json!({})), ("token-1", json!({"token": "eA=="})), ("token-z", Value::Null)]
    {
        started.server.put(
            name,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}),
        );
    }
    let after = started.asks(&TokenCache::new(&started.context), "a").await.unwrap().unwrap();
    assert_eq!(after.kept.token.life, before.kept.token.life);
    assert_eq!((&after.kept.token.id, started.minted()), (&before.kept.token.id, 1));
    assert_eq!(after.renews_at, before.renews_at, "the schedule does not move");
}

#[tokio::test]
async fn neither_what_is_printed_nor_what_is_kept_beside_it_tells_the_token_or_the_proof() {
    let started = Started::start().await;
    let tokens = TokenCache::new(&started.context);
    let current = started.asks(&tokens, "a").await.unwrap().unwrap();
    let text = current.kept.token.text.expose_secret().to_owned();
    for printed in [format!("{tokens:?}"), format!("{current:?}")] {
        assert!(printed.contains("REDACTED") && !printed.contains(&text), "{printed}");
    }
    let secrets = started.server.secrets.lock().unwrap();
    let (name, secret) = secrets.iter().find(|(name, _)| name.starts_with("token-")).unwrap();
    assert_eq!(*name, started.key(12).name());
    assert_ne!(*name, started.key(1).name());
    assert!(!secret.to_string().contains(&started.session.proof), "{secret}");
    assert_eq!(secret["metadata"]["labels"]["app.kubernetes.io/managed-by"], "codeartifact-operator");
}

#[test]
fn a_namespace_has_a_few_tokens_of_a_domain_and_keeps_what_it_has() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let key = |minutes: i64, domain: &str, proof: &str| TokenKey {
        proof: proof.into(),
        domain: self::domain(domain),
        duration: SignedDuration::from_mins(minutes),
        shard: 0,
    };
    let user = |namespace: &str, name: &str| {
        ObjectId::new(KindName::RegistryCredential, ObjectKey::new(namespace, name))
    };
    let mut entries: HashMap<String, Arc<TokenEntry>> = HashMap::new();
    let mut ask = |key: &TokenKey, user: ObjectId| {
        admit(&entries, key, &user, now).map(|()| {
            let entry = entries.entry(key.name()).or_default();
            let mut state = entry.lock();
            state.family.get_or_insert_with(|| family(key));
            let request = TokenRequest {
                user,
                renew_before: None,
                shards: None,
                force: None,
                expired: false,
                impatient: false,
                addresses: Templates::new(),
            };
            assert!(state.answer(&request, now).is_none());
        })
    };
    for number in 0..8 {
        ask(&key(15 + number, "acme", "p"), user("team", &format!("login-{number}"))).unwrap();
    }
    let error = ask(&key(60, "acme", "p"), user("team", "ninth")).unwrap_err();
    assert_eq!(error.outlook(), crate::reason::Outlook::Stalled);
    assert!(
        error.to_string().starts_with("spec.token.duration is 1h: ") && error.to_string().contains("team")
    );
    for (what, key, user) in [
        ("who has it keeps it", key(15, "acme", "p"), user("team", "login-0")),
        ("who shares one", key(15, "acme", "p"), user("team", "ninth")),
        ("another namespace", key(60, "acme", "p"), user("other", "login")),
        ("another domain", key(60, "other", "p"), user("team", "ninth")),
        ("another identity", key(60, "acme", "q"), user("team", "ninth")),
        ("who moves and leaves nobody behind", key(61, "acme", "p"), user("team", "login-7")),
    ] {
        ask(&key, user).expect(what);
    }
}

fn domain(name: &str) -> DomainKey {
    DomainKey {
        account: "default".into(),
        region: "us-east-1".into(),
        owner: "123456789012".into(),
        domain: name.into(),
    }
}
