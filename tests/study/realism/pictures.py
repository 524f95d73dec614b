"""Synthetic pictures whose quantities are known: the tests contain no real image."""

from __future__ import annotations

import numpy as np

from xai_core.study.realism.measure import (
    CROP,
    CROPS,
    HALVED,
    KEYS,
    SIZE,
    Measurement,
    Square,
)
from xai_core.types import Pathology

ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE].astype(np.float32)
RADIUS = 230  # of the half disc that stands for a breast


def power_law(exponent: float, seed: int, size: int = SIZE) -> np.ndarray:
    """Noise whose power falls as frequency ** -exponent: float32 (size, size), SD 1."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * f ** (-exponent / 2)
    field = np.fft.irfft2(spectrum, s=(size, size))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    """bool (SIZE, SIZE): a disc about a pixel's centre."""
    return np.hypot(COLUMNS - x, ROWS - y) <= radius


def half_disc(**fields: object) -> Square:
    """A breast at the left edge, in the middle of the height, of grey 100 unless given."""
    breast = disc(0, SIZE // 2, RADIUS)
    grey = np.where(breast, 100, 0).astype(np.float32)
    known = {"grey": grey, "breast": breast, "marked": None, "shown": (SIZE, SIZE)}
    return Square(**{**known, **fields})  # type: ignore[arg-type]


NO_CROPS = np.zeros((CROPS, CROP // HALVED, CROP // HALVED), np.uint8)


def measurement(
    number: int, patient: str | None = None, crops: np.ndarray | None = NO_CROPS, **values: float
) -> Measurement:
    """A measurement; quantities that are not given are 1, and crops are black."""
    return Measurement(
        case_id=f"c{number}", patient_id=patient or f"P{number}", pathology=Pathology.MALIGNANT,
        view="CC", kind="low-energy", values={**dict.fromkeys(KEYS, 1.0), **values}, crops=crops,
    )  # fmt: skip
