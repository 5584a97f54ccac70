"""Unusual files among the images, and the outcome for each."""

from __future__ import annotations

import io
import resource
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.decoding import BACKGROUND, Decoded, Unreadable, decode


@pytest.fixture
def photo() -> Image.Image:
    """A colourful 60 x 40 image: smooth, so that lossy formats keep it, and not symmetric."""
    y, x = np.mgrid[0:40, 0:60]
    pixels = np.stack([x * 4, y * 6, 128 + 60 * np.sin(x / 9)], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(tmp_path: Path, content: bytes, name: str = "image.jpg") -> Decoded:
    (tmp_path / name).write_bytes(content)
    return decode(tmp_path / name)


def refusal(tmp_path: Path, content: bytes, name: str = "image.jpg") -> str:
    with pytest.raises(Unreadable) as refused:
        decoded(tmp_path, content, name)
    return str(refused.value)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


@pytest.mark.fault("F1", "F9")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"The image has moved.\n", "a text file, not an image"),
        (b"<!DOCTYPE html><html></html>", "a web page, not an image"),
        (b"\xef\xbb\xbf\n<HTML></HTML>", "a web page, not an image"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "an SVG drawing; only pixel images are supported",
        ),
        (b"%PDF-1.7\n\x00", "a PDF document, not an image"),
        (b"MZ\x90\x00\x03", "a program, not an image"),
        (b"\x7fELF\x02\x01", "a program, not an image"),
        (b"PK\x03\x04\x14\x00", "a zip archive, not an image"),
    ],
)
def test_files_other_than_images_are_rejected_by_content(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(tmp_path, content) == reason


@pytest.mark.fault("F1")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_image_is_rejected_as_truncated(tmp_path: Path, photo: Image.Image, kind: str) -> None:
    content = encoded(photo, kind)
    assert "truncated" in refusal(tmp_path, content[: len(content) // 2])


@pytest.mark.fault("F1")
def test_a_png_with_a_wrong_checksum_is_refused(tmp_path: Path, photo: Image.Image) -> None:
    content = bytearray(encoded(photo, "PNG"))
    content[29] ^= 0xFF  # the checksum of the header
    assert refusal(tmp_path, bytes(content)).startswith("damaged: ")


@pytest.mark.fault("F1")
def test_a_png_with_damaged_pixels_is_refused(tmp_path: Path, photo: Image.Image) -> None:
    content = bytearray(encoded(photo, "PNG"))
    content[60] ^= 0xFF
    assert refusal(tmp_path, bytes(content))


@pytest.mark.fault("F2")
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_the_extension_is_ignored(tmp_path: Path, photo: Image.Image, kind: str) -> None:
    result = decoded(tmp_path, encoded(photo, kind), "image.jpg")
    assert mean_difference(result.image, photo) < 12


@pytest.mark.fault("F3")
@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "YCbCr"])
def test_every_mode_comes_out_as_rgb(tmp_path: Path, photo: Image.Image, mode: str) -> None:
    image = photo.convert(mode)
    result = decoded(tmp_path, encoded(image, "TIFF"))
    assert (result.image.mode, result.mode, result.image.size) == ("RGB", mode, (60, 40))
    assert mean_difference(result.image, image.convert("RGB")) < 1


@pytest.mark.fault("F3")
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_areas_show_the_background(tmp_path: Path, photo: Image.Image, mode: str) -> None:
    image = photo.convert(mode)
    alpha = Image.new("L", photo.size, 255)
    alpha.paste(0, (0, 0, 30, 40))
    image.putalpha(alpha)
    result = decoded(tmp_path, encoded(image, "PNG"))
    assert result.image.getpixel((10, 10)) == BACKGROUND
    expected = photo.convert("L").convert("RGB") if mode == "LA" else photo
    assert result.image.getpixel((50, 20)) == expected.getpixel((50, 20))


def test_half_transparent_pixels_are_mixed_with_the_background(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    assert decoded(tmp_path, encoded(image, "PNG")).image.getpixel((0, 0)) == (255, 127, 127)


def test_a_transparent_palette_colour_shows_the_background(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(1, (4, 0, 8, 8))
    result = decoded(tmp_path, encoded(image, "GIF", transparency=0))
    assert result.image.getpixel((1, 1)) == BACKGROUND
    assert result.image.getpixel((6, 6)) == (200, 10, 10)


def test_a_fully_transparent_image_is_shown_with_a_note(tmp_path: Path, photo: Image.Image) -> None:
    image = photo.copy()
    image.putalpha(0)
    result = decoded(tmp_path, encoded(image, "PNG"))
    assert "fully transparent" in result.note
    assert mean_difference(result.image, photo) < 1


@pytest.mark.fault("F4")
def test_16_bits_are_scaled_and_keep_their_mean(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    result = decoded(tmp_path, encoded(Image.fromarray(ramp), "PNG"))
    assert np.asarray(result.image).mean() / 255 == pytest.approx(ramp.mean() / 65535, rel=0.02)
    assert "scaled to 8 bits" in result.note


@pytest.mark.fault("F4")
@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_a_floating_point_tiff_keeps_its_mean(tmp_path: Path, white: float) -> None:
    ramp = np.linspace(0, white, 64 * 64, dtype=np.float32).reshape(64, 64)
    result = decoded(tmp_path, encoded(Image.fromarray(ramp), "TIFF"))
    assert np.asarray(result.image).mean() / 255 == pytest.approx(0.5, rel=0.02)


@pytest.mark.fault("F4")
def test_floating_point_whose_white_is_unknown_is_refused(tmp_path: Path) -> None:
    ramp = np.linspace(-5, 5, 64, dtype=np.float32).reshape(8, 8)
    assert "the value of white is unknown" in refusal(tmp_path, encoded(Image.fromarray(ramp), "TIFF"))


@pytest.mark.fault("F5")
@pytest.mark.parametrize(
    ("kind", "part"), [("GIF", "frame"), ("WEBP", "frame"), ("PNG", "frame"), ("TIFF", "page")]
)
def test_the_first_of_several_frames_is_used(tmp_path: Path, kind: str, part: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    result = decoded(tmp_path, content)
    assert result.note == f"first {part} of 3"
    red, green, blue = result.image.getpixel((8, 8))
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.fault("F6")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_rotated_photo_is_upright(tmp_path: Path, photo: Image.Image, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn clockwise by a quarter to view
    result = decoded(tmp_path, encoded(photo, kind, exif=exif))
    assert (result.width, result.height) == result.image.size == (40, 60)
    assert mean_difference(result.image, photo.transpose(Image.Transpose.ROTATE_270)) < 12


@pytest.mark.fault("F7")
@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 4000)])
def test_odd_shapes_are_read(tmp_path: Path, size: tuple[int, int]) -> None:
    assert decoded(tmp_path, encoded(Image.new("RGB", size), "PNG")).image.size == size


@pytest.mark.fault("F8")
@pytest.mark.parametrize(("width", "height"), [(11_000, 11_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_huge_images_are_refused_before_a_pixel_is_read(tmp_path: Path, width: int, height: int) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    reason = refusal(tmp_path, png_header(width, height))
    assert f"{width * height:,} pixels; the limit is 50,000,000 (50 megapixels)" in reason
    assert time.monotonic() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KB on Linux


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_missing_file_and_a_folder_are_rejected_with_a_message(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="the file no longer exists"):
        decode(tmp_path / "nowhere.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(Unreadable):
        decode(tmp_path / "folder.jpg")


def test_a_draft_is_never_smaller_than_asked_and_reports_the_true_size(tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(encoded(Image.new("RGB", (1600, 1200)), "JPEG"))
    result = decode(tmp_path / "large.jpg", draft=128)
    assert (result.width, result.height) == (1600, 1200)
    assert 128 <= min(result.image.size) < 1200


def refused_of(folder: Path) -> list[str]:
    refused = []
    for path in sorted(folder.iterdir()):
        try:
            assert decode(path).image.mode == "RGB"
        except Unreadable as reason:
            assert str(reason)
            refused.append(path.name)
    return refused


def test_pillows_own_odd_files_are_read(photos: Path) -> None:
    folder = photos / "bad_images" / "odd_but_readable"
    assert refused_of(folder) == ["10ct_32bit_128.tiff"]  # floating point from -3.1 to 3.1: no white is known


@pytest.mark.fault("F1")
def test_pillows_own_broken_files_are_refused_with_a_reason(photos: Path) -> None:
    folder = photos / "bad_images" / "unreadable"
    assert refused_of(folder) == sorted(path.name for path in folder.iterdir())
