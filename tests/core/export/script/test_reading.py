"""A script reads image files as the lab does: the functions of a written script, beside the lab's own."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps

from core import datasets
from core.config import RunConfig
from core.data import pixel_cache
from core.export.script import plan, split_list, writing
from core.export.script.plan import Plan
from samples import made_runs
from tests.core.data.test_heif import PHOTO, needs_pi_heif

SIZE = 48


def functions(script: str) -> SimpleNamespace:
    """Execute the functions and constants of a script that read images, without training anything."""
    wanted = {"read_image", "read_deep_image", "content_hash", "fit", "pixels_of", "RANGES", "IMAGE_SIZE"}
    parts = [node for node in ast.parse(script).body if _name(node) in wanted]
    found: dict[str, Any] = {
        "Image": Image, "ImageOps": ImageOps, "ImageCms": ImageCms, "np": np, "cv2": cv2, "hashlib": hashlib
    }  # fmt: skip
    exec(compile(ast.Module(parts, []), "train.py", "exec"), found)
    return SimpleNamespace(**found)


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""


def draw(folder: Path) -> None:
    """Files of many kinds in two classes: turned, transparent, for print, grey, of 16 bits, large, thin."""
    y, x = np.mgrid[0:400, 0:600]
    photo = Image.fromarray(np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8))
    ImageDraw.Draw(photo).ellipse((50, 60, 330, 300), fill=(200, 30, 40))
    clear = photo.convert("RGBA")
    clear.putalpha(Image.fromarray((x % 256).astype(np.uint8)))
    turned = Image.Exif()
    turned[274] = 6
    deep = (x * 40 + y).astype(np.uint16) % 4000
    thin = photo.crop((0, 0, 600, 7))
    saved = {
        "turned.jpg": lambda path: photo.save(path, exif=turned, quality=90),
        "large.jpg": lambda path: photo.resize((4000, 3000)).save(path, quality=90),
        "print.jpg": lambda path: photo.convert("CMYK").save(path),
        "clear.png": clear.save,
        "palette.gif": photo.convert("P").save,
        "grey.png": photo.convert("L").save,
        "invisible.png": lambda path: Image.new("RGBA", (90, 60), (9, 90, 200, 0)).save(path),
        "thin.png": thin.save,
        "really-a-png.jpg": lambda path: photo.crop((0, 0, 200, 200)).save(path, "PNG"),
        "grey16.png": lambda path: Image.fromarray(deep).save(path),
        "colour16.png": lambda path: cv2.imwrite(str(path), np.stack([deep, deep // 2, deep // 3], -1)),
    }
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for name, save in saved.items():
            save(folder / label / name)
            if label == "b":  # other pixels, so that no file is a copy
                with Image.open(folder / label / name) as image:
                    rotated = image.transpose(Image.Transpose.ROTATE_180)
                    options = {"exif": turned} if name == "turned.jpg" else {}
                    kind = image.format
                if name != "colour16.png":
                    rotated.save(folder / label / name, kind, **options)


@needs_pi_heif
@pytest.mark.fault("F3", "F4", "F6", "F7")
def test_a_script_gives_the_network_the_pixels_that_the_lab_gives_it(tmp_path):
    draw(tmp_path / "images")
    (tmp_path / "images" / "a" / "phone.jpg").write_bytes(PHOTO)  # a HEIC photo by another name
    datasets.prepare(str(tmp_path / "images"))
    config = RunConfig().replace({"data.source": str(tmp_path / "images"), "data.image_size": SIZE})
    planned = plan.gather(made_runs.finished(config))
    assert planned.ranges and planned.has_deep_colours and planned.has_heif
    assert len(planned.rows) >= 18
    for resize in ("stretch", "crop", "pad"):
        fitted = replace(planned, config=config.replace({"data.resize": resize}))
        assert read_differently(fitted, tmp_path / "images") == []


def read_differently(planned: Plan, folder: Path) -> list[str]:
    """The files whose pixels are others in the script than in the lab."""
    read, data = functions(writing.script(planned)), planned.config.data
    lab = pixel_cache.load(datasets.open(data.source), planned.rows, data.image_size, data.resize)
    rows = {row["file"]: row for row in map(json.loads, split_list.write(planned.rows).splitlines())}
    each = zip(planned.rows["file"], lab[np.arange(len(planned.rows))], strict=True)
    return [
        file for file, pixels in each if not np.array_equal(read.pixels_of(rows[file], folder / file), pixels)
    ]


def test_odd_files_are_read_as_in_the_lab(photos, tmp_path):
    """Each file by itself, with the labels of a data set that has all of them."""
    odd = sorted((photos / "bad_images" / "odd_but_readable").iterdir())
    for number, path in enumerate(odd):
        folder = tmp_path / "images" / f"class {number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / path.name)
    datasets.prepare(str(tmp_path / "images"))
    config = RunConfig().replace({"data.source": str(tmp_path / "images"), "data.image_size": SIZE})
    planned = plan.gather(made_runs.finished(config))
    assert len(planned.rows) > 30
    assert read_differently(planned, tmp_path / "images") == []


def test_another_image_under_the_same_name_is_noticed(tmp_path):
    source = made_runs.draw_folder(tmp_path / "images")
    planned = plan.gather(made_runs.finished(RunConfig().replace({"data.source": source})))
    read = functions(writing.script(planned))
    first, second = (dict(row) for row in planned.rows.head(2).to_dict("records"))
    assert read.pixels_of(first, tmp_path / "images" / first["file"]) is not None
    assert read.pixels_of(first, tmp_path / "images" / second["file"]) is None
