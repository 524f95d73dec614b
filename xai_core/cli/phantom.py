"""The verb ``phantom``: write a library of synthetic mammograms with known truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from xai_core.list_text import counted

_FILES = re.compile(r"manifest\.json|PH-\d{4}B?(_cm)?(_mask\d?|_rays\d)?\.png")
MADE_BY = "xai_core phantom"


def phantom(
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    count: Annotated[int, typer.Option(help="How many patients, 1 to 9999.")] = 48,
    seed: Annotated[int, typer.Option(help="Another seed, other cases; 0 to 99.")] = 0,
    malignant: Annotated[float, typer.Option(help="Fraction of malignant cases.")] = 0.40,
    benign: Annotated[float, typer.Option(help="Fraction of benign cases.")] = 0.40,
    normal: Annotated[float, typer.Option(help="Fraction of normal cases.")] = 0.20,
    height: Annotated[int, typer.Option(help="Height of the pictures in px, 384 to 2048.")] = 512,
    both_views: Annotated[
        float, typer.Option(help="Share of the patients that have a CC and an MLO view.")
    ] = 0.0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a library made with other parameters.")
    ] = False,
) -> None:
    """Write a library of phantoms: pictures, lesion masks and a manifest with every digest.

    The same arguments always give the same files. The tissue is drawn from seeds kept for tests:
    no phantom of a library shares its texture with one the classifier was trained on. The three
    fractions sum to 1; views and sides are balanced.

    \b
    Example:
      python -m xai_core phantom --count 48 --seed 0 --out my_phantoms
    """
    import numpy as np
    import PIL
    import scipy

    from xai_core import __version__
    from xai_core.cases.sources.library import FORMAT
    from xai_core.cli.terminal import progress_bar
    from xai_core.errors import BadRequest
    from xai_core.files import MANIFEST, whole_folder, write_json, writing
    from xai_core.output import check_folder
    from xai_core.phantom.library import plan_library, write_cases
    from xai_core.types import Pathology

    if not 384 <= height <= 2048:
        raise BadRequest(f"--height is {height}; give 384 to 2048 px.")
    mix = {
        Pathology.MALIGNANT: malignant, Pathology.BENIGN: benign, Pathology.NORMAL: normal,
    }  # fmt: skip
    plans = plan_library(count, seed, mix, both_views)
    request = {
        "count": count, "seed": seed, "malignant": malignant, "benign": benign, "normal": normal,
        "height": height, "both_views": both_views,
    }  # fmt: skip
    options = " ".join(f"--{name.replace('_', '-')} {value:g}" for name, value in request.items())
    check_folder(out, MADE_BY, request, lambda name: bool(_FILES.fullmatch(name)), force=force)
    with writing(out), whole_folder(out) as folder, progress_bar("Phantoms") as advance:
        cases = write_cases(folder, plans, height, advance)
        write_json(
            folder / MANIFEST,
            {
                "format": FORMAT,
                "made_by": MADE_BY,
                "command": f"python -m xai_core phantom {options} --out DIR",
                "seed": seed,
                "generator": __version__,
                "made_with": {
                    "numpy": np.__version__,
                    "scipy": scipy.__version__,
                    "pillow": PIL.__version__,
                },
                "licence": "Apache-2.0",
                "note": "Synthetic phantoms: no patient, no diagnosis.",
                "request": request,
                "cases": cases,
            },
        )
    with_lesions = sum(bool(case["lesions"]) for case in cases)
    made = counted(len(plans), "phantom", "phantoms")
    typer.echo(f"{out}: {made}, {with_lesions} with lesions.")
