"""Download a set of TensorFlow Datasets, and say what went wrong: the whole reason, and what to do."""

from __future__ import annotations

import errno
import re
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from core.errors import LabError
from core.processes.threads import Progress, ShouldStop, stop_if

MAX_REASON = 1_500
_POLL_SECONDS = 0.5
_NETWORK_SECONDS = 15
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_CONNECTION = frozenset(["ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "Timeout"])
"""Of requests, which TensorFlow Datasets downloads with."""


def download(name: str, builder: Any, progress: Progress, should_stop: ShouldStop) -> None:
    """Download in a thread, since TensorFlow Datasets neither reports its progress nor can be stopped.

    It writes to temporary names first, so the remains of a stopped download are never used.

    Raises:
        LabError: it failed; says why.
        Stopped: ``should_stop`` returned true.
    """
    failed: list[BaseException] = []
    _check_network(name, builder)

    def work() -> None:
        try:
            builder.download_and_prepare()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True, name=f"download {name}")
    thread.start()
    megabytes = int(builder.info.download_size or 0) >> 20
    while thread.is_alive():
        stop_if(should_stop, f"downloading {name}")
        progress(f"downloading {name} ({megabytes} MB) and unpacking it", 0, 0)
        thread.join(_POLL_SECONDS)
    if failed:
        raise LabError(why_not(name, builder, failed[0])) from failed[0]


def why_not(name: str, builder: Any, error: BaseException) -> str:
    """Why a data set could not be downloaded or unpacked, and what to do about it."""
    causes = list(_causes(error))
    missing = next((one.name for one in causes if isinstance(one, ImportError) and one.name), "")
    if missing:
        return (
            f"tfds:{name} needs the Python package {missing}, which is not installed. {whole(error)} "
            f"Install it, for example with pip install {missing}, and prepare the data set again."
        )
    if any(map(_is_disk_full, causes)):
        return (
            f"tfds:{name}: the disk is full. {whole(error)} Free up space in {builder.data_dir}, or set "
            "TFDS_DATA_DIR to a folder on another disk and restart the lab."
        )
    manual = getattr(builder, "MANUAL_DOWNLOAD_INSTRUCTIONS", None) or ""
    if manual or "Manual directory" in str(error):
        return _by_hand(name, builder, _sentence(manual), error)
    if "checksum" in f"{type(error).__name__} {error}".lower():
        return (
            f"tfds:{name} could not be downloaded: the server sent another file than TensorFlow Datasets "
            f"expects. {whole(error)} Often that is a web page that says why, for example that a limit is "
            "reached: open the address in a browser, try later, or update tensorflow-datasets."
        )
    if any(map(_is_no_connection, causes)):
        return offline(name, builder, whole(error))
    return f"tfds:{name} could not be downloaded or unpacked: {whole(error)}"


def _by_hand(name: str, builder: Any, instructions: str, error: BaseException) -> str:
    reason = whole(error)
    says_all = instructions in reason
    return (
        f"tfds:{name} has to be fetched by hand. {reason if says_all else f'{instructions} ({reason})'} "
        f"Put the files into {_manual_folder(builder, error)} and prepare the data set again."
    )


def offline(name: str, builder: Any, reason: str) -> str:
    """The sentence for a machine without a network."""
    return (
        f"tfds:{name} could not be downloaded: {reason} "
        "Without internet access, use garden, digits or a folder of your own. Or run "
        f"`python -c \"import tensorflow_datasets as t; t.load('{name}')\"` on a machine with internet "
        f"access, and copy the downloaded folder to {builder.data_dir}."
    )


def whole(error: BaseException) -> str:
    """The whole message in one line, without what is only for the authors of data sets."""
    text = re.split(r"\n\s*To debug, see|\n\s*In call to", str(error).strip())[0]
    return _sentence(text)[:MAX_REASON] or f"{type(error).__name__}."


def _sentence(text: str) -> str:
    line = re.sub(r"\s*\n\s*", " ", text.strip())
    return line if not line or line.endswith((".", "!", "?")) else f"{line}."


def _check_network(name: str, builder: Any) -> None:
    """Check one download server; TensorFlow Datasets itself would retry for minutes."""
    url = next((url for url in builder.url_infos or () if url.startswith("http")), None)
    if url is None:
        return
    try:
        with urlopen(Request(url, method="HEAD"), timeout=_NETWORK_SECONDS):
            pass
    except HTTPError:
        pass  # the server responds, even if it rejects this request
    except OSError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            raise LabError(f"tfds:{name} could not be downloaded: {url} is not trusted: {reason}.") from error
        raise LabError(offline(name, builder, f"no connection to {url} ({reason}).")) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return True
    return "Not enough disk space" in str(error) or "No space left on device" in str(error)


def _is_no_connection(error: BaseException) -> bool:
    if isinstance(error, HTTPError):
        return False
    if isinstance(error, ConnectionError | TimeoutError | URLError):
        return True
    return type(error).__module__.startswith(("requests", "urllib3")) and any(
        kind.__name__ in _NO_CONNECTION for kind in type(error).__mro__
    )


def _manual_folder(builder: Any, error: BaseException) -> Path:
    named = re.search(r"Manual directory (.+?) does not exist", str(error))
    if named:
        return Path(named[1])
    return Path(getattr(builder, "_data_dir_root", builder.data_dir)) / "downloads" / "manual"
