//! What requests of package managers are called, in the journal and for faults.

use crate::call::Access;

/// The download of a Python file, which a fault can let lag.
pub(crate) const PYPI_GET_FILE: &str = "PypiGetFile";

const READS: [&str; 19] = [
    "CargoGetConfig",
    "CargoGetCrate",
    "CargoGetIndex",
    "CargoGetVersions",
    "MavenGetChecksum",
    "MavenGetFile",
    "MavenGetMetadata",
    "NpmGetManifest",
    "NpmGetPackument",
    "NpmGetTags",
    "NpmGetTarball",
    "NpmPing",
    PYPI_GET_FILE,
    "PypiGetIndex",
    "RubyGetDependencies",
    "RubyGetGem",
    "RubyGetGemspec",
    "RubyGetInfo",
    "RubyPing",
];

const WRITES: [&str; 10] = [
    "CargoPublish",
    "MavenPutChecksum",
    "MavenPutFile",
    "MavenPutMetadata",
    "NpmDeleteTag",
    "NpmDeprecate",
    "NpmPublish",
    "NpmPutTag",
    "PypiUpload",
    "RubyPush",
];

/// All of them.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, Access)> {
    let reads = READS.into_iter().map(|name| (name, Access::Read));
    reads.chain(WRITES.into_iter().map(|name| (name, Access::Write)))
}
