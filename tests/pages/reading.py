"""How tests open a page of the app, and what they read from it."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from pages.common.addresses import HOME
from samples.made_runs import APP


def visit(page: str, **address: str) -> AppTest:
    """Return a page after its first run with this address."""
    test = AppTest.from_file(str(APP), default_timeout=60)
    if page != HOME:  # the default page; before the first run its name would be taken for its address
        test.switch_page(page)
    for name, value in address.items():
        test.query_params[name] = value
    return no_fault(test.run())


def no_fault(test: AppTest) -> AppTest:
    """Assert that the page shows no bug, and return it."""
    assert not test.exception, test.exception[0].message
    assert not [error.value for error in test.error if "inside the lab" in error.value]
    return test


def words(test: AppTest) -> str:
    """Return all text on the page that is not in a table, a chart or an image."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "text",
        "info",
        "warning",
        "error",
        "success",
    )
    parts = [element.value for kind in kinds for element in test.get(kind)]
    titled = ("info", "warning", "error", "success")
    titles = [element.proto.title for kind in titled for element in test.get(kind)]
    return plain("\n".join(map(str, parts + titles)))


def plain(text: str) -> str:
    """Return the text without the marks that keep Markdown literal and lines unbroken."""
    return re.sub(r":color\[(.*?)\]", r"\1", text.replace("\\", "")).replace("\u00a0", " ")
