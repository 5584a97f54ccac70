"""Download a file of known length and digest, or say in words why it cannot be had."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.processes.threads import Progress, ShouldStop, stop_if
from core.words import byte_size

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 4.0
"""Seconds after which a server or proxy that does not answer counts as out of reach."""
PATIENCE = 20.0
"""Seconds without data after which a download is abandoned."""
_CHUNK = 2**16


class Fault(Exception):
    """Why a download failed, as the end of a sentence."""


def fetch(url: str, path: Path, size: int, step: str, progress: Progress, should_stop: ShouldStop) -> None:
    """Download to ``path``.

    Args:
        url: of the file.
        path: is written, and may be incomplete after an error.
        size: how many bytes are expected.
        step: what this is called in the progress, which counts kB.
        progress: gets what has arrived.
        should_stop: asked for each part that arrives.

    Raises:
        Fault: whatever is wrong with the connection.
        Stopped: ``should_stop`` returned True.
    """
    import requests

    try:
        _reach(url)
        patience = (CONNECT_SECONDS, PATIENCE)
        with requests.get(url, stream=True, timeout=patience) as response, path.open("wb") as target:
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK):
                stop_if(should_stop, step.lower())
                target.write(chunk)
                progress(step, target.tell() // 1000, size // 1000)
    except requests.RequestException as error:
        raise Fault(_in_words(error, urlsplit(url).hostname or "")) from None


def check(path: Path, size: int, expected: str, publisher: str) -> None:
    """Compare a file with its published length and digest, such as ``sha256:...``; "" for none.

    Raises:
        Fault: it is another file.
    """
    arrived = path.stat().st_size
    if arrived != size:
        raise Fault(f"{byte_size(arrived)} arrived instead of {byte_size(size)}")
    algorithm, _, value = expected.partition(":")
    if value and digest(path, algorithm) != value:
        raise Fault(f"what arrived is not the file that {publisher} published")


def digest(path: Path, algorithm: str) -> str:
    """The digest of a file in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def _reach(url: str) -> None:
    """Raise :class:`Fault` unless the server, or the proxy before it, accepts connections within seconds.

    In a thread, because looking up a name has no time limit of its own.
    """
    import requests

    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    meant = urlsplit(requests.utils.prepend_scheme_if_needed(proxy, "http") if proxy else url)
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
        raise Fault(f"no connection to {'the proxy ' if proxy else ''}{meant.hostname}")


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
