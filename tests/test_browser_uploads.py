"""Uploads as a real browser sends them: hostile names are only text, and too large a file is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core import datasets
from tests import browsing
from tests.browsing import PATIENCE, Server, go_to, no_worker, page, server, wait_for

__all__ = ["no_worker", "page", "server"]  # fixtures

pytestmark = [*browsing.pytestmark, pytest.mark.usefixtures("no_worker")]

HOSTILE = "<img src=x onerror=alert(1)>"
NAMES = [
    "../../evil.png", "/etc/evil.png", "C:\\evil.png", "..\\evil.png", "CON.png", "NUL", "%2e%2e%2fevil.png",
    f"{HOSTILE}.jpg", "🌷 tulip.png", "![x](http://example.org/x.png).png", "ä" * 125 + ".png",
]  # fmt: skip

LABELS = {"Files": "Images and the list of their classes", "Zip archive": "Zip archive of images"}


def image(colour: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (20 * colour % 255, colour, 90)).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def options() -> tuple[str, ...]:
    """The server takes files up to 1 MB."""
    return ("--server.maxUploadSize", "1")


def choose(tab: Any, kind: str, *files: tuple[str, bytes]) -> None:
    uploader = tab.get_by_text(LABELS[kind])
    for _ in range(10):  # a click while the page is being drawn anew may be lost
        tab.get_by_test_id("stMain").get_by_text(kind, exact=True).click()
        tab.wait_for_timeout(1000)
        if uploader.is_visible():
            break
    uploader.wait_for()
    chosen = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    tab.locator("input[type=file]").set_input_files(chosen)


@pytest.mark.fault("F10", "F12", "F25")
def test_uploads_with_hostile_names_and_over_the_limit(page: Any, server: Server, workspace: Path) -> None:
    asked: list[Any] = []
    page.on("dialog", lambda dialog: (asked.append(dialog), dialog.dismiss()))
    go_to(page, "Data")
    upload = page.get_by_test_id("stMain").get_by_text("Upload", exact=True)
    for _ in range(10):  # a click while the page is being drawn anew may be lost
        if upload.is_visible():
            break
        page.get_by_text("Choose other images").click()
        page.wait_for_timeout(3000)
    upload.click()

    choose(page, "Zip archive", ("large.zip", b"PK" + bytes(2**20)))
    page.get_by_text("must be 1.0MB or smaller").wait_for()
    assert not list(workspace.glob("uploads/*"))

    rows = [f'"{name}",{"ab"[number % 2]}' for number, name in enumerate(NAMES)]
    listing = "\n".join(["file,label", *rows]).encode()
    choose(page, "Files", ("list.csv", listing), *[(name, image(n)) for n, name in enumerate(NAMES)])
    page.get_by_role("button", name=f"Use {len(NAMES) + 1} files").click()
    wait_for(lambda: list(workspace.glob("uploads/[!.]*")))
    (folder,) = workspace.glob("uploads/*")
    assert all(path.name == "list.csv" or path.name[:6].isdigit() for path in folder.iterdir())
    recorded = (folder / "list.csv").read_text(encoding="utf-8")
    assert all(name in recorded for name in (f"{HOSTILE}.jpg", "🌷 tulip.png", "evil.png"))

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for number in range(8):
            written.writestr(f"{'ab'[number % 2]}{HOSTILE}/{number}.png", image(number))
    use = page.get_by_role("button", name="Use this archive")
    for _ in range(10):  # a file given while the page is being drawn anew may be lost, too
        choose(page, "Zip archive", (f"../{HOSTILE}.zip", archive.getvalue()))
        page.wait_for_timeout(2000)
        if use.is_enabled():
            break
    use.click()
    wait_for(lambda: any(source.startswith("upload:") for source in datasets.prepared()))
    page.get_by_text(HOSTILE).first.wait_for(timeout=PATIENCE)
    assert asked == []
    assert {path.name for path in workspace.parent.iterdir()} == {"workspace"}
    assert not list(workspace.rglob("*evil*"))
