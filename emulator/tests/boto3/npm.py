"""What the API cannot publish by itself: npm packages, with dependencies and a readme, as npm sends them."""

import base64
import gzip
import hashlib
import io
import json
import tarfile

import urllib3


def publish(client, domain: str, repository: str, manifest: dict) -> None:
    """Publish a package with this manifest and nothing else in its tarball."""
    token = client.get_authorization_token(domain=domain)["authorizationToken"]
    place = client.get_repository_endpoint(domain=domain, repository=repository, format="npm")
    name, version = manifest["name"], manifest["version"]
    tarball = _tarball(manifest)
    manifest = {**manifest, "dist": {"shasum": hashlib.sha1(tarball).hexdigest()}}
    document = {
        "_id": name,
        "name": name,
        "dist-tags": {"latest": version},
        "versions": {version: manifest},
        "readme": manifest.get("readme", ""),
        "_attachments": {
            f"{name}-{version}.tgz": {
                "content_type": "application/octet-stream",
                "data": base64.b64encode(tarball).decode(),
                "length": len(tarball),
            }
        },
    }
    answer = urllib3.request(
        "PUT",
        place["repositoryEndpoint"] + name.replace("/", "%2f"),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        body=json.dumps(document).encode(),
        retries=False,
    )
    assert answer.status == 200, (answer.status, answer.data)


def _tarball(manifest: dict) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        content = json.dumps(manifest).encode()
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
