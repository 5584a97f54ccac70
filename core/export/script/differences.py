"""What a script does otherwise than its run did, in sentences: nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import RunConfig
from core.evaluation import headline
from core.export import markdown
from core.report import Report
from core.runs import Run
from core.words import count


def notes(run: Run, config: RunConfig, report: Report, *, is_bfloat16: bool) -> Iterator[str]:
    """Yield what cannot be the same, or is not."""
    yield (
        "Keras draws the initial weights and the order of the images, not the lab, so the accuracy differs "
        "by chance; usually it is inside the 95% CI of the run."
    )
    if config.has_augmentation and any(config.augment.model_dump().values()):
        yield (
            "Layers of Keras change the training images. They draw from the same ranges as the lab does, and "
            "mirror what lies beyond the edge in the same way, up to a pixel."
        )
    if run.parent is not None:
        yield (
            f"The run continued run {markdown.escaped(run.parent.run)} after "
            f"{count(run.parent.epochs, 'epoch')}; the script trains all epochs from the start, with the "
            "settings of this run."
        )
        if config.is_fine_tuned and config.fit.fine_tune_schedule == "cosine":
            yield (
                "Its learning rate falls once, over all epochs of fine-tuning; in the run it fell to 0 "
                "before it was continued."
            )
    if run.status.state == "stopped" or run.status.pruned:
        ended = count(len(run.metrics()), "epoch")
        yield f"The run was stopped after {ended}; the script trains as long as the settings say."
    if is_bfloat16:
        yield (
            "While it trains, the script computes the validation scores in bfloat16, too; the lab does so in "
            "float32. Both compute the final scores in float32."
        )
    if grouped := headline.grouped(report):
        yield f"{grouped} The script's own interval does not allow for groups either."
