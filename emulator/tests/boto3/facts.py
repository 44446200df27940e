"""What is known of the live service beyond its model."""

from collections.abc import Iterator

from botocore.model import Shape

# Answers without a body.
EMPTY = {"TagResource", "UntagResource"}

# The live service sends values that the model does not have.
DIFFERENT_VALUES = {"ExternalConnectionStatus": {"AVAILABLE"}}

# Errors of all services, which no operation declares, and their status.
COMMON_ERRORS = {
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
    "ServiceUnavailable": 503,
}

# Members that may be left out, by shape. All others are always there.
OPTIONAL = {
    "ConflictException": {"resourceId", "resourceType"},
    # The service says nothing of a domain or a repository that was not there.
    "DeleteDomainResult": {"domain"},
    "DeleteRepositoryResult": {"repository"},
    # One of the two.
    "DomainEntryPoint": {"repositoryName", "externalConnectionName"},
    "GetPackageVersionReadmeResult": {"namespace"},
    "ListPackageVersionAssetsResult": {"namespace"},
    "ListPackageVersionDependenciesResult": {"namespace"},
    "ListPackageVersionsResult": {"defaultDisplayVersion", "namespace"},
    "AssociatedPackage": {"namespace"},
    "LicenseInfo": {"name", "url"},
    "PackageDependency": {"namespace", "dependencyType", "versionRequirement"},
    "PackageDescription": {"namespace"},
    "PackageGroupDescription": {"contactInfo", "description", "parent"},
    "PackageGroupSummary": {"contactInfo", "description", "parent"},
    "PackageGroupOriginRestriction": {"inheritedFrom"},
    "PackageSummary": {"namespace"},
    "PackageVersionDescription": {
        "namespace",
        "summary",
        "homePage",
        "sourceCodeRepository",
        "licenses",
        # One that is still open is not published.
        "publishedTime",
    },
    "PublishPackageVersionResult": {"namespace"},
    "RepositoryDescription": {"description"},
    "RepositorySummary": {"description"},
    "ResourceNotFoundException": {"resourceId", "resourceType"},
    "ServiceQuotaExceededException": {"resourceId", "resourceType"},
}

ALGORITHMS = {"MD5", "SHA-1", "SHA-256", "SHA-512"}


def missing_members(shape: Shape, value: dict) -> Iterator[str]:
    """What should be in a structure of an answer and is not."""
    optional = OPTIONAL.get(shape.name, set()) | {"nextToken"}
    for name, member in shape.members.items():
        if name in optional - set(shape.required_members) or member.serialization.get("location"):
            continue
        if name not in value:
            yield name
        elif member.name == "AssetHashes":
            yield from (f"the hash {one}" for one in sorted(ALGORITHMS - value[name].keys()))
    match shape.name:
        case "PackageGroupDescription" | "PackageGroupSummary":
            if value.get("pattern") != "/*" and "parent" not in value:
                yield "parent"
        case "PackageGroupOriginRestriction":
            if value.get("mode") == "INHERIT" and "inheritedFrom" not in value:
                yield "inheritedFrom"
        case "DomainEntryPoint":
            if len(value) != 1:
                yield "exactly one entry point"


def arn_of(shape: str, value: dict) -> str | None:
    """The ARN that belongs to a description or summary."""
    match shape:
        case "DomainDescription" | "DomainSummary":
            return f"{_prefix(value.get('owner'))}:domain/{value.get('name')}"
        case "RepositoryDescription" | "RepositorySummary":
            path = f"repository/{value.get('domainName')}/{value.get('name')}"
            return f"{_prefix(value.get('domainOwner'))}:{path}"
        case "PackageGroupDescription" | "PackageGroupSummary":
            pattern = encoded(value.get("pattern", ""))
            return f"{_prefix(value.get('domainOwner'))}:package-group/{value.get('domainName')}{pattern}"
    return None


def encoded(pattern: str) -> str:
    """A package group's pattern as its ARN has it."""
    return pattern.replace("%", "%25").replace("*", "%2a").replace("$", "%24")


def _prefix(account: object) -> str:
    return f"arn:aws:codeartifact:us-east-1:{account}"
