"""A model as one web page: what is written into it, and what is said when it cannot be made."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from core import example
from core.errors import LabError
from core.export.models import judgement, tried_images
from core.export.models.judgement import Answers
from core.export.models.tried_images import TriedImages
from core.export.webpage import browser, making, runtime
from core.export.webpage.page import Page, embedded
from core.export.webpage.runtime import Runtime
from core.processes import download
from core.processes.threads import never, silent
from core.report import Report
from core.runs import Run

HOSTILE = (
    'a "red", dark</script><script>alert(1)</script>',
    "b green; 'light' <!--",
    "青 blue & co",
    "d",
    "e",
)


@pytest.fixture(scope="module")
def run() -> Run:
    return example.run()


@pytest.fixture(scope="module")
def report(run: Run) -> Report:
    found = run.report()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def tried(run: Run, report: Report) -> TriedImages:
    return tried_images.tried(run, report, silent, never)


def page_of(run: Run, report: Report, weights: bytes = b"") -> Page:
    return Page(run, report, {"steps": []}, weights, Runtime(("globalThis.tf = {};",), b"kernels"))


def written(page: Page, tried: TriedImages) -> str:
    return page.html(judgement.unproved(making.KIND, tried, len(page.weights)))


def answers(tried: TriedImages, *, pixels: float = 0.0, files: float = 0.0, misread: bool = False) -> Answers:
    """The lab's own answers, off by so much, which moves no answer."""
    lab = tried.test.probabilities
    count = len(lab)
    return Answers(lab, lab + files, lab + pixels, np.full(count, misread), np.full(count, 0.002))


def test_no_class_name_can_end_a_script_or_become_markup(run: Run, report: Report, tried: TriedImages):
    text = written(page_of(run, report.model_copy(update={"class_names": HOSTILE})), tried)
    assert "alert(1)</script>" not in text and "<!--" not in text
    (facts,) = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', text, re.DOTALL)
    assert json.loads(facts)["class_names"] == list(HOSTILE)
    assert [html.unescape(name) for name in re.findall(r"<li>([^<]*)</li>", text)] == list(HOSTILE)
    assert json.loads(embedded({"<": "</script>"})) == {"<": "</script>"}


def test_the_policy_allows_these_scripts_and_no_connection(run: Run, report: Report, tried: TriedImages):
    text = written(page_of(run, report), tried)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = html.unescape(policy)
    assert "default-src 'none'" in policy and "connect-src 'none'" in policy
    assert not re.search(r"unsafe-inline|'unsafe-eval'|https?:|blob:|\*", policy)
    inside = [
        *re.findall(r"<script>(.*?)</script>", text, re.DOTALL),
        *re.findall(r"<style>(.*?)</style>", text, re.DOTALL),
    ]
    assert len(inside) == 3
    for part in inside:
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"(src|href)=\"(?!data:,\")", text)


def test_it_says_how_good_the_model_is_and_whose_runtime_it_has(run: Run, report: Report, tried: TriedImages):
    text = html.unescape(written(page_of(run, report), tried))
    assert f"Accuracy on the test images: {report.test_accuracy}." in text
    assert f"TensorFlow.js {runtime.VERSION} (Apache License 2.0" in text and report.data_version in text
    assert "Data" in text and "/" not in text.split("It was trained on")[1].split("<")[0]


def test_a_page_that_failed_or_was_not_tried_says_so_before_anything_else(
    run: Run, report: Report, tried: TriedImages
):
    for proof in (
        judgement.unproved(making.KIND, tried, 1),
        judgement.judge(making.KIND, tried, answers(tried, pixels=0.001), 1),
    ):
        text = html.unescape(page_of(run, report).html(proof))
        assert text.index(proof.sentence) < text.index("Choose images")
    passed = judgement.judge(making.KIND, tried, answers(tried), 1)
    text = html.unescape(page_of(run, report).html(passed))
    assert text.index(passed.sentence) > text.index("Choose images")


def test_a_browser_may_read_a_photo_a_little_differently_but_not_compute_differently(tried: TriedImages):
    passed = judgement.judge(making.KIND, tried, answers(tried, files=0.01, misread=True), 1)
    assert passed.verdict == "passed" and passed.sentence.startswith("Tried in a browser, on files: it gives")
    assert passed.facts()["Images that it reads differently"] == f"{len(tried.paths)}"
    failed = judgement.judge(making.KIND, tried, answers(tried, pixels=0.001), 1)
    assert failed.verdict == "failed" and "a probability is off by 0.001" in failed.sentence


def test_answers_of_other_classes_are_red(tried: TriedImages):
    turned = answers(tried)
    turned.from_files[:] = np.roll(turned.lab, 1, axis=1)
    failed = judgement.judge(making.KIND, tried, turned, 1)
    assert failed.verdict == "failed" and "98.0% are needed" in failed.sentence


def test_without_a_browser_it_is_said_to_be_untried(
    run: Run, report: Report, tried: TriedImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.path() is None
    proof = making._prove(page_of(run, report), tmp_path / "page.html", tmp_path, tried, silent, never)
    assert proof.verdict == "unproved" and "Chromium" in proof.sentence


def test_a_page_too_large_for_a_phone_is_refused(
    run: Run, report: Report, tried: TriedImages, tmp_path: Path
):
    page = page_of(run, report, weights=bytes(12_000_000))
    with pytest.raises(LabError, match=r"would be 16(\.\d)? MB, and more than 15 MB is too much for a phone"):
        making._write(page, tmp_path / "run.html", tmp_path, tried, silent, never)
    assert not (tmp_path / "run.html").exists()


def test_without_a_connection_one_sentence_says_what_to_fetch(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A file that is not the published one is passed over."""
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.3)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("LAB_TFJS", str(tmp_path))
    (tmp_path / runtime.PACKAGES[0].name).write_bytes(b"another")
    started = time.monotonic()
    with pytest.raises(
        LabError, match=r"no connection to the proxy 127\.0\.0\.1\. Fetch https.*LAB_TFJS"
    ) as said:
        runtime.get()
    assert time.monotonic() - started < 5 and runtime.PACKAGES[1].url in str(said.value)
    assert list((workspace / "tfjs").iterdir()) == []
