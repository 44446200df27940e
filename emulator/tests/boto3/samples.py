"""A right value for every input member, of things that the world has."""

import hashlib
import json

import service
from emulator import ACCOUNT

DOMAIN_ARN = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}:domain/acme"
CONTENT = b"a tool"

SAMPLES = {
    "addAllowedRepositories": [{"repositoryName": "team", "originRestrictionType": "PUBLISH"}],
    "administratorAccount": ACCOUNT,
    "allowOverwrite": False,
    "asset": "tool.txt",
    "assetContent": CONTENT,
    "assetName": "tool.txt",
    "assetSHA256": hashlib.sha256(CONTENT).hexdigest(),
    "contactInfo": "team@example.com",
    "description": "what it is for",
    "destinationRepository": "store",
    "domain": "acme",
    "domainOwner": ACCOUNT,
    "durationSeconds": 900,
    "encryptionKey": "alias/team",
    "endpointType": "ipv4",
    "expectedStatus": "Published",
    "externalConnection": "public:npmjs",
    "format": "generic",
    "includeFromUpstream": False,
    "maxResults": 10,
    "namespace": "tools",
    "nextToken": "made-up",
    "originRestrictionType": "PUBLISH",
    "originType": "INTERNAL",
    "package": "hammer",
    "packageGroup": "/generic/tools/*",
    "packagePrefix": "ham",
    "packageVersion": "1.0.0",
    "packageVersionRevision": "made-up",
    "policyDocument": json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "codeartifact:ReadFromRepository",
                    "Resource": "*",
                }
            ],
        }
    ),
    "policyRevision": "made-up",
    "prefix": "/generic",
    "preview": True,
    "publish": "ALLOW",
    "removeAllowedRepositories": [{"repositoryName": "team", "originRestrictionType": "PUBLISH"}],
    "repository": "team",
    "repositoryPrefix": "te",
    "resourceArn": DOMAIN_ARN,
    "restrictions": {"publish": "ALLOW", "upstream": "BLOCK"},
    "sortBy": "PUBLISHED_TIME",
    "sourceRepository": "team",
    "status": "Published",
    "tagKeys": ["team"],
    "tags": [{"key": "team", "value": "tools"}],
    "targetStatus": "Archived",
    "unfinished": True,
    "upstream": "ALLOW",
    "upstreams": [{"repositoryName": "store"}],
    "versionRevisions": {"1.0.0": "made-up"},
    "versions": ["1.0.0"],
}

# Members whose type depends on the operation.
SPECIAL = {("UpdatePackageGroupOriginConfiguration", "restrictions"): {"PUBLISH": "BLOCK"}}


def sample(operation: str, member: str) -> object:
    return SPECIAL.get((operation, member), SAMPLES[member])


def whole(operation: str) -> dict[str, object]:
    """A value for each member of an operation's input."""
    return {member: sample(operation, member) for member in service.members(operation)}


def least(operation: str, **changes: object) -> dict[str, object]:
    """The members without which the service does not understand the call, and changes of these."""
    members = service.required(operation)
    # Formats with namespaces need one; a copy needs versions of either kind.
    members += ["namespace"] * ("namespace" in service.members(operation) and "package" in members)
    members += ["versions"] * (operation == "CopyPackageVersions")
    return {member: sample(operation, member) for member in members} | changes
