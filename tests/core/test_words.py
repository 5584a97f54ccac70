"""Numbers, names and settings are formatted consistently, and honestly at the extremes."""

import ast
import math
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from core import words
from core.config import SETTINGS, RunConfig

PROJECT = Path(__file__).parents[2]
GROUND = {"core/words.py", "core/config.py"}
"""``core.config`` lies below ``core.words`` and cannot use it."""


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (2, "class", "2 classes"),
        (1, "class", "1 class"),
        (3, "epoch", "3 epochs"),
        (1234, "image", "1,234 images"),
    ],
)
def test_a_count_has_its_noun_in_the_right_number(number: int, noun: str, text: str) -> None:
    assert words.count(number, noun) == text


def test_a_plural_that_is_not_regular_can_be_given() -> None:
    assert words.count(2, "copy", "copies") == "2 copies"
    assert words.count(1, "copy", "copies") == "1 copy"


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.714, 1, "71.4%"),
        (0.714, 0, "71%"),
        (0.0, 1, "0.0%"),
        (0.0, 0, "0%"),
        (1.0, 1, "100.0%"),
        (1.0, 0, "100%"),
        (0.9994, 1, "99.9%"),
        (0.9996, 1, "over 99.9%"),
        (0.996, 0, "over 99%"),
        (0.994, 0, "99%"),
        (0.0004, 1, "under 0.1%"),
        (0.0006, 1, "0.1%"),
        (0.004, 0, "under 1%"),
        (sum([0.1] * 10), 0, "100%"),
        (None, 1, "–"),
        (math.nan, 1, "–"),
    ],
)
def test_a_percentage_has_no_space_and_only_all_is_100(share: float | None, decimals: int, text: str) -> None:
    assert words.percent(share, decimals) == text


@pytest.mark.parametrize("total", [3, 997, 3670, 1_000_000])
@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_no_share_of_images_that_lacks_one_is_all_and_none_that_has_one_is_nothing(
    total: int, decimals: int
) -> None:
    nearly, hardly = words.percent((total - 1) / total, decimals), words.percent(1 / total, decimals)
    assert not nearly.startswith("100")
    assert not re.fullmatch(r"0(\.0*)?%", hardly)


def test_an_interval_names_the_percent_once() -> None:
    assert words.interval(0.643, 0.737) == "64.3 to 73.7%"
    assert words.interval(0.643, 0.737, 0) == "64 to 74%"
    assert words.confidence_interval(0.643, 0.737) == "95% CI: 64.3 to 73.7%"


def test_an_accuracy_includes_its_interval_and_counts() -> None:
    assert words.accuracy(512 / 734, 0.663, 0.730, 512, 734) == "69.8% (95% CI: 66.3 to 73.0%; 512 of 734)"


def test_a_difference_is_in_points() -> None:
    assert words.points(0.032) == "3.2 points"
    assert words.points(0.01, 0) == "1 point"
    assert words.points(0.05, 0) == "5 points"
    assert words.points(0.032, signed=True) == "+3.2 points"
    assert words.points_interval(-0.012, 0.054) == "-1.2 to +5.4 points"


def test_what_rounds_to_0_has_no_sign() -> None:
    for tiny in (-0.0, -0.0004, 0.0, 0.0004):
        assert words.points(tiny) == words.points(tiny, signed=True) == "0.0 points"
        assert words.points(tiny, 0) == "0 points"
    assert words.points_interval(-0.0004, 0.01) == "0.0 to +1.0 points"
    assert [words.signed_percent(share) for share in (-0.004, 0.3, -1.0)] == ["0%", "+30%", "-100%"]
    assert words.number(-0.0) == words.number(-1e-12) == "0"


def test_repeats_have_a_spread_and_one_run_has_none() -> None:
    assert words.spread([0.70, 0.72, 0.71, 0.69, 0.73]) == "71.0 ± 1.6% (SD, n=5)"
    assert words.spread([0.7]) == "70.0% (n=1)"
    assert words.spread([]) == words.spread_of_losses([]) == "–"
    assert words.spread_of_losses([0.6, 0.8]) == "0.700 ± 0.141 (SD, n=2)"
    assert words.spread_of_losses([0.7]) == "0.700 (n=1)"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.41, "4 of 10"), (0.0, "0 of 10"), (0.04, "under 1 of 10"), (1.0, "10 of 10"), (0.96, "over 9 of 10")],
)
def test_a_share_of_ten_is_all_or_none_only_if_it_is(share: float, text: str) -> None:
    assert words.of_ten(share) == text


def test_a_factor_is_in_words() -> None:
    assert [words.times(factor) for factor in (1.5, 2.1, 5, 12.4)] == [
        "1.5 times",
        "twice",
        "5 times",
        "12 times",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (4.24, "4.2 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (90_000, "25 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "about 1 s"),
        (4.2, "about 4 s"),
        (12, "about 12 s"),
        (89, "about 1 min 29 s"),
        (170, "about 3 min"),
        (7500, "about 2 h 5 min"),
    ],
)
def test_an_estimated_duration_is_rounded(seconds: float, text: str) -> None:
    assert words.about(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (12_340, "12 kB"),
        (1_540, "1.5 kB"),
        (999_999, "1 MB"),
        (1_500_000_000, "1.5 GB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_a_size_has_the_unit_that_fits(size: int, text: str) -> None:
    assert words.byte_size(size) == text


def test_a_small_number_has_no_exponent() -> None:
    assert [words.number(value) for value in (1e-05, 0.0001, 0.1 + 0.2, 15.0, 0.0, 1000.0)] == [
        "0.00001",
        "0.0001",
        "0.3",
        "15",
        "0",
        "1000",
    ]


@pytest.mark.parametrize(
    "missing",
    [
        words.percent(None),
        words.interval(None, None),
        words.confidence_interval(math.nan, math.nan),
        words.accuracy(None, None, None, 0, 0),
        words.points(None),
        words.short_percent(None),
        words.signed_percent(math.nan),
        words.points_interval(math.nan, 0.1),
        words.mean_and_deviation(math.nan, math.nan, 0),
        words.duration(None),
        words.about(None),
        words.byte_size(None),
        words.number(None),
    ],
)
def test_a_missing_value_is_a_dash(missing: str) -> None:
    assert missing == words.DASH


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("augment.flip", True, "on"),
        ("fit.early_stopping", False, "off"),
        ("model.filters", (16, 32, 64), "16, 32, 64"),
        ("data.classes", (), "all"),
        ("data.max_per_class", 0, "all"),
        ("data.version", "", "newest"),
        ("model.dropout", 0.0, "off"),
        ("model.dropout", 0.3, "0.3"),
        ("augment.rotation", 15.0, "15°"),
        ("data.image_size", 128, "128 px"),
        ("fit.patience", 5, "5 epochs"),
        ("fit.seed", 0, "0"),
        ("fit.learning_rate", 1e-05, "0.00001"),
        ("fit.optimizer", "adam", "adam"),
    ],
)
def test_the_value_of_a_setting_is_in_words(path: str, value: object, text: str) -> None:
    assert words.setting_value(path, value) == text


def test_every_default_has_words() -> None:
    assert all(words.setting_value(path, setting.default) for path, setting in SETTINGS.items())


def test_changed_settings_are_named_with_both_values() -> None:
    before = RunConfig()
    after = before.replace({"fit.epochs": 20, "model.dropout": 0.2})
    assert words.setting_changes(before, after) == ["Dropout: 0.2 instead of off", "Epochs: 20 instead of 10"]


def test_names_are_listed_as_in_a_sentence() -> None:
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b"]) == "a and b"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a", "b", "c"], 2) == "a, b and 1 other"
    assert words.listed(["a", "b", "c", "d", "e"], 2) == "a, b and 3 others"


def test_a_sentence_about_one_says_how_many_others_it_holds_for() -> None:
    assert words.and_others(0, "class") == ""
    assert words.and_others(1, "class") == " (and 1 other class)"
    assert words.and_others(3, "class") == " (and 3 other classes)"


def test_a_moment_has_a_day_without_a_zero() -> None:
    assert words.moment(datetime(2026, 11, 4, 9, 12).timestamp()) == "4 Nov 2026, 09:12"
    assert words.moment(time.time())[0] != "0"


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted([*(PROJECT / "core").rglob("*.py"), *(PROJECT / "pages").rglob("*.py")]):
        name = path.relative_to(PROJECT).as_posix()
        if name not in GROUND:
            yield name, path.read_text(encoding="utf-8")


def _own_formats(source: str) -> Iterator[int]:
    """Lines that put a percentage, points, a plural or a date into words by themselves."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and _is_own_format(node):
            yield node.lineno
        if isinstance(node, ast.IfExp) and _is_plural(node):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr == "strftime":
            yield node.lineno


def _is_own_format(text: ast.JoinedStr) -> bool:
    for value, after in zip(text.values, [*text.values[1:], None], strict=True):
        if not isinstance(value, ast.FormattedValue):
            continue
        spec, shown = _spec(value), ast.unparse(value.value)
        if re.search(r"%$|%-|%b", spec) or "100 *" in shown or "* 100" in shown:
            return True
        if isinstance(after, ast.Constant) and re.match(r"[\s\u00a0]*%", str(after.value)):
            return True
    return False


def _spec(value: ast.FormattedValue) -> str:
    parts = value.format_spec.values if isinstance(value.format_spec, ast.JoinedStr) else []
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _is_plural(choice: ast.IfExp) -> bool:
    if not isinstance(choice.test, ast.Compare):
        return False
    ends = [end.value for end in (choice.body, choice.orelse) if isinstance(end, ast.Constant)]
    texts = [end for end in ends if isinstance(end, str)]
    return len(texts) == 2 and texts[0] != texts[1] and texts[1] in (f"{texts[0]}s", f"{texts[0]}es")


@pytest.mark.parametrize(
    "source",
    [
        'f"{share:.0%}"',
        'f"{value:.1f} %"',
        'f"{100 * value:.1f} points"',
        'f"{when:%-d %b}"',
        "f\"{number} image{'' if number == 1 else 's'}\"",
        'noun = "class" if number == 1 else "classes"',
        "when.strftime('%d')",
    ],
)
def test_the_search_for_own_formats_finds_them(source: str) -> None:
    assert list(_own_formats(source))


def test_numbers_are_put_into_words_in_one_module() -> None:
    assert [f"{name}:{line}" for name, source in _sources() for line in _own_formats(source)] == []


def test_templates_leave_the_formats_to_that_module() -> None:
    """Programs that leave the lab, written from templates of Python, have to format numbers themselves."""
    every = (PROJECT / "core").rglob("*.jinja")
    templates = [path for path in every if not path.name.endswith(".py.jinja")]
    assert templates
    own = re.compile(r":[,.\d]*%|\d[ \u00a0]%|else \"\w+s\"")
    assert [f"{path.name}: {found}" for path in templates for found in own.findall(_shown(path))] == []


def _shown(template: Path) -> str:
    """Without its style sheet, where a percent sign is a length."""
    return re.sub(r"<style>.*?</style>", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_no_percent_sign_stands_apart_from_its_number() -> None:
    apart = re.compile(r"\d[ \u00a0]%(?![\w(])")
    assert [name for name, source in _sources() if apart.search(source)] == []


@pytest.mark.fault("A11")
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("cat\nlabels: 0", r"cat\nlabels: 0"),
        ("\x1b[31mred\x9b0m", r"\x1b[31mred\x9b0m"),
        ("gpj.\u202etac", r"gpj.\u202etac"),
        ("a\u2028b\u2066c\x00", r"a\u2028b\u2066c\x00"),
        ("not UTF-8: \udcff", r"not UTF-8: \udcff"),
        ("Bäume 🌳 שלום 花\u200d", "Bäume 🌳 שלום 花\u200d"),
    ],
)
def test_what_cannot_be_seen_in_a_name_is_shown_as_its_code(name: str, seen: str) -> None:
    assert words.visible(name) == seen
    assert words.printable(f"{name}\n\t") == f"{seen}\n\t".replace(r"cat\n", "cat\n")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "just now"), (4, "just now"), (42, "42 s ago"), (119, "119 s ago"), (200, "3 min ago"),
     (7200, "2 h ago"), (5 * 86_400, "5 days ago")],
)  # fmt: skip
def test_a_time_ago_is_rough(seconds: float, text: str) -> None:
    assert words.ago(seconds) == text


def test_what_differs_is_named_in_a_few_words() -> None:
    config = RunConfig()
    changed = config.replace({"augment.rotation": 20.0, "model.dropout": 0.3, "data.source": "digits"})
    assert words.differing(config, changed) == "rotation 20°, dropout 0.3"
    assert words.differing(changed, config) == "no rotation, no dropout"
    switched = config.replace({"fit.early_stopping": True, "augment.flip": False, "model.l2": 0.001})
    assert words.differing(config, switched) == "no flip left-right, L2 regularisation 0.001, early stopping"
    assert words.differing(config, switched, limit=1) == "no flip left-right and 2 more"
    assert words.differing(config, config) == ""
    assert words.differing(config, config.replace({"model.filters": (8, 16)})) == "filters 8/16"
