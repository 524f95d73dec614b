"""Normal breast tissue: ducts, fat lobules, Cooper's septa, veins, skin, nipple, pectoral muscle.

The result is in arbitrary linear units; lesions are added to it BEFORE :mod:`.tone` maps it to the
grey levels of a mammogram, so that a lesion goes through the same film as the tissue around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from xai_core.phantom.fields import Field, power_law
from xai_core.phantom.outline import Outline, draw_outline
from xai_core.types import BoolArray, FloatArray

# Logistic threshold of glandular tissue for ACR densities A (fatty) to D (extremely dense), and
# their frequency in the CDD-CESM release's low-energy images.
_THRESHOLD = {"A": 1.6, "B": 0.95, "C": 0.35, "D": -0.45}
_FREQUENCY = {"A": 0.02, "B": 0.35, "C": 0.55, "D": 0.08}


@dataclass(frozen=True, eq=False)
class Background:
    """``tissue``: float32 (H, W), linear units.  ``breast``, ``nipple``: bool (H, W).
    ``depth``: distance to the skin in px.  ``scale``: px per px of a 512 px high picture."""

    tissue: FloatArray
    breast: BoolArray
    nipple: BoolArray
    depth: FloatArray
    view: str
    density: str
    scale: float


def draw_background(
    rng: np.random.Generator, view: str, height: int = 512, density: str | None = None
) -> Background:
    """A normal breast, chest wall at the left edge, ``height`` px high.

    Takes about half a second at 512 px on one core.
    """
    scale = height / 512
    density = density or str(rng.choice(list(_FREQUENCY), p=list(_FREQUENCY.values())))
    outline = draw_outline(rng, view, height)
    size = int(1024 * scale)
    iso, radial, fine = (power_law(rng, size, beta) for beta in (3.1, 2.8, 2.5))
    # Rough warps would lower the exponent of everything they bend: this one is smooth.
    warp = power_law(rng, size, 3.2, smooth=9 * scale)
    y, x = np.mgrid[: outline.breast.shape[0], : outline.breast.shape[1]].astype(np.float32)
    wx = 10 * scale * warp.at(x, y)
    wy = 10 * scale * warp.at(x + 333 * scale, y + 666 * scale)

    septa, lobules = _septa_and_lobules(rng, iso, x, y, wx, wy, scale)
    glands = _glands(rng, outline, iso, radial, lobules, x, y, wx, wy, view, density, scale)
    deep = np.clip((outline.depth - 5 * scale) / (10 * scale), 0, 1)
    grain = fine.at(x * 1.3, y * 1.3)
    body = 48 + 4 * warp.at(x * 0.7, y * 0.7)
    body += glands * (58 + 17 * iso.at(x + wx, y + wy) + 6 * grain)
    body += septa * deep * (7 + 16 * glands * np.clip(1 + grain * 0.5, 0, 2))
    body += 3.2 * grain * (0.3 + glands)
    body += _veins(rng, outline, x.shape, scale)
    depth = outline.depth / scale
    body += 16 * np.exp(-(((depth - 4.5) / 3.4) ** 2)) - 5 * np.exp(-(((depth - 15) / 6) ** 2))
    body *= 1 - np.exp(-depth / 1.6) * 0.75  # skin line, fat under it, air gap at the very edge
    if view == "MLO" and rng.random() < 0.92:
        body = _pectoral_muscle(rng, body, radial, wx, x, y, outline.breast.shape, scale)
    nipple_x, nipple_y = outline.nipple
    radius = rng.uniform(7, 11) * scale
    nipple = (x - nipple_x) ** 2 + (y - nipple_y) ** 2 < radius**2
    return Background(
        body.astype(np.float32), outline.breast, nipple, outline.depth, view, density, scale
    )


def _septa_and_lobules(
    rng: np.random.Generator, iso: Field, x: FloatArray, y: FloatArray,
    wx: FloatArray, wy: FloatArray, scale: float,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Three overlaid Worley tessellations: bright walls (septa), dark cells (fat lobules)."""
    septa = np.zeros_like(x)
    lobules = np.zeros_like(x)
    h, w = x.shape
    for layer, (low, high, weight) in enumerate(
        ((90, 160, 0.45), (180, 320, 0.35), (350, 600, 0.25))
    ):
        n = int(rng.uniform(low, high))
        margin = 20 * scale
        seeds = np.c_[rng.uniform(-margin, w + margin, n), rng.uniform(-margin, h + margin, n)]
        shift = 30 * layer * scale
        where = np.c_[(x + 1.6 * wx + shift).ravel() % (w + margin), ((y + 1.6 * wy) * 0.8).ravel()]
        near, _ = cKDTree(seeds * [1, 0.8]).query(where.astype(np.float32), k=2)
        wall = ((near[:, 1] - near[:, 0]).reshape(x.shape) / scale).astype(np.float32)
        patchy = 1 / (1 + np.exp(-3 * iso.at(x * 1.1 + 200 * layer, y * 1.1 + 77 * layer)))
        septa += weight * 1.6 * patchy * np.exp(-((wall / 2.2) ** 2))
        lobules += weight * (1 - np.exp(-((wall / 11) ** 2)))
    return septa, lobules


def _glands(
    rng: np.random.Generator, outline: Outline, iso: Field, radial: Field, lobules: FloatArray,
    x: FloatArray, y: FloatArray, wx: FloatArray, wy: FloatArray,
    view: str, density: str, scale: float,
) -> FloatArray:  # fmt: skip
    """Glandular fraction in [0, 1]: an ellipse behind the nipple, broken up by ducts and fat."""
    h, w = x.shape
    nx, ny = outline.nipple
    radius = np.hypot(x - nx - 25 * scale, y - ny)
    angle = np.arctan2(y - ny, nx + 25 * scale - x)
    ducts = radial.at(radius * 0.6 + wx, angle * 240 * scale + wy)
    cx = nx - rng.uniform(0.45, 0.6) * w
    cy = ny - (rng.normal(0, 0.03) if view == "CC" else 0.08) * h
    ellipse = ((x - cx) / (rng.uniform(0.42, 0.58) * w)) ** 2
    ellipse = ellipse + ((y - cy) / (rng.uniform(0.27, 0.38) * h)) ** 2
    drive = 0.85 * iso.at(x + wx, y + wy) + 0.75 * ducts + 1.3 - 1.4 * ellipse - 0.9 * lobules
    glands = 1 / (1 + np.exp(-(drive - _THRESHOLD[density]) / 0.45))
    return np.asarray(glands * np.clip((outline.depth / scale - 6) / 14, 0, 1), dtype=np.float32)


def _veins(
    rng: np.random.Generator, outline: Outline, shape: tuple[int, int], scale: float
) -> FloatArray:
    h, w = shape
    nx, ny = outline.nipple
    veins = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        direction = rng.uniform(-1.1, 1.1)
        along = np.arange(0, rng.uniform(0.5, 0.95) * w, 0.5)
        wander = np.cumsum(rng.normal(0, 0.012, len(along)))
        vx = nx - 20 * scale - along * np.cos(direction)
        vy = ny + along * np.sin(direction) + 20 * scale * np.sin(along / (40 * scale) + wander * 9)
        line = np.zeros(shape, np.float32)
        line[vy.astype(int).clip(0, h - 1), vx.astype(int).clip(0, w - 1)] = 1
        line = ndi.gaussian_filter(line, 1.3 * scale)
        veins += 16 * line / max(float(line.max()), 1e-6)
    return veins


def _pectoral_muscle(
    rng: np.random.Generator, body: FloatArray, radial: Field, wx: FloatArray,
    x: FloatArray, y: FloatArray, shape: tuple[int, int], scale: float,
) -> FloatArray:  # fmt: skip
    """The muscle's wedge in the upper corner at the chest wall of an MLO view."""
    h, w = shape
    x0, y0 = w * rng.uniform(0.4, 0.68), h * rng.uniform(0.4, 0.72)
    z = x / x0 + (y / y0) ** 1.2 - 0.10 * np.sin(np.pi * np.clip(y / y0, 0, 1)) + 0.004 * wx / scale
    muscle = 1 / (1 + np.exp(np.clip((z - 1) / 0.018, -60, 60)))
    fibres = radial.at((x + y * 0.5) * 0.35, (x * 1.2 - y) * 1.6)
    inside = 44 + 22 * (1 - np.clip(z, 0, 1)) + 5 * fibres
    return np.asarray(body * (1 - 0.45 * muscle) + muscle * inside, dtype=np.float32)
