"""Requests and answers as files, without any process."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from core.errors import LabError
from core.explain import mailbox
from core.explain.mailbox import Mailbox
from core.ml import assistant_worker


@pytest.fixture
def box(tmp_path) -> Mailbox:
    return Mailbox(tmp_path / "box")


def test_a_request_is_read_as_it_was_posted_and_answered_once(box):
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    letter_id = box.post("predict", {"run": "r", "share": 0.5}, images)
    letter = box.next()
    assert (letter.id, letter.task, letter.arguments) == (letter_id, "predict", {"run": "r", "share": 0.5})
    np.testing.assert_array_equal(letter.images, images)
    assert box.is_waiting(letter_id)
    box.reply(letter_id, {"sum": np.array(3)})
    assert not box.is_waiting(letter_id) and box.next() is None
    assert box.collect(letter_id)["sum"] == 3 == box.collect(letter_id)["sum"]
    assert not list((box.folder / "requests").iterdir())


def test_an_empty_mailbox_has_nothing(box):
    assert box.next() is None
    box.tidy()
    box.refuse_the_fatal_request()


def test_the_oldest_request_comes_first(box):
    first = box.post("one", {})
    box.post("two", {})
    assert box.next().id == first


def test_a_refusal_is_raised_as_a_sentence(box):
    letter_id = box.post("predict", {})
    box.refuse(letter_id, "The run has no model.")
    with pytest.raises(LabError, match="The run has no model"):
        box.collect(letter_id)


def test_a_request_nobody_looks_after_is_forgotten_and_says_so(box):
    letter_id = box.post("predict", {}, np.zeros((1, 4, 4, 3), np.uint8))
    long_ago = time.time() - mailbox.FORGOTTEN_SECONDS - 1
    os.utime(box.folder / "requests" / f"{letter_id}.json", (long_ago, long_ago))
    assert box.next() is None
    assert not list((box.folder / "requests").iterdir())
    assert not box.is_waiting(letter_id)
    with pytest.raises(LabError, match="Try again"):
        box.collect(letter_id)


def test_looking_after_a_request_keeps_it(box):
    letter_id = box.post("predict", {})
    long_ago = time.time() - mailbox.FORGOTTEN_SECONDS - 1
    os.utime(box.folder / "requests" / f"{letter_id}.json", (long_ago, long_ago))
    assert box.is_waiting(letter_id)
    assert box.next().id == letter_id


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"task": 1}', '{"task": "x", "arguments": 3, "has_images": 0}']
)
def test_a_damaged_request_is_answered_with_a_sentence(box, content):
    letter_id = box.post("predict", {})
    (box.folder / "requests" / f"{letter_id}.json").write_text(content)
    assert box.next() is None
    with pytest.raises(LabError, match="could not be read"):
        box.collect(letter_id)


def test_foreign_files_are_left_alone(box):
    box.post("predict", {})
    (box.folder / "requests" / "notes.json").write_text("{}")
    (box.folder / "requests" / ".hidden.json").write_text("{}")
    assert box.next().task == "predict"


def test_the_request_that_killed_the_process_is_refused_by_the_next(box):
    deadly, other = box.post("explain", {}), box.post("predict", {})
    with pytest.raises(MemoryError), box.at_work_on(deadly):
        raise MemoryError
    box.refuse_the_fatal_request()
    assert box.next().id == other
    with pytest.raises(LabError, match="stopped while working on this"):
        box.collect(deadly)


def test_old_answers_are_tidied_away_and_new_ones_stay(box):
    old, new = box.post("a", {}), box.post("b", {})
    for letter_id in (old, new):
        box.reply(letter_id, {"x": np.array(1)})
    long_ago = time.time() - mailbox.ANSWER_SECONDS - 1
    os.utime(box.folder / "answers" / f"{old}.npz", (long_ago, long_ago))
    box.tidy()
    assert box.collect(new)["x"] == 1
    with pytest.raises(LabError, match="no longer available"):
        box.collect(old)


@pytest.mark.parametrize(("megabytes", "left"), [("0", 1), ("1000", 0)])
def test_an_assistant_that_has_grown_leaves_the_rest_to_another(box, monkeypatch, megabytes, left):
    monkeypatch.setenv("LAB_WORKER_GROWTH_MB", megabytes)
    for _ in range(2):
        box.post("count", {})
    assistant_worker.serve(box, lambda letter: {"n": np.array(1)}, 0.2, threading.Event())
    assert len(list((box.folder / "requests").iterdir())) == left
