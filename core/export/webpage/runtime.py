"""TensorFlow.js, which computes in the page: downloaded once, or taken from files; kept in the workspace.

``LAB_TFJS`` names a folder with its packages, for machines that cannot download them. It is never part of
this project: it is Google's, under the Apache License 2.0.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core import files, workspace
from core.errors import LabError
from core.processes import download
from core.processes.threads import Progress, ShouldStop, never, silent
from core.words import listed

VERSION = "4.22.0"
LICENSE = "Apache License 2.0, Copyright Google LLC"


@dataclass(frozen=True)
class Package:
    """A package as the npm registry has it: its address, length and digest, and what is needed of it."""

    url: str
    bytes: int
    digest: str
    members: tuple[str, ...]

    @property
    def name(self) -> str:
        """File name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Runtime:
    """What the page has inside: scripts in the order in which they run, and the compiled kernels."""

    scripts: tuple[str, ...]
    wasm: bytes


_REGISTRY = "https://registry.npmjs.org/@tensorflow"
PACKAGES = (
    Package(
        f"{_REGISTRY}/tfjs-core/-/tfjs-core-{VERSION}.tgz",
        6_958_161,
        "sha256:e8f8aa285ad0237b901e7d79995a1450993cf11fb1b3cc02f09de167fdaf9496",
        ("package/dist/tf-core.es2017.min.js",),
    ),
    Package(
        f"{_REGISTRY}/tfjs-backend-wasm/-/tfjs-backend-wasm-{VERSION}.tgz",
        2_460_748,
        "sha256:5cd6f5e18657c12fb94f4ec3dcef485c8c1a9ca39f3ef1d261c1cb13c1a231c3",
        ("package/dist/tf-backend-wasm.es2017.min.js", "package/dist/tfjs-backend-wasm-simd.wasm"),
    ),
)
"""Without the package of layers, which knows those of Keras 2: the page has its own few."""


def get(*, progress: Progress = silent, should_stop: ShouldStop = never) -> Runtime:
    """Return TensorFlow.js, downloaded if need be.

    Raises:
        LabError: it is not on this machine and cannot be downloaded; says why and what to do.
        Stopped: ``should_stop`` returned True during the download.
    """
    contents: list[bytes] = []
    for package in PACKAGES:
        contents += _read(_find(package) or _download(package, progress, should_stop), package)
    *scripts, wasm = contents
    return Runtime(tuple(_cleaned(script) for script in scripts), wasm)


def _find(package: Package) -> Path | None:
    return next((path for path in _candidates(package) if _is(path, package)), None)


def _candidates(package: Package) -> Iterator[Path]:
    named = os.environ.get("LAB_TFJS")
    if named:
        yield Path(named).expanduser() / package.name
    yield _folder() / package.name


def _folder() -> Path:
    return workspace.folder() / "tfjs"


def _is(path: Path, package: Package) -> bool:
    try:
        download.check(path, package.bytes, package.digest, "the registry")
    except (OSError, download.Fault):
        return False
    return True


def _download(package: Package, progress: Progress, should_stop: ShouldStop) -> Path:
    kept = _folder() / package.name
    with files.replacing(kept) as beside:
        try:
            step = "Downloading TensorFlow.js (kB)"
            download.fetch(package.url, beside, package.bytes, step, progress, should_stop)
            download.check(beside, package.bytes, package.digest, "its registry")
        except download.Fault as fault:
            addresses = listed([one.url for one in PACKAGES])
            raise LabError(
                f"TensorFlow.js could not be downloaded: {fault}. Fetch {addresses} on another "
                "machine, and name the folder with these files in LAB_TFJS. "
                "The other formats need no download."
            ) from None
    return kept


def _read(path: Path, package: Package) -> list[bytes]:
    try:
        with tarfile.open(path) as archive:
            opened = [archive.extractfile(member) for member in package.members]
            return [file.read() for file in opened if file is not None]
    except (OSError, KeyError, tarfile.TarError) as error:
        raise LabError(f"{path} cannot be read ({error}). Delete it and try again.") from None


def _cleaned(script: bytes) -> str:
    """Without the reference to a file for debuggers, which does not come along."""
    text = script.decode("utf-8").replace("\r\n", "\n")
    return "\n".join(line for line in text.splitlines() if not line.startswith("//# sourceMappingURL="))
