"""Process many images in parallel threads: Pillow, OpenCV and hashlib release the GIL while they work."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.errors import Stopped

Progress = Callable[[str, int, int], None]
ShouldStop = Callable[[], bool]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 16
"""Items per task: enough to make the pool's overhead negligible, few enough to stop quickly."""


def silent(step: str, done: int, total: int) -> None:
    """Ignore progress reports."""


def never() -> bool:
    """Never ask to stop."""
    return False


def stop_if(should_stop: ShouldStop, step: str) -> None:
    """Raise Stopped if a stop has been requested; ``step`` says what was being done."""
    if should_stop():
        raise Stopped(f"Stopped while {step}.")


def ordered_map(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    step: str,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Iterator[Result]:
    """Yield ``work(item)`` in the order of ``items``, computed by one thread per core.

    Only a few chunks are in progress at any time, so memory use does not grow with the number of items.

    Raises:
        Stopped: ``should_stop`` returned True; checked once per chunk of 16 items.
    """

    def chunk(part: Sequence[Item]) -> list[Result]:
        return [work(item) for item in part]

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[list[Result]]] = deque()
        parts = (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
        done = 0
        progress(step, done, len(items))
        try:
            while True:
                stop_if(should_stop, step)
                while len(under_way) < 2 * threads and (part := next(parts, None)) is not None:
                    under_way.append(pool.submit(chunk, part))
                if not under_way:
                    return
                results = under_way.popleft().result()
                yield from results
                done += len(results)
                progress(step, done, len(items))
        finally:
            for future in under_way:
                future.cancel()
