"""The Compare page: a list edited in place, an honest verdict, and images as both models see them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import engine, runs, workspace
from core.comparison import test_set_usage, verdicts
from core.comparison.disagreement import compare
from core.comparison.verdicts import Verdict
from core.config import RunConfig
from core.export import run_archive
from core.runs import Run
from core.words import spread
from pages.common import run_lines
from pages.common.run_lines import Line, Wanted
from pages.common.run_picker import listing, summarise
from pages.understand.compare import curves, runs_table, settings_and_scores, verdict
from pages.understand.compare.sides import headers, short_names, sides
from samples import made_runs
from tests.pages.reading import no_fault, words
from tests.pages.test_understand import HOSTILE, no_processes, shown

__all__ = ["no_processes"]  # a fixture


@pytest.fixture
def config(workspace: Path, tmp_path: Path) -> RunConfig:
    """Settings for a small folder with 72 validation images in three classes."""
    source = made_runs.draw_folder(tmp_path / "images", each=60)
    changes = {"data.source": source, "data.image_size": 48, "data.validation_share": 0.4}
    return RunConfig().replace(changes)


def table(page: AppTest):
    return page.data_editor[0]


def edit(page: AppTest, row: int, **cells: object) -> AppTest:
    """Edit the list, as the browser reports it."""
    key = table(page).key
    page.session_state[key] = {"edited_rows": {row: cells}, "added_rows": [], "deleted_rows": []}
    return no_fault(page.run())


def repeated(config: RunConfig, skills, group: str, **changes) -> list[Run]:
    return [
        made_runs.finished(
            config.replace({"fit.seed": seed, **changes}), skill=skill, seed=seed, group=group, name=group
        )
        for seed, skill in enumerate(skills)
    ]


TABS = SETTINGS, CURVES, CLASSES, DISAGREEMENTS = (
    "Settings and scores", "Learning curves", "What they confuse", "Where they disagree",
)  # fmt: skip


def compared(*made: Run, **address: str) -> AppTest:
    return shown("compare", runs=",".join(run.id for run in made), **address)


def test_names_tags_notes_and_stars_are_edited_in_the_list(config):
    run = made_runs.finished(config)
    page = edit(
        shown("compare"), 0, name=f" {HOSTILE} ", tags=["good", "good", " x "], notes="why", star=True
    )
    labels = run.labels
    assert (labels.name, labels.tags, labels.notes, labels.starred) == (HOSTILE, ("good", "x"), "why", True)
    assert table(page).value["name"].tolist() == [HOSTILE]


def test_an_edit_is_saved_once(config):
    run = made_runs.finished(config)
    page = edit(shown("compare"), 0, name="mine")
    run.relabel(name="changed elsewhere")
    assert table(no_fault(page.run())).value["name"].tolist() == ["changed elsewhere"]
    assert run.labels.name == "changed elsewhere"


def test_ticks_select_what_is_compared_and_are_in_the_address(config):
    made = [made_runs.finished(config.replace({"fit.seed": seed}), seed=seed) for seed in range(2)]
    page = edit(shown("compare"), 0, compare=True)
    assert "Settings that differ" not in words(page)
    first = table(page).key
    page.session_state[first] = {
        "edited_rows": {0: {"compare": True}, 1: {"compare": True}},
        "added_rows": [],
        "deleted_rows": [],
    }
    page = no_fault(page.run())
    assert "Settings that differ" in words(page)
    assert page.query_params["runs"] == f"{made[1].id},{made[0].id}"


def test_the_cards_of_a_phone_select_what_the_table_selects(config):
    made = [made_runs.finished(config.replace({"fit.seed": seed}), seed=seed) for seed in range(2)]
    page = compared(made[0])
    assert [box.value for box in page.checkbox] == [False, True]
    assert "95% CI" in "".join(caption.value for caption in page.caption)
    page = no_fault(page.checkbox[0].check().run())
    assert page.query_params["runs"] == f"{made[0].id},{made[1].id}"
    assert table(page).value["compare"].tolist() == [True, True]


def test_the_cards_fold_once_there_is_a_verdict_to_read(config):
    made = [made_runs.finished(config.replace({"fit.seed": seed}), seed=seed) for seed in range(2)]
    (cards,) = [one for one in compared(made[0]).expander if one.label == "Choose runs"]
    assert cards.proto.expanded
    (cards,) = [one for one in compared(*made).expander if one.label == "Choose runs"]
    assert not cards.proto.expanded


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["one"], ["one"]),
        (["same", "same"], ["same", "same"]),
        (["Try: Rate 0.1, Dropout 0", "Try: Rate 0.1, Dropout 0.5"], ["Dropout 0", "Dropout 0.5"]),
        (["Try", "Try, Seed 3"], ["Try", "Seed 3"]),
        (["a" * 36, "b" * 37], ["a" * 36, "b" * 35 + "…"]),
    ],
)
def test_sides_are_named_by_what_distinguishes_them(titles, names):
    assert short_names(titles) == names


def test_the_list_is_filtered_sorted_and_grouped(config):
    made_runs.finished(config, name="alpha", tags=("keep",))
    made_runs.finished(config.replace({"fit.learning_rate": 0.01}), skill=0.95, name="beta", notes="Hello")
    made_runs.interrupted(config, name="gamma")
    lines = run_lines.lines(listing())

    def titles(**wanted) -> list[str]:
        return [line.title for line in run_lines.found(lines, Wanted(**wanted))]

    assert titles(words="HELLO") == ["beta"]
    assert titles(tags=["keep"]) == ["alpha"]
    assert titles(states=["interrupted"]) == ["gamma"]
    assert titles(sort=run_lines.BEST) == ["beta", "alpha", "gamma"]
    assert titles(sort=run_lines.NAME) == ["alpha", "beta", "gamma"]
    assert run_lines.varying(lines) == ["fit.learning_rate"]
    groups = run_lines.grouped(lines, "fit.learning_rate")
    assert {value: len(members) for value, members in groups.items()} == {"0.001": 2, "0.01": 1}
    page = shown("compare")
    page.selectbox(key="group_runs").select("fit.learning_rate").run()
    assert no_fault(page).dataframe[0].value["Runs"].tolist() == [2, 1]


def test_repeats_are_offered_until_the_first_pair_of_several_is_decided():
    needed = {("A", "B"): 87, ("A", "C"): 5, ("B", "C"): None}
    found = {names: Verdict("cannot tell", "", more_runs_needed=more) for names, more in needed.items()}
    assert verdict._repeats_to_decide(found) == 5
    assert verdict._repeats_to_decide({}) == 0


def test_a_folder_of_the_users_own_is_listed_by_its_name(config):
    made_runs.finished(config)
    (row,) = table(shown("compare")).value.to_dict("records")
    assert row["source"] == row["name"] == Path(config.data.source).name


def test_repeats_are_one_line_with_their_spread(config):
    made = repeated(config, [0.6, 0.7, 0.8], "three")
    made_runs.finished(config, name="alone")
    page = shown("compare")
    shown_table = table(page).value.set_index("name")
    values = [run.report().val_accuracy.value for run in made]
    assert sorted(shown_table.index) == ["alone", "three"]
    assert shown_table.loc["three", "val_interval"] == spread(values)
    page.toggle(key="join_repeats").set_value(False).run()
    assert len(table(no_fault(page)).value) == 4


def test_deleted_runs_come_back_with_undo(config):
    made = [made_runs.finished(config, name=str(number)) for number in range(3)]
    page = compared(*made[:2])
    page = no_fault(page.button(key="delete_runs").click().run())
    assert [run.id for run in runs.all()] == [made[2].id]
    assert "2 runs moved to the trash" in words(page)
    page = no_fault(page.button(key="undo_delete").click().run())
    assert len(runs.all()) == 3
    assert page.query_params["runs"] == f"{made[0].id},{made[1].id}"
    assert "moved to the trash" not in words(page)


def test_of_deleted_runs_those_that_can_come_back_do_and_the_others_stay_offered(config):
    made = [made_runs.finished(config, name=str(number)) for number in range(3)]
    page = compared(*made)
    page = no_fault(page.button(key="delete_runs").click().run())
    trash = workspace.folder() / "trash"
    (trash / made[0].id).rename(trash / "elsewhere")
    page.button(key="undo_delete").click().run()
    assert {run.id for run in runs.all()} == {run.id for run in made[1:]}
    assert "There is no run" in words(page) and "1 run moved to the trash" in words(page)
    (trash / "elsewhere").rename(trash / made[0].id)
    page = no_fault(page.button(key="undo_delete").click().run())
    assert len(runs.all()) == 3 and "moved to the trash" not in words(page)


def test_a_bar_says_whether_it_is_an_interval_or_the_range_of_repeats(config):
    repeated(config, (0.6, 0.7, 0.8), "wide")
    made_runs.finished(config.replace({"fit.epochs": 3}), name="single")
    both = sides(run_lines.lines(listing()))
    bars = [settings_and_scores._bar(side.name, side.scores("validation"))["interval"] for side in both]
    assert sorted(str(words).partition(":")[0] for words in bars) == ["95% CI", "lowest to highest of 3 runs"]


def test_a_run_in_progress_is_not_deleted_but_the_others_are(config):
    done, busy = made_runs.finished(config), made_runs.waiting(config, "running", 2)
    page = compared(done, busy)
    page.button(key="delete_runs").click().run()
    assert not page.exception and [run.id for run in runs.all()] == [busy.id]
    assert "Stop it first" in words(page)


def test_a_run_is_imported_from_a_zip(config):
    run = made_runs.finished(config, name=HOSTILE)
    archive = run_archive.pack(run)
    page = shown("compare")
    page.file_uploader(key="import-0").upload("run.zip", archive, "application/zip").run()
    page = no_fault(page.button(key="import_run").click().run())
    assert len(runs.all()) == 2
    page.file_uploader(key="import-1").upload("run.zip", b"nonsense", "application/zip").run()
    page = page.button(key="import_run").click().run()
    assert "not a zip archive" in words(page) and len(runs.all()) == 2


def test_the_verdict_on_two_models_is_that_of_core_and_names_its_test(config):
    one, other = made_runs.finished(config, skill=0.2), made_runs.finished(config, skill=0.95)
    page = compared(one, other)
    found = verdicts.judge(
        {"A": [verdicts.from_run(one, "validation")], "B": [verdicts.from_run(other, "validation")]}
    )
    assert found.kind == "better" and found.measured
    text = words(page)
    assert "This model of B is better; about the settings, one run each cannot tell." in text
    page.session_state["verdict_details"] = True
    details = [frame.value for frame in no_fault(page.run()).dataframe if "p" in frame.value]
    assert details and details[0]["Test"].tolist() == ["exact McNemar test"]
    assert details[0]["n"].tolist() == [found.measured.n]


def test_too_little_data_offers_the_repeats_that_would_decide(config, monkeypatch):
    monkeypatch.setattr(engine, "ensure_worker", lambda: None)
    one = made_runs.finished(config, skill=0.7)
    other = made_runs.finished(config.replace({"fit.learning_rate": 0.01, "fit.seed": 4}), skill=0.72, seed=1)
    page = compared(one, other)
    assert "Cannot tell yet." in words(page)
    button = page.button(key="repeat_to_tell")
    assert "5 new seeds" in button.label and "about" in button.label and button.proto.type == "primary"
    page = no_fault(button.click().run())
    seeds = {
        rate: sorted(run.config.fit.seed for run in runs.all() if run.config.fit.learning_rate == rate)
        for rate in (0.001, 0.01)
    }
    assert (
        seeds == {0.001: [0, 1, 2, 3, 4], 0.01: [0, 1, 2, 3, 4]}
        or len(set(seeds[0.001]) & set(seeds[0.01])) == 5
    )
    assert page.query_params["runs"] == f"{one.id}~,{other.id}~"
    assert "in progress; the verdict will include them" in words(page)

    made = len(runs.all()) - 2
    assert f"{made} runs queued" in words(page)
    no_fault(page.button(key="undo_queued").click().run())
    assert sorted(run.id for run in runs.all()) == sorted([one.id, other.id]) and engine.queue() == []
    assert "queued" not in words(page)


def test_repeats_are_judged_as_settings_and_a_link_to_them_works(config):
    low = repeated(config, [0.3] * 6, "low")
    high = repeated(config, [0.9] * 6, "high", **{"fit.learning_rate": 0.01})
    page = shown("compare", runs=f"{low[0].id}~,{high[3].id}~")
    text = words(page)
    assert "B has the better settings." in text and "whatever the seed" in text
    settings = next(frame.value for frame in page.dataframe if "Setting" in frame.value)
    assert settings["Setting"].tolist() == ["Learning rate"]


def test_a_linked_run_with_repeats_selects_their_line_and_can_be_deselected(config):
    made = repeated(config, [0.4, 0.5, 0.6], "low")
    page = compared(made[1])
    assert table(page).value["compare"].tolist() == [True]
    page = edit(page, 0, compare=False)
    assert "runs" not in page.query_params
    page = shown("compare", runs=f"{made[2].id}~")
    assert table(page).value["compare"].tolist() == [True]


def test_the_name_of_repeats_contains_no_seed(config):
    low = repeated(config, [0.4, 0.5], "low")
    low[0].relabel(name="sweep: Dropout 0.1, Seed 0")
    assert table(shown("compare")).value["name"].tolist() == ["sweep: Dropout 0.1"]


def test_several_runs_are_corrected_and_the_best_is_partly_lucky(config):
    skills = [0.2, 0.9, 0.3]
    made = [
        made_runs.finished(config, skill=skill, seed=index, name=str(index))
        for index, skill in enumerate(skills)
    ]
    text = words(compared(*made))
    assert "B is the best of these models." in text and "corrected for making 3 comparisons" in text
    assert "The best of many is partly lucky" in text
    repeated(config, [0.6, 0.7, 0.8], "spread")
    assert "points of luck" in words(compared(*made))


def test_what_cannot_be_compared_is_named_and_gets_no_verdict(config, tmp_path):
    other_source = made_runs.draw_folder(tmp_path / "others", ("x", "y"), each=40)
    one = made_runs.finished(config)
    other = made_runs.finished(config.replace({"data.source": other_source}))
    text = words(compared(one, other))
    assert "No verdict." in text and "have different classes" in text
    split = made_runs.finished(config.replace({"data.split_seed": 5}))
    text = words(compared(one, split))
    assert "Note what else differs" in text and "split differently" in text


@pytest.mark.parametrize("number", [1, 2, 4, 6])
def test_any_number_of_sides_in_every_state_is_shown(config, number):
    made = [
        made_runs.finished(config, skill=0.5),
        made_runs.waiting(config, "running", 3),
        made_runs.finished(config, skill=0.8, seed=1),
        made_runs.damaged(config),
        made_runs.interrupted(config),
        made_runs.finished(config.replace({"fit.epochs": 3}), skill=0.8, seed=2),
    ]
    for tab in TABS:
        compared(*made[:number], shown=tab)


def test_more_than_six_are_not_compared(config):
    made = [made_runs.finished(config, seed=number) for number in range(7)]
    page = compared(*made)
    assert "7 selected; only the first 6 are compared" in words(page)


def test_test_scores_stay_hidden_until_requested(config):
    made = [made_runs.finished(config, seed=seed) for seed in range(2)]
    page = compared(*made, shown=CLASSES)
    assert "test images" not in words(page) and test_set_usage.seen(made[0]) == 0
    no_fault(page.toggle(key="show_test_scores").set_value(True).run())
    assert test_set_usage.seen(made[0]) == 2 and "On the test images" in words(page)


def test_images_on_which_two_models_disagree_are_shown_through_both(config):
    made = [made_runs.finished(config, skill=skill, seed=index) for index, skill in enumerate((0.4, 0.6))]
    for run in made:
        made_runs.give_model(run)
    page = compared(*made, shown=DISAGREEMENTS)
    first, second = (run.predictions("validation") for run in made)
    found = compare(first, second)
    only_first = found.indices("only first")
    image_id = str(found.ids[only_first[0]])
    assert f"Only A is right · {len(only_first)}" in str(page.segmented_control(key="differ_kind").options)
    for run in made:
        keep_heatmaps(run, image_id)
    page = no_fault(page.button(key=f"differ-only first-{image_id}").click().run())
    text = words(page)
    assert ":green-badge[correct]" in text and ":orange-badge[wrong]" in text
    assert text.count("\nPredicted: ") == 2


def keep_heatmaps(run: Run, image_id: str) -> None:
    from core.explain import heatmaps

    for index in range(3):
        heatmaps.keep(run, heatmaps.Request(image_id, index), np.ones((8, 8), np.float32))


@pytest.mark.fault("F26")
def test_names_from_outside_stay_literal_everywhere_on_the_page(workspace, tmp_path):
    names = ["$a_b$", ":material/home: _x_", "[l](http:evil)"]
    source = made_runs.draw_folder(tmp_path / "p", names, each=40)
    config = RunConfig().replace({"data.source": source, "data.image_size": 48, "data.validation_share": 0.4})
    made = [
        made_runs.finished(config, skill=skill, seed=index, name=HOSTILE, notes=HOSTILE, tags=(HOSTILE,))
        for index, skill in enumerate((0.3, 0.5, 0.9))
    ]
    page = compared(*made)
    page = no_fault(page.button(key="delete_runs").click().run())
    page = no_fault(page.button(key="undo_delete").click().run())
    options = []
    for tab in TABS:
        page = compared(*made, shown=tab)
        for kind in ("markdown", "caption", "info", "warning", "error", "success", "subheader"):
            for element in page.get(kind):
                assert "![x](" not in element.value and "[l](" not in element.value
                assert "$a_b$" not in element.value and "<script>" not in element.value
        options += [option.content for one in page.get("button_group") for option in one.proto.options]
    assert "B minus A" in options and not [option for option in options if "![x](" in option]


def test_a_letter_alone_is_the_column_header_if_names_do_not_fit(config):
    long = [
        Line((summarise(made_runs.finished(config, name=f"with rotation and dropout {n}")),))
        for n in range(6)
    ]
    assert headers(sides(long)) == ["A", "B", "C", "D", "E", "F"]
    assert headers(sides(long[:2])) == ["A · with rotation and dropout 0", "B · with rotation and dropout 1"]


def test_smoothing_changes_no_number(config):
    made = [made_runs.finished(config, seed=seed) for seed in range(2)]
    both = sides([Line((summarise(run),)) for run in made])
    calm, measured = (curves.curves_frame(both, smoothing) for smoothing in (0.8, 0.0))
    assert calm["value"].equals(measured["value"]) and not calm["drawn"].equals(measured["drawn"])
    assert measured["drawn"].to_numpy() == pytest.approx(measured["value"].to_numpy())
    kept = measured[measured["kept"] != ""].groupby("side")["epoch"].unique()
    assert [int(epochs[0]) for epochs in kept] == [run.report().kept_epoch for run in made]
    assert measured.groupby(["side", "metric", "split"])["seconds"].max().round(3).unique().tolist() == [32.0]


def test_the_table_holds_every_state_and_numbers_to_sort_by(config):
    made_runs.damaged(config)
    made_runs.waiting(config)
    made_runs.finished(config.replace({"fit.learning_rate": 0.01}))
    lines = run_lines.lines(listing())
    made = runs_table.frame(lines, run_lines.varying(lines), [lines[0].id], {lines[0].id: "A"})
    assert len(made) == 3
    back = run_archive.unpack(io.BytesIO(run_archive.pack(made_runs.finished(config))))
    assert back.status.state == "done"
