"""The kinds of model that a package can hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One of the forms that :mod:`core.ml.conversion` writes.

    Attributes:
        name: of the format, as the converter and predict.py know it.
        title: for people.
        file: of the model in the package; a folder for a SavedModel.
        interpreters: packages that open it, by the name that they are installed with.
        is_8_bit: whether it is calibrated, and may answer a little differently.
        reads_by_itself: whether a browser reads the images, so that a pixel may differ a little.
        instead: the name of the kind that is packed where this one failed; "" if there is none.
    """

    name: str
    title: str
    file: str
    interpreters: tuple[str, ...]
    is_8_bit: bool = False
    reads_by_itself: bool = False
    instead: str = ""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("keras", "Keras", "model.keras", ("keras", "tensorflow")),
        Kind("savedmodel", "TensorFlow SavedModel", "saved_model", ("tensorflow",)),
        Kind("tflite", "TFLite", "model.tflite", ("ai-edge-litert",)),
        Kind(
            "tflite-int8",
            "TFLite, 8 bits",
            "model.tflite",
            ("ai-edge-litert",),
            is_8_bit=True,
            instead="tflite",
        ),
        Kind("onnx", "ONNX", "model.onnx", ("onnxruntime",)),
    )
}
