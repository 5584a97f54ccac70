"""Requests to the assistant's process and its answers, as files: the two sides meet only on the disk.

=======================  ==================================================================
requests/ID.json         task and arguments; touched while somebody waits for the answer
requests/ID.npz          the images that belong to it, where there are any
answers/ID.npz or .json  the arrays asked for, or ``{"error": a sentence}``
working                  the id at work; still there at the next start: that request killed
                         the process, and must not do so again
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
"""A request that nobody has looked after for this long is dropped: its asker went away."""
ANSWER_SECONDS = 10 * 60.0
"""An answer is kept this long, for pages that are drawn again."""

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
    """One request: what to do, with which arguments, on which images: uint8 (N, S, S, 3), if sent."""

    id: str
    task: str
    arguments: dict[str, Any]
    images: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Mailbox:
    """The folder that both sides look into."""

    folder: Path

    def post(self, task: str, arguments: Mapping[str, Any], images: NDArray[np.uint8] | None = None) -> str:
        """Leave a request and return its id."""
        letter_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        if images is not None:
            with files.replacing(self._request(letter_id).with_suffix(".npz")) as beside:
                np.savez(beside, images=images)
        request = _Request(task, dict(arguments), has_images=images is not None)
        files.write_json(self._request(letter_id), asdict(request))
        return letter_id

    def is_waiting(self, letter_id: str) -> bool:
        """Whether the answer is still to come; being looked at keeps a request from being forgotten."""
        if self._answer(letter_id).exists() or self._refusal(letter_id).exists():
            return False
        try:
            os.utime(self._request(letter_id))
        except FileNotFoundError:
            return False
        return True

    def collect(self, letter_id: str) -> Arrays:
        """The answer to a request that is no longer waiting.

        Raises:
            LabError: what went wrong, as the assistant says it, or that the answer is not kept any more.
        """
        try:
            with np.load(self._answer(letter_id), allow_pickle=False) as arrays:
                return dict(arrays)
        except FileNotFoundError:
            raise LabError(self._sentence(letter_id)) from None

    def next(self) -> Letter | None:
        """The oldest request that somebody still waits for; forgotten and unreadable ones are removed."""
        for path in self._requests():
            if _age(path) > FORGOTTEN_SECONDS:
                self._remove(path.stem)
                continue
            try:
                return self._read(path)
            except (LabError, ValueError, KeyError, OSError) as error:
                self.refuse(path.stem, f"The request could not be read ({error}); ask again.")
        return None

    def reply(self, letter_id: str, arrays: Arrays) -> None:
        """Answer a request with named arrays."""
        with files.replacing(self._answer(letter_id)) as beside:
            np.savez(beside, **arrays)  # type: ignore[arg-type]  # numpy's annotation mixes up its options
        self._remove(letter_id)

    def refuse(self, letter_id: str, sentence: str) -> None:
        """Answer a request with a sentence that says why it cannot be done."""
        files.write_json(self._refusal(letter_id), asdict(_Refusal(sentence)))
        self._remove(letter_id)

    @contextmanager
    def at_work_on(self, letter_id: str) -> Iterator[None]:
        """Note which request is being worked on, for whoever comes after a crash."""
        note = self.folder / "working"
        note.write_text(letter_id, encoding="ascii")
        yield
        files.remove(note)

    def refuse_the_deadly(self) -> None:
        """Answer the request during which the last process died, so that the next one survives it."""
        note = self.folder / "working"
        with contextlib.suppress(FileNotFoundError):
            letter_id = note.read_text(encoding="ascii")
            if _ID.fullmatch(letter_id) and self._request(letter_id).exists():
                self.refuse(
                    letter_id, "The assistant was stopped while it worked on this. Ask again for less."
                )
            files.remove(note)

    def tidy(self) -> None:
        """Remove answers nobody needs any more, and images whose request is gone."""
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
        gone = _Refusal("The answer is not kept any more; ask again.")
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
