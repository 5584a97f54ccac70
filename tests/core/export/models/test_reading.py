"""The script that goes along with a model reads files as the lab does, pixel for pixel, whatever they are."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from core import example
from core.data.deep_pixels import Ranges
from core.export.models import description
from core.export.models.kinds import KINDS
from core.ml.goes_along import predict
from core.prediction.incoming import Reader
from tests.core.data.test_decoding_colours import GREY_ALPHA, RGB, RGBA, png
from tests.core.data.test_heif import PHOTO, needs_pi_heif

RANGES = (Ranges(), Ranges((0.0, 4095.0), (0.0, 1.0)))
WITH_8_BITS = ("RGB", "L", "RGBA", "LA", "P", "CMYK", "YCbCr", "1", "LAB")
SUFFIXES = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "AVIF")


def classifier(size: int, resize: str, ranges: Ranges) -> predict.Classifier:
    """The reading half of a package, without a model."""
    made = predict.Classifier.__new__(predict.Classifier)
    run = example.run()
    made.description = description.describe(run, run.report(), KINDS["tflite"])
    made.description["input"]["size"] = size
    made.description["resize"]["method"] = resize
    made.description["reading"]["ranges"] = ranges.by_kind()
    return made


def assert_read_alike(path: Path) -> None:
    """Both refuse the file, or both read the same pixels from it, in every fit and scale."""
    for size, resize, ranges in ((16, "stretch", RANGES[0]), (40, "crop", RANGES[1]), (61, "pad", RANGES[0])):
        expected = Reader(size, resize, ranges).read(path)
        try:
            found = classifier(size, resize, ranges).read(path)
        except Exception:  # as its command line has it: whatever it is, the file is not read
            found = None
        assert (found is None) == (expected.pixels is None), expected.problem
        if expected.pixels is not None:
            np.testing.assert_array_equal(found, expected.pixels)


def noise(shape: tuple[int, ...], white: float = 255, kind: Any = np.uint8) -> Any:
    values = np.random.default_rng(0).random(shape) * white
    return np.kron(values, np.ones((9, 7, *[1] * (len(shape) - 2)))).astype(kind)


@pytest.mark.parametrize("orientation", [None, 5])
@pytest.mark.parametrize("mode", WITH_8_BITS)
def test_8_bit_images_in_every_format_and_turned_by_exif(mode: str, orientation: int | None, tmp_path: Path):
    image = Image.fromarray(noise((13, 17, 3)))
    if mode in ("RGBA", "LA"):
        image = image.convert(mode)
        image.putalpha(Image.fromarray(noise((13, 17))))
    elif mode == "LAB":
        image = Image.fromarray(noise((13, 17, 3)), "LAB")
    image = image.convert(mode)
    exif = Image.Exif()
    if orientation:
        exif[predict.ORIENTATION] = orientation
    saved = 0
    for kind in SUFFIXES:
        buffer = io.BytesIO()
        try:
            image.save(buffer, kind, exif=exif)
        except (OSError, ValueError, TypeError):  # not every format has every mode
            continue
        (tmp_path / kind).write_bytes(buffer.getvalue())
        assert_read_alike(tmp_path / kind)
        saved += 1
    assert saved


@pytest.mark.parametrize("white", [300, 4000, 65_535])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_images(suffix: str, channels: int, white: int, tmp_path: Path):
    shape = (13, 17) if channels == 1 else (13, 17, channels)
    for compression in (1, 5, 8):
        path = tmp_path / f"{compression}{suffix}"
        options = [cv2.IMWRITE_TIFF_COMPRESSION, compression] if suffix == ".tif" else []
        cv2.imwrite(str(path), noise(shape, white, np.uint16), options)
        assert_read_alike(path)


@pytest.mark.parametrize(("kind", "channels"), [(GREY_ALPHA, 2), (RGB, 3), (RGBA, 4)])
def test_16_bit_png_with_transparency_and_metadata(kind: int, channels: int, tmp_path: Path):
    exif = b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    for number, chunks in enumerate(({}, {"tRNS": b"\0\1\0\1\0\1"} if kind == RGB else {}, {"eXIf": exif})):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png(kind, 16, noise((13, 17, channels), 65_535, np.uint16), **chunks))
        assert_read_alike(path)


@pytest.mark.parametrize("white", [0.9, 30.0, 1e6, -1.0])
def test_floating_point_images(white: float, tmp_path: Path):
    Image.fromarray(noise((13, 17), white, np.float32)).save(tmp_path / "image.tif")
    assert_read_alike(tmp_path / "image.tif")


def test_photos_of_12_megapixels(tmp_path: Path):
    image = Image.fromarray(np.kron(noise((4, 6, 3)), np.ones((83, 95, 1))).astype(np.uint8))
    assert image.width * image.height > 11_000_000
    image.save(tmp_path / "photo.jpg")
    image.convert("CMYK").save(tmp_path / "inks.jpg")
    for path in tmp_path.iterdir():
        assert_read_alike(path)


@needs_pi_heif
def test_heic_photos(tmp_path: Path):
    (tmp_path / "photo").write_bytes(PHOTO)
    assert classifier(16, "stretch", Ranges()).read(tmp_path / "photo").any()
    assert_read_alike(tmp_path / "photo")


def test_animations_and_files_that_are_no_images(tmp_path: Path):
    frames = [Image.new("RGB", (20, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "pages.tif", save_all=True, append_images=frames[1:])
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(png(RGB, 8, noise((13, 17, 3)))[:200])
    for path in tmp_path.iterdir():
        assert_read_alike(path)


def test_pillows_own_odd_files(photos: Path):
    paths = [path for path in (photos / "bad_images").rglob("*") if path.is_file()]
    assert len(paths) > 50
    for path in paths:
        assert_read_alike(path)


def test_the_script_needs_pillow_numpy_and_an_interpreter():
    nodes = list(ast.walk(ast.parse(Path(predict.__file__).read_text(encoding="utf-8"))))
    imported = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    packages = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert packages == {"numpy", "PIL", "pi_heif", "ai_edge_litert", "keras", "onnxruntime", "tensorflow"}


def test_help_needs_no_model():
    answer = subprocess.run(
        [sys.executable, "-I", predict.__file__, "--help"], capture_output=True, text=True
    )
    assert answer.returncode == 0 and "image files" in answer.stdout


def test_a_heic_photo_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "photo").write_bytes(PHOTO)
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(ValueError, match="install pi-heif"):
        classifier(16, "stretch", Ranges()).read(tmp_path / "photo")


def test_its_command_line_says_how_to_install_what_is_missing(tmp_path: Path) -> None:
    described = {"class_names": ["a", "b"], "format": "onnx", "file": "model.onnx"}
    (tmp_path / "model.json").write_text(json.dumps(described))
    shutil.copy(description.PREDICT, tmp_path)
    without = (
        "import runpy, sys; sys.modules['onnxruntime'] = None; runpy.run_path('predict.py', {}, '__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", without, "photo.jpg"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "onnxruntime" in done.stderr and done.stderr.endswith("Run: pip install -r requirements.txt\n")
