"""A script in the percent format as a Jupyter notebook."""

from __future__ import annotations

_KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def write(script: str) -> bytes:
    """Return the notebook of a script whose cells begin with ``# %%``.

    Its kernel is named, so that no program asks for one, and the same script gives the same cell ids.
    """
    import jupytext  # here, since it takes half a second and only this download needs it

    notebook = jupytext.reads(script, fmt="py:percent")
    notebook.metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # from 4.5 on, cells have ids
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
    return str(jupytext.writes(notebook, fmt="ipynb")).encode()
