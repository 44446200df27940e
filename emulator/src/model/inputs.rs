//! The input of each of the 48 operations.

#[allow(clippy::wildcard_imports, reason = "most of the shapes, by their short names")]
use super::shapes::*;
use super::{Member, Members, Place};

type Group = &'static [Member];

const IN_DOMAIN: Group = &[
    Member::query("domain", "domain", &DOMAIN_NAME).required(),
    Member::query("domain-owner", "domainOwner", &ACCOUNT_ID),
];
const REPOSITORY: Group = &[Member::query("repository", "repository", &REPOSITORY_NAME).required()];
const PACKAGE: Group = &[
    Member::query("format", "format", &FORMAT).required(),
    Member::query("namespace", "namespace", &PACKAGE_NAME),
    Member::query("package", "package", &PACKAGE_NAME).required(),
];
const VERSION: Group = &[Member::query("version", "packageVersion", &PACKAGE_NAME).required()];
const CONNECTION: Group =
    &[Member::query("external-connection", "externalConnection", &EXTERNAL_CONNECTION_NAME).required()];
const TARGET: Group = &[Member::query("resourceArn", "resourceArn", &ARN).required()];
const GROUP: Group = &[Member::query("package-group", "packageGroup", &GROUP_PATTERN).required()];
const NEXT: Group = &[Member::query("next-token", "nextToken", &PAGINATION_TOKEN)];
const MAX: Group = &[Member::query("max-results", "maxResults", &PAGE)];
const REPOSITORY_PREFIX: Group = &[Member::query("repository-prefix", "repositoryPrefix", &REPOSITORY_NAME)];
const POLICY_LOCK: Group = &[Member::query("policy-revision", "policyRevision", &POLICY_REVISION)];
const POLICY: Group = &[
    Member::body("policyRevision", &POLICY_REVISION),
    Member::body("policyDocument", &POLICY_DOCUMENT).required(),
];
const TAGGED: Group = &[Member::body("tags", &TAGS)];
const DESCRIBED: Group = &[Member::body("description", &DESCRIPTION)];
const UPSTREAM_LIST: Group = &[Member::body("upstreams", &UPSTREAMS)];
const BATCH: Group =
    &[Member::body("versions", &VERSIONS).required(), Member::body("expectedStatus", &STATUS)];
const BATCH_REVISIONS: Group = &[Member::body("versionRevisions", &REVISIONS)];
const GROUP_IN_BODY: Group =
    &[Member::body("packageGroup", &GROUP_PATTERN).required(), Member::body("contactInfo", &DESCRIPTION)];

pub(crate) const DOMAIN_ONLY: Members = &[IN_DOMAIN];
pub(crate) const REPOSITORY_ONLY: Members = &[IN_DOMAIN, REPOSITORY];
pub(crate) const PACKAGE_ONLY: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE];
pub(crate) const VERSION_ONLY: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE, VERSION];
pub(crate) const GROUP_ONLY: Members = &[IN_DOMAIN, GROUP];
pub(crate) const RESOURCE_ONLY: Members = &[TARGET];
pub(crate) const EXTERNAL_CONNECTION: Members = &[IN_DOMAIN, REPOSITORY, CONNECTION];
pub(crate) const DOMAIN_POLICY_LOCK: Members = &[IN_DOMAIN, POLICY_LOCK];
pub(crate) const REPOSITORY_POLICY_LOCK: Members = &[IN_DOMAIN, REPOSITORY, POLICY_LOCK];

pub(crate) const CREATE_DOMAIN: Members = &[IN_DOMAIN_NAME, &[Member::body("encryptionKey", &ARN)], TAGGED];
/// `CreateDomain` alone takes no owner.
const IN_DOMAIN_NAME: Group = &[Member::query("domain", "domain", &DOMAIN_NAME).required()];
pub(crate) const LIST_DOMAINS: Members =
    &[&[Member::body("maxResults", &PAGE), Member::body("nextToken", &PAGINATION_TOKEN)]];
pub(crate) const PUT_DOMAIN_POLICY: Members =
    &[&[Member::body("domain", &DOMAIN_NAME).required(), Member::body("domainOwner", &ACCOUNT_ID)], POLICY];
pub(crate) const GET_TOKEN: Members =
    &[IN_DOMAIN, &[Member::query("duration", "durationSeconds", &TOKEN_SECONDS)]];

pub(crate) const CREATE_REPOSITORY: Members = &[IN_DOMAIN, REPOSITORY, DESCRIBED, UPSTREAM_LIST, TAGGED];
pub(crate) const UPDATE_REPOSITORY: Members = &[IN_DOMAIN, REPOSITORY, DESCRIBED, UPSTREAM_LIST];
pub(crate) const PUT_REPOSITORY_POLICY: Members = &[IN_DOMAIN, REPOSITORY, POLICY];
pub(crate) const LIST_REPOSITORIES: Members = &[REPOSITORY_PREFIX, MAX, NEXT];
pub(crate) const LIST_REPOSITORIES_IN_DOMAIN: Members = &[
    IN_DOMAIN,
    &[Member::query("administrator-account", "administratorAccount", &ACCOUNT_ID)],
    REPOSITORY_PREFIX,
    MAX,
    NEXT,
];
pub(crate) const GET_ENDPOINT: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    &[
        Member::query("format", "format", &FORMAT).required(),
        Member::query("endpointType", "endpointType", &ENDPOINT_TYPE),
    ],
];

pub(crate) const TAG_RESOURCE: Members = &[TARGET, &[Member::body("tags", &TAGS).required()]];
pub(crate) const UNTAG_RESOURCE: Members = &[TARGET, &[Member::body("tagKeys", &TAG_KEYS).required()]];

pub(crate) const PUT_ORIGIN: Members =
    &[IN_DOMAIN, REPOSITORY, PACKAGE, &[Member::body("restrictions", &PACKAGE_RESTRICTIONS).required()]];
pub(crate) const LIST_PACKAGES: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    &[
        Member::query("format", "format", &FORMAT),
        Member::query("namespace", "namespace", &PACKAGE_NAME),
        Member::query("package-prefix", "packagePrefix", &PACKAGE_NAME),
        Member::query("publish", "publish", &RESTRICTION),
        Member::query("upstream", "upstream", &RESTRICTION),
    ],
    MAX,
    NEXT,
];
pub(crate) const LIST_VERSIONS: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    PACKAGE,
    &[
        Member::query("status", "status", &STATUS),
        Member::query("sortBy", "sortBy", &SORT),
        Member::query("originType", "originType", &ORIGIN_TYPE),
    ],
    MAX,
    NEXT,
];
pub(crate) const LIST_ASSETS: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE, VERSION, MAX, NEXT];
pub(crate) const LIST_DEPENDENCIES: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE, VERSION, NEXT];
pub(crate) const GET_ASSET: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    PACKAGE,
    VERSION,
    &[
        Member::query("asset", "asset", &ASSET_NAME).required(),
        Member::query("revision", "packageVersionRevision", &REVISION),
    ],
];
pub(crate) const PUBLISH: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    PACKAGE,
    VERSION,
    &[
        Member { place: Place::Payload, ..Member::body("assetContent", &ASSET).required() },
        Member::query("asset", "assetName", &ASSET_NAME).required(),
        Member {
            place: Place::Header,
            ..Member::query("x-amz-content-sha256", "assetSHA256", &SHA256).required()
        },
        Member::query("unfinished", "unfinished", &FLAG),
    ],
];
pub(crate) const COPY: Members = &[
    IN_DOMAIN,
    &[
        Member::query("source-repository", "sourceRepository", &REPOSITORY_NAME).required(),
        Member::query("destination-repository", "destinationRepository", &REPOSITORY_NAME).required(),
    ],
    PACKAGE,
    &[
        Member::body("versions", &VERSIONS),
        Member::body("allowOverwrite", &FLAG),
        Member::body("includeFromUpstream", &FLAG),
    ],
    BATCH_REVISIONS,
];
pub(crate) const DELETE_VERSIONS: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE, BATCH];
pub(crate) const DISPOSE_VERSIONS: Members = &[IN_DOMAIN, REPOSITORY, PACKAGE, BATCH, BATCH_REVISIONS];
pub(crate) const UPDATE_STATUS: Members = &[
    IN_DOMAIN,
    REPOSITORY,
    PACKAGE,
    BATCH,
    BATCH_REVISIONS,
    &[Member::body("targetStatus", &STATUS).required()],
];

pub(crate) const CREATE_GROUP: Members = &[IN_DOMAIN, GROUP_IN_BODY, DESCRIBED, TAGGED];
pub(crate) const UPDATE_GROUP: Members = &[IN_DOMAIN, GROUP_IN_BODY, DESCRIBED];
/// The one call whose pattern the model does not constrain.
pub(crate) const DELETE_GROUP: Members =
    &[IN_DOMAIN, &[Member::query("package-group", "packageGroup", &STRING).required()]];
pub(crate) const UPDATE_GROUP_ORIGIN: Members = &[
    IN_DOMAIN,
    GROUP,
    &[
        Member::body("restrictions", &GROUP_RESTRICTIONS),
        Member::body("addAllowedRepositories", &ALLOWED_REPOSITORIES),
        Member::body("removeAllowedRepositories", &ALLOWED_REPOSITORIES),
    ],
];
pub(crate) const LIST_GROUPS: Members =
    &[IN_DOMAIN, &[Member::query("prefix", "prefix", &GROUP_PREFIX)], MAX, NEXT];
pub(crate) const LIST_SUB_GROUPS: Members = &[IN_DOMAIN, GROUP, MAX, NEXT];
pub(crate) const LIST_ALLOWED: Members = &[
    IN_DOMAIN,
    GROUP,
    &[Member::query("originRestrictionType", "originRestrictionType", &RESTRICTION_TYPE).required()],
    MAX,
    NEXT,
];
pub(crate) const LIST_ASSOCIATED: Members =
    &[IN_DOMAIN, GROUP, &[Member::query("preview", "preview", &FLAG)], MAX, NEXT];
pub(crate) const GET_ASSOCIATED: Members = &[IN_DOMAIN, PACKAGE];
