"""The Build pages as a user sees them: settings, data sets in every state, and training in progress."""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import config as settings
from core import datasets, engine, runs
from core.backbones import BACKBONES
from core.config import PRESETS, SETTINGS, DataConfig, RunConfig
from core.data import sources
from core.datasets import CATALOGUE
from core.engine import Preparation
from core.processes import heartbeat
from core.training import pretrained_weights
from pages.common import addresses, data_selection, glossary, settings_form
from pages.common.settings_form import nice_values
from pages.common.text import literal
from samples import made_runs
from tests.pages.reading import no_fault, words

APP = made_runs.APP
DATA, TRAIN, RESULTS = addresses.DATA, addresses.TRAIN, addresses.RESULTS
HOSTILE = "![x](x.png) <script>alert(1)<b> $x^2$ :red[a]"


@pytest.fixture(autouse=True)
def no_processes(workspace: Path) -> Iterator[None]:
    """Hold the worker's lock and claim to prepare the garden, so that no other process is started."""
    write_preparation("garden", "running", "drawing flowers", done=40, total=160)
    with engine.worker_lock():
        yield


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A small folder of coloured discs in three classes."""
    return made_runs.draw_folder(tmp_path / "images", each=20)


def write_preparation(source: str, state: str, message: str, **more: int) -> None:
    """Write the state that a process preparing ``source`` would have written."""
    preparation = Preparation(source, message=message, started=time.time(), heartbeat=time.time(), **more)
    replace(preparation, state=state, **heartbeat.identity()).write()


def visit(page: str = TRAIN, detail: str = settings_form.ALL, **address: str) -> AppTest:
    """Return a page after its first run with this address, with all settings or a few."""
    test = AppTest.from_file(str(APP), default_timeout=30).switch_page(page)
    test.session_state[settings_form.DETAIL] = detail
    for name, value in address.items():
        test.query_params[name] = value
    return no_fault(test.run())


def chosen(test: AppTest) -> RunConfig:
    """Return the settings that the widgets show, as encoded in the address."""
    base = RunConfig().replace({"data.source": test.query_params["data"]})
    address = test.query_params.get("set", [])
    return settings.from_assignments([address] if isinstance(address, str) else address, base)


def has(test: AppTest, key: str) -> bool:
    """Whether a widget with this key is on the page."""
    try:
        return test.get_by_key(key) is not None
    except KeyError:
        return False


def click(test: AppTest, key: str) -> AppTest:
    return no_fault(test.button(key=key).click().run())


# --- settings ------------------------------------------------------------------------------------


def test_every_setting_that_means_something_has_a_widget_with_the_words_of_the_config(source):
    for early_stopping in ("false", "true"):
        test = visit(data=source, set=f"fit.early_stopping={early_stopping}")
        config = RunConfig().replace({"fit.early_stopping": early_stopping})
        shown = [path for path in SETTINGS if SETTINGS[path].matters(config.get) and path != "data.split"]
        assert ("fit.patience" in shown) == (early_stopping == "true")
        for path in shown:
            widget = test.get_by_key(path)
            assert widget.help == glossary.help_of(path)
            assert widget.label.startswith(SETTINGS[path].label)
        for path in set(SETTINGS) - set(shown):
            assert not has(test, path), path


def test_a_fresh_page_has_the_defaults(source):
    assert chosen(visit(data=source)) == RunConfig().replace({"data.source": source})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_in_its_settings_and_leaves_the_data_set_alone(name, source):
    test = visit(data=source)
    test.number_input(key="data.max_per_class").set_value(15).run()
    test.number_input(key="fit.seed").set_value(7).run()
    base = RunConfig().replace({"data.source": source, "data.max_per_class": 15, "fit.seed": 7})
    assert chosen(click(test, f"preset {name}")) == settings.preset(name, base)


def test_the_preset_in_use_is_marked_and_applying_another_can_be_undone(source):
    def marked(test: AppTest) -> list[str]:
        return [name for name in PRESETS if test.button(key=f"preset {name}").proto.icon]

    test = visit(data=source)
    assert marked(test) == ["tutorial"] and not has(test, "undo_preset")
    test.number_input(key="fit.epochs").set_value(4).run()
    before = chosen(test)
    assert marked(click(test, "preset first look")) == ["first look"]
    assert chosen(click(test, "undo_preset")) == before
    assert marked(test) == ["tutorial"] and not has(test, "undo_preset")


def test_a_second_click_that_comes_before_the_page_is_drawn_changes_nothing_more(source):
    test = click(visit(data=source), "preset first look")
    del test.session_state["preset_before"]  # as after a first click on Undo
    click(test, "undo_preset")
    test = visit(data=source, set="fit.epochs=4")
    test.number_input(key="fit.epochs").set_value(10)  # as after a first click on Reset
    assert chosen(click(test, "reset fit.epochs")).fit.epochs == 10


def test_reset_all_resets_the_settings_of_the_data_too_and_those_that_are_not_valid(source):
    test = visit(data=source, set=["data.max_per_class=15", "fit.epochs=4"])
    test.slider(key="data.validation_share").set_value(0.4)
    test.slider(key="data.test_share").set_value(0.4).run()
    assert "leave at least 40% for training" in words(test)
    assert "leave at least 40% for training" in words(click(test, "preset first look"))
    click(test, "reset_all")
    assert chosen(test) == RunConfig().replace({"data.source": source}) and not has(test, "reset_all")


def test_a_double_click_on_start_queues_one_run_and_another_setting_one_more(source):
    test = click(click(visit(data=source), "start"), "start")
    assert len(runs.all()) == 1 and test.query_params["run"] == runs.all()[0].id
    test.number_input(key="fit.seed").set_value(7)
    click(test, "start")
    assert len(runs.all()) == 2


def test_changed_settings_are_marked_and_each_can_be_reset(source):
    test = visit(data=source)
    assert not has(test, "reset fit.epochs")
    test.number_input(key="fit.epochs").set_value(4)
    test.slider(key="model.dropout").set_value(0.3)
    test.text_input(key="model.filters").set_value("8, 16").run()
    assert [key for key in SETTINGS if has(test, f"reset {key}")] == [
        "model.filters", "model.dropout", "fit.epochs",
    ]  # fmt: skip
    assert "●" in test.number_input(key="fit.epochs").label
    assert "●" not in test.number_input(key="fit.batch_size").label
    click(test, "reset fit.epochs")
    assert chosen(test).fit.epochs == 10 and chosen(test).model.dropout == 0.3
    assert "●" not in test.number_input(key="fit.epochs").label
    click(test, "reset_all")
    assert chosen(test) == RunConfig().replace({"data.source": source})


def test_augmentation_is_one_strength_at_first(source):
    test = visit(data=source, detail=settings_form.SIMPLE)
    assert test.select_slider(key="augment_strength").value == "flip"
    no_fault(test.select_slider(key="augment_strength").set_value("strong").run())
    strong = {"rotation": 15.0, "zoom": 0.2, "brightness": 0.1, "contrast": 0.2, "flip": True}
    assert chosen(test).augment.model_dump() == strong
    no_fault(test.select_slider(key="augment_strength").set_value("off").run())
    assert not any(chosen(test).augment.model_dump().values())
    custom = visit(data=source, detail=settings_form.SIMPLE, set="augment.rotation=33")
    assert custom.select_slider(key="augment_strength").value == "custom"


def test_what_usually_goes_wrong_is_said_above_start(source):
    assert not visit(data=source).warning
    text = words(visit(data=source, set="fit.learning_rate=0.05"))
    assert "A learning rate of 0.05 is usually too large for adam" in text
    test = visit(data=source, set=["fit.epochs=500", "model.filters=128,128,128", "fit.batch_size=8"])
    assert "This will take about" in words(test) and not test.button(key="start").disabled


def test_start_clicked_before_the_browser_has_drawn_a_preset_uses_the_preset(source):
    test = visit(data=source)
    test.button(key="preset first look").click()
    test.button(key="start").click()
    no_fault(test.run())
    assert runs.all()[0].config == settings.preset("first look", RunConfig().replace({"data.source": source}))


def test_start_queues_a_run_with_exactly_these_settings(source):
    test = visit(data=source)
    changes = {
        "data.classes": ("daisy", "tulips"),
        "data.image_size": 64,
        "augment.flip": False,
        "augment.rotation": 20.0,
        "model.filters": (8, 16),
        "model.l2": 0.002,
        "fit.learning_rate": 0.0005,
        "fit.optimizer": "sgd",
        "fit.epochs": 3,
        "data.resize": "crop",
    }
    test.multiselect(key="data.classes").set_value(["daisy", "tulips"])
    test.slider(key="data.image_size").set_value(64)
    test.toggle(key="augment.flip").set_value(False)
    test.slider(key="augment.rotation").set_value(20.0)
    test.text_input(key="model.filters").set_value("8, 16")
    test.select_slider(key="model.l2").set_value(0.002)
    test.select_slider(key="fit.learning_rate").set_value(0.0005)
    test.get_by_key("fit.optimizer").set_value("sgd")
    test.number_input(key="fit.epochs").set_value(3)
    test.get_by_key("data.resize").set_value("crop")
    test.text_input(key="run_name").set_value("two flowers")
    click(no_fault(test.run()), "start")
    (run,) = runs.all()
    assert run.config == RunConfig().replace({"data.source": source, **changes})
    assert run.labels.name == "two flowers" and run.status.state == "queued"
    assert test.query_params["run"] == run.id and test.session_state["run"] == run.id


@pytest.mark.parametrize("text", ["many", "", "16; 32", "16, -3", "0", "16, 32, 64, 8, 8, 8, 8", "９"])
def test_invalid_filters_get_a_sentence_and_disable_start(text, source):
    test = visit(data=source)
    no_fault(test.text_input(key="model.filters").set_value(text).run())
    assert "ilters" in test.error[0].value
    assert test.button(key="start").disabled
    test.text_input(key="model.filters").set_value("16 32").run()
    assert not test.error and not test.button(key="start").disabled


def test_incompatible_settings_get_a_sentence(source):
    test = visit(data=source)
    test.slider(key="data.image_size").set_value(32)
    test.text_input(key="model.filters").set_value("8, 8, 8, 8, 8, 8").run()
    assert "too many for an image size of 32 px" in words(no_fault(test))
    assert test.button(key="start").disabled


def test_settings_survive_other_pages_and_a_reload(source):
    test = visit(data=source)
    test.number_input(key="fit.epochs").set_value(4).run()
    test.select_slider(key="fit.learning_rate").set_value(0.00002).run()
    before = chosen(test)
    assert before.fit.learning_rate == 0.00002
    test.switch_page(RESULTS).run()
    test.switch_page(TRAIN).run()
    assert test.number_input(key="fit.epochs").value == 4
    assert chosen(visit(data=source, set=test.query_params["set"])) == before


@pytest.mark.fault("F19")
def test_two_tabs_do_not_share_settings(source):
    first, second = visit(data=source), visit(data=source)
    first.number_input(key="fit.epochs").set_value(4).run()
    second.run()
    assert second.number_input(key="fit.epochs").value == 10


def test_a_link_fills_in_the_settings_of_a_run(source):
    config = RunConfig().replace({"data.source": source, "fit.epochs": 7, "fit.learning_rate": 0.00137})
    run = made_runs.waiting(config, name="an earlier run")
    test = visit(**{"from": run.id})
    assert chosen(test) == config and "from" not in test.query_params
    assert "an earlier run" in words(test)


def test_a_suggestion_changes_one_setting_and_reports_it(source):
    test = AppTest.from_file(str(APP), default_timeout=30).switch_page(TRAIN)
    test.query_params["data"] = source
    test.session_state["suggestion"] = {"model.dropout": 0.3}
    no_fault(test.run())
    assert chosen(test) == RunConfig().replace({"data.source": source, "model.dropout": 0.3})
    assert "Dropout is now 0.3 (previously off)" in words(test).replace("*", "")
    assert "Dropout is now" not in words(test.run()).replace("*", "")


@pytest.mark.parametrize(
    "address", [{"data": r"\\stranger\share"}, {"set": r"data.source=%5C%5Cstranger\share"}]
)
def test_a_link_alone_opens_no_folder_of_another_computer(address, monkeypatch):
    looked_at: list[str] = []
    understood = sources.pasted.understood
    monkeypatch.setattr(sources.pasted, "understood", lambda name: looked_at.append(name) or understood(name))
    test = visit(**address)
    assert "is on another computer, which a link alone must not open" in words(test)
    assert test.query_params["data"] == "garden" and not any("stranger" in name for name in looked_at)


@pytest.mark.parametrize(
    "address", [{"set": "fit.epochs=-1"}, {"set": "nonsense"}, {"set": "a.b=1"}, {"from": "../../etc"}]
)
def test_an_invalid_address_is_reported_and_ignored(address, source):
    test = visit(data=source, **address)
    assert test.info and chosen(test) == RunConfig().replace({"data.source": source})


def test_logarithmic_choices_are_plain_numbers_and_include_any_value():
    values = nice_values(SETTINGS["fit.learning_rate"], 0.00137)
    assert {1e-6, 0.001, 0.00137, 1.0} <= set(values) and values == sorted(values)
    assert nice_values(SETTINGS["model.l2"], 0.0)[:2] == [0.0, 1e-5]


# --- data sets -----------------------------------------------------------------------------------


def test_the_garden_is_shown_while_it_is_being_prepared():
    for page in (TRAIN, DATA):
        test = visit(page)
        assert "Preparing Garden" in words(test)
        assert "Drawing flowers: 40 of 160" in test.get("progress")[0].proto.text
    click(visit(DATA), "stop_preparing")
    assert engine.preparation_of("garden").stop_requested


def test_a_step_whose_length_nobody_knows_has_words_and_no_empty_bar(source):
    write_preparation("garden", "running", "downloading")
    page = visit(DATA)
    assert "progress_activity: Downloading" in words(page) and not page.get("progress")
    run = made_runs.waiting(RunConfig().replace({"data.source": source}), "starting")
    run.write_status(replace(run.status, message="importing TensorFlow", heartbeat=time.time() + 60))
    page = visit(TRAIN, run=run.id, data=source)
    assert "progress_activity: Importing TensorFlow" in words(page) and not page.get("progress")


def test_a_folder_is_named_without_its_path_which_is_in_a_line_of_its_own(source):
    page = visit(DATA, data=source)
    assert page.header[0].value == Path(source).name
    assert literal(source) in [caption.value for caption in page.caption]


def test_a_prepared_data_set_is_described_and_leads_to_training(source):
    test = visit(DATA, data=source)
    text = words(test)
    assert "3 classes: 48 images for training, 6 for validation and 6 for testing" in text
    assert {"daisy", "roses", "tulips"} <= set(text.splitlines())
    click(test, "use")
    assert test.title[0].value == "Train" and test.selectbox(key="data.source").value == source


def test_other_samples_are_shown_on_request(source):
    test = visit(DATA, data=source)
    before = [text.value for text in test.text]
    assert [text.value for text in test.run().text] == before
    assert [text.value for text in click(test, "other_samples").text] != before


@pytest.mark.fault("F14")
def test_too_few_classes_or_images_get_a_sentence(source):
    test = visit(DATA, data=source)
    test.multiselect(key="data.classes").set_value(["daisy"]).run()
    assert "at least 2 classes" in words(no_fault(test))
    test.multiselect(key="data.classes").set_value([])
    test.number_input(key="data.max_per_class").set_value(2).run()
    assert "at least 3 are needed" in words(no_fault(test))


def test_where_start_is_disabled_nobody_is_told_to_train_anyway(tmp_path):
    folder = made_runs.draw_folder(tmp_path / "few", ["a", "b"], each=20)
    kept = sorted((tmp_path / "few" / "b").iterdir())[:2]
    for path in set((tmp_path / "few" / "b").iterdir()) - set(kept):
        path.unlink()
    datasets.prepare(folder)
    test = visit(TRAIN, data=folder)
    assert "Class 'b' has 2 images after exclusions; at least 3 are needed to split." in words(no_fault(test))
    assert test.button(key="start").disabled and test.button(key="see_findings")
    assert "train anyway" not in words(test)


def test_a_missing_version_gets_a_sentence(source):
    test = visit(TRAIN, data=source)
    test.text_input(key="data.version").set_value("abc").run()
    assert "has no version 'abc'" in words(no_fault(test)) and test.button(key="start").disabled
    test.text_input(key="data.version").set_value(datasets.open(source).version).run()
    assert not test.error and not test.button(key="start").disabled


def test_skipped_files_are_listed_by_name_and_reason(source):
    (Path(source) / "daisy" / "broken.jpg").write_bytes(b"")
    datasets.prepare(source)
    test = visit(DATA, data=source)
    table = next(frame.value for frame in test.dataframe if "reason" in frame.value)
    assert table["file"].tolist() == ["daisy/broken.jpg"] and table["reason"][0]


def test_of_two_uploads_of_one_name_and_minute_the_chosen_one_stays_chosen(source):
    paths = list(Path(source).rglob("*.png"))

    def keep() -> str:
        files = [(f"cups/{path.parent.name}/{path.name}", io.BytesIO(path.read_bytes())) for path in paths]
        return sources.keep_files("cups", files)

    uploads = [keep(), keep()]
    for name in uploads:
        datasets.prepare(name)
    for name in uploads:
        test = visit(TRAIN, data=name)
        test.number_input(key="fit.epochs").set_value(3).run()
        assert chosen(no_fault(test)).data.source == name


def test_a_list_that_gives_images_another_split_shows_it_once_it_is_read_again(tmp_path):
    made_runs.draw_folder(tmp_path / "images", ["a", "b"], each=12)
    files = sorted(path.relative_to(tmp_path) for path in (tmp_path / "images").rglob("*.png"))

    def read(splits: list[str]) -> dict[str, str]:
        lines = [f"{file},{file.parent.name},{split}" for file, split in zip(files, splits, strict=True)]
        (tmp_path / "list.csv").write_text("\n".join(["file,label,split", *lines]))
        dataset = datasets.prepare(str(tmp_path / "list.csv"))
        return data_selection.splits(dataset, DataConfig(source=dataset.source))

    given = ["train", "train", "validation", "test"] * 6
    assert sorted(read(given).values()) == sorted(given)
    assert list(read(given).values()) != list(read(given[::-1]).values())


def test_a_class_that_is_called_all_can_be_looked_at_alone(tmp_path):
    test = visit(DATA, data=made_runs.draw_folder(tmp_path / "odd", ["All", "roses"]), part="Gallery")
    assert test.selectbox(key="gallery_class").options == ["(All)", "All", "roses"]
    test.selectbox(key="gallery_class").set_value("All").run()
    assert "12 images" in words(no_fault(test)).splitlines()


@pytest.mark.fault("F26")
def test_hostile_class_names_are_shown_as_they_are(tmp_path):
    source = made_runs.draw_folder(tmp_path / "$x^2$ :red[odd] _folder_", [HOSTILE, "roses"])
    test = visit(DATA, data=source)
    assert HOSTILE in [text.value for text in test.text]
    assert r"\:red\[odd\] \_folder\_" in test.header[0].value
    train = visit(TRAIN, data=source)
    assert all(
        "![x](" not in element.value for kind in ("markdown", "caption") for element in train.get(kind)
    )


@pytest.mark.fault("F24")
def test_without_a_network_a_page_says_so_and_offers_built_in_images():
    message = "tfds:beans could not be downloaded: no route to host. Without internet access, use garden"
    write_preparation("tfds:beans", "failed", message)
    for page in (DATA, TRAIN):
        test = visit(page, data="tfds:beans")
        assert message in words(test) and "TFDS_DATA_DIR" in words(test)
        click(test, "instead garden")
        assert test.query_params["data"] == "garden"
        assert "Preparing Garden" in words(test)


@pytest.mark.parametrize("page", [DATA, TRAIN])
def test_a_data_set_that_does_not_exist_gets_a_sentence_and_another_can_be_chosen(page, source):
    test = visit(page, data="/nowhere/at/all")
    assert "There is no folder /nowhere/at/all" in words(test)
    widget = test.selectbox(key="data.source") if page == TRAIN else None
    if widget:
        widget.set_value(source).run()
        assert not no_fault(test).error
    else:
        test.get_by_key("source_kind").set_value("Built-in").run()
        assert test.button(key="choose garden")


def test_a_typed_folder_is_chosen_or_refused_with_a_sentence(source, tmp_path):
    test = visit(DATA)
    test.get_by_key("source_kind").set_value("Your folder").run()
    test.text_input(key="folder_path").set_value("/nowhere").run()
    assert "There is no folder /nowhere" in words(click(test, "choose folder_path"))
    empty = tmp_path / "nothing here"
    empty.mkdir()
    test.text_input(key="folder_path").set_value(str(empty)).run()
    assert "There are no images in" in words(click(test, "choose folder_path"))
    test.text_input(key="folder_path").set_value(source).run()
    assert "48 images for training" in words(click(test, "choose folder_path"))


def test_a_typed_name_of_a_tensorflow_data_set_is_chosen():
    test = visit(DATA, data="tfds:beans")
    test.text_input(key="tfds_name").set_value("no/such/../name").run()
    assert "'no/such/../name' is not a TensorFlow data set name" in words(click(test, "choose tfds_name"))
    test.text_input(key="tfds_name").set_value("kmnst").run()
    assert "Did you mean kmnist?" in words(click(test, "choose tfds_name"))
    test.text_input(key="tfds_name").set_value("kmnist").run()
    assert click(test, "choose tfds_name").session_state["data.source"] == "tfds:kmnist"


def test_the_table_ticks_the_data_set_whose_name_was_typed():
    def ticked(test: AppTest) -> list[str]:
        return [CATALOGUE[row].source for row in test.session_state["catalogue"]["selection"]["rows"]]

    test = visit(DATA, data="tfds:beans")
    assert ticked(test) == ["tfds:beans"]
    for name, expected in {"tf_flowers": ["tfds:tf_flowers"], "emnist": []}.items():
        test.text_input(key="tfds_name").set_value(name).run()
        assert ticked(click(test, "choose tfds_name")) == expected


def test_switching_the_data_set_selects_all_its_classes(source, tmp_path):
    other = made_runs.draw_folder(tmp_path / "others", ["a", "b"])
    test = visit(TRAIN, data=source)
    test.multiselect(key="data.classes").set_value(["daisy", "roses"]).run()
    test.selectbox(key="data.source").set_value(other).run()
    assert no_fault(test).multiselect(key="data.classes").value == []
    assert not test.button(key="start").disabled


# --- while it trains -----------------------------------------------------------------------------


def test_a_running_and_a_queued_run_are_shown_and_can_be_stopped(source):
    config = RunConfig().replace({"data.source": source})
    running = made_runs.waiting(config, "running", epochs=2, name="the first")
    running.write_status(replace(running.status, epoch=3, batch=5, batches=10, images_per_second=1234.0))
    queued = engine.submit(config, runs.Labels(name="the second"))
    test = visit(data=source)
    figures = {metric.label: metric.value for metric in test.metric}
    assert figures["Epoch"] == "3 of 10" and figures["Batch"] == "5 of 10"
    assert figures["Images per second"] == "1,234" and figures["Time left"] == "42 s"
    assert "95% CI" in words(test) and "1. the second" in words(test).replace("*", "")
    click(test, f"stop-{running.id}")
    assert running.stop_requested and test.button(key=f"stop-{running.id}").disabled
    click(test, f"cancel-{queued.id}")
    assert queued.status.state == "stopped" and engine.queue() == []


def test_the_queue_is_one_card_with_repeats_together_and_can_be_cancelled_at_once(source):
    config = RunConfig().replace({"data.source": source})
    engine.submit(config, runs.Labels(name="alone"))
    for seed in range(20):
        engine.submit(config.replace({"fit.seed": seed}), runs.Labels(name="repeated", group="repeats-x"))
    test = visit(data=source)
    text = words(test).replace("*", "")
    assert "Queue · 21 runs" in text and "2. repeated · 20 runs" in text
    assert [button.label for button in test.button if button.key.startswith("cancel")] == [
        "Cancel all", "Cancel", "Cancel 20",
    ]  # fmt: skip
    click(test, "cancel-all")
    assert engine.queue() == [] and {run.status.state for run in runs.all()} == {"stopped"}


def test_a_run_is_named_after_what_differs_from_the_run_before(source):
    made_runs.finished(RunConfig().replace({"data.source": source}))
    test = visit(data=source)
    test.slider(key="augment.rotation").set_value(20.0)
    click(no_fault(test.slider(key="model.dropout").set_value(0.3).run()), "start")
    assert runs.all()[0].labels.name == "rotation 20°, dropout 0.3"


def test_the_run_of_the_address_stays_while_others_end_and_those_are_listed(source):
    config = RunConfig().replace({"data.source": source})
    made_runs.finished(config, name="finished before")
    run, other = made_runs.finished(config, name="mine"), made_runs.waiting(config, "running", name="other")
    test = visit(data=source, run=run.id)
    other.write_status(replace(other.status, state="stopped"))
    no_fault(test.run())
    assert test.query_params["run"] == run.id and "mine has finished" in words(test)
    assert "finished before" not in words(test)
    test.session_state["recent"] = True
    assert "finished before" in words(no_fault(test.run()))


def test_a_finished_run_is_shown_with_its_interval_and_baseline(source):
    run = made_runs.finished(RunConfig().replace({"data.source": source}), name="well done")
    test = visit(data=source, run=run.id)
    text = words(test)
    assert "well done has finished" in text and "95% CI" in text and "guessing the most common class" in text
    assert "well done" not in words(click(test, "close_ended"))


def test_a_run_no_better_than_guessing_is_not_called_a_success(source):
    run = made_runs.finished(RunConfig().replace({"data.source": source}), skill=0.2)
    test = visit(data=source, run=run.id)
    assert "not clearly better than guessing" in words(test) and not test.success


@pytest.mark.parametrize("state", ["failed", "diverged"])
def test_a_failed_run_says_why_and_what_to_do(state, source):
    run = made_runs.waiting(RunConfig().replace({"data.source": source}), "running", epochs=2)
    run.write_status(
        replace(run.status, state=state, message="It broke.", hint="Try a smaller learning rate.")
    )
    text = words(visit(data=source, run=run.id))
    assert "It broke." in text and "Try a smaller learning rate." in text


@pytest.mark.fault("F18")
def test_an_interrupted_run_is_found_again_and_resumed(source):
    run = made_runs.interrupted(RunConfig().replace({"data.source": source}), name="power cut")
    assert "3 finished epochs and the best model are saved" in words(visit(data=source, run=run.id))
    test = visit(data=source)
    assert "power cut" in words(test)
    click(test, f"resume-{run.id}")
    assert run.status.state == "queued" and [one.id for one in engine.queue()] == [run.id]


@pytest.mark.fault("F15")
def test_a_missing_run_is_no_error(source):
    assert "run" not in visit(data=source, run="../x").query_params


def test_a_run_in_progress_shows_its_validation_images_and_what_guessing_would_get(source):
    run = made_runs.waiting(RunConfig().replace({"data.source": source}), "running", epochs=2)
    run.write_status(replace(run.status, batch=5, batches=10))
    assert "of 10 right** on validation; always guessing the most common class would get 3 of 10" in words(
        visit(data=source)
    )
    made_runs.watch(run)
    text = words(visit(data=source))
    assert "The same validation images after every epoch (now 2)" in text
    assert "○●" in text
    other = made_runs.waiting(run.config, "running", epochs=2)  # in a terminal, for example
    other.write_status(replace(other.status, batch=5, batches=10))
    made_runs.watch(other)
    assert words(visit(data=source)).count("The same validation images") == 2


@pytest.mark.fault("F21")
@pytest.mark.parametrize("name", ["preparations", "workers"])
def test_an_unwritable_workspace_gets_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path / "another"))
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / name).touch()
    with engine.worker_lock() if name != "workers" else nullcontext():
        for page in (TRAIN, DATA):
            assert "could not write" in words(visit(page))


@pytest.mark.fault("F21")
def test_start_on_a_full_disk_gets_a_sentence_and_leaves_no_run(source, monkeypatch):
    def full(*paths: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    test = visit(data=source)
    monkeypatch.setattr("os.replace", full)
    assert "No space left on device" in words(click(test, "start"))
    assert runs.all() == []


def test_a_workspace_that_is_a_file_gets_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path / "file"))
    assert "could not write" in words(visit())


def test_weights_are_taken_from_a_file_where_they_are_not_at_hand(source, tmp_path, monkeypatch):
    monkeypatch.delenv("LAB_WEIGHTS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    small = BACKBONES["mobilenet_v2_035"]
    test = visit(data=source, set="model.network=mobilenet_v2_035")
    assert "weights of MobileNetV2 (0.35) (2 MB) are downloaded once" in words(test)
    test.file_uploader(key="weights_upload").upload("photo.h5", b"nonsense", "application/x-hdf5").run()
    assert "does not hold the weights of any network" in no_fault(test).error[0].value
    with h5py.File(tmp_path / "right.h5", "w") as file:
        file.create_dataset("a", data=np.zeros(small.parameters, np.float32))
    content = (tmp_path / "right.h5").read_bytes()
    test.file_uploader(key="weights_upload").upload("right.h5", content, "application/x-hdf5").run()
    assert pretrained_weights.find(small) is not None
    assert "downloaded once" not in words(no_fault(test)) and not test.error
