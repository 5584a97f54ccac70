"""The script of a run has every setting, compiles whatever they are, and runs nothing that is in a name."""

from __future__ import annotations

import ast
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import SETTINGS, RunConfig
from core.errors import LabError
from core.export.script import writing
from core.export.script.plan import Plan
from core.export.script.settings import CHOSE_THE_IMAGES, placed
from core.export.script.writing import literal
from tests.core.export.script import made_plans
from tests.core.export.script.made_plans import code

HOSTILE = (
    'say "hi"',
    "it's",
    "both \" and '",
    "two\nlines",
    "# %%\nimport os",
    "{{ 7 * 7 }}{% raw %}",
    "\\",
    "$x$",
    "猫 \u202e",
    "\udc80",
    '"""',
    "![x](http://a.b/c.png)",
)
TRANSFER = {"model.network": "mobilenet_v2_035", "data.image_size": 96}
TUNED = {**TRANSFER, "model.fine_tune": "last_block"}
CONTEXTS: list[dict[str, object]] = [
    {},
    {"fit.early_stopping": True},
    TRANSFER,
    TUNED,
]
"""Each setting has an effect in one of these."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("script")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_WORKSPACE", str(folder / "workspace"))
        return made_plans.gathered(folder / "flowers")


def cells(script: str) -> int:
    return sum(line.startswith("# %%") for line in script.splitlines())


def others(path: str, value: object) -> list[object]:
    """Other values that a setting may have."""
    setting = SETTINGS[path]
    if setting.options:
        return [option for option in setting.options if option != value]
    if setting.kind is bool:
        return [not value]
    if setting.kind is tuple:
        return [(8, 8)]
    return [one for one in (setting.minimum, setting.maximum) if one is not None and one != value]


@pytest.mark.parametrize("changes", CONTEXTS)
def test_every_setting_is_in_the_script_or_named_as_left_out(base, changes):
    config = RunConfig().replace(changes)
    written = made_plans.script(base, config)
    found = list(placed(config))
    assert [one.label for one in found] == [setting.label for setting in SETTINGS.values()]
    for one in found:
        assert f"# | {one.label} | {one.value} | {one.where} |" in written
        assert one.where


@pytest.mark.parametrize("path", sorted(set(SETTINGS) - CHOSE_THE_IMAGES))
def test_changing_a_setting_changes_the_code_of_the_script(base, path):
    """Else it would be dropped in silence; a new setting fails here until the script has it."""
    assert any(changes_code(base, RunConfig().replace(context), path) for context in CONTEXTS)


def changes_code(base: Plan, config: RunConfig, path: str) -> bool:
    before = code(made_plans.script(base, config))
    for value in others(path, config.get(path)):
        with suppress(LabError):  # the other settings may not allow it
            if code(made_plans.script(base, config.replace({path: value}))) != before:
                return True
    return False


@pytest.mark.parametrize(
    "changes", [*CONTEXTS, {"fit.class_weights": True, "model.dropout": 0.2, "model.l2": 0.1}]
)
def test_every_number_at_the_top_is_used_below(base, changes):
    config = RunConfig().replace(changes)
    names = [
        node.id for node in ast.walk(ast.parse(made_plans.script(base, config))) if isinstance(node, ast.Name)
    ]
    assert {one.constant for one in placed(config) if one.constant and names.count(one.constant) < 2} == set()


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    """Settings of any kind that go together."""
    changes = {}
    for path in sorted(set(SETTINGS) - CHOSE_THE_IMAGES):
        if draw(st.booleans()):
            changes[path] = draw(st.sampled_from([SETTINGS[path].default, *others(path, None)]))
    changes.setdefault("data.image_size", 128)
    try:
        return RunConfig().replace(changes)
    except LabError:
        return RunConfig().replace({**changes, "model.filters": (4,), "model.kernel_size": 3})


@settings(max_examples=30)
@given(config=configs())
def test_a_script_of_any_settings_compiles_and_is_tidy(base, config):
    written = made_plans.script(base, config)
    compile(written, "train.py", "exec")
    assert "\n\n\n\n" not in written
    assert max(map(len, written.splitlines())) < 160


def test_scripts_name_nothing_that_they_do_not_define(base, tmp_path):
    changes = [
        *CONTEXTS,
        {"model.batch_norm": True, "fit.precision": "bfloat16", "model.l2": 0.01, "fit.class_weights": True},
        {**TUNED, "fit.precision": "bfloat16", "model.cached_variants": 2, "fit.early_stopping": True},
        {**TUNED, "fit.restore_best": False, "model.l2": 0.01, "fit.monitor": "val_accuracy"},
        {"fit.restore_best": False, "augment.flip": False},
        {"model.network": "efficientnet_v2_b0", "data.resize": "pad"},
        {"model.network": "mobilenet_v3_small", "data.resize": "crop", "augment.rotation": 5.0},
    ]
    plans = [made_plans.with_settings(base, RunConfig().replace(one)) for one in changes]
    ranges = {"integer": (0.0, 4095.0)}
    plans += [
        replace(base, tfds="emnist/letters", is_transposed=True, tfds_image="photo"),
        replace(base, tfds="tf_flowers", modes=frozenset({"LAB"}), has_heif=True),
        replace(base, ranges=ranges),
        replace(base, ranges=ranges, has_deep_colours=True),
    ]
    for number, one in enumerate(plans):
        (tmp_path / f"{number}.py").write_text(writing.script(one), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E9,F,I", str(tmp_path)]
    answer = subprocess.run(ruff, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def test_names_from_other_people_are_only_ever_values(base):
    plain = writing.script(base)
    report = base.report.model_copy(
        update={
            "class_names": HOSTILE[:3],
            "baseline_accuracy": base.report.baseline_accuracy.model_copy(update={"class_name": HOSTILE[4]}),
        }
    )
    for first in range(0, len(HOSTILE), 3):
        report = report.model_copy(update={"class_names": HOSTILE[first : first + 3]})
        source = f"/home/someone/{HOSTILE[first]}"
        config = base.config.model_copy(
            update={"data": base.config.data.model_copy(update={"source": source, "classes": HOSTILE})}
        )
        written = writing.script(replace(base, report=report, config=config, run="a\nb`# %%", notes=HOSTILE))
        assert cells(written) == cells(plain)
        assert "/home/someone" not in written
        tree = ast.parse(written)
        assigned = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        assert ast.literal_eval(assigned["CLASS_NAMES"]) == list(report.class_names)


@settings(max_examples=50)
@given(st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.booleans()))
def test_a_literal_is_read_back_as_the_value(value):
    assert ast.literal_eval(literal(value)) == value
    assert "\n" not in literal(value)
