"""``make soak``: two browsers and the command line at work for half an hour, while processes are killed.

``SOAK_MINUTES=5 python -m tests.soak``. At the end every run that was started must have ended in a state that
a person can go on from, no log may hold a traceback, and after the first third of the time no process may
have grown. On Linux as root, the workspace is a small disk of its own, which is full for a while.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from core import datasets, engine, runs, workspace
from core.processes import launch
from samples.made_images import coloured_objects
from tests.browsing import CHROMIUM, FLAGS, Server, playwright
from tests.conftest import end_processes

MINUTES = float(os.environ.get("SOAK_MINUTES", 30))
DISK_BYTES = 2_000_000_000
SETTLE_SECONDS = 300
CLICK_MILLISECONDS = 20_000
FRAME_LINES = 16
ALLOWED_GROWTH, ALLOWED_BYTES = 1.15, 60e6
"""How much more a process may hold in the last third than in the second: freed memory is partly kept."""
PAGES = ("Home", "Data", "Train", "Results", "Explain", "Compare", "Sweeps", "Predict", "Words")
ROLES = {"server": "streamlit", "worker": "core.workers.serve", "assistant": "core.ml.assistant_worker"}
Samples = dict[tuple[str, int], list[tuple[float, int]]]


@dataclass
class Soak:
    """What is at work, and what has been seen."""

    server: Server
    began: float
    seen: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    samples: Samples = field(default_factory=lambda: defaultdict(list))
    headless: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How much of the time has passed, from 0 to 1."""
        return (time.monotonic() - self.began) / (60 * MINUTES)

    def look(self) -> None:
        """Note all runs, and the memory of each process."""
        self.seen |= {run.id for run in runs.all()}
        for role, process in processes():
            with suppress(psutil.Error):
                self.samples[role, process.pid].append((self.share, process.memory_info().rss))


def main() -> int:
    """Soak, settle and report; return 1 if something is wrong."""
    if CHROMIUM is None:
        print("This needs Chromium on the PATH.")
        return 1
    with tempfile.TemporaryDirectory() as folder, disk(Path(folder)) as has_disk:
        os.environ["LAB_WORKSPACE"] = str(Path(folder) / "disk" / "workspace")
        datasets.prepare("garden")
        log = Path(folder) / "server.log"
        server = Server(_free_port(), log=log)
        server.start()
        soak = Soak(server, time.monotonic())
        try:
            _work(soak, Path(folder), has_disk=has_disk)
            _settle(soak)
            faults = [*_unaccounted(soak), *_tracebacks(log), *_growth(soak.samples)]
        finally:
            server.kill()
            for process in soak.headless:
                process.kill()
            end_processes(workspace.folder())
    print("\n".join(faults) or "Nothing wrong.")
    return int(bool(faults))


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk in the folder where that is allowed; yield whether it was."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    print(
        "The workspace is a disk of its own." if mounted else "No disk can be mounted: it will not be full."
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)])


def _work(soak: Soak, folder: Path, *, has_disk: bool) -> None:
    """Do something at random until the time is up, and fill the disk in the middle of it."""
    chance = random.Random(0)
    archive = _archive(folder / "images.zip")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tabs = [_tab(browser, soak.server) for _ in range(2)]
        deeds: list[tuple[int, Callable[[], None]]] = [
            (6, lambda: _start(chance.choice(tabs), chance.choice(("First look", "Tutorial")))),
            (6, lambda: _visit(chance.choice(tabs), chance.choice(PAGES))),
            (3, lambda: _stop(chance.choice(tabs))),
            (3, lambda: _reload(chance.choice(tabs))),
            (1, lambda: _upload(chance.choice(tabs), archive)),
            (2, lambda: _headless(soak)),
            (1, lambda: _end_headless(soak, chance.choice((signal.SIGINT, signal.SIGKILL)))),
            (1, lambda: _kill("worker")),
            (1, lambda: _kill("assistant")),
            (1, lambda: _restart(soak.server)),
        ]
        weights = [weight for weight, _ in deeds]
        filled = None
        while soak.share < 1:
            if has_disk and 0.45 < soak.share < 0.45 + min(0.1, 1 / MINUTES):
                filled = filled or _fill()
            elif filled:
                filled.unlink()
                filled = None
            deed = chance.choices([deed for _, deed in deeds], weights)[0]
            try:
                deed()
            except playwright.Error as error:  # nothing to stop, or a page that is being drawn anew
                soak.counts["deeds that found nothing to click"] += 1
                print(f"{soak.share:4.0%} {str(error).splitlines()[-1].strip()[:120]}", flush=True)
            soak.counts["deeds"] += 1
            soak.look()
            time.sleep(chance.uniform(0.2, 3))
        if filled:
            filled.unlink()
        browser.close()


def _tab(browser: Any, server: Server) -> Any:
    tab = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    tab.set_default_timeout(CLICK_MILLISECONDS)
    tab.goto(server.address)
    return tab


def _reload(tab: Any) -> None:
    tab.reload()


def _visit(tab: Any, name: str) -> None:
    tab.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()


def _start(tab: Any, preset: str) -> None:
    _visit(tab, "Train")
    tab.get_by_role("button", name=preset).click()
    tab.get_by_role("button", name="Start training").click()


def _stop(tab: Any) -> None:
    """Stop the run in progress, also one that the other browser has started."""
    _visit(tab, "Train")
    tab.get_by_role("button", name="Stop and save").first.click()
    with suppress(playwright.Error):
        tab.get_by_role("button", name="Stop it").first.click(timeout=2000)


def _upload(tab: Any, archive: Path) -> None:
    _visit(tab, "Data")
    ways = tab.get_by_test_id("stButtonGroup")
    upload = ways.get_by_text("Upload", exact=True)
    if not upload.is_visible():
        tab.get_by_text("Choose other images").first.click()
    upload.click()
    ways.get_by_text("Zip archive", exact=True).click()
    tab.locator("input[type=file]:not([webkitdirectory])").set_input_files(archive)
    tab.get_by_role("button", name="Use this archive").click()


def _headless(soak: Soak) -> None:
    if not any(process.poll() is None for process in soak.headless):
        log = (workspace.folder() / "headless.log").open("ab")
        command = [sys.executable, "-m", "core", "run", "garden", "--preset", "first look"]
        soak.headless.append(
            subprocess.Popen(command, cwd=workspace.PROJECT, stdout=log, stderr=subprocess.STDOUT)
        )


def _end_headless(soak: Soak, number: int) -> None:
    for process in soak.headless:
        if process.poll() is None:
            process.send_signal(number)


def _kill(role: str) -> None:
    for found, process in processes():
        if found == role:
            with suppress(psutil.Error):
                process.kill()


def _restart(server: Server) -> None:
    server.kill()
    server.start()


def _fill() -> Path:
    """Fill the disk to the last byte."""
    path = workspace.folder().parent / "everything else"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(2**20)):
            pass
    return path


def _archive(path: Path) -> Path:
    """Write a zip archive of made images in class folders."""
    made = coloured_objects(60, 48)
    from PIL import Image

    with zipfile.ZipFile(path, "w") as archive:
        for number, (pixels, label) in enumerate(zip(made.images, made.labels, strict=True)):
            with archive.open(f"{label}/{number:03}.png", "w") as file:
                Image.fromarray(pixels).save(file, "PNG")
    return path


def _settle(soak: Soak) -> None:
    """Wait until nothing is queued or running, as a person does who has left."""
    deadline = time.monotonic() + SETTLE_SECONDS + 60 * MINUTES
    while time.monotonic() < deadline:
        soak.look()
        engine.tend()
        busy = any(process.poll() is None for process in soak.headless)
        if not busy and not any(run.status.waiting for run in runs.all()):
            return
        time.sleep(1)


def _unaccounted(soak: Soak) -> Iterator[str]:
    """Name runs that are gone, unfinished or damaged."""
    states: dict[str, int] = defaultdict(int)
    found = {run.id: run.status for run in runs.all()}
    for run_id in sorted(soak.seen | set(found)):
        state = found[run_id].state if run_id in found else "gone"
        states[state] += 1
        if state in ("gone", "damaged", "queued", "starting", "running"):
            yield f"Run {run_id} is {state}."
    print(f"Runs: {dict(states)}. {dict(soak.counts)}")


def _tracebacks(server_log: Path) -> Iterator[str]:
    """Name the logs that hold a traceback, with where it ended and how often."""
    folder = workspace.folder()
    for path in (server_log, *folder.glob("**/*.log"), *folder.glob("runs/*/log.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found = re.findall(r"^Traceback .*\n((?:[ \t].*\n|\n)*)(.*)", text, re.MULTILINE)
        for (frames, words), number in Counter(found).items():
            end = "\n".join(frames.splitlines()[-FRAME_LINES:])
            yield f"{number} tracebacks in {path.name} of {path.parent.name}: {words}\n{end}"


def _growth(samples: Samples) -> Iterator[str]:
    """Print the memory of each role over time; name roles, and processes, that grew after the first third.

    A process that began later is not compared with itself, since it was still filling its caches.
    """
    for role in ROLES:
        of_role = [sample for (one, _), listed in samples.items() if one == role for sample in listed]
        thirds = [[size for share, size in of_role if third <= 3 * share < third + 1] for third in range(3)]
        peaks = ", ".join(f"{max(third) / 1e6:,.0f} MB" if third else "-" for third in thirds)
        print(f"{role}: at most {peaks} in the first, second and last third")
        if _has_grown(thirds[1], thirds[2]):
            yield f"{role}: more memory in the last third."
    for (role, pid), listed in samples.items():
        begins = min(share for share, _ in listed)
        before = [size for share, size in listed if begins < 1 / 3 <= share < 2 / 3]
        after = [size for share, size in listed if 2 / 3 <= share <= 1]
        if _has_grown(before, after):
            yield f"{role} {pid} grew from {max(before) / 1e6:,.0f} to {max(after) / 1e6:,.0f} MB."


def _has_grown(before: list[int], after: list[int]) -> bool:
    return bool(before and after) and max(after) > ALLOWED_GROWTH * max(before) + ALLOWED_BYTES


def processes() -> Iterator[tuple[str, psutil.Process]]:
    """Yield the processes at work on this workspace with their roles."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("LAB_WORKSPACE") != str(workspace.folder()):
                continue
            command = " ".join(process.cmdline())
            for role, part in ROLES.items():
                if f"-m {part}" in command:
                    yield role, process


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    launch.lower_priority()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unmounts the disk and ends what was started
    sys.exit(main())
