"""Small real sets of TensorFlow Datasets, made and prepared in a process of its own, as TensorFlow is."""

from __future__ import annotations

import contextlib
import errno
import http.server
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from core.cli.main import main
from core.errors import LabError
from core.ml import tfds_source

EACH = 6
DATA = Path(os.environ.get("TFDS_DATA_DIR", ""))


def image(seed: int) -> np.ndarray:
    """Noise, darker towards the top, so that a turned one is told."""
    noise = np.random.default_rng(seed).integers(0, 100, (28, 28, 1))
    noise[14:] += 150
    return noise.astype(np.uint8)


def examples(seed: int, **labels: Any) -> list[dict[str, Any]]:
    """``EACH`` examples; a label is one value for all or a function of the number."""
    return [
        {
            "image": image(100 * seed + number),
            **{name: value(number) if callable(value) else value for name, value in labels.items()},
        }
        for number in range(EACH)
    ]


def class_label(*names: str) -> Any:
    return tfds.features.ClassLabel(names=list(names))


def store(
    name: str,
    splits: dict[str, list[dict[str, Any]]],
    *,
    config: str = "",
    version: str = "1.0.0",
    **features: Any,
) -> None:
    shape = tfds.features.Image(shape=(28, 28, 1), dtype=np.uint8, encoding_format="png")
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        config=config or None,
        features=tfds.features.FeaturesDict({"image": shape, **features}),
        split_datasets={split: list(enumerate(rows)) for split, rows in splits.items()},
        data_dir=str(DATA),
        disable_shuffling=True,
    )


def prepared(name: str, *more: str) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["prepare", f"tfds:{name}", "--json", *more])
    facts = json.loads(out.getvalue()) if out.getvalue() else {}
    root = Path(facts["path"]) / "files" if facts else Path()
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*")) if facts else []
    kept = ("classes", "read_as", "version", "path")
    return {"code": code, "err": err.getvalue(), "files": files, **{k: facts[k] for k in kept if facts}}


def stored_sets() -> dict[str, Any]:
    two = class_label("x", "y")
    by_turn = {"label": lambda number: number % 2}
    store(
        "odd_splits",
        {
            "train": examples(1, **by_turn),
            "dev": examples(2, **by_turn),
            "test_images": examples(3, **by_turn),
            "unlabelled": examples(4, label=-1),
            "extra": examples(5, **by_turn),
        },
        label=two,
    )
    store("no_training", {"validation": examples(1, **by_turn), "test": examples(2, **by_turn)}, label=two)
    store("unknown_split", {"full": examples(1, **by_turn)}, label=two)
    store("unknown_splits", {"part1": examples(1, **by_turn), "part2": examples(2, **by_turn)}, label=two)
    store(
        "two_labels",
        {"train": examples(1, size=lambda number: number % 2, colour=lambda number: number // 3)},
        size=class_label("small", "big"),
        colour=class_label("red", "blue"),
    )
    other = tfds.features.Image(shape=(28, 28, 1), dtype=np.uint8, encoding_format="png")
    store(
        "two_images",
        {"train": [{**one, "other": 255 - one["image"]} for one in examples(1, **by_turn)]},
        label=two,
        other=other,
    )
    store(
        "alike",
        {"train": examples(1, label=lambda number: number % 5)},
        label=class_label("a/b", "a-b", "Cat", "cat", "..dots"),
    )
    store(
        "many_labels",
        {"train": examples(1, labels=lambda number: [0, 1])},
        labels=tfds.features.Sequence(two),
    )
    store(
        "emnist",
        {"train": examples(1, label=lambda number: number % 2), "test": examples(2, label=0)},
        config="letters",
        version="3.1.0",
        label=tfds.features.ClassLabel(num_classes=37),
    )
    outcomes = {
        name: prepared(name) for name in ("odd_splits", "no_training", "unknown_split", "unknown_splits")
    }
    outcomes |= {name: prepared(name) for name in ("two_labels", "two_images", "alike", "many_labels")}
    outcomes["emnist"] = prepared("emnist/letters")
    outcomes["by size"] = prepared("two_labels", "--layout", "label:size")
    outcomes["again"] = prepared("two_labels")
    outcomes["by colour"] = prepared("two_labels", "--layout", "label:colour")
    outcomes["wrong layout"] = prepared("two_labels", "--layout", "label:weight")
    outcomes["taken back"] = prepared("two_labels", "--layout", "auto")
    outcomes["other image"] = prepared("two_images", "--layout", "image:other,label:label")
    return outcomes


def expected() -> Any:
    """What the checksum file of a data set says of its archive."""
    return tfds.download.checksums.UrlInfo(size=490_000_000, checksum="0" * 64, filename="a.zip")


class _Set(tfds.core.GeneratorBasedBuilder):
    """Fails in its own way when it is downloaded and prepared."""

    VERSION = tfds.core.Version("1.0.0")
    ADDRESS = ""

    def _info(self) -> Any:
        features = {"image": tfds.features.Image(), "label": class_label("x", "y")}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        self.fetch(dl_manager)
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Any:
        yield 0, {"image": image(0), "label": 0}

    def fetch(self, dl_manager: Any) -> None:
        """Nothing to fetch."""


class ByHand(_Set):
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Register at http://example.org and download fake.zip."

    def fetch(self, dl_manager: Any) -> None:
        print(dl_manager.manual_dir)


class HalfByHand(_Set):
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Register at http://example.org and download fake.zip."

    def fetch(self, dl_manager: Any) -> None:
        (DATA / "downloads" / "manual").mkdir(parents=True, exist_ok=True)
        (DATA / "downloads" / "manual" / "other.zip").touch()
        (Path(dl_manager.manual_dir) / "fake.zip").read_bytes()


class NeedsPackage(_Set):
    def fetch(self, dl_manager: Any) -> None:
        import a_package_that_nobody_has  # noqa: F401


class FullDisk(_Set):
    def fetch(self, dl_manager: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/data/tfds/x.tmp")


class TooLarge(_Set):
    def fetch(self, dl_manager: Any) -> None:
        raise OSError("Not enough disk space. Needed: 1 TiB (download: 1 TiB, generated: 1 TiB)")


class Broken(_Set):
    def fetch(self, dl_manager: Any) -> None:
        raise ValueError("the archive has changed\n" + "member 3 is missing, " * 20 + "and this is the end")


class OtherFile(_Set):
    @property
    def url_infos(self) -> Any:
        return {self.ADDRESS: expected()}

    def fetch(self, dl_manager: Any) -> None:
        dl_manager.download(self.ADDRESS)


class NoServer(_Set):
    @property
    def url_infos(self) -> Any:
        return {"http://127.0.0.1:9/a.zip": expected()}


class _Page(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(b"<html>Quota exceeded</html>" * 80)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def failures() -> dict[str, str]:
    sets = (ByHand, HalfByHand, NeedsPackage, FullDisk, TooLarge, Broken, OtherFile, NoServer)
    said = {}
    for made in sets:
        folder = DATA / "out" / made.__name__
        folder.mkdir(parents=True)
        try:
            tfds_source.make(made.name, folder, lambda *_: None, lambda: False)
        except LabError as error:
            said[made.__name__] = str(error)
    return said


def run() -> None:
    """Print all outcomes as JSON."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    OtherFile.ADDRESS = f"http://127.0.0.1:{server.server_address[1]}/a.zip"
    print(json.dumps({"prepared": stored_sets(), "failed": failures()}))
