//! What signs in to AwsAccounts, the Secret that it reads, and the emulator that it signs in to.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use codeartifact_operator::api::AwsAccount;
use codeartifact_operator::aws::Sdk;
use codeartifact_operator::clock::Clock;
use codeartifact_operator::engine::context::Context;
use codeartifact_operator::engine::queue::urgent_writes::UrgentWrites;
use codeartifact_operator::engine::watching::caches::Caches;
use codeartifact_operator::engine::watching::own_writes::OwnWrites;
use codeartifact_operator::engine::watching::references::References;
use codeartifact_operator::engine::watching::secret_watches::SecretWatches;
use codeartifact_operator::error::Result;
use codeartifact_operator::kubernetes::KubeClient;
use codeartifact_operator::ops::Metrics;
use codeartifact_operator::sessions::{Accounts, Session};
use harness::Emulator;
use harness::emulator::ACCOUNT;
use http::{StatusCode, header};
use jiff::SignedDuration;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use tokio_util::sync::CancellationToken;

type Keys = Arc<Mutex<Option<Secret>>>;

/// What signs in, without an operator around it. The API server that it asks knows one Secret.
pub(crate) struct SignIn {
    pub(crate) emulator: Emulator,
    pub(crate) accounts: Accounts,
    pub(crate) references: References,
    clock: Clock,
    metrics: Metrics,
    client: KubeClient,
    secret: Keys,
}

impl SignIn {
    pub(crate) async fn start() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let (clock, secret) = (Clock::default(), Keys::default());
        let client = KubeClient(kube::Client::new(secrets(Arc::clone(&secret)), "default"));
        let metrics = Metrics::new(clock.clone());
        let sdk = Sdk::new(clock.clone(), metrics.clone());
        let references = References::new(clock.clone());
        let accounts = Accounts::new(client.clone(), clock.clone(), references.clone(), sdk, "test-cluster");
        Self { emulator, accounts, references, clock, metrics, client, secret }
    }

    /// The AwsAccount `default`, with the keys of Secret `aws/keys`.
    pub(crate) fn account(&self) -> AwsAccount {
        let url = self.emulator.url();
        let spec = serde_json::json!({
            "region": "us-east-1", "accountId": ACCOUNT,
            "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": "aws", "name": "keys"}},
        });
        let mut account = AwsAccount::new("default", serde_json::from_value(spec).unwrap());
        account.metadata.uid = Some("uid-1".into());
        account
    }

    pub(crate) async fn session(&self) -> Result<Arc<Session>> {
        self.accounts.session(&self.account()).await
    }

    pub(crate) fn keys(&self, id: &str, secret: &str) {
        let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
        let data = [("AWS_ACCESS_KEY_ID".into(), bytes(id)), ("AWS_SECRET_ACCESS_KEY".into(), bytes(secret))];
        *self.secret.lock().unwrap() = Some(Secret { data: Some(data.into()), ..Secret::default() });
    }

    pub(crate) fn forget_keys(&self) {
        *self.secret.lock().unwrap() = None;
    }

    /// Moves the emulator's clock, and ours with it.
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.emulator.advance(by);
        self.clock.set(self.emulator.now());
    }

    pub(crate) fn context(&self) -> Context {
        let stop = CancellationToken::new();
        Context {
            client: self.client.clone(),
            clock: self.clock.clone(),
            cluster: "test-cluster".into(),
            operator_namespace: "operator".into(),
            caches: Caches::default(),
            own_writes: OwnWrites::default(),
            urgent_writes: UrgentWrites::default(),
            accounts: self.accounts.clone(),
            references: self.references.clone(),
            metrics: self.metrics.clone(),
            secret_watches: SecretWatches::new(self.client.clone(), self.references.clone(), stop.clone()),
            stop,
        }
    }
}

/// The one Secret of an API server.
fn secrets(keys: Keys) -> Router {
    async fn get(
        State(keys): State<Keys>,
        Path((namespace, name)): Path<(String, String)>,
    ) -> impl IntoResponse {
        let secret = keys.lock().unwrap().clone().filter(|_| namespace == "aws" && name == "keys");
        let missing = || {
            serde_json::json!({
                "apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404,
                "message": format!("secrets \"{name}\" not found"),
            })
        };
        let status = if secret.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let body =
            secret.map_or_else(|| missing().to_string(), |secret| serde_json::to_string(&secret).unwrap());
        (status, [(header::CONTENT_TYPE, "application/json")], body)
    }
    Router::new()
        .route("/api/v1/namespaces/{namespace}/secrets/{name}", axum::routing::get(get))
        .with_state(keys)
}
