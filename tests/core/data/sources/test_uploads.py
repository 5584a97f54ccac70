"""Uploads, archives and lists: file names from outside never become paths."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets
from core.data import sources
from core.data.dataset import Dataset
from core.data.sources import upload_list, uploads
from core.errors import LabError, Stopped


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def archive(
    *members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as opened:
        for name, content in members:
            opened.writestr(name, content)
    buffer.seek(0)
    return buffer


GOOD = (("flowers/roses/1.png", png(1)), ("flowers/roses/2.png", png(2)), ("flowers/tulips/1.png", png(3)))


def everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_an_uploaded_archive_becomes_a_data_set(workspace: Path) -> None:
    source = sources.keep_archive("My Flowers.zip", archive(*GOOD))
    dataset = datasets.prepare(source)
    assert dataset.class_names == ("roses", "tulips")
    assert dataset.title == "my-flowers-zip"
    assert sorted(dataset.usable["name"]) == ["roses/1.png", "roses/2.png", "tulips/1.png"]
    assert set(dataset.usable["file"]) == {"000001.png", "000002.png", "000003.png"}
    assert dataset.image(dataset.usable.iloc[0]).size == (12, 12)
    assert datasets.open(source).version == dataset.version


def test_an_archive_on_the_disk_is_a_source_and_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "flowers.zip"
    path.write_bytes(archive(*GOOD).getvalue())
    assert len(datasets.prepare(str(path)).usable) == 3
    path.write_bytes(archive(*GOOD, ("flowers/tulips/2.png", png(4))).getvalue())
    assert len(datasets.prepare(str(path)).usable) == 4
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "workspace"] == ["flowers.zip"]


def test_an_archive_that_is_split_keeps_its_splits() -> None:
    members = [
        (f"data/{split}/{label}/{n}.png", png(n))
        for n, (split, label) in enumerate([("train", "a"), ("train", "b"), ("val", "a"), ("test", "b")])
    ]
    index = datasets.prepare(sources.keep_archive("x", archive(*members))).index
    assert index["source_split"].tolist() == ["train", "train", "validation", "test"]
    assert index["label"].tolist() == ["a", "b", "a", "b"]


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("flowers/roses/link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted() -> io.BytesIO:
    """An archive whose first member says that it is encrypted, in both headers."""
    content = bytearray(archive(*GOOD).getvalue())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return io.BytesIO(bytes(content))


REFUSED = {
    "slip": (archive(*GOOD, ("../../evil.png", png(9))), "has a path outside the archive"),
    "slip inside": (archive(*GOOD, ("flowers/../../evil.png", png(9))), "has a path outside the archive"),
    "backslash slip": (
        archive(*GOOD, ("flowers\\..\\..\\evil.png", png(9))),
        "has a path outside the archive",
    ),
    "absolute": (archive(*GOOD, ("/tmp/evil.png", png(9))), "has a path outside the archive"),
    "drive": (archive(*GOOD, ("C:\\evil.png", png(9))), "has a path outside the archive"),
    "link": (archive(*GOOD, (link(), b"/etc/passwd")), "is a link, not a file"),
    "nested": (
        archive(*GOOD, ("flowers/roses/more.zip", archive(*GOOD).getvalue())),
        "is an archive inside the archive",
    ),
    "nested in disguise": (
        archive(*GOOD, ("flowers/roses/more.png", archive(*GOOD).getvalue())),
        "is an archive",
    ),
    "encrypted": (encrypted(), "is encrypted"),
    "bomb": (archive(*GOOD, ("flowers/roses/big.bmp", bytes(20_000_000))), "would unpack to"),
    "truncated": (io.BytesIO(archive(*GOOD).getvalue()[:200]), "damaged, or is not a zip archive"),
    "no archive": (io.BytesIO(b"<html></html>"), "damaged, or is not a zip archive"),
    "no classes": (archive(("1.png", png(1)), ("2.png", png(2))), "There are no class folders"),
    "empty": (archive(), "There are no class folders"),
}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("trap", REFUSED)
def test_a_malicious_archive_is_rejected_and_leaves_nothing_behind(
    trap: str, tmp_path: Path, workspace: Path
) -> None:
    content, words = REFUSED[trap]
    with pytest.raises(LabError, match=words):
        sources.keep_archive("trap", content)
    assert everything(tmp_path) == []
    assert not list((workspace / "uploads").iterdir())


@pytest.mark.fault("F13")
def test_a_member_larger_than_declared_is_rejected(workspace: Path) -> None:
    content = bytearray(archive(*GOOD, compression=zipfile.ZIP_STORED).getvalue())
    first = content.index(b"PK\x01\x02")
    content[first + 24 : first + 28] = (5).to_bytes(4, "little")
    with pytest.raises(LabError, match="damaged"):
        sources.keep_archive("liar", io.BytesIO(bytes(content)))
    assert not list((workspace / "uploads").iterdir())


@pytest.mark.fault("F13")
def test_too_many_files_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FILES", 2)
    with pytest.raises(LabError, match="3 files; the limit is 2"):
        sources.keep_archive("many", archive(*GOOD))
    with pytest.raises(LabError, match="at most 2 files"):
        sources.keep_files("many", [(name, io.BytesIO(content)) for name, content in GOOD])


@pytest.mark.fault("F13", "F25")
def test_too_large_files_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 300)
    with pytest.raises(LabError, match="exceeds the upload limit"):
        sources.keep_files("large", [(name, io.BytesIO(content)) for name, content in GOOD])


NAMES = [
    "../../roses/x.png",
    "/etc/roses/x.png",
    "C:\\images\\roses\\x.png",
    "flowers/roses/a\0b.png",
    "flowers/roses/CON.png",
    "flowers/roses/%2e%2e.png",
    "flowers/roses/" + "n" * 400 + ".png",
    "flowers/roses/<img src=x onerror=alert(1)>.jpg",
]


@pytest.mark.fault("F12")
@pytest.mark.parametrize("name", NAMES)
def test_uploaded_names_are_only_text(name: str, tmp_path: Path, workspace: Path) -> None:
    others = [("flowers/tulips/1.png", io.BytesIO(png(1))), ("flowers/tulips/2.png", io.BytesIO(png(2)))]
    source = sources.keep_files("flowers", [(name, io.BytesIO(png(0))), *others])
    folder = workspace / "uploads" / source.removeprefix("upload:")
    suffix = ".jpg" if name.endswith(".jpg") else ".png"
    stored = [path.name for path in everything(tmp_path)]
    assert stored == [f"000001{suffix}", "000002.png", "000003.png", "list.csv"]
    assert all(path.is_relative_to(folder) for path in everything(tmp_path))
    dataset = datasets.prepare(source)
    assert len(dataset.usable) == 3
    if name.startswith("flowers/"):
        assert set(dataset.class_names) == {"roses", "tulips"}


@pytest.mark.fault("F10", "F26")
def test_class_names_of_any_kind_survive() -> None:
    names = ["<script>alert(1)</script>", "=HYPERLINK(1)", "CON", "日本 🌷", 'a "b", c;d']
    files = [(f"x/{name.replace('/', '')}/{n}.png", io.BytesIO(png(n))) for n, name in enumerate(names)]
    dataset = datasets.prepare(sources.keep_files("odd", files))
    assert set(dataset.class_names) == {name.replace("/", "") for name in names}


def test_operating_system_clutter_is_skipped() -> None:
    rubbish = [("__MACOSX/flowers/roses/._1.png", b"x"), ("flowers/.DS_Store", b"x")]
    dataset = datasets.prepare(sources.keep_archive("mac", archive(*GOOD, *rubbish)))
    assert len(dataset.index) == 3


def test_a_stopped_upload_leaves_nothing_behind(workspace: Path) -> None:
    with pytest.raises(Stopped):
        sources.keep_archive("x", archive(*GOOD), should_stop=lambda: True)
    assert not list((workspace / "uploads").iterdir())


@pytest.mark.parametrize("upload_id", ["nothing-here", "../runs", "a/b", "", "." * 5])
def test_a_missing_upload_is_reported(upload_id: str) -> None:
    with pytest.raises(LabError, match="There is no upload"):
        sources.resolve(f"upload:{upload_id}")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Four images in one folder."""
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(number))
    (folder / "deep" / "3.png").write_bytes(png(3))
    return folder


def listed(folder: Path, text: str | bytes) -> Dataset:
    (folder / "list.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return datasets.prepare(str(folder / "list.csv"))


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n0.png,cat\n1.png,dog\ndeep/3.png,dog\n",
        "Label;Filename\r\ncat;0.png\r\ndog;1.png\r\ndog;deep\\3.png\r\n",
        b"\xef\xbb\xbfimage\tclass\n0.png\tcat\n1.png\tdog\ndeep/3.png\tdog",
    ],
)
def test_a_list_of_files_and_labels_is_a_source(images: Path, text: str | bytes) -> None:
    dataset = listed(images, text)
    assert dataset.title == "list"
    assert dict(zip(dataset.usable["file"], dataset.usable["label"], strict=True)) == {
        "0.png": "cat",
        "1.png": "dog",
        "deep/3.png": "dog",
    }
    assert sorted(path.name for path in everything(images)) == [
        "0.png",
        "1.png",
        "2.png",
        "3.png",
        "list.csv",
    ]


def test_a_list_may_define_the_split(images: Path) -> None:
    index = listed(images, "file,label,split\n0.png,cat,train\n1.png,dog,val\n2.png,dog,test\n").index
    assert index["source_split"].tolist() == ["train", "validation", "test"]


def test_bad_lines_are_listed_with_the_reason(images: Path) -> None:
    (images.parent / "secret.png").write_bytes(png(8))
    lines = [
        "0.png,cat",
        "1.png,dog",
        "gone.png,dog",
        "../secret.png,dog",
        "2.png,",
        ",cat",
        "deep,cat",
        "1.png,cat",
    ]
    dataset = listed(images, "file,label\n" + "\n".join(lines))
    assert {one["file"]: one["reason"] for one in dataset.skipped} == {
        "gone.png": "is listed but does not exist",
        "../secret.png": "is outside the folder of the list",
        "2.png": "has no label in the list",
        "line 7": "has no file name in the list",
        "deep": "not a regular file",
        "1.png": "is listed twice with different labels",
    }
    assert dataset.usable["file"].tolist() == ["0.png"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (("cat", "cat"), ""),
        (("", ""), "has no label in the list"),
        (("cat", ""), "is listed twice, once without a label"),
        (("", "cat"), "is listed twice, once without a label"),
        (("", "cat", "cat"), "is listed twice, once without a label"),
        (("cat", "dog"), "is listed twice with different labels"),
        (("", "cat", "dog"), "is listed twice with different labels"),
        (("cat", "dog", ""), "is listed twice with different labels"),
    ],
)
def test_a_file_that_is_listed_again_is_judged_by_its_labels(
    images: Path, labels: tuple[str, ...], reason: str
) -> None:
    lines = ["file,label", "1.png,dog", *(f"0.png,{label}" for label in labels)]
    dataset = listed(images, "\n".join(lines))
    assert [one["reason"] for one in dataset.skipped if one["file"] == "0.png"] == [reason] * bool(reason)
    assert ("0.png" in set(dataset.usable["file"])) == (not reason)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name the columns file and label.*found are: none"),
        ("name,width\n0.png,4\n", "must name the columns file and label.*found are: name, width"),
        ("file,label\n", "lists no images with a label"),
        (b"file,label\n\xff\xfe.png,cat\n", "is not UTF-8 text"),
    ],
)
def test_an_invalid_list_is_reported(images: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(LabError, match=words):
        listed(images, text)


def test_the_labs_own_list_round_trips(tmp_path: Path) -> None:
    (tmp_path / "000001.png").write_bytes(png(0))
    upload_list.write(
        tmp_path / "list.csv", [("000001.png", "x, \"y\"; z/Ä 'b'/c\n.png"), ("gone.png", "a/b")]
    )
    (found, gone), has_classes = upload_list.read(tmp_path / "list.csv")
    assert (found.name, found.problem, has_classes) == ("x, \"y\"; z/Ä 'b'/c\n.png", "", False)
    assert gone.problem == "is listed, but there is no such file"


def test_an_upload_of_an_earlier_version_names_its_classes(workspace: Path) -> None:
    folder = workspace / "uploads" / "flowers-0a1b2c"
    folder.mkdir(parents=True)
    rows = [
        "file,label,split,name",
        '1.png,"a|b",train,"x\n.png"',
        "2.png,a,val,2.png",
        "3.png,a,train,3.png",
    ]
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    for number in (1, 2, 3):
        (folder / f"{number}.png").write_bytes(png(number))
    index = datasets.prepare("upload:flowers-0a1b2c").index
    assert index["label"].tolist() == ["a|b", "a", "a"]
    assert index["source_split"].tolist() == ["train", "validation", "train"]
    assert index["name"].tolist() == ["x\\n.png", "2.png", "3.png"]


@pytest.mark.parametrize("text", ["", "file,name\na.png\n", "name,file\n", b"\xff\xfe"])
def test_a_damaged_list_of_an_upload_is_reported(text: str | bytes, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(LabError, match=r"list\.csv is damaged.*upload the images again"):
        upload_list.read(tmp_path / "list.csv")
