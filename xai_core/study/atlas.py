"""The folder of an atlas (:mod:`xai_core.features.atlas_file`), and its Markdown document: what
lies at the places of each block, and the channels whose places matter most."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.cases.base import CaseSource
from xai_core.explain.identity import software
from xai_core.features.atlas import CANDIDATES, PLACES, Content
from xai_core.features.atlas_file import PLACES_FILE, Atlas, ChannelEntry, write_atlas
from xai_core.features.cue_study import FILE, parts_of
from xai_core.files import MANIFEST, whole_folder, write_json, write_text, writing
from xai_core.list_text import counted
from xai_core.output import check_folder
from xai_core.viz.text_tables import markdown_escaped, markdown_table

MADE_BY = "xai_core features atlas"
DOCUMENT = "atlas.md"
_FILES = (MANIFEST, PLACES_FILE, FILE, DOCUMENT)


@dataclass(frozen=True)
class AtlasFolder:
    """The folder of an atlas: its files, the document and the manifest, which names the command,
    the model, the source and the pixels.

    ``identity``: of the model and of the pairs' generator.  ``options``: of the command, without
    a path.
    """

    out: Path
    source: CaseSource
    limit: int | None
    identity: Mapping[str, Any]
    options: str

    @property
    def request(self) -> dict[str, Any]:
        """What the atlas depends on, as JSON values."""
        ids = "\n".join(record.id for record in self.source.records()[: self.limit])
        return {
            "source": self.source.name,
            "cases": hashlib.sha256(ids.encode()).hexdigest(),
            **self.identity,
            "limit": self.limit,
        }

    def check(self, *, force: bool) -> None:
        """Check that the folder may be written.

        Raises:
            OutputExists: see :func:`xai_core.output.check_folder`.
        """
        check_folder(self.out, MADE_BY, self.request, _FILES.__contains__, force=force)

    def write(self, atlas: Atlas, document: str) -> None:
        """Write all files, or none.

        Raises:
            BadRequest: the folder cannot be written.
        """
        pixels = hashlib.sha256("".join(one.pixels for one in atlas.places.cases).encode())
        limit = "" if self.limit is None else f" --limit {self.limit}"
        with writing(self.out), whole_folder(self.out) as folder:
            write_atlas(folder, atlas.places, atlas.study, atlas.identity)
            write_text(folder / DOCUMENT, document)
            manifest = {
                "made_by": MADE_BY,
                "command": f"features atlas {self.options}{limit}",
                "request": self.request,
                "pixels": pixels.hexdigest(),
                "software": software(),
            }
            write_json(folder / MANIFEST, manifest)


# --- The document -----------------------------------------------------------------------------

CONTENT_WORDS = {
    Content.NONE: "nothing of a lesion",
    Content.LESION: "a lesion's body",
    Content.SPICULES: "spicules or strands",
    Content.BESIDE: "a lesion in the field",
    Content.UNKNOWN: "not marked",
}
_LISTED = 10  # channels of each block
_ANSWERS = 3  # cues of each
CONTENT_HEAD = ("places", *CONTENT_WORDS.values())
CHANNEL_HEAD = ("channel", "mean size of the effect of its places", "of them", "answers to (d_z)")


def markdown(atlas: Atlas, source: str, is_phantom: bool) -> str:
    """The document.  ``source``: where the cases come from."""
    cases = counted(len(atlas.places.cases), *_words(is_phantom))
    lines = [f"# Atlas of channels, over {markdown_escaped(source)}", ""]
    for k, (block, part) in enumerate(zip(atlas.blocks, parts_of(atlas.blocks), strict=True)):
        found = atlas.places.blocks[k]
        unexplained = int(atlas.study.answers.unexplained[part].sum())
        lines += [
            f"{block.title}: {block.channels - unexplained} of {block.channels} channels answer to "
            f"a cue. A cell is {atlas.places.cell_sides[k]:g} px of the network's input wide, its "
            f"receptive field {found.field:.0f} px.",
            "",
            *markdown_table(
                CONTENT_HEAD,
                [
                    ("of the largest effect", *_counts(found.by_effect.content)),
                    ("of the strongest activation", *_counts(found.by_activation.content)),
                ],
            ),
            "",
            *markdown_table(CHANNEL_HEAD, [_line(one) for one in _leading(atlas, k)]),
            "",
        ]
        if not math.isnan(found.agreement):
            lines += [
                f"First-order and exact effects of places: rank correlation {found.agreement:.3f}.",
                "",
            ]
    notes = [
        f"Over {cases}. For each channel the {PLACES} places of the largest |effect| and the "
        f"{PLACES} of the strongest activation, at most one of a case. The effect is the change of "
        "the logit difference with the channel switched off in that cell alone: behind the last "
        "block exact for every cell, before it exact for the channel's "
        f"{CANDIDATES} places that are largest to first order.",
        "The receptive field is the square that half of the gradient of a cell falls on; in theory "
        "every cell sees the whole picture.",
        "What lies at a place is the lesion with the most pixels in the cell. What a channel "
        "answers to is tested on pairs that differ in one cue, not on these cases: what is often "
        "there need not be what it answers to.",
        "Listed are the channels of the largest mean |effect|. Channels count from 0.",
    ]
    return "\n".join([*lines, *(f"- {one}" for one in notes)]) + "\n"


def _words(is_phantom: bool) -> tuple[str, str]:
    return ("phantom", "phantoms") if is_phantom else ("case", "cases")


def _counts(content: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(f"{100 * float((content == one).mean()):.1f} %" for one in CONTENT_WORDS)


def _leading(atlas: Atlas, block: int) -> list[ChannelEntry]:
    size = np.abs(atlas.places.blocks[block].by_effect.best_effect).mean(0)
    order = np.argsort(-size, kind="stable")[:_LISTED]
    return [atlas.channel(atlas.blocks[block].name, int(k)) for k in order]


def _line(one: ChannelEntry) -> tuple[str, ...]:
    effects = [
        place.first_order if place.effect is None else place.effect for place in one.by_effect
    ]
    content = [place.content for place in one.by_effect]
    words = ", ".join(
        f"{content.count(what)} {text}" for what, text in CONTENT_WORDS.items() if what in content
    )
    answers = ", ".join(f"{a.cue.id} ({a.shift:+.2f})" for a in one.answers[:_ANSWERS])
    more = len(one.answers) - _ANSWERS
    return (
        str(one.channel), f"{np.mean(np.abs(effects)):.4f}", words,
        markdown_escaped(answers + (f" and {more} more" if more > 0 else "")) or "unexplained",
    )  # fmt: skip
