//! How the AWS SDK is set up: one HTTP client with one TLS stack, our clock, our timeouts, and no retries.

use std::time::{Duration, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_codeartifact::config::{IdentityCache, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_async::time::TimeSource;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;

use super::calls::{CountCalls, Fenced};
use crate::api::AwsAccount;
use crate::clock::Clock;
use crate::ops::{Fence, Metrics};

/// What all AWS clients of the process share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sdk {
    http: SharedHttpClient,
    clock: Clock,
    metrics: Metrics,
    fence: Fence,
}

impl Sdk {
    /// The HTTP client of the process, and what is counted.
    pub fn new(clock: Clock, metrics: Metrics) -> Self {
        let http = Builder::new().build_with_connector_fn(connector);
        Self { http, clock, metrics, fence: Fence::default() }
    }

    /// The same, whose clients send nothing while the fence is closed.
    #[must_use]
    pub fn fenced(self, fence: Fence) -> Self {
        Self { fence, ..self }
    }

    /// Whether a request may go out: none may when another process may lead.
    pub(super) fn may_call(&self) -> Result<(), String> {
        self.fence.check().map_err(|closed| closed.to_string())
    }

    /// The pod's own credentials: environment, profile, web identity, EKS Pod Identity, instance metadata.
    pub(crate) async fn own_credentials(&self, region: &str) -> SharedCredentialsProvider {
        // Without a region and a client of ours, the chain would look for both itself, and panic.
        let region = Region::new(region.to_owned());
        let config = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_behavior_version(Some(behavior()))
            .with_http_client(self.http.clone())
            .with_time_source(Time(self.clock.clone()));
        let chain = DefaultCredentialsChain::builder().configure(config).region(region).build().await;
        SharedCredentialsProvider::new(chain)
    }

    /// The configuration of one identity. It caches that identity's credentials for itself.
    pub(crate) async fn config(&self, region: &str, credentials: SharedCredentialsProvider) -> SdkConfig {
        self.loader(region).credentials_provider(credentials).load().await
    }

    /// The configuration of somebody who has no credentials yet.
    pub(crate) async fn unsigned(&self, region: &str) -> SdkConfig {
        self.loader(region).no_credentials().load().await
    }

    fn loader(&self, region: &str) -> ConfigLoader {
        let mut loader = aws_config::defaults(behavior())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .time_source(Time(self.clock.clone()))
            // Signatures and schedules follow one clock; the SDK's own correction would fight with ours.
            .disable_clock_skew_correction(true)
            // The engine retries, with the object's own backoff, and shows it.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts())
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(10)).build(),
            )
            .identity_cache(credentials_cache());
        if let Ok(name) = AppName::new("codeartifact-operator") {
            loader = loader.app_name(name);
        }
        loader
    }

    /// CodeArtifact at the account's endpoint.
    pub(crate) fn codeartifact(
        &self,
        config: &SdkConfig,
        account: &AwsAccount,
    ) -> aws_sdk_codeartifact::Client {
        let mut builder = aws_sdk_codeartifact::config::Builder::from(config)
            .interceptor(CountCalls(self.metrics.clone()))
            .interceptor(Fenced(self.fence.clone()));
        if let Some(url) =
            account.spec.endpoints.as_ref().and_then(|endpoints| endpoints.codeartifact.as_ref())
        {
            builder = builder.endpoint_url(url);
        }
        aws_sdk_codeartifact::Client::from_conf(builder.build())
    }

    /// STS at the account's endpoint.
    pub(crate) fn sts(&self, config: &SdkConfig, account: &AwsAccount) -> aws_sdk_sts::Client {
        let mut builder = aws_sdk_sts::config::Builder::from(config)
            .interceptor(CountCalls(self.metrics.clone()))
            .interceptor(Fenced(self.fence.clone()));
        if let Some(url) = account.spec.endpoints.as_ref().and_then(|endpoints| endpoints.sts.as_ref()) {
            builder = builder.endpoint_url(url);
        }
        aws_sdk_sts::Client::from_conf(builder.build())
    }
}

/// Connections to AWS: over TLS by one provider, and through the proxy that `HTTPS_PROXY` names unless `NO_PROXY` names the host.
pub(super) fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> Connector {
    let mut builder = Connector::builder()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .pool_idle_timeout(Duration::from_secs(30))
        .proxy_config(ProxyConfig::from_env());
    builder.set_connector_settings(settings.cloned());
    if let Some(components) = components {
        builder.set_sleep_impl(components.sleep_impl());
    }
    builder.build()
}

/// Pinned, so that an update of the SDK changes no behaviour unseen.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_secs(45))
        .build()
}

/// Credentials are renewed two minutes before they expire. Looking for them ends before the call itself would.
fn credentials_cache() -> aws_sdk_codeartifact::config::SharedIdentityCache {
    IdentityCache::lazy().load_timeout(Duration::from_secs(40)).buffer_time(Duration::from_mins(2)).build()
}

/// The SDK's view of our clock.
#[derive(Clone, Debug)]
struct Time(Clock);

impl TimeSource for Time {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.now())
    }
}
