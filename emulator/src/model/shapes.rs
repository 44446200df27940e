//! The model's shapes, under short names.

use super::shape::{Field, Shape, Text};

const fn text(min: usize, max: usize, pattern: &'static str) -> Shape {
    Shape::Text(Text::new(min, max, pattern))
}

const fn field(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, required: true }
}

pub(crate) static DOMAIN_NAME: Shape = text(2, 50, r"[a-z][a-z0-9\-]{0,48}[a-z0-9]");
pub(crate) static ACCOUNT_ID: Shape = text(12, 12, "[0-9]{12}");
pub(crate) static REPOSITORY_NAME: Shape = text(2, 100, r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}");
pub(crate) static EXTERNAL_CONNECTION_NAME: Shape = text(2, 100, r"[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}");
pub(crate) static DESCRIPTION: Shape = text(0, 1000, r"\P{C}*");
pub(crate) static ARN: Shape = text(1, 1011, r"\S+");
/// Names, namespaces, versions and prefixes of packages.
pub(crate) static PACKAGE_NAME: Shape = text(1, 255, r"[^#/\s]+");
/// Revisions of package versions.
pub(crate) static REVISION: Shape = text(1, 50, r"\S+");
pub(crate) static POLICY_REVISION: Shape = text(1, 100, r"\S+");
pub(crate) static POLICY_DOCUMENT: Shape = text(1, 7168, r"[\P{C}\s]+");
pub(crate) static ASSET_NAME: Shape = text(1, 255, r"\P{C}+");
pub(crate) static SHA256: Shape = text(64, 64, "[0-9a-f]+");
pub(crate) static TAG_KEY: Shape = text(1, 128, r"\P{C}+");
pub(crate) static TAG_VALUE: Shape = text(0, 256, r"\P{C}*");
pub(crate) static PAGINATION_TOKEN: Shape = text(1, 2000, r"\S+");
pub(crate) static GROUP_PATTERN: Shape = text(2, 520, r"[^\p{C}\p{IsWhitespace}]+");
pub(crate) static GROUP_PREFIX: Shape = text(0, 520, r"\P{C}*");
/// A string without constraints.
pub(crate) static STRING: Shape = text(0, usize::MAX, "(?s:.*)");

pub(crate) static FORMAT: Shape =
    Shape::Enum(&["npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"]);
pub(crate) static STATUS: Shape =
    Shape::Enum(&["Published", "Unfinished", "Unlisted", "Archived", "Disposed", "Deleted"]);
pub(crate) static ENDPOINT_TYPE: Shape = Shape::Enum(&["dualstack", "ipv4"]);
pub(crate) static SORT: Shape = Shape::Enum(&["PUBLISHED_TIME"]);
pub(crate) static ORIGIN_TYPE: Shape = Shape::Enum(&["INTERNAL", "EXTERNAL", "UNKNOWN"]);
pub(crate) static RESTRICTION: Shape = Shape::Enum(&["ALLOW", "BLOCK"]);
pub(crate) static RESTRICTION_TYPE: Shape =
    Shape::Enum(&["EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM", "PUBLISH"]);
pub(crate) static RESTRICTION_MODE: Shape =
    Shape::Enum(&["ALLOW", "ALLOW_SPECIFIC_REPOSITORIES", "BLOCK", "INHERIT"]);

/// The size of a page.
pub(crate) static PAGE: Shape = Shape::Integer(1, 1000);
/// The model would have 1 to 899 too; the service does not.
pub(crate) static TOKEN_SECONDS: Shape = Shape::ZeroOr(900, 43_200);
pub(crate) static FLAG: Shape = Shape::Flag;
pub(crate) static ASSET: Shape = Shape::Blob;

pub(crate) static VERSIONS: Shape = Shape::List(&PACKAGE_NAME, Some(100));
pub(crate) static REVISIONS: Shape = Shape::Map(&PACKAGE_NAME, &REVISION);
pub(crate) static TAGS: Shape = Shape::List(&TAG, Some(200));
pub(crate) static TAG_KEYS: Shape = Shape::List(&TAG_KEY, Some(200));
pub(crate) static UPSTREAMS: Shape = Shape::List(&UPSTREAM, None);
/// A package's restrictions; both are sent every time.
pub(crate) static PACKAGE_RESTRICTIONS: Shape =
    Shape::Structure(&[field("publish", &RESTRICTION), field("upstream", &RESTRICTION)]);
pub(crate) static GROUP_RESTRICTIONS: Shape = Shape::Map(&RESTRICTION_TYPE, &RESTRICTION_MODE);
pub(crate) static ALLOWED_REPOSITORIES: Shape = Shape::List(&ALLOWED_REPOSITORY, None);

static TAG: Shape = Shape::Structure(&[field("key", &TAG_KEY), field("value", &TAG_VALUE)]);
static UPSTREAM: Shape = Shape::Structure(&[field("repositoryName", &REPOSITORY_NAME)]);
static ALLOWED_REPOSITORY: Shape = Shape::Structure(&[
    Field { name: "repositoryName", shape: &REPOSITORY_NAME, required: false },
    Field { name: "originRestrictionType", shape: &RESTRICTION_TYPE, required: false },
]);
