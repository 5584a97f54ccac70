"""How a model outside the lab compares with the lab's own, on the same images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from core.files import Count
from core.report import Proportion
from core.words import byte_size, count, difference, milliseconds, percent

Verdict = Literal["passed", "failed", "unproved"]


class Proof(BaseModel):
    """The comparison of an exported model with the lab's, on test images of the run.

    Attributes:
        format: the name of the exported format.
        verdict: whether it may be used in place of the lab's model; ``unproved`` without images to try it on.
        sentence: what the verdict rests on, for a person.
        images: how many test images were tried, of ``test_images`` in all.
        agreement: the share of images that get the same class as in the lab, each read from its file.
        accuracy: of the exported model on these images.
        lab_accuracy: of the lab's model on these images.
        difference: the largest difference of a probability, each image read from its file by its reader.
        pixel_difference: the same where both models get the same pixels.
        misread: images that its reader reads as other pixels than training did.
        milliseconds: per image, for the model alone: the median, on one thread of this machine.
        model_bytes: the size of the model.
        instead: the proof of the model that is in the package in its place, where this one failed.
    """

    model_config = ConfigDict(frozen=True)

    format: str
    verdict: Verdict
    sentence: str
    images: Count = 0
    test_images: Count = 0
    agreement: Proportion | None = None
    accuracy: Proportion | None = None
    lab_accuracy: Proportion | None = None
    difference: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    pixel_difference: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    misread: Count = 0
    milliseconds: Annotated[FiniteFloat, Field(ge=0)] | None = None
    model_bytes: Count = 0
    instead: Proof | None = None

    def facts(self) -> dict[str, str]:
        """What was measured, in words; nothing where there was nothing to try the model on."""
        if self.agreement is None:
            return {"Size of the model": byte_size(self.model_bytes)}
        tried = f"{self.images:,} of {count(self.test_images, 'image')} of the test split, from their files"
        return {
            "Tried on": tried,
            "Same answer as in the lab": f"{self.agreement.correct:,} ({percent(self.agreement.value)})",
            "Accuracy on them": str(self.accuracy),
            "The lab's accuracy on them": str(self.lab_accuracy),
            "Largest difference of a probability": difference(self.difference),
            "The same, given the same pixels": difference(self.pixel_difference),
            "Images that it reads differently": f"{self.misread:,}",
            "Time per image, model only": f"{milliseconds(self.milliseconds)}, on one thread of this machine",
            "Size of the model": byte_size(self.model_bytes),
        }
