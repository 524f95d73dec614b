"""The small frozen values that every package shares; their arrays are NumPy's, on the CPU.

Constructors check their arguments and raise :class:`xai_core.errors.XaiError`, so every existing
object is valid.  Arrays are made read-only, so that a value can be shared by threads and kept in a
cache without a copy.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.errors import BadRequest, CaseError

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

CLASS_NAMES = ("benign", "malignant")
"""The two classes of the ground truth (phantoms and CDD-CESM), and of the built-in model in the
order of its logits.  Another model has its own classes, see
:class:`xai_core.model.spec.ModelSpec`."""

BENIGN, MALIGNANT = 0, 1


class Pathology(enum.StrEnum):
    """The ground truth of an image.  Normal and benign are class 0, malignant is class 1."""

    NORMAL = "normal"
    BENIGN = "benign"
    MALIGNANT = "malignant"

    @property
    def class_index(self) -> int:
        """0 for normal and benign, 1 for malignant."""
        return MALIGNANT if self is Pathology.MALIGNANT else BENIGN


class Outcome(enum.StrEnum):
    """How a prediction compares with the ground truth; malignant is the positive class."""

    TP = "TP"
    TN = "TN"
    FP = "FP"
    FN = "FN"

    @classmethod
    def of(cls, truth: int, predicted: int) -> Outcome:
        """The outcome for a case of class ``truth`` (1 malignant, else 0); ``predicted``: 1 (or
        True) where the model decided for its positive class, else 0."""
        return {(1, 1): cls.TP, (0, 0): cls.TN, (0, 1): cls.FP, (1, 0): cls.FN}[(truth, predicted)]

    @property
    def is_right(self) -> bool:
        """Whether the decision agrees with the truth."""
        return self in (Outcome.TP, Outcome.TN)


def read_only(array: np.ndarray[Any, Any], dtype: Any = np.float32) -> Any:
    """A read-only, contiguous array of ``dtype``: the argument itself where that is already so."""
    out = np.ascontiguousarray(array, dtype=dtype)
    if out.flags.writeable:
        out = out if out is not array else out.copy()
        out.setflags(write=False)
    return out


@dataclass(frozen=True, kw_only=True)
class CaseRecord:
    """The metadata of a case, known before its pixels are read: enough for lists and filters.

    ``id`` is unique in its source and never used as a path.  ``None`` means "not given".
    """

    id: str
    source: str
    patient_id: str
    pathology: Pathology | None = None
    laterality: str | None = None  # "L" or "R"
    view: str | None = None  # "CC" or "MLO"
    density: str | None = None  # ACR "A" to "D"
    birads: int | None = None  # assessment category 0..6; the highest where findings differ
    findings: tuple[str, ...] = ()
    descriptors: Mapping[str, str] = field(default_factory=dict)  # lexicon term -> value
    # The teaching note of the case's author; it reveals the truth, so blind reading hides it.
    note: str = ""
    is_phantom: bool = False  # synthetic: must be called a phantom wherever it is shown
    other_view: str | None = None  # id of the case that is the same breast's other view
    warnings: tuple[str, ...] = ()  # problems the source found with this case, as sentences

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[object, ...]] = {
            "laterality": ("L", "R", None),
            "view": ("CC", "MLO", None),
            "density": ("A", "B", "C", "D", None),
            "birads": (0, 1, 2, 3, 4, 5, 6, None),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise CaseError(
                    f"Case {self.id!r}: {name} is {getattr(self, name)!r}; allowed are {values}."
                )

    @property
    def class_index(self) -> int | None:
        """0 (normal, benign), 1 (malignant), or None where the pathology is not given."""
        return None if self.pathology is None else self.pathology.class_index


@dataclass(frozen=True, eq=False)
class MarkedFinding:
    """One finding that a source marked.  ``mask``: bool, on the grid of the picture it is marked
    on.  ``kind``: a term of the lexicon such as "mass"; empty where the source does not name it."""

    mask: BoolArray
    kind: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", read_only(self.mask, np.bool_))


@dataclass(frozen=True, kw_only=True, eq=False)
class Case(CaseRecord):
    """A case with its pixels.

    ``image``: low-energy image, float32 (H, W) in [0, 1], native resolution.
    ``recombined``: subtracted image on its OWN grid, float32 (H', W') in [0, 1], or None.
    ``lesion_mask``: bool (H, W) on the low-energy grid, or None where no lesion was marked.
    ``recombined_mask``: bool (H', W') on the recombined grid, or None.
    ``lesions``: the findings in ``lesion_mask`` one by one, where the source has them apart; else
    empty, see :func:`xai_core.findings.findings_of`.
    ``pixel_spacing``: millimetres per pixel (row, column) where known.
    """

    image: FloatArray
    recombined: FloatArray | None = None
    lesion_mask: BoolArray | None = None
    recombined_mask: BoolArray | None = None
    lesions: tuple[MarkedFinding, ...] = ()
    pixel_spacing: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("image", "recombined"):
            array = getattr(self, name)
            if array is None:
                continue
            if array.ndim != 2 or min(array.shape) < 1:
                raise CaseError(
                    f"Case {self.id!r}: {name} has shape {array.shape}; a grey picture has 2 axes."
                )
            if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
                raise CaseError(
                    f"Case {self.id!r}: {name} has values outside [0, 1] or not finite."
                )
            object.__setattr__(self, name, read_only(array))
        for name, of in (("lesion_mask", self.image), ("recombined_mask", self.recombined)):
            mask = getattr(self, name)
            if mask is None:
                continue
            if of is None or mask.shape != of.shape:
                raise CaseError(
                    f"Case {self.id!r}: {name} has shape {mask.shape}, its image "
                    f"{None if of is None else of.shape}; they must agree."
                )
            object.__setattr__(self, name, read_only(mask, np.bool_))
        for number, lesion in enumerate(self.lesions, start=1):
            if lesion.mask.shape != self.image.shape:
                raise CaseError(
                    f"Case {self.id!r}: the mask of finding {number} has shape "
                    f"{lesion.mask.shape}, its image {self.image.shape}; they must agree."
                )


@dataclass(frozen=True)
class Prediction:
    """The model's logits, in the order of its classes, two or more.

    Raises:
        BadRequest: fewer than two logits.
    """

    logits: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.logits) < 2:
            raise BadRequest(
                f"The model gave {len(self.logits)} logits; a prediction needs at least two."
            )

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Softmax of the logits, in class order."""
        z = np.asarray(self.logits, dtype=np.float64)
        e = np.exp(z - z.max())
        return tuple((e / e.sum()).tolist())

    def predicted(self, threshold: float = 0.5, positive: int = 1) -> int:
        """The class ``positive`` where its probability reaches ``threshold`` (in (0, 1)), else the
        likeliest of the others."""
        if self.probabilities[positive] >= threshold:
            return positive
        others = (i for i in range(len(self.logits)) if i != positive)
        return max(others, key=self.logits.__getitem__)

    def other_logit(self, positive: int = 1) -> float:
        """The highest logit of the classes that are not ``positive``; of two, the other one's."""
        return max(logit for i, logit in enumerate(self.logits) if i != positive)


class MapState(enum.StrEnum):
    """Whether a map can be shown and ranked.  Every value but OK is shown to the user in words."""

    OK = "ok"
    NEARLY_EMPTY = "nearly empty"  # few cells are above 0, so that most patches tie at 0
    CONSTANT = "constant"  # all positions are equal, so none ranks above another
    CONSTANT_IMAGE = "the image is constant"  # all its pixels are equal
    NO_POSITIVE = "no positive evidence"  # no value is above 0 before ReLU, for class and layer
    NO_LEVEL = "no level raises the score"  # Hybrid-CAM: every delta(p) is below its floor

    @property
    def ranked(self) -> bool:
        """Whether the map can be drawn and its patches ranked: OK or NEARLY_EMPTY."""
        return self in (MapState.OK, MapState.NEARLY_EMPTY)


@dataclass(frozen=True, eq=False)
class Heatmap:
    """An attribution map.

    ``raw``: signed, at the layer's resolution, float32 (h, w), before ReLU.
    ``values``: float32 (S, S) in [0, 1] on the network's input grid; all 0 unless state is ranked.
    ``scale``: the maximum of the map before min-max, in the units of the class's score
    (what 1.0 on the colour bar stands for).
    """

    raw: FloatArray
    values: FloatArray
    scale: float
    state: MapState

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw", read_only(self.raw))
        object.__setattr__(self, "values", read_only(self.values))


@dataclass(frozen=True)
class LevelResult:
    """One area level of Hybrid-CAM: the percent requested, the fraction of pixels it keeps (more
    where pixels tie), and its gain delta(p) >= 0."""

    percent: float
    realised: float  # in [0, 1]
    delta: float  # logit units


@dataclass(frozen=True, eq=False)
class PerturbationCurve:
    """An insertion or deletion curve: probability of the target class against fraction changed.

    ``fraction`` and ``probability``: float64 (n,), fraction increasing from 0 to 1.
    ``auc``: trapezoid over [0, 1].  ``error``: estimated absolute error of ``auc`` (0 where every
    patch was scored in every order that the map leaves open; an estimate, not a bound).
    """

    kind: str  # "insertion" or "deletion"
    fraction: NDArray[np.float64]
    probability: NDArray[np.float64]
    auc: float
    error: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", read_only(self.fraction, np.float64))
        object.__setattr__(self, "probability", read_only(self.probability, np.float64))


PAPER_LEVELS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 35.0, 50.0, 70.0, 90.0)
DENSE_LEVELS = (
    1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 18.0, 20.0, 25.0, 30.0, 35.0, 40.0,
    45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0, 95.0,
)  # fmt: skip
"""The paper's levels and further ones between them.  Where the gains of all are known, any choice
among them needs no forward pass."""

CURVE_MODES = ("none", "adaptive", "fine", "full")
"""No curves; few points; more points, for differences between methods; every point."""

TIES = ("expected", "by-index")
"""What decides between patches of equal relevance: the expectation over their orders, or the lower
index first."""


_SHOWN_LEVELS = 3  # in a sentence


def check_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Sorted, unique area levels in percent.

    Raises:
        BadRequest: no level, more than 64, or one outside (0, 100].
    """
    clean = tuple(sorted({round(float(p), 3) for p in levels}))
    if not clean or len(clean) > 64 or not all(0 < p <= 100 for p in clean):
        shown = [p for p in clean if not 0 < p <= 100] or clean
        words = ", ".join(f"{p:g}" for p in shown[:_SHOWN_LEVELS]) or "none"
        if len(shown) > _SHOWN_LEVELS:
            words += f" and {len(shown) - _SHOWN_LEVELS} more"
        raise BadRequest(
            f"Area levels are {words}; give 1 to 64 percentages above 0 and at most 100, "
            "for example 1,2,3,5,10,20,35,50,70,90."
        )
    return clean


Report = Callable[[int, int, Any], None]
"""``report(done, total, partial)``: called by long work after each chunk.  It may raise
:class:`xai_core.errors.Cancelled` to stop the work; what was scored before is kept."""


ProgressCallback = Callable[[int, int, str], None]
"""``progress(done, total, what)``: called by work that takes long, such as over many cases, with
the name of the current item ("" where there is none)."""


def no_report(done: int, total: int, partial: Any) -> None:
    """A report function that does nothing."""
