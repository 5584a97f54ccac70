"""Charts on the screen have the correct values, and match the figures in files."""

from __future__ import annotations

import re

import altair as alt
import numpy as np
import pytest
from jsonschema import ValidationError
from matplotlib.colors import to_hex

from core.evaluation.curves import Evidence
from core.export import figures, palette
from core.workspace import PROJECT
from pages.build.data import overview
from pages.common import learning_curves, matrix_chart
from pages.show.present import replay

HISTORY = [
    {"epoch": 1, "accuracy": 0.5, "loss": 1.2, "val_accuracy": 0.4, "val_loss": 1.4, "seconds": 2.0},
    {"epoch": 2, "accuracy": 0.7, "loss": 0.9, "val_accuracy": 0.6, "val_loss": 1.1, "seconds": 2.5},
    {"epoch": 3, "accuracy": 0.8, "loss": 0.7, "val_accuracy": 0.5, "val_loss": 1.3, "seconds": 2.0},
]
COUNTS = np.array([[6, 3, 1], [0, 5, 5], [0, 0, 8]])
NAMES = ["a", "b", "c"]


def drawn(frame, metric, split):
    shown = frame[(frame["metric"] == metric) & (frame["split"] == split)]
    return shown["epoch"].tolist(), shown["drawn"].tolist()


def spec(classes, shown="count", **settings):
    names = [f"class {index}" for index in range(classes)]
    return matrix_chart.chart(names, shown, "#000000", **settings).to_dict()


def marks(chart):
    return [layer["mark"]["type"] for layer in chart["layer"]]


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_the_curves_on_the_screen_and_in_the_file_have_the_same_points_and_colours(metric):
    frame = learning_curves.frame({"": [HISTORY]})
    axes = figures.learning_curves(HISTORY).axes[list(palette.COLUMNS).index(metric)]
    color = learning_curves.chart(metric, [""]).to_dict()["layer"][0]["encoding"]["color"]["scale"]
    assert [line.get_label() for line in axes.lines] == color["domain"]
    for line, shown in zip(axes.lines, color["range"], strict=True):
        assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == drawn(
            frame, metric, line.get_label()
        )
        assert to_hex(line.get_color()) == shown


@pytest.mark.parametrize(("shown", "normalise"), [("count", False), ("share", True)])
def test_the_matrix_on_the_screen_and_in_the_file_has_the_same_numbers(shown, normalise):
    cells = matrix_chart.cells(COUNTS, NAMES, [0, 1, 2])
    field = spec(3, shown)["layer"][1]["encoding"]["text"]["field"]
    drawn = matrix_chart.coloured(cells, shown)
    on_screen = drawn.loc[drawn[shown] != 0, field].tolist()
    in_file = figures.confusion_matrix(COUNTS, NAMES, normalise=normalise).axes[0]
    assert [written.get_text() for written in in_file.texts] == on_screen
    assert (in_file.get_xlabel(), in_file.get_ylabel()) == (palette.PREDICTED, palette.TRUE)


def test_the_first_epoch_of_fine_tuning_is_labelled():
    stages = [
        {**line, "stage": stage} for line, stage in zip(HISTORY, ["head", *["fine_tuning"] * 2], strict=True)
    ]
    frame = learning_curves.frame({"": [stages]})
    assert frame.loc[frame["begins"] != "", ["metric", "split", "epoch", "begins"]].values.tolist() == [
        [metric, palette.VALIDATION, 2, "fine-tuning"] for metric in palette.COLUMNS
    ]
    assert not learning_curves.frame({"": [HISTORY]})["begins"].any()


def test_the_kept_epoch_is_labelled_once_per_metric():
    frame = learning_curves.frame({"": [HISTORY]}, {"": 2})
    kept = frame[frame["kept"] != ""]
    assert kept[["metric", "split", "epoch", "value", "kept"]].values.tolist() == [
        ["accuracy", "validation", 2, 0.6, "best epoch: 2"],
        ["loss", "validation", 2, 1.1, "best epoch: 2"],
    ]


def test_each_curve_is_named_at_its_end_on_the_screen_and_in_the_file():
    frame = learning_curves.frame({"": [HISTORY]})
    ends = frame[frame["end"] != ""]
    assert ends[["epoch", "end", "end_at"]].values.tolist() == [
        [3, "training 80%", 0.8],
        [3, "validation 50%", 0.5],
        [3, "training 0.70", 0.7],
        [3, "validation 1.30", 1.3],
    ]
    written = {text.get_text() for axes in figures.learning_curves(HISTORY).axes for text in axes.texts}
    assert set(ends["end"]) <= written


def test_only_the_evidence_is_marked():
    frame = learning_curves.frame({"": [HISTORY]}, evidence=[Evidence("val_loss", (2, 3), (1.1, 1.3))])
    marked = frame[frame["evidence"]]
    assert set(zip(marked["metric"], marked["split"], marked["epoch"], strict=True)) == {
        ("loss", "validation", 2),
        ("loss", "validation", 3),
    }


def test_repeats_show_their_mean_between_the_lowest_and_the_highest():
    better = [{**line, "val_accuracy": line["val_accuracy"] + 0.2} for line in HISTORY]
    frame = learning_curves.frame({"A": [HISTORY, better], "B": [HISTORY]})
    accuracy = frame[(frame["metric"] == "accuracy") & (frame["split"] == "validation")].set_index("side")
    assert accuracy.loc["A", "value"].tolist() == pytest.approx([0.5, 0.7, 0.6])
    assert accuracy.loc["A", "low"].tolist() == pytest.approx([0.4, 0.6, 0.5])
    assert accuracy.loc["A", "high"].tolist() == pytest.approx([0.6, 0.8, 0.7])
    assert accuracy.groupby("side")["runs"].max().to_dict() == {"A": 2, "B": 1}
    assert accuracy.loc["B", "seconds"].tolist() == [2.0, 4.5, 6.5]


def test_missing_values_leave_a_gap_and_a_run_without_epochs_draws_nothing():
    frame = learning_curves.frame({"": [[HISTORY[0], {**HISTORY[1], "loss": None, "val_loss": None}]]})
    assert drawn(frame, "loss", "validation")[0] == [1]
    assert drawn(frame, "accuracy", "validation")[0] == [1, 2]
    assert learning_curves.frame({"": [[]]}).empty


def test_the_axes_of_one_run_do_not_move_with_its_values():
    chart = learning_curves.chart("accuracy", [""], last_epoch=10).to_dict()
    lines = next(layer for layer in chart["layer"] if layer["mark"]["type"] == "line")["encoding"]
    assert lines["x"]["scale"]["domain"] == [0, 10]
    assert lines["y"]["scale"]["domain"] == [0, 1] and lines["y"]["axis"]["format"] == ".0%"


def test_the_words_beside_the_curves_of_one_run_have_room_of_their_own():
    def scales(sides, **settings):
        chart = learning_curves.chart("accuracy", sides, last_epoch=10, **settings).to_dict()
        lines = next(layer for layer in chart["layer"] if layer["mark"]["type"] == "line")["encoding"]
        return [lines[axis]["scale"].get("range") for axis in "xy"]

    assert scales([""]) == [[0, {"expr": "width - 108"}], [{"expr": "height"}, 17]]
    assert scales([""], has_stages=True, font_size=20) == [
        [0, {"expr": "width - 180"}],
        [{"expr": "height"}, 34],
    ]
    assert scales(["A", "B"])[1] is None


def test_the_names_of_curves_that_end_together_are_written_apart():
    together = [{**line, "val_accuracy": line["accuracy"], "val_loss": line["loss"]} for line in HISTORY]
    ends = learning_curves.frame({"": [together]}).query("end != ''")
    for metric, top in (("accuracy", 1.0), ("loss", 1.2)):
        training, validation = ends.loc[ends["metric"] == metric, "end_at"]
        assert validation - training == pytest.approx(0.1 * top)


def test_several_sides_have_one_colour_each_and_share_a_legend():
    accuracy, loss = (learning_curves.chart(metric, ["A", "B"]).to_dict() for metric in palette.COLUMNS)
    color = accuracy["layer"][0]["encoding"]["color"]
    assert color["field"] == "side" and color["sort"] == ["A", "B"] and color["legend"]["columns"] == 1
    assert loss["layer"][0]["encoding"]["color"]["legend"] is None
    assert accuracy["height"] > loss["height"]


def test_a_part_of_a_matrix_keeps_its_counts_and_its_shares_of_the_whole_class_without_empty_cells():
    cells = matrix_chart.cells(COUNTS, NAMES, [1, 0])
    assert cells.values.tolist() == [
        ["b", "b", 5, 0.5],
        ["a", "b", 3, 0.3],
        ["a", "a", 6, 0.6],
    ]
    nothing_right = matrix_chart.cells(np.array([[0, 4], [0, 0]]), ["a", "b"], [0, 1])
    assert nothing_right[["true", "predicted", "count"]].values.tolist() == [
        ["a", "a", 0], ["a", "b", 4], ["b", "b", 0],
    ]  # fmt: skip


def test_an_increase_is_better_on_the_diagonal_and_worse_off_it():
    after = np.array([[9, 0, 1], [0, 5, 5], [2, 0, 6]])
    frame = matrix_chart.differences(COUNTS, after, NAMES, [0, 1, 2])
    drawn = matrix_chart.coloured(frame, matrix_chart.DIFFERENCE)
    cells = {(cell["true"], cell["predicted"]): cell for _, cell in drawn.iterrows()}
    assert cells["a", "a"]["difference"] == pytest.approx(0.3) and cells["a", "a"]["tint"] == "better"
    assert cells["a", "b"]["difference"] == pytest.approx(-0.3) and cells["a", "b"]["tint"] == "better"
    assert cells["c", "c"]["difference"] == pytest.approx(-0.25) and cells["c", "c"]["tint"] == "worse"
    assert cells["c", "a"]["difference"] == pytest.approx(0.25) and cells["c", "a"]["tint"] == "worse"
    assert cells["b", "b"]["shade"] == 0


def test_mistakes_are_shaded_by_number_and_correct_predictions_stay_faint():
    shades = palette.shades(COUNTS, np.eye(3, dtype=bool))
    assert shades[0, 1] < shades[1, 2] <= 1 and shades[1, 0] == 0
    assert len(set(np.diag(shades))) == 1 and shades[0, 0] < shades[0, 2]
    assert not palette.shades(np.zeros((2, 2))).any() and palette.shades(np.zeros((0, 0))).size == 0


def test_a_click_selects_the_true_and_the_predicted_class():
    (selection,) = spec(3, is_clickable=True)["params"]
    assert selection["name"] == "cell" and selection["select"]["fields"] == ["true", "predicted"]
    assert "params" not in spec(3)


@pytest.mark.parametrize("classes", [1, 2, palette.MAX_ANNOTATED, palette.MAX_ANNOTATED + 1, 150])
def test_cells_show_their_numbers_while_there_is_room(classes):
    chart = spec(classes)
    assert ("text" in marks(chart)) == (classes <= palette.MAX_ANNOTATED)
    assert chart["height"] < 1000


def test_training_is_dashed_on_the_screen_and_in_the_file():
    layers = learning_curves.chart("loss", [""]).to_dict()["layer"]
    line = next(layer for layer in layers if layer["mark"]["type"] == "line")
    dashes = line["encoding"]["strokeDash"]["scale"]
    assert dashes == {"domain": ["training", "validation"], "range": [[5, 3], [1, 0]]}
    lines = figures.learning_curves(HISTORY).axes[1].lines
    assert [line.is_dashed() for line in lines] == [True, False]


DRAWN_ONCE = {
    "learning_curves": learning_curves._specification("loss", ("A", "B")),
    "matrix_chart": matrix_chart._specification(("a", "b"), matrix_chart.COUNT, "#000000", is_clickable=True),
    "overview": overview._class_chart(("a", "b")),
    "overview, sizes": overview._size_chart(),
    "replay": replay._specification(5, False),
}


@pytest.mark.parametrize("spec", DRAWN_ONCE.values(), ids=DRAWN_ONCE)
def test_a_chart_that_is_drawn_once_is_valid_which_the_app_does_not_check(spec):
    whole = alt.LayerChart if "layer" in spec else alt.Chart
    whole.validate({**spec, "data": {"name": "values"}})
    with pytest.raises(ValidationError):
        whole.validate({**spec, "data": {"name": "values"}, "height": "tall"})


def test_every_chart_that_is_drawn_once_is_among_these():
    scripts = [path.read_text(encoding="utf-8") for path in (PROJECT / "pages").rglob("*.py")]
    assert sum(len(re.findall(r"@?charts\.drawn_once\b", text)) for text in scripts) == len(DRAWN_ONCE)


def test_no_chart_names_a_column_by_text_which_is_slow():
    by_text = re.compile(r"\w+=f?\"[^\":]+:[QNOT]\"")
    scripts = (PROJECT / "pages").rglob("*.py")
    assert [
        found for path in scripts if "altair" in (text := path.read_text()) for found in by_text.findall(text)
    ] == ['x="value:Q"']  # what charts.py says not to do
