"""The colours that come out of image files, against what was put in by the formats' own rules.

PNG files are written here byte by byte, so that no encoder's mistake can make up for a decoder's.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from core import datasets
from core.data import pixel_cache
from core.data.decoding import decode

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""Colour types of PNG (W3C Recommendation, third edition, section 11.2.1)."""
WHITE = (255, 255, 255)
CORNERS = np.array([[(200, 30, 40), (20, 180, 60)], [(30, 50, 210), (240, 220, 20)]], np.uint8)
"""Four colours, no two alike, so that every turn and every mirroring shows."""


def png(kind: int, depth: int, samples: ArrayLike, **chunks: bytes) -> bytes:
    """A PNG of ``samples`` (H, W) or (H, W, channels), with more chunks before its pixels."""
    rows = np.asarray(samples)
    lines = [b"\0" + _packed(row.reshape(-1), depth) for row in rows]  # 0: no filter
    header = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], depth, kind, 0, 0, 0)
    parts = {"IHDR": header, **chunks, "IDAT": zlib.compress(b"".join(lines)), "IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name.encode(), body) for name, body in parts.items())


def _packed(values: NDArray[Any], depth: int) -> bytes:
    if depth == 16:
        return values.astype(">u2").tobytes()
    bits = np.unpackbits(values.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
    return np.packbits(bits).tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(tmp_path: Path, content: bytes) -> NDArray[np.int64]:
    """Pixels (H, W, 3) of a file with this content."""
    (tmp_path / "picture").write_bytes(content)
    image = decode(tmp_path / "picture").image
    assert image.mode == "RGB"
    return np.asarray(image).astype(np.int64)


def on_white(colour: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """What is seen of a colour that covers a white ground by the share ``alpha``."""
    return alpha * np.asarray(colour, np.float64) + (1 - alpha) * 255


def blocks(colours: ArrayLike, side: int = 16) -> NDArray[Any]:
    """Each of the pixels (H, W, ...) as a square, large enough for what JPEG does at edges."""
    return np.asarray(colours).repeat(side, axis=0).repeat(side, axis=1)


def middles(found: NDArray[np.int64], side: int = 16) -> NDArray[np.int64]:
    return found[side // 2 :: side, side // 2 :: side]


# --- palette -------------------------------------------------------------------------------------


@pytest.mark.fault("F3")
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_gives_its_colours(tmp_path: Path, depth: int) -> None:
    colours = np.random.default_rng(depth).integers(0, 256, (2**depth, 3), dtype=np.uint8)
    indices = np.arange(2**depth)[None].repeat(2, axis=0)
    found = decoded(tmp_path, png(PALETTE, depth, indices, PLTE=colours.tobytes()))
    assert (found == colours[indices]).all()


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_a_palette_gives_its_colours_in_other_formats(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8), "P")
    image.putpalette(CORNERS.reshape(-1).tolist())
    assert (decoded(tmp_path, saved(image, kind)) == CORNERS).all()


def test_colours_of_a_palette_may_be_partly_transparent(tmp_path: Path) -> None:
    colours, alpha = CORNERS.reshape(4, 3), bytes([0, 51, 204])  # what is not named covers wholly
    content = png(PALETTE, 2, [[0, 1, 2, 3]], PLTE=colours.tobytes(), tRNS=alpha)
    expected = [on_white(colour, share) for colour, share in zip(colours, (0, 0.2, 0.8, 1), strict=True)]
    assert np.abs(decoded(tmp_path, content)[0] - expected).max() <= 1


# --- grey ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_reaches_from_black_to_white(tmp_path: Path, depth: int) -> None:
    values = np.arange(2**depth)
    found = decoded(tmp_path, png(GREY, depth, values[None]))[0]
    assert (found == (values * 255 // (2**depth - 1))[:, None]).all()


def test_grey_jpeg_keeps_its_values(tmp_path: Path) -> None:
    values = np.array([[0, 60], [130, 255]], np.uint8)
    found = middles(decoded(tmp_path, saved(Image.fromarray(blocks(values)), "JPEG", quality=95)))
    assert np.abs(found - values[..., None]).max() <= 2


def test_a_grey_that_is_named_transparent_shows_white(tmp_path: Path) -> None:
    content = png(GREY, 8, [[0, 90, 200]], tRNS=struct.pack(">H", 90))
    assert decoded(tmp_path, content)[0].tolist() == [[0, 0, 0], [255, 255, 255], [200, 200, 200]]


# --- 16 bits -------------------------------------------------------------------------------------

DEEP = np.array([0, 257, 5_140, 32_768, 51_400, 65_535])
"""Of 16 bits; as 8 bits 0, 1, 20, 127.5, 200 and 255."""


def test_deep_grey_is_scaled(tmp_path: Path) -> None:
    for content in (
        png(GREY, 16, DEEP[None]),
        saved(Image.fromarray(DEEP[None].astype(np.uint16)), "TIFF"),
        b"P5 6 1 65535\n" + DEEP.astype(">u2").tobytes(),
    ):
        found = decoded(tmp_path, content)[0]
        assert np.abs(found - (DEEP / 257)[:, None]).max() <= 0.5


def test_deep_grey_that_is_named_transparent_shows_white(tmp_path: Path) -> None:
    found = decoded(tmp_path, png(GREY, 16, DEEP[None], tRNS=struct.pack(">H", 5_140)))[0]
    assert found[:, 0].tolist() in ([0, 1, 255, 127, 200, 255], [0, 1, 255, 128, 200, 255])


def test_deep_colours_are_scaled(tmp_path: Path) -> None:
    colours = np.stack([DEEP, DEEP[::-1], np.roll(DEEP, 2)], axis=-1)
    found = decoded(tmp_path, png(RGB, 16, colours[None]))[0]
    assert np.abs(found - colours / 257).max() <= 1


@pytest.mark.parametrize(("kind", "channels"), [(GREY_ALPHA, 1), (RGBA, 3)])
def test_deep_colours_may_be_partly_transparent(tmp_path: Path, kind: int, channels: int) -> None:
    colours = np.stack([DEEP, DEEP[::-1], np.roll(DEEP, 2)], axis=-1)[:, :channels]
    alpha = np.linspace(0, 65_535, len(DEEP)).round()
    content = png(kind, 16, np.concatenate([colours, alpha[:, None]], axis=1)[None])
    expected = [on_white(colour / 257, share / 65_535) for colour, share in zip(colours, alpha, strict=True)]
    assert np.abs(decoded(tmp_path, content)[0] - expected).max() <= 2


# --- transparency --------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "channels"), [(GREY_ALPHA, 1), (RGBA, 3)])
def test_what_is_partly_transparent_is_seen_on_white(tmp_path: Path, kind: int, channels: int) -> None:
    colours = CORNERS.reshape(4, 3)[:, :channels]
    alpha = np.array([0, 51, 204, 255])
    content = png(kind, 8, np.concatenate([colours, alpha[:, None]], axis=1)[None])
    expected = [on_white(colour, share / 255) for colour, share in zip(colours, alpha, strict=True)]
    assert np.abs(decoded(tmp_path, content)[0] - expected).max() <= 1


def test_a_colour_that_is_named_transparent_shows_white(tmp_path: Path) -> None:
    content = png(RGB, 8, CORNERS, tRNS=struct.pack(">HHH", *CORNERS[0, 1].tolist()))
    found = decoded(tmp_path, content)
    assert tuple(found[0, 1]) == WHITE
    assert (found.reshape(4, 3)[[0, 2, 3]] == CORNERS.reshape(4, 3)[[0, 2, 3]]).all()


def test_transparent_webp_is_seen_on_white(tmp_path: Path) -> None:
    alpha = np.array([[0, 51], [204, 255]], np.uint8)[..., None]
    image = Image.fromarray(np.concatenate([CORNERS, alpha], axis=-1))
    found = decoded(tmp_path, saved(image, "WEBP", lossless=True, exact=True))
    assert np.abs(found - on_white(CORNERS, 1) * (alpha / 255) - 255 * (1 - alpha / 255)).max() <= 1


# --- CMYK ----------------------------------------------------------------------------------------

INKS = np.array(
    [[(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0)], [(0, 0, 0, 255), (0, 0, 0, 0), (51, 102, 0, 127)]],
    np.uint8,
)
"""Cyan, magenta, yellow; black, bare paper, and a mixture."""


@pytest.mark.fault("F3")
@pytest.mark.parametrize(("kind", "options", "most"), [("TIFF", {}, 1), ("JPEG", {"quality": 95}, 4)])
def test_inks_take_away_their_light(tmp_path: Path, kind: str, options: dict[str, Any], most: int) -> None:
    """Of each light there stays what neither its ink nor black takes: 255 (1 - ink) (1 - black)."""
    found = middles(decoded(tmp_path, saved(Image.fromarray(blocks(INKS), "CMYK"), kind, **options)))
    ink, black = INKS[..., :3] / 255, INKS[..., 3:] / 255
    assert np.abs(found - 255 * (1 - ink) * (1 - black)).max() <= most


# --- turned by EXIF ------------------------------------------------------------------------------

STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright[:, ::-1].swapaxes(0, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: upright[::-1].swapaxes(0, 1),
}
"""The pixels of a file by its orientation tag: where its first row and first column lie in the upright
image (EXIF 2.32, tag 274). 6: its first row is the right side, its first column the top."""


def upright() -> NDArray[np.uint8]:
    """Four colours, 64 pixels wide and 32 high."""
    return CORNERS.repeat(16, axis=0).repeat(32, axis=1)


def turned(orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    pixel_cache = np.ascontiguousarray(STORED[orientation](upright()))
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    return saved(Image.fromarray(pixel_cache), kind, exif=exif, **options)


@pytest.mark.fault("F6")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_undone(tmp_path: Path, orientation: int, kind: str) -> None:
    found = decoded(tmp_path, turned(orientation, kind))
    assert found.shape == (32, 64, 3)
    assert np.abs(found[8::16, 16::32] - CORNERS).max() <= 3


@pytest.mark.fault("F6")
def test_a_rotated_photo_is_upright_on_the_page_and_in_training(tmp_path: Path) -> None:
    for name, orientation in {"a": 6, "b": 8}.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(turned(orientation, "JPEG"))
    dataset = datasets.prepare(str(tmp_path / "photos"))
    trained = pixel_cache.load(dataset, dataset.usable, 32, "stretch")[:].astype(np.int64)
    for (_, row), image in zip(dataset.usable.iterrows(), trained, strict=True):
        assert (row["width"], row["height"]) == (64, 32)
        thumbnail = np.asarray(Image.open(io.BytesIO(dataset.thumbnail(row, 200)))).astype(np.int64)
        assert np.abs(thumbnail[8::16, 16::32] - CORNERS).max() <= 6
        assert np.abs(image[8::16, 8::16] - CORNERS).max() <= 6
