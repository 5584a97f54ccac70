"""The steps of a presentation in their order, which of them is shown, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import LabError
from pages.common import lesson
from pages.show.present import (
    evidence,
    examples,
    guess,
    mistakes,
    place,
    question,
    replay,
    result,
    trial,
)
from pages.show.present.story import Story


def _nothing(story: Story, screen: int) -> str:
    return ""


def _do_nothing(story: Story, screen: int) -> None:
    pass


def _need_not_prepare(story: Story) -> None:
    pass


@dataclass(frozen=True)
class Step:
    """A step: its name in the address, its title in the row of steps, and what it shows.

    Attributes:
        screens: how many screens it has.
        show: draws one of them, counted from 0.
        action: what Next does before it goes on, as the button's label; "" once that is done.
        act: does it.
        prepare: what takes a moment, done while the step before it is shown.
    """

    name: str
    title: str
    screens: Callable[[Story], int]
    show: Callable[[Story, int], None]
    action: Callable[[Story, int], str] = _nothing
    act: Callable[[Story, int], None] = _do_nothing
    prepare: Callable[[Story], None] = _need_not_prepare


STEPS = (
    Step("question", "Question", question.screens, question.show),
    Step("images", "Images", examples.screens, examples.show, prepare=examples.prepare),
    Step("guess", "Guess", guess.screens, guess.show, guess.action, guess.act),
    Step("training", "Training", replay.screens, replay.show, replay.action, replay.act, replay.prepare),
    Step("result", "Result", result.screens, result.show),
    Step("mistakes", "Mistakes", mistakes.screens, mistakes.show),
    Step("heatmaps", "Heatmaps", evidence.screens, evidence.show),
    Step("try", "Try it", trial.screens, trial.show),
)


@dataclass(frozen=True)
class Place:
    """A screen of a step."""

    step: Step
    screen: int

    def go(self) -> None:
        """Show it; in a callback."""
        place.go_to(self.step.name, self.screen)


def shown() -> Sequence[Step]:
    """Return the steps that the lesson does not hide; all, if it hides all of them."""
    return [step for step in STEPS if not lesson.hides(step.name)] or STEPS


def places(story: Story) -> list[Place]:
    """Return every screen in order."""
    return [Place(step, screen) for step in shown() for screen in range(_screens(step, story))]


def current(story: Story) -> int:
    """Return the index, among the places, of the one in the address; the first where it names none."""
    name, screen = place.read()
    of_step = [index for index, one in enumerate(places(story)) if one.step.name == name]
    return of_step[min(screen, len(of_step) - 1)] if of_step else 0


def title_of(story: Story, here: Place) -> str:
    """Return the title of the step that is shown, with its screen if it has several."""
    number = _screens(here.step, story)
    return here.step.title if number == 1 else f"{here.step.title} {here.screen + 1} of {number}"


def prepare_next(story: Story) -> None:
    """Prepare the step after the current one; to be called once the page has been shown."""
    following = shown()[shown().index(places(story)[current(story)].step) + 1 :]
    for step in following[:1]:
        step.prepare(story)


def forward(story: Story, index: int) -> None:
    """Do what the step of this place does before Next, or go to the place after it; in a callback."""
    everything = places(story)
    here = everything[min(index, len(everything) - 1)]  # fewer by now, if the run was deleted meanwhile
    if action_of(story, here):
        here.step.act(story, here.screen)
    else:
        everything[min(index + 1, len(everything) - 1)].go()


def back(story: Story, index: int) -> None:
    """Go to the place before this one; in a callback."""
    everything = places(story)
    everything[max(min(index, len(everything)) - 1, 0)].go()


def action_of(story: Story, here: Place) -> str:
    """Return what Next does before it goes on; "" if it goes on at once."""
    try:
        return here.step.action(story, here.screen)
    except LabError:  # the step itself says what is damaged
        return ""


def _screens(step: Step, story: Story) -> int:
    try:
        return step.screens(story)
    except LabError:
        return 1
