//! An emulator with the repositories that the tests of clients need, and what they ask of it.

use crate::mode::Mode;
use crate::support::{ACCOUNT, control, send, with_domain};
use crate::surroundings::Surroundings;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::{
    AllowPublish, AllowUpstream, PackageFormat, PackageOriginRestrictions, PackageVersionStatus,
    UpstreamRepository,
};
use codeartifact_emulator::Emulator;
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::json;
use std::sync::Arc;

/// The public registries, each with the repository that is connected to it.
const STORES: &[(&str, &str)] = &[
    ("npm-store", "public:npmjs"),
    ("pypi-store", "public:pypi"),
    ("maven-central-store", "public:maven-central"),
    ("cargo-store", "public:crates-io"),
    ("rubygems-store", "public:ruby-gems-org"),
];

/// The stores, and `team` with all of them as upstreams.
pub(crate) struct World {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) mode: Mode,
    pub(crate) surroundings: Surroundings,
}

impl World {
    /// A world in the plain mode.
    pub(crate) async fn new() -> Self {
        Self::of(Mode::Plain).await
    }

    pub(crate) async fn of(mode: Mode) -> Self {
        let emulator = Arc::new(Emulator::start(mode.options()).await.unwrap());
        let surroundings = Surroundings::of(&emulator).await;
        let client = with_domain(&emulator).await;
        let mut team = client.create_repository().domain("acme").repository("team");
        for (name, connection) in STORES {
            client.create_repository().domain("acme").repository(*name).send().await.unwrap();
            let connect = client.associate_external_connection().domain("acme").repository(*name);
            connect.external_connection(*connection).send().await.unwrap();
            team = team.upstreams(UpstreamRepository::builder().repository_name(*name).build().unwrap());
        }
        team.send().await.unwrap();
        let minted = client.get_authorization_token().domain("acme").send().await.unwrap();
        let token = minted.authorization_token().unwrap().to_owned();
        Self { emulator, client, token, mode, surroundings }
    }

    /// The repository's address for a format, as `GetRepositoryEndpoint` tells it.
    pub(crate) async fn endpoint(&self, format: PackageFormat, repository: &str) -> String {
        let endpoint = self.client.get_repository_endpoint().domain("acme").repository(repository);
        let endpoint = endpoint.format(format).send().await.unwrap();
        endpoint.repository_endpoint().unwrap().to_owned()
    }

    /// Put made packages into a public registry.
    pub(crate) async fn seed(&self, connection: &str, packages: &[(&str, &str)]) {
        let packages = packages.iter().map(|(name, version)| json!({ "name": name, "version": version }));
        self.put_seed(connection, packages.collect()).await;
    }

    /// The same, each published at a time.
    pub(crate) async fn seed_published(&self, connection: &str, packages: &[(&str, &str, &str)]) {
        let package = |(name, version, published): &(&str, &str, &str)| json!({ "name": name, "version": version, "published": published });
        self.put_seed(connection, packages.iter().map(package).collect()).await;
    }

    async fn put_seed(&self, connection: &str, packages: Vec<serde_json::Value>) {
        let seed = json!({ "connection": connection, "packages": packages });
        control(&self.emulator, "PUT", "/seed", seed).await;
    }

    /// The versions that a repository itself holds; none when it has no such package.
    pub(crate) async fn held(&self, repository: &str, format: PackageFormat, name: &str) -> Vec<String> {
        let (namespace, name) = parts(name);
        let list = self.client.list_package_versions().domain("acme").repository(repository);
        let list = list.format(format).set_namespace(namespace.map(str::to_owned)).package(name);
        match list.send().await {
            Ok(answer) => answer.versions().iter().map(|one| one.version().to_owned()).collect(),
            Err(error) if error.as_service_error().unwrap().is_resource_not_found_exception() => Vec::new(),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Restrict the unscoped npm package of that name in `team`.
    pub(crate) async fn restrict(&self, name: &str, publish: AllowPublish, upstream: AllowUpstream) {
        self.restrict_package(PackageFormat::Npm, name, (publish, upstream)).await;
    }

    /// Restrict the package of that format and name in `team`.
    pub(crate) async fn restrict_package(
        &self,
        format: PackageFormat,
        name: &str,
        (publish, upstream): (AllowPublish, AllowUpstream),
    ) {
        let restrictions = PackageOriginRestrictions::builder().publish(publish).upstream(upstream);
        let put = self.client.put_package_origin_configuration().domain("acme").repository("team");
        let (namespace, name) = parts(name);
        let put = put.format(format).set_namespace(namespace.map(str::to_owned)).package(name);
        put.restrictions(restrictions.build().unwrap()).send().await.unwrap();
    }

    /// Give a version that `team` holds another status.
    pub(crate) async fn set_status(
        &self,
        format: PackageFormat,
        (name, version): (&str, &str),
        status: PackageVersionStatus,
    ) {
        let (namespace, name) = parts(name);
        let namespace = namespace.map(str::to_owned);
        let update = self.client.update_package_versions_status().domain("acme").repository("team");
        let update = update
            .format(format)
            .set_namespace(namespace)
            .package(name)
            .versions(version)
            .target_status(status);
        let answer = update.send().await.unwrap();
        assert_eq!(answer.successful_versions().unwrap().len(), 1, "{answer:?}");
    }

    /// A plain request to the data plane, with an Authorization header or none.
    pub(crate) async fn get(&self, path: &str, authorization: Option<&str>) -> http::Response<Bytes> {
        let mut request = Request::get(path).header("host", self.emulator.address().to_string());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        send(&self.emulator, request.body(Full::new(Bytes::new())).unwrap()).await
    }

    /// The token as an Authorization header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

/// The namespace and the name in `@acme/widgets` and in `org.acme:widgets`.
fn parts(name: &str) -> (Option<&str>, &str) {
    let scoped = name.strip_prefix('@').and_then(|name| name.split_once('/'));
    let found = scoped.or_else(|| name.split_once(':'));
    found.map_or((None, name), |(namespace, name)| (Some(namespace), name))
}

/// A path of the data plane.
pub(crate) fn path(format: &str, repository: &str, rest: &str) -> String {
    format!("/{format}/d/acme-{ACCOUNT}/{repository}/{rest}")
}
