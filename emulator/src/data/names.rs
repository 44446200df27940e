//! What requests of package managers are called, in the journal and for faults.

use crate::call::Access;

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
    "PypiGetFile",
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
