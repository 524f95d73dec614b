"""The command line, one file per verb.

Each verb imports slow modules (torch) only when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import io
import sys

import typer

from xai_core.cli.calibrate import calibrate
from xai_core.cli.cases import cases
from xai_core.cli.conventions import conventions
from xai_core.cli.effects import effects
from xai_core.cli.evaluate import evaluate
from xai_core.cli.explain import explain
from xai_core.cli.features import features
from xai_core.cli.greys import greys
from xai_core.cli.performance import performance
from xai_core.cli.phantom import phantom
from xai_core.cli.pointing import pointing
from xai_core.cli.precompute import precompute
from xai_core.cli.predict import predict
from xai_core.cli.realism import realism
from xai_core.cli.terminal import SentenceGroup
from xai_core.cli.train import train

app = typer.Typer(
    cls=SentenceGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Explain a CESM classifier's decisions and test the explanations.",
)
_VERBS = (
    explain, evaluate, conventions, predict, performance, pointing, features, effects, precompute,
    cases, phantom, realism, greys, train, calibrate,
)  # fmt: skip
for verb in _VERBS:
    app.command()(verb)
app.command("warm", hidden=True)(precompute)  # the older name of precompute


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # names that are not UTF-8 are printed, too
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="python -m xai_core")
