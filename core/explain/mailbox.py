"""Requests to the assistant's process and its answers, as files: the two sides communicate only via disk.

=======================  ==================================================================
requests/ID.json         task and arguments; touched while a client waits for the answer
requests/ID.npz          the images that belong to it, if any
answers/ID.npz or .json  the arrays requested, or ``{"error": a sentence}``
working                  the id in progress; if present at the next start, that request
                         killed the process and must not do so again
=======================  ==================================================================
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import files
from core.errors import LabError

FORGOTTEN_SECONDS = 60.0
"""A request that nobody has polled for this long is dropped: its client is gone."""
ANSWER_SECONDS = 10 * 60.0
"""An answer is kept this long, for pages that rerun."""

Arrays = dict[str, NDArray[Any]]

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")


@dataclass(frozen=True)
class _Request:
    task: str
    arguments: dict[str, Any]
    has_images: bool


@dataclass(frozen=True)
class _Refusal:
    error: str


@dataclass(frozen=True)
class Letter:
    """One request: task, arguments and, if sent, images: uint8 (N, S, S, 3)."""

    id: str
    task: str
    arguments: dict[str, Any]
    images: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Mailbox:
    """The folder through which both sides communicate."""

    folder: Path

    def post(self, task: str, arguments: Mapping[str, Any], images: NDArray[np.uint8] | None = None) -> str:
        """Post a request and return its id."""
        letter_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        if images is not None:
            with files.replacing(self._request(letter_id).with_suffix(".npz")) as beside:
                np.savez(beside, images=images)
        request = _Request(task, dict(arguments), has_images=images is not None)
        files.write_json(self._request(letter_id), asdict(request))
        return letter_id

    def is_waiting(self, letter_id: str) -> bool:
        """Return whether the answer is still pending; calling this keeps the request from being dropped."""
        if self._answer(letter_id).exists() or self._refusal(letter_id).exists():
            return False
        try:
            os.utime(self._request(letter_id))
        except FileNotFoundError:
            return False
        return True

    def collect(self, letter_id: str) -> Arrays:
        """Return the answer to a request that is no longer pending.

        Raises:
            LabError: the assistant's error, or the answer is no longer kept.
        """
        try:
            with np.load(self._answer(letter_id), allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            raise LabError(self._sentence(letter_id)) from None
        except Exception as error:  # zipfile, zlib and NumPy each raise their own
            raise LabError(f"The assistant's answer is damaged ({error}). Try again.") from None

    def next(self) -> Letter | None:
        """Return the oldest request that is still awaited; dropped and unreadable requests are removed."""
        for path in self._requests():
            if _age(path) > FORGOTTEN_SECONDS:
                self._remove(path.stem)
                continue
            try:
                return self._read(path)
            except Exception as error:  # a request that is damaged, in whatever way, must not end the process
                self.refuse(path.stem, f"The request could not be read ({error}). Try again.")
        return None

    def reply(self, letter_id: str, arrays: Arrays) -> None:
        """Answer a request with named arrays."""
        with files.replacing(self._answer(letter_id)) as beside:
            np.savez(beside, **arrays)  # type: ignore[arg-type]  # numpy's annotation mixes up its options
        self._remove(letter_id)

    def refuse(self, letter_id: str, sentence: str) -> None:
        """Answer a request with a sentence that says why it failed."""
        files.write_json(self._refusal(letter_id), asdict(_Refusal(sentence)))
        self._remove(letter_id)

    @contextmanager
    def at_work_on(self, letter_id: str) -> Iterator[None]:
        """Note which request is in progress, for the next process after a crash."""
        note = self.folder / "working"
        note.write_text(letter_id, encoding="ascii")
        yield
        files.remove(note)

    def refuse_the_fatal_request(self) -> None:
        """Refuse the request during which the last process died, so that this one survives."""
        note = self.folder / "working"
        with contextlib.suppress(FileNotFoundError):
            letter_id = note.read_text(encoding="ascii")
            if _ID.fullmatch(letter_id) and self._request(letter_id).exists():
                self.refuse(letter_id, "The assistant stopped while working on this. Try a smaller request.")
            files.remove(note)

    def tidy(self) -> None:
        """Remove answers that are no longer needed, and images whose request is gone."""
        for path in (*self.folder.glob("answers/*"), *self.folder.glob("requests/*")):
            if path.suffix != ".json" or path.parent.name == "answers":
                with contextlib.suppress(FileNotFoundError):
                    if _age(path) > ANSWER_SECONDS:
                        files.remove(path)

    def _requests(self) -> list[Path]:
        try:
            paths = sorted((self.folder / "requests").iterdir())
        except FileNotFoundError:
            return []
        return [path for path in paths if path.suffix == ".json" and _ID.fullmatch(path.stem)]

    def _read(self, path: Path) -> Letter:
        request = files.read_model(path, _Request, keep=False)
        images = None
        if request.has_images:
            with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
                images = arrays["images"]
        return Letter(path.stem, request.task, request.arguments, images)

    def _sentence(self, letter_id: str) -> str:
        gone = _Refusal("The answer is no longer available. Try again.")
        return files.read_model(self._refusal(letter_id), _Refusal, missing=gone, keep=False).error

    def _remove(self, letter_id: str) -> None:
        files.remove(self._request(letter_id))
        files.remove(self._request(letter_id).with_suffix(".npz"))

    def _request(self, letter_id: str) -> Path:
        return self.folder / "requests" / f"{letter_id}.json"

    def _answer(self, letter_id: str) -> Path:
        return self.folder / "answers" / f"{letter_id}.npz"

    def _refusal(self, letter_id: str) -> Path:
        return self.folder / "answers" / f"{letter_id}.json"


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
