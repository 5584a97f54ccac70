"""Recommended data sets from TensorFlow Datasets: photos and drawings with one label per image.

Counts cover all splits; download sizes are taken from the checksum files of TensorFlow Datasets.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CatalogueEntry:
    """One data set: ``name`` as in TensorFlow Datasets, ``download_mb`` in MiB."""

    name: str
    title: str
    classes: int
    images: int
    download_mb: int
    credit: str

    @property
    def source(self) -> str:
        """The name that ``datasets.prepare`` expects."""
        return f"tfds:{self.name}"


CATALOGUE: tuple[CatalogueEntry, ...] = (
    CatalogueEntry("tf_flowers", "Flowers", 5, 3_670, 218, "The TensorFlow Team; photos CC BY"),
    CatalogueEntry(
        "beans", "Bean leaves, healthy or diseased", 3, 1_295, 172, "Makerere AI Lab; MIT licence"
    ),
    CatalogueEntry(
        "rock_paper_scissors", "Rock, paper, scissors", 3, 2_892, 220, "Laurence Moroney; CC BY 2.0"
    ),
    CatalogueEntry(
        "horses_or_humans", "Horses or humans (rendered)", 2, 1_283, 154, "Laurence Moroney; CC BY 2.0"
    ),
    CatalogueEntry(
        "cats_vs_dogs", "Cats or dogs", 2, 23_262, 787, "Elson et al., Microsoft and Petfinder, 2007"
    ),
    CatalogueEntry("citrus_leaves", "Citrus leaf diseases", 4, 594, 64, "Rauf et al., 2019; CC BY 4.0"),
    CatalogueEntry("imagenette/160px-v2", "Imagenette: 10 easy ImageNet classes", 10, 13_394, 94, "fast.ai"),
    CatalogueEntry(
        "oxford_flowers102", "102 flowers", 102, 8_189, 329, "Nilsback and Zisserman, Oxford, 2008"
    ),
    CatalogueEntry(
        "oxford_iiit_pet", "37 cat and dog breeds", 37, 7_349, 774, "Parkhi et al., Oxford; CC BY-SA 4.0"
    ),
    CatalogueEntry("stanford_dogs", "120 dog breeds", 120, 20_580, 778, "Khosla et al., Stanford, 2011"),
    CatalogueEntry("food101", "101 dishes", 101, 101_000, 4_765, "Bossard, Guillaumin, Van Gool, ETH, 2014"),
    CatalogueEntry(
        "caltech101", "101 kinds of objects", 102, 9_144, 131, "Fei-Fei et al., Caltech; CC BY 4.0"
    ),
    CatalogueEntry("plant_village", "Leaf diseases of 14 crops", 38, 54_303, 828, "Hughes and Salathé, 2015"),
    CatalogueEntry("cassava", "Cassava leaf diseases", 5, 9_430, 1_291, "Mwebaze et al., Makerere, 2019"),
    CatalogueEntry("deep_weeds", "Australian weeds", 9, 17_509, 469, "Olsen et al., 2019; CC BY 4.0"),
    CatalogueEntry(
        "malaria", "Blood cells with or without malaria", 2, 27_558, 337, "Rajaraman et al., NIH, 2018"
    ),
    CatalogueEntry(
        "colorectal_histology", "Tissue under the microscope", 8, 5_000, 246, "Kather et al., 2016; CC BY 4.0"
    ),
    CatalogueEntry("eurosat/rgb", "Satellite images of land use", 10, 27_000, 90, "Helber et al., 2019"),
    CatalogueEntry(
        "uc_merced", "Aerial images of land use", 21, 2_100, 317, "Yang and Newsam, UC Merced, 2010"
    ),
    CatalogueEntry("dtd", "47 textures", 47, 5_640, 596, "Cimpoi et al., Oxford, 2014"),
    CatalogueEntry(
        "fashion_mnist", "Clothes, small greyscale images", 10, 70_000, 29, "Zalando; MIT licence"
    ),
    CatalogueEntry(
        "cifar10", "Small images of 10 kinds of objects", 10, 60_000, 162, "Krizhevsky, Toronto, 2009"
    ),
)
"""In the order in which they are offered: small and simple first."""

_TRANSPOSED = frozenset({"emnist"})


def is_transposed(name: str) -> bool:
    """Whether rows and columns of its images are exchanged, as in its authors' files: ``emnist/letters``.

    See https://www.tensorflow.org/datasets/catalog/emnist.
    """
    return name.partition("/")[0].partition(":")[0] in _TRANSPOSED
