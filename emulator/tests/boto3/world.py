"""A domain with something of everything, for the tests that need it to be there."""

import hashlib

import botocore

import npm
from emulator import ACCOUNT, Emulator
from samples import CONTENT, SAMPLES


class World:
    """`store` is connected to npm's registry, `team` has it as its upstream and holds the packages."""

    def __init__(self, emulator: Emulator):
        self.emulator = emulator
        self.client = emulator.client(parameter_validation=False)
        # May do nothing at all.
        nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        self.nobody = emulator.client(emulator.principal("nobody", nothing), parameter_validation=False)
        self._furnish()

    def _furnish(self) -> None:
        client = self.client
        client.create_domain(domain="acme", tags=SAMPLES["tags"])
        client.create_repository(domain="acme", repository="store")
        client.associate_external_connection(domain="acme", repository="store", externalConnection="public:npmjs")
        client.create_repository(domain="acme", repository="team", upstreams=SAMPLES["upstreams"])
        client.create_package_group(domain="acme", packageGroup="/generic/tools/*")
        publish(client, "acme", "team", "hammer", "1.0.0")
        client.put_domain_permissions_policy(domain="acme", policyDocument=SAMPLES["policyDocument"])
        client.put_repository_permissions_policy(
            domain="acme", repository="team", policyDocument=SAMPLES["policyDocument"]
        )
        widgets = {"name": "widgets", "version": "1.0.0", "dependencies": {"gears": "^2"}, "readme": "# Widgets"}
        npm.publish(client, "acme", "team", widgets)


def call(client, operation: str, members: dict[str, object]) -> dict:
    """An operation by its name in the model."""
    return getattr(client, botocore.xform_name(operation))(**members)


def publish(
    client, domain: str, repository: str, package: str, version: str, assets: dict | None = None, **more: object
) -> dict:
    """Publish a generic version, open for more until its last asset."""
    assets = assets or {"tool.txt": CONTENT}
    answer = {}
    for left, (name, content) in zip(range(len(assets) - 1, -1, -1), assets.items(), strict=True):
        answer = client.publish_package_version(
            domain=domain,
            repository=repository,
            format="generic",
            namespace="tools",
            package=package,
            packageVersion=version,
            assetName=name,
            assetContent=content,
            assetSHA256=hashlib.sha256(content).hexdigest(),
            **{"unfinished": left > 0, **more},
        )
    return answer


def arn(path: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:codeartifact:us-east-1:{account}:{path}"
