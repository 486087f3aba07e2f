"""A throw-away registry on the loopback interface, and an ECR that describes what it holds."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from local.sagemaker.programs.ports import free_port
from tests import needs

SECONDS = 30
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
)


class Registry:
    """The registry's HTTP API."""

    def __init__(self, address: str) -> None:
        self.address = address

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[Any, bytes]:
        """Send a request; return the answer's headers and body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"http://{self.address}/v2/{path}"
        asked = Request(url, body, named, method=method)  # noqa: S310 - the loopback interface
        with urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
            return answer.headers, answer.read()

    def manifest(self, repository: str, tag: str) -> tuple[str, dict[str, Any]]:
        """Return the media type by which the registry serves a manifest, and the manifest."""
        headers, body = self.request("GET", f"{repository}/manifests/{tag}", Accept=ACCEPT)
        return headers["Content-Type"], json.loads(body)

    def put_blob(self, repository: str, content: bytes) -> dict[str, Any]:
        """Upload a blob; return what a manifest says of it."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        headers, _ = self.request("POST", f"{repository}/blobs/uploads/", b"")
        separator = "&" if "?" in headers["Location"] else "?"
        self.request(
            "PUT", f"{headers['Location']}{separator}digest={digest}", content,
            Content_Type="application/octet-stream",
        )  # fmt: skip
        return {"digest": digest, "size": len(content)}

    def put_manifest(self, repository: str, tag: str, manifest: dict[str, Any]) -> None:
        """Push a manifest by hand, under the media type that it names."""
        body = json.dumps(manifest).encode()
        self.request("PUT", f"{repository}/manifests/{tag}", body, Content_Type=manifest["mediaType"])


@contextmanager
def serve(folder: Path) -> Iterator[Registry]:
    """Run a registry that keeps its images in a folder."""
    program, registry = needs.registry(), Registry(f"127.0.0.1:{free_port()}")
    configuration = folder / "config.yml"
    configuration.write_text(
        json.dumps(  # which YAML includes
            {
                "version": 0.1,
                "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
                "http": {"addr": registry.address},
            }
        )
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "serve", str(configuration)], stdout=log, stderr=log)
        try:
            _await(registry, server)
            yield registry
        finally:
            server.terminate()
            server.wait(SECONDS)


def _await(registry: Registry, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            registry.request("GET", "")
        except URLError:
            assert server.poll() is None, "the registry has ended: its log says why"
            assert time.monotonic() < deadline, "the registry does not answer"
            time.sleep(0.05)
        else:
            return


class _Missing(Exception):
    pass


class RegistryAsEcr:
    """What `push-image` asks of ECR, answered from a registry."""

    class exceptions:  # noqa: N801 - boto3's spelling
        ImageNotFoundException = _Missing
        RepositoryNotFoundException = _Missing

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def describe_repositories(self, repositoryNames: list[str]) -> dict[str, Any]:  # noqa: N803
        return {"repositories": [{"repositoryUri": f"{self._registry.address}/{repositoryNames[0]}"}]}

    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(b"AWS:secret").decode()
        endpoint = f"http://{self._registry.address}"
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": endpoint}]}

    def describe_images(self, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        try:
            media_type, manifest = self._registry.manifest(repositoryName, imageIds[0]["imageTag"])
        except HTTPError as error:
            raise _Missing from error
        artifact = manifest.get("config", {}).get("mediaType")
        detail = {"imageManifestMediaType": media_type, "artifactMediaType": artifact}
        return {"imageDetails": [{name: value for name, value in detail.items() if value}]}
