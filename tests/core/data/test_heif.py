"""HEIC photos are read where pi-heif is installed; else they are named, whatever their brand and suffix."""

from __future__ import annotations

import base64
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, quality
from core.data import heif
from core.data.decoding import Unreadable, decode

PHOTO = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0004eZDn*}000000000XXk=`10000000000aA{+700000000000000000000B"
    "57=IV*mgE07O6l0RRC200001pa1~?00000002_}001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t00"
    "0010002|X>f9I0002oX>en20001WXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=Z"
    "ZRVE_RDDMA4O18@KU0|1Z!00RI30{|YNAb|yz>aLpR;31&EfB*mtfB*mk0EA)y0RRR>0l{;@i2wiq6Ju{|a&BX6cmM$a4FCp"
    "!0000KX>)L8000000000$0000$0000eV{Bn?0000G000010000G00001|NsBc00002|NsBc000020000GaA|mH000000|*ER"
    "0000OX>e^}0000000001009Mo0s{qv00016ZDe6|0000_C;_h%A*E1Q<uLpG%}=GX=EGO}y{BM)f3QtRJY_Lpq0@qIqtaU6u"
    "<@42|3I<wJ$h2ur5!+6+WFM)>q(ALNYd!_gDl6uwc@=DDyL8"
)
"""16 x 16 pixels: the left half red, the lower right quarter blue, the rest black."""

needs_pi_heif = pytest.mark.skipif(importlib.util.find_spec("pi_heif") is None, reason="needs pi-heif")


def box(*brands: str) -> bytes:
    """The first box of an ISO media file, main brand first."""
    body = brands[0].encode() + bytes(4) + "".join(brands).encode()
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body


@needs_pi_heif
@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg", "photo"])
def test_a_heic_photo_is_read_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PHOTO)
    found = decode(tmp_path / name)
    pixels = np.asarray(found.image, np.int64)
    assert (found.width, found.height) == (16, 16)
    assert np.abs(pixels[4, 3] - (220, 30, 30)).max() < 25
    assert np.abs(pixels[12, 12] - (30, 30, 220)).max() < 25
    assert pixels[3, 12].max() < 25


@needs_pi_heif
@pytest.mark.parametrize("end", [40, 200, 400])
def test_a_heic_photo_that_is_cut_off_is_refused(end: int, tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(PHOTO[:end])
    with pytest.raises(Unreadable, match=r"HEIC|truncated"):
        decode(tmp_path / "photo.heic")


@needs_pi_heif
def test_heic_photos_are_a_data_set_like_any_other(tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / "set" / "ab"[number % 2] / f"{number}.heic"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PHOTO)
    assert len(datasets.prepare(str(tmp_path / "set")).usable) == 12


@pytest.mark.parametrize("suffix", [".heic", ".jpg", ".HIF", ""])
@pytest.mark.parametrize("brand", ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"])
def test_every_brand_is_named_where_it_cannot_be_read(brand: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(box(brand, "mif1", "heic") + bytes(200))
    with pytest.raises(Unreadable, match=rf"HEIC photo \(brand {brand}\)"):
        decode(path)


def test_without_pi_heif_the_reason_says_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(heif, "can_read", lambda: False)
    (tmp_path / "photo.heic").write_bytes(PHOTO)
    with pytest.raises(Unreadable, match=r"run pip install pi-heif .* or save them as JPEG"):
        decode(tmp_path / "photo.heic")


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (("avif", "mif1", "miaf"), "AVIF"),
        (("isom", "iso2", "avc1"), "a video"),
        (("qt  ",), "a video"),
        (("crx ", "isom"), "raw file"),
        (("mp42",), "a video"),
    ],
)
def test_other_files_of_the_same_container_are_no_heic_photos(brands, kind: str, tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(box(*brands) + bytes(200))
    with pytest.raises(Unreadable, match=kind):
        decode(tmp_path / "photo.heic")


def test_an_avif_image_whose_main_brand_is_mif1_is_still_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "AVIF")
    content = buffer.getvalue()
    assert content[8:12] == b"avif"
    (tmp_path / "1.avif").write_bytes(content[:8] + b"mif1" + content[12:])
    assert decode(tmp_path / "1.avif").image.getpixel((3, 3))[0] > 240


def test_a_class_of_nothing_but_heic_says_so_where_training_is_refused(tmp_path: Path) -> None:
    for number, brand in enumerate(("heic", "heix", "msf1")):
        (tmp_path / "set" / "a").mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / "a" / f"{number}.heic").write_bytes(box(brand, "mif1") + bytes(99))
    (tmp_path / "set" / "a" / "empty.jpg").touch()
    for number in range(4):
        (tmp_path / "set" / "b").mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "set" / "b" / f"{number}.png")
    report = quality.check(datasets.prepare(str(tmp_path / "set")))
    assert "4 files cannot be read" in report.finding("splits").verdict
    assert "HEIC photo" in report.finding("splits").verdict
    said = report.finding("unreadable").verdict
    assert "(a damaged HEIC photo: 3, of the brands heic, heix and msf1; empty file: 1)" in said
