"""Of which classes the images are that are most similar to those of a class: daisies among dandelions.

That is what people read from a map, so here it is counted, by features rather than by the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation import metrics
from core.image_map.image_map import ImageMap
from core.image_map.neighbours import Indices
from core.image_map.subject import Subject, groups
from core.report import Proportion


@dataclass(frozen=True)
class ClassNeighbours:
    """What the nearest images of a class's images show.

    Attributes:
        same: the share of them that has this class too, with its 95% CI.
        chance: that share if similarity had nothing to do with the class.
        other: the other class most common among them, "" if there is none; ``other_share`` is its share.
    """

    class_name: str
    images: int
    same: Proportion
    chance: float
    other: str
    other_share: float


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """The classes of the most similar images of each of N images.

    Attributes:
        neighbours: (N, K) indices; -1 where there is none, or it is no longer in use.
        labels: (N,) indices into ``class_names``; -1 for images no longer in use.
        asked: (N,) whether an image's neighbours count.
        groups: (N,) one number for all copies of an image.
    """

    class_names: tuple[str, ...]
    neighbours: Indices
    labels: Indices
    asked: NDArray[np.bool_]
    groups: Indices

    @classmethod
    def of(cls, subject: Subject, image_map: ImageMap, split: str = "") -> Neighbourhoods:
        """Return those of the images of a map that are still in use, or of those of one split of a run."""
        rows = subject.rows
        present = set(rows["label"])
        names = tuple(name for name in subject.dataset.class_names if name in present)
        known = pd.DataFrame(
            {
                "label": pd.Categorical(rows["label"], categories=names).codes.astype(np.int64),
                "asked": np.int64(1) if not split else (rows["split"] == split).to_numpy(np.int64),
                "group": groups(rows),
            },
            index=pd.Index(rows["id"]),
        ).reindex(pd.Index(image_map.ids))
        is_used, around = known["label"].notna().to_numpy(), image_map.neighbours
        return cls(
            names,
            np.where((around >= 0) & is_used[around], around, -1),
            known["label"].fillna(-1).to_numpy(np.int64),
            known["asked"].fillna(0).to_numpy(bool),
            known["group"].fillna(-1).to_numpy(np.int64),
        )

    def same_class(self, class_index: int | None = None) -> Proportion:
        """Return the share of neighbours with the class of the image, for images of one class or of all.

        The interval allows for an image's neighbours, and those of its copies, being no independent cases.
        """
        asked = self.asked if class_index is None else self.asked & (self.labels == class_index)
        exists = (self.neighbours >= 0) & asked[:, None]
        is_same = self.labels[self.neighbours] == self.labels[:, None]
        together = np.broadcast_to(self.groups[:, None], exists.shape)
        return metrics.share(is_same[exists], together[exists])

    def by_class(self) -> list[ClassNeighbours]:
        """Return what the neighbours of each class's images show, for the classes that have images."""
        present = range(len(self.class_names))
        return [self._of_class(index) for index in present if (self.asked & (self.labels == index)).any()]

    def _of_class(self, index: int) -> ClassNeighbours:
        members = self.asked & (self.labels == index)
        around = self.neighbours[members]
        counts = np.bincount(self.labels[around[around >= 0]], minlength=len(self.class_names))
        others = np.where(np.arange(len(counts)) == index, 0, counts)
        other = int(others.argmax())
        own, in_use = (int(np.count_nonzero(one)) for one in (self.labels == index, self.labels >= 0))
        return ClassNeighbours(
            self.class_names[index],
            int(members.sum()),
            self.same_class(index),
            (own - 1) / max(in_use - 1, 1),
            self.class_names[other] if others[other] else "",
            float(others[other]) / max(int(counts.sum()), 1),
        )
