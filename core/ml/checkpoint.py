"""Checkpoints for resuming training: weights, optimiser, history and the best epoch in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core import files
from core.errors import LabError, in_one_line
from core.files import Count
from core.report import Epoch

Array = NDArray[Any]

_FILE = "state.npz"


@dataclass
class State:
    """The state of training after its last finished epoch; ``best`` holds the weights of ``best_epoch``.

    ``weights`` and ``optimizer`` are those of the stage of the last epoch, ``best`` those of the stage of
    ``best_epoch``.

    has_plain_losses: whether the losses of the history are without the L2 penalty, which earlier versions
    included.
    pretrained: the fingerprint of the pretrained weights that the run started from; "" for none.
    """

    history: list[Epoch] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    optimizer: list[Array] = field(default_factory=list)
    best: list[Array] = field(default_factory=list)
    best_epoch: int = 0
    has_plain_losses: bool = True
    pretrained: str = ""


def load(folder: Path) -> State | None:
    """Return the last saved state, or None.

    Raises:
        LabError: it is damaged.
    """
    try:
        with (folder / _FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            facts = _FACTS.validate_json(str(arrays["facts"]), strict=True)
            return State(
                history=list(facts.history),
                weights=_unpacked(arrays, "weights"),
                optimizer=_unpacked(arrays, "optimizer"),
                best=_unpacked(arrays, "best"),
                best_epoch=facts.best_epoch,
                has_plain_losses=facts.has_plain_losses,
                pretrained=facts.pretrained,
            )
    except FileNotFoundError:
        return None
    except Exception as error:  # zipfile, NumPy, zlib and json each raise their own types
        raise LabError(
            f"The checkpoint {folder / _FILE} is damaged ({in_one_line(error)}). Start a new run with the "
            "same settings."
        ) from None


@dataclass(frozen=True)
class _Facts:
    """What a checkpoint holds besides arrays; earlier versions did not note the last two."""

    history: tuple[Epoch, ...]
    best_epoch: Count
    has_plain_losses: bool = False
    pretrained: str = ""


_FACTS = TypeAdapter(_Facts)


class Writer:
    """Saves states in a thread, one at a time; the file on disk is replaced atomically.

    On exit, the context manager waits for the last save; the next call raises any write error.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._under_way: Future[None] | None = None

    def save(self, state: State) -> None:
        """Start saving; ``state`` must not be changed afterwards."""
        self.wait()
        names = ("history", "best_epoch", "has_plain_losses", "pretrained")
        arrays = {"facts": np.array(json.dumps({name: getattr(state, name) for name in names}))}
        for name in ("weights", "optimizer", "best"):
            arrays |= _packed(name, getattr(state, name))
        self._under_way = self._pool.submit(self._write, arrays)

    def wait(self) -> None:
        """Wait until everything is on disk.

        Raises:
            LabError: the state could not be written.
        """
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()

    def __enter__(self) -> Writer:
        """Ready to save."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the thread; raise its error only if nothing else failed."""
        self._pool.shutdown(wait=True)
        if kind is None:
            self.wait()

    def _write(self, arrays: Mapping[str, Array]) -> None:
        with files.replacing(self._path) as beside:
            np.savez(beside, allow_pickle=False, **arrays)


def _packed(name: str, arrays: Sequence[Array]) -> dict[str, Array]:
    return {f"{name}-{number:04}": array for number, array in enumerate(arrays)}


def _unpacked(arrays: Mapping[str, Array], name: str) -> list[Array]:
    return [arrays[key] for key in sorted(arrays) if key.startswith(f"{name}-")]
