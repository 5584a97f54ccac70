"""Files that readers disagree about: turned, transparent, for print, of 16 bits, of 12 megapixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from samples.made_images import coloured_objects


def write(folder: Path, side: int = 96) -> list[Path]:
    """Write a coloured disc as a file of each kind."""
    pixels = coloured_objects(6, side, seed=12).images
    photos = [Image.fromarray(one) for one in pixels]
    sideways = Image.Exif()
    sideways[0x0112] = 6
    photos[0].crop((0, 0, side, side // 2)).save(folder / "turned.jpg", exif=sideways, quality=95)
    clear = photos[1].convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, side).astype(np.uint8), (side, 1))))
    clear.save(folder / "clear.png")
    photos[2].convert("CMYK").save(folder / "print.jpg", quality=95)
    cv2.imwrite(str(folder / "colour16.png"), pixels[3][..., ::-1].astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "grey16.png"), pixels[4].max(axis=2).astype(np.uint16) * 257)
    photos[5].resize((4000, 3000)).save(folder / "large.jpg", quality=95)
    return sorted(folder.iterdir())
