"""The files with the weights of pretrained networks: found, downloaded, or taken from a file; kept in the
workspace, where other machines that share it find them too.

``LAB_WEIGHTS`` names a file, or a folder of files, for machines that cannot download them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core import files, workspace
from core.backbones import BACKBONES, Backbone, WeightsFile
from core.errors import LabError, NoWeights
from core.processes.threads import Progress, ShouldStop, never, silent, stop_if
from core.words import byte_size

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 4.0
"""Seconds after which a server or proxy that does not answer counts as out of reach."""
PATIENCE = 20.0
"""Seconds without data after which a download is abandoned."""
_CHUNK = 2**16
_SUFFIXES = (".h5", ".weights.h5")
"""Keras chooses between its older and its present format by these."""


def find(backbone: Backbone) -> Path | None:
    """Return a file with the weights of a network on this machine; None if there is none.

    ``LAB_WEIGHTS`` comes first, then what the workspace keeps, then what Keras has downloaded.
    """
    return next((path for path in _candidates(backbone) if _fits(path, backbone)), None)


def get(backbone: Backbone, *, progress: Progress = silent, should_stop: ShouldStop = never) -> Path:
    """Return the file in the workspace with the weights of a network, downloaded if need be.

    Raises:
        NoWeights: they are nowhere on this machine and cannot be downloaded; says why and what to do.
        LabError: the disk is full.
        Stopped: ``should_stop`` returned true during the download.
    """
    found = find(backbone)
    if found is not None:
        return found if found.parent == _folder() else _keep(found, backbone)
    if _named() is not None:
        reason = f"LAB_WEIGHTS names {_named()}, which has no weights of {backbone.title}"
        raise NoWeights(reason, _way_out(backbone))
    return _download(backbone, progress, should_stop)


def use_file(path: Path) -> Backbone:
    """Keep a copy of a file of weights in the workspace; return the network that it belongs to.

    Raises:
        LabError: it fits none of the networks.
    """
    backbone = next((one for one in BACKBONES.values() if _fits(path, one)), None)
    if backbone is None:
        raise LabError(
            f"{path.name} does not hold the weights of any network that can be chosen here. The lab takes "
            "the files that Keras publishes for them, without the last layer (their names end in no_top.h5, "
            "notop.h5 or no_top_v2.h5)."
        )
    _keep(path, backbone)
    return backbone


def fingerprint(path: Path) -> str:
    """Return twelve hex digits of the file's SHA-256."""
    return _sha256(path, _stamp(path))[:12]


def _candidates(backbone: Backbone) -> Iterator[Path]:
    named = _named()
    if named is not None and named.is_dir():
        yield named / backbone.file.name
        yield from sorted(named.glob("*.h5"))
    elif named is not None:
        yield named
    yield from (_folder() / f"{backbone.name}{suffix}" for suffix in _SUFFIXES)
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    yield keras / "models" / backbone.file.name


def _named() -> Path | None:
    """The file or folder that the user names; ``LAB_IMAGENET_WEIGHTS`` is what it was called at first."""
    name = os.environ.get("LAB_WEIGHTS") or os.environ.get("LAB_IMAGENET_WEIGHTS")
    return Path(name).expanduser() if name else None


def _folder() -> Path:
    return workspace.folder() / "weights"


def _fits(path: Path, backbone: Backbone) -> bool:
    """Whether a file holds as many numbers as the network has, which no two of the networks share."""
    try:
        return _count_values(path, _stamp(path)) == backbone.parameters
    except OSError:  # missing, or not an HDF5 file
        return False


def _stamp(path: Path) -> tuple[int, int]:
    info = path.stat()
    return info.st_mtime_ns, info.st_size


@lru_cache(maxsize=64)
def _count_values(path: Path, stamp: tuple[int, int]) -> int:
    """Count the numbers in a file of weights; ``stamp`` is only a cache key."""
    import h5py  # here, since pages ask only when weights are at issue

    sizes = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
            sizes.append(int(item.size))

    with h5py.File(path) as opened:
        opened.visititems(note)
    return sum(sizes)


def _is_older_format(path: Path) -> bool:
    import h5py

    with h5py.File(path) as opened:
        return "layer_names" in opened.attrs


@lru_cache(maxsize=64)
def _sha256(path: Path, stamp: tuple[int, int]) -> str:
    return _digest(path, "sha256")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def _keep(path: Path, backbone: Backbone) -> Path:
    """Copy a file into the workspace unless it is there; return the copy."""
    suffix = _SUFFIXES[0] if _is_older_format(path) else _SUFFIXES[1]
    kept = _folder() / f"{backbone.name}{suffix}"
    if not kept.is_file() or fingerprint(kept) != fingerprint(path):
        with files.replacing(kept) as beside:
            shutil.copyfile(path, beside)
    for other in (_folder() / f"{backbone.name}{one}" for one in _SUFFIXES if one != suffix):
        files.remove(other)
    return kept


def _download(backbone: Backbone, progress: Progress, should_stop: ShouldStop) -> Path:
    kept = _folder() / f"{backbone.name}{_SUFFIXES[0]}"
    with files.replacing(kept) as beside:
        try:
            _fetch(backbone, beside, progress, should_stop)
            _check(beside, backbone.file)
        except _Fault as fault:
            reason = f"the weights of {backbone.title} could not be downloaded: {fault}"
            raise NoWeights(reason, _way_out(backbone)) from None
    return kept


class _Fault(Exception):
    """Why a download failed, as the end of a sentence."""


def _fetch(backbone: Backbone, path: Path, progress: Progress, should_stop: ShouldStop) -> None:
    """Download to ``path``; raise :class:`_Fault` for whatever is wrong with the connection."""
    import requests

    step = f"Downloading the weights of {backbone.title} (kB)"
    try:
        _reach(backbone.file.url)
        patience = (CONNECT_SECONDS, PATIENCE)
        with (
            requests.get(backbone.file.url, stream=True, timeout=patience) as response,
            path.open("wb") as target,
        ):
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK):
                stop_if(should_stop, step.lower())
                target.write(chunk)
                progress(step, target.tell() // 1000, backbone.file.bytes // 1000)
    except requests.RequestException as error:
        raise _Fault(_in_words(error, urlsplit(backbone.file.url).hostname or "")) from None


def _reach(url: str) -> None:
    """Raise :class:`_Fault` unless the server, or the proxy before it, accepts connections within seconds.

    In a thread, because looking up a name has no time limit of its own.
    """
    import requests

    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    meant = urlsplit(proxy or url)
    port = meant.port or {"https": 443}.get(meant.scheme, 80)
    reached = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((meant.hostname or "", port), CONNECT_SECONDS).close()
            reached.set()
        except OSError:
            pass

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(CONNECT_SECONDS)
    if not reached.is_set():
        raise _Fault(f"no connection to {'the proxy ' if proxy else ''}{meant.hostname}")


def _in_words(error: requests.RequestException, host: str) -> str:
    import requests

    match error:
        case requests.exceptions.ProxyError():
            return f"the proxy of this network refuses the connection to {host}"
        case requests.exceptions.SSLError():
            return (
                f"the certificate of {host} is not trusted here. Company proxies often sign with their own: "
                "set REQUESTS_CA_BUNDLE to the file with the proxy's certificate"
            )
        case requests.exceptions.HTTPError(response=requests.Response() as response):
            return f"{host} answered {response.status_code} {response.reason}"
        case requests.exceptions.ReadTimeout():
            return f"{host} sent nothing for {PATIENCE:.0f} s"
        case _:
            return f"the connection to {host} was lost"


def _check(path: Path, file: WeightsFile) -> None:
    """Raise :class:`_Fault` unless a file has the published length and digest."""
    size = path.stat().st_size
    if size != file.bytes:
        raise _Fault(f"{byte_size(size)} arrived instead of {byte_size(file.bytes)}")
    algorithm, _, expected = file.digest.partition(":")
    if expected and _digest(path, algorithm) != expected:
        raise _Fault("what arrived is not the file that Keras published")


def _way_out(backbone: Backbone) -> str:
    return (
        f"Take the file {backbone.file.name} from another machine and choose it on the Train page, or name "
        "it or its folder in LAB_WEIGHTS. The own CNN needs no weights."
    )
