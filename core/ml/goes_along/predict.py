"""Predict the class of images with the model in this folder.

    python predict.py photo.jpg another.png
    python predict.py --json photo.jpg

Images are read exactly as the model's training read its own: turned upright, transparent areas on white, any
number of bits per channel, then resized as model.json says. A model gets wrong answers from images that are
resized or scaled in another way, so use ``Classifier.read`` in your own programs too::

    from predict import Classifier

    classifier = Classifier()
    print(classifier.classify("photo.jpg"))  # ('roses', 0.97)

Needs the packages in requirements.txt, Python 3.11 or later, and pi-heif for the HEIC photos of phones.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

Infer = Callable[[Any], Any]
"""From float32 pixels (1, S, S, 3) of 0-255 to probabilities (1, C)."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
ORIENTATION = 274
HEIF_BRANDS = (
    "heic",
    "heix",
    "heim",
    "heis",
    "hevc",
    "hevx",
    "hevm",
    "hevs",
    "mif1",
    "mif2",
    "msf1",
    "miaf",
    "MiHB",
)

Image.init()  # Pillow registers some formats on demand only
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # the size is checked below
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # about odd metadata


class Classifier:
    """The model in a folder, with the images read as its training read them."""

    def __init__(self, folder: str | Path = Path(__file__).parent, threads: int = 0) -> None:
        """Open the model.

        Args:
            folder: holds model.json and the model.
            threads: how many to compute with; 0 leaves it to the interpreter.
        """
        self.description = json.loads(Path(folder, "model.json").read_text(encoding="utf-8"))
        self.class_names: list[str] = self.description["class_names"]
        self._infer = OPENERS[self.description["format"]](Path(folder, self.description["file"]), threads)

    def classify(self, path: str | Path) -> tuple[str, float]:
        """Return the most probable class of an image file, and its probability."""
        probabilities = self.probabilities(self.read(path))
        best = int(probabilities.argmax())
        return self.class_names[best], float(probabilities[best])

    def read(self, path: str | Path) -> Any:
        """Return an image file as the model sees it: uint8 (S, S, 3). Raises ValueError if it is none."""
        reading = self.description["reading"]
        try:
            image = decode(Path(path), self.description["input"]["size"], reading)
        except OSError as error:
            raise ValueError(str(error) or type(error).__name__) from None
        return np.asarray(fit(image, self.description["input"]["size"], self.description["resize"]))

    def probabilities(self, pixels: Any) -> Any:
        """Return the probability of every class, float32 (C,), for pixels (S, S, 3) from ``read``."""
        return np.asarray(self._infer(np.asarray(pixels, np.float32)[None]))[0]


def open_tflite(path: Path, threads: int) -> Infer:
    """Open a TFLite model with LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=threads or None)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def infer(batch: Any) -> Any:
        interpreter.set_tensor(source, batch)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    return infer


def open_onnx(path: Path, threads: int) -> Infer:
    """Open an ONNX model with ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})[0]


def open_keras(path: Path, threads: int) -> Infer:
    """Open a Keras model, whichever backend Keras is set to."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    if keras.backend.backend() == "tensorflow":
        _limit_tensorflow(threads)
    model = keras.saving.load_model(path, compile=False)
    return lambda batch: model.predict_on_batch(batch)


def open_saved_model(path: Path, threads: int) -> Infer:
    """Open a TensorFlow SavedModel."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    _limit_tensorflow(threads)
    loaded = tf.saved_model.load(str(path))
    return lambda batch: loaded.serve(tf.constant(batch)).numpy()


OPENERS = {
    "keras": open_keras,
    "savedmodel": open_saved_model,
    "tflite": open_tflite,
    "tflite-int8": open_tflite,
    "onnx": open_onnx,
}


def _limit_tensorflow(threads: int) -> None:
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def decode(path: Path, size: int, reading: dict[str, Any]) -> Any:
    """Return an image file upright and in RGB; a large JPEG may come smaller, but not below ``size``."""
    with _opened(path) as image:
        if image.width * image.height > reading["max_pixels"]:
            raise ValueError(f"{image.width:,} x {image.height:,} pixels; reduce the image first")
        deep = _deep(image, path)
        if deep is not None:
            upright = _upright(_scaled(image, deep, reading))
        else:
            if image.format in ("JPEG", "MPO"):
                image.draft(None, (size, size))
            image.load()
            upright = _upright(image)
        return _rgb(upright, tuple(reading["background"]))


def fit(image: Any, size: int, resize: dict[str, Any]) -> Any:
    """Return an RGB image as a square: stretched, its centre cropped, or padded with black bars."""
    options = {"resample": Image.Resampling[resize["kernel"].upper()], "reducing_gap": resize["reducing_gap"]}
    if resize["method"] == "pad":
        scale = size / max(image.size)
        inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        square = Image.new("RGB", (size, size))
        square.paste(image.resize(inner, **options), ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return square
    box = None
    if resize["method"] == "crop":
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
    return image.resize((size, size), box=box, **options)


def _opened(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(140)
    brands = [head[start : start + 4].decode("latin-1") for start in (8, *range(16, 136, 4))]
    size = int.from_bytes(head[:4], "big")
    brands = brands[: 1 + max(0, (size - 16) // 4)] if head[4:8] == b"ftyp" else []
    if not set(HEIF_BRANDS) & set(brands) or {"avif", "avis"} & set(brands):
        return Image.open(path, formats=FORMATS)
    try:
        import pi_heif
    except ImportError:
        raise ValueError("a HEIC photo: install pi-heif to read it, or save it as JPEG") from None
    pi_heif.register_heif_opener()
    return Image.open(path, formats=("HEIF",))


def _upright(image: Any) -> Any:
    with suppress(Exception):  # a damaged EXIF block says nothing about the pixels
        return ImageOps.exif_transpose(image) or image
    return image


def _rgb(image: Any, background: tuple[int, ...]) -> Any:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image).convert("RGB")


# Images of more than 8 bits per channel: black and white are the values of the training's data set.


def _deep(image: Any, path: Path) -> tuple[Any, Any] | None:
    """The values of an image of more than 8 bits, (H, W) or (H, W, 3), and its opacity."""
    if image.mode == "F" or image.mode.startswith("I"):
        values, transparent = np.asarray(image), image.info.get("transparency")
        opacity = (values != transparent).astype(np.float32) if isinstance(transparent, int) else None
        return values, opacity
    layouts = (tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in image.tile)
    layout = next((str(one) for one in layouts if re.match(r"(RGB|RGBA|RGBX|LA);16", str(one))), "")
    if not layout:
        return None
    if layout.startswith("LA"):
        bytes_ = np.asarray(_loaded_as(path, "RGBA")).astype(np.uint16)
        grey, alpha = bytes_[..., 0] << 8 | bytes_[..., 1], bytes_[..., 2] << 8 | bytes_[..., 3]
        return np.repeat(grey[..., None], 3, axis=2), alpha / np.float32(65_535)
    # Pillow keeps one byte of the two of each value: which one depends on the order that it is told.
    kind = layout.partition(";")[0]
    first, second = (np.asarray(_loaded_as(path, f"{kind};16{order}")).astype(np.uint16) for order in "BL")
    is_little = layout.endswith("L") or (layout.endswith("N") and sys.byteorder == "little")
    values = second << 8 | first if is_little else first << 8 | second
    opacity = values[..., 3] / np.float32(65_535) if image.mode in ("RGBA", "LA") else None
    return values[..., :3], opacity


def _loaded_as(path: Path, layout: str) -> Any:
    """The image with its bytes taken as another layout of the same length."""
    image: Any = Image.open(io.BytesIO(path.read_bytes()), formats=FORMATS)
    image.tile = [
        tile._replace(args=layout if isinstance(tile.args, str) else (layout, *tile.args[1:]))
        for tile in image.tile
    ]
    image.load()
    return image


def _scaled(image: Any, deep: tuple[Any, Any], reading: dict[str, Any]) -> Any:
    values, opacity = deep
    kind = "floating" if values.dtype.kind == "f" else "integer"
    black, white = reading["ranges"].get(kind) or _own_range(kind, values)
    grey = values.astype(np.float32)
    grey -= np.float32(black)
    grey *= np.float32(255 / (white - black))
    np.nan_to_num(grey, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    if opacity is not None:
        shown = opacity if grey.ndim == 2 else opacity[..., None]
        grey = grey.clip(0, 255) * shown + 255 * (1 - shown)
    pixels = np.rint(grey).clip(0, 255).astype(np.uint8)
    rgb = Image.fromarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))
    with suppress(Exception):
        rgb.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, 1)
    return rgb


def _own_range(kind: str, values: Any) -> tuple[float, float]:
    """Black and white from the image itself, where the training had no image of this kind."""
    low, high = _extent(kind, values)
    black = -_power_of_two(-low) if low < 0 else 0.0
    if kind == "integer":
        return black, 1.0 if high <= 1 else 2.0 ** max(8, int(high).bit_length()) - 1
    if high <= 0:
        return black, 0.0 if black < 0 else 1.0
    if 1 / 16 < high <= 1.05:
        return black, 1.0
    white = _power_of_two(high)
    return black, white - 1 if white >= 256 and high <= white - 1 else white


def _extent(kind: str, values: Any) -> tuple[float, float]:
    """The smallest and largest value, for floating point without outliers."""
    if kind == "integer":
        return float(values.min()), float(values.max())
    sampled = values.reshape(-1)[:: max(1, values.size // 1_000_000)]
    finite = sampled[np.isfinite(sampled)]
    low, high = np.percentile(finite, (0.1, 99.9)) if finite.size else (0.0, 0.0)
    return float(low), float(high)


def _power_of_two(value: float) -> float:
    return float(2.0 ** math.ceil(math.log2(value)))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def main() -> int:
    """Print an answer per file; return 1 if no file could be read."""
    parser = argparse.ArgumentParser(description="Predict the class of image files.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print a line of JSON per file, with all classes")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        classifier, answered = Classifier(), 0
    except ImportError as missing:
        sys.exit(f"{missing}. Run: pip install -r requirements.txt")
    for name in arguments.files:
        try:
            probabilities = classifier.probabilities(classifier.read(name))
        except Exception as error:  # decoders raise almost anything for damaged files
            print(f"{_printable(name)}: cannot be read as an image ({error})", file=sys.stderr)
            continue
        answered += 1
        best = int(probabilities.argmax())
        predicted = classifier.class_names[best]
        if arguments.json:
            by_class = dict(zip(classifier.class_names, map(float, probabilities), strict=True))
            print(json.dumps({"file": name, "predicted": predicted, "probabilities": by_class}))
        else:
            print(f"{_printable(name)}: {_printable(predicted)} {probabilities[best]:.3f}")
    return 0 if answered else 1


if __name__ == "__main__":
    sys.exit(main())
