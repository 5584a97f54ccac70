"""Scripts of runs with any settings, made from one small data set without training."""

from __future__ import annotations

import ast
from dataclasses import replace

from core.config import RunConfig
from core.export.script import plan, writing
from core.export.script.plan import Plan
from core.runs import Run
from samples import made_runs


def finished(folder, **settings) -> Run:
    """A finished run on drawn images in a folder."""
    config = RunConfig().replace({"data.source": made_runs.draw_folder(folder), **settings})
    return made_runs.finished(config)


def with_settings(base: Plan, config: RunConfig) -> Plan:
    """The plan of a run with other settings on the same images."""
    is_bfloat16 = config.fit.precision == "bfloat16"
    return replace(base, config=config, is_bfloat16=is_bfloat16)


def script(base: Plan, config: RunConfig) -> str:
    """The script of such a run."""
    return writing.script(with_settings(base, config))


def gathered(folder, **settings) -> Plan:
    """The plan of a finished run."""
    return plan.gather(finished(folder, **settings))


def code(script: str) -> str:
    """A script without its comments."""
    return ast.unparse(ast.parse(script))
