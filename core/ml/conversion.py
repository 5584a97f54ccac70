"""Write a trained model in the form that other programs open: Keras, SavedModel, TFLite, ONNX or a web page.

``python -m core.ml.conversion MODEL FORMAT TARGET WORK`` converts one model in a process of its own, since
the converters never free the memory that they take. It also writes the lab's own answers, to compare with. In
the folder WORK are

===================  ==========================================================================
pixels.npy           (N, S, S, 3) uint8: the images to answer
calibration.npy      (M, S, S, 3) uint8: training images that show the range of values, for 8 bits
description.json     what ONNX keeps inside the file, as other formats cannot: class names, how to read images
lab.npy              (N, C) float32: written here, the model's probabilities before the conversion
===================  ==========================================================================

TFLite files have built-in operations only, so every interpreter can run them. All take pixels of 0-255 as
float32.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from core.data.stored_images import Pixels
from core.errors import LabError, in_one_line
from core.ml import layer_list, portable_file
from core.ml.explainer import Explainer, load_for_explaining

ONNX_OPSET = 18
"""The newest that tf2onnx is tested with."""

Write = Callable[[keras.Model, Path, Pixels | None], None]


def convert(model: keras.Model, format: str, target: Path, calibration: Pixels | None = None) -> None:
    """Write a float32 model to ``target``, a file or, for a SavedModel and a web page, a folder.

    Args:
        model: from pixels (N, S, S, 3) of 0-255 to probabilities (N, C).
        format: a key of ``WRITERS``.
        target: must not exist.
        calibration: uint8 (M, S, S, 3), training images as the model sees them; for 8 bits only.

    Raises:
        LabError: the model cannot be written in this format.
    """
    try:
        WRITERS[format](model, target, calibration)
    except LabError:
        raise
    except Exception as error:  # each converter raises its own types
        raise LabError(f"The model could not be converted to {format}: {in_one_line(error)}") from error


def _keras(model: keras.Model, target: Path, _: Pixels | None) -> None:
    portable_file.save(model, target)


def _saved_model(model: keras.Model, target: Path, _: Pixels | None = None) -> None:
    """As ``model.export`` does, which stores every weight twice."""
    served = tf.Module()
    served.weights = [variable.value for variable in model.variables]
    served.serve = tf.function(
        lambda pixels: model(pixels, training=False),
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, "pixels")],
        autograph=False,
    )
    tf.saved_model.save(served, str(target), signatures={"serving_default": served.serve})


def _tflite(model: keras.Model, target: Path, _: Pixels | None) -> None:
    target.write_bytes(_only_builtin(_converter(model, tf.lite.OpsSet.TFLITE_BUILTINS)))


def _tflite_int8(model: keras.Model, target: Path, calibration: Pixels | None) -> None:
    """Weights and activations in 8 bits; pixels and probabilities stay float32.

    Probabilities in 8 bits would move in steps of 1/256. See Jacob et al., "Quantization and training of
    neural networks for efficient integer-arithmetic-only inference", CVPR 2018.
    """
    if calibration is None or not len(calibration):
        raise LabError("A model of 8 bits needs training images to calibrate it, and there are none.")

    def images() -> Iterator[list[Pixels]]:
        for image in calibration:
            yield [image[None].astype(np.float32)]

    def quantise(converter: tf.lite.TFLiteConverter) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = images

    target.write_bytes(_only_builtin(_converter(model, tf.lite.OpsSet.TFLITE_BUILTINS_INT8, quantise)))


def _onnx(model: keras.Model, target: Path, _: Pixels | None) -> None:
    pixels = keras.InputSpec(shape=(None, *model.input_shape[1:]), dtype="float32", name="pixels")
    model.export(target, format="onnx", input_signature=[pixels], opset_version=ONNX_OPSET, verbose=False)


def _webpage(model: keras.Model, target: Path, _: Pixels | None) -> None:
    layer_list.write(model, target)


def label_onnx(path: Path, described: dict[str, Any]) -> None:
    """Put the class names and how images have to be read into an ONNX file, as JSON under their names."""
    import onnx

    model = onnx.load(path)
    for key, value in described.items():
        model.metadata_props.add(key=key, value=json.dumps(value, ensure_ascii=False))
    onnx.save(model, path)


WRITERS: dict[str, Write] = {
    "keras": _keras,
    "savedmodel": _saved_model,
    "tflite": _tflite,
    "tflite-int8": _tflite_int8,
    "onnx": _onnx,
    "webpage": _webpage,
}


def _converter(
    model: keras.Model, operations: object, change: Callable[[tf.lite.TFLiteConverter], None] = lambda _: None
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _saved_model(model, Path(folder, "model"))
        converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder, "model")))
        converter.target_spec.supported_ops = [operations]
        change(converter)
        return bytes(converter.convert())


def _only_builtin(content: bytes) -> bytes:
    """Refuse a model with operations that need TensorFlow's own kernels (Flex) or other extensions."""
    read = schema.Model.GetRootAs(content, 0)
    custom = [read.OperatorCodes(index).CustomCode() for index in range(read.OperatorCodesLength())]
    foreign = sorted({code.decode() for code in custom if code})
    if foreign:
        raise LabError(
            f"TFLite has no operation {foreign[0]}, which this model needs. Choose another format."
        )
    return content


def main(arguments: list[str]) -> int:
    """Convert one model and write the lab's answers; errors go to standard output, as JSON."""
    model_path, format, target, work = arguments
    try:
        _say(step="converting the model")
        model = load_for_explaining(Path(model_path))
        np.save(Path(work, "lab.npy"), Explainer(model).predict(np.load(Path(work, "pixels.npy"))))
        calibration = Path(work, "calibration.npy")
        convert(model, format, Path(target), np.load(calibration) if calibration.exists() else None)
        if format == "onnx":
            label_onnx(Path(target), json.loads(Path(work, "description.json").read_text(encoding="utf-8")))
    except LabError as error:
        _say(error=str(error))
        return 1
    return 0


def _say(**fields: str) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
