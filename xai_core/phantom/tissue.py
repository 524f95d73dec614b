"""Drawing of the background: normal breast tissue with ducts, fat lobules, strands (Cooper's
ligaments), veins, skin, nipple and pectoral muscle.

The result is in arbitrary linear units.  Lesions are added to it BEFORE :mod:`.tone` maps it to the
grey levels of a mammogram, so that a lesion gets the same tone curve as the surrounding tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from xai_core.phantom.fields import Field, Grid, power_law
from xai_core.phantom.shapes import Outline, draw_outline
from xai_core.types import BoolArray, FloatArray

# --- Strands, septa and veins -----------------------------------------------------------------


def draw_strands(rng: np.random.Generator, radial: Field, grid: Grid) -> FloatArray:
    """Thin curved lines that run towards the nipple, 0 to about 1.

    They are the zero crossings of smooth textures drawn in polar coordinates around the nipple;
    such crossings are smooth curves without corners, as strands are.
    """
    scale = grid.scale
    out = np.zeros_like(grid.x)
    for stretch, wide, weight in ((0.16, 0.05, 0.8), (0.30, 0.06, 0.7), (0.6, 0.05, 0.5)):
        field = power_law(rng, radial.values.shape[0], 2.6, smooth=2.2 * scale)
        turn = rng.uniform(0, 900) * scale
        across = grid.angle * rng.uniform(260, 420) * scale
        f = field.at(grid.radius * stretch + grid.wx + turn, across + 1.3 * grid.wy)
        patchy = np.clip(0.7 + radial.at(grid.x * 0.9 + turn, grid.y * 0.9), 0, 1.6)
        out += weight * patchy * np.exp(-((f / wide) ** 2))
    return np.asarray(np.clip(out, 0, 1.5), dtype=np.float32)


def draw_septa(rng: np.random.Generator, iso: Field, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Two overlaid Worley tessellations: walls (septa) and cells (fat lobules), 0 to about 1.

    Drawn at half the resolution, which is enough for walls two pixels wide and smoothly bent.
    """
    scale = grid.scale
    h, w = grid.x.shape
    x, y = grid.x[::2, ::2], grid.y[::2, ::2]
    wx, wy = grid.wx[::2, ::2], grid.wy[::2, ::2]
    septa = np.zeros_like(x)
    lobules = np.zeros_like(x)
    margin = 20 * scale
    for layer, (low, high, weight) in enumerate(((90, 160, 0.6), (180, 320, 0.45))):
        n = int(rng.uniform(low, high))
        seeds = np.c_[rng.uniform(-margin, w + margin, n), rng.uniform(-margin, h + margin, n)]
        shift = 30 * layer * scale
        where = np.c_[(x + 1.9 * wx + shift).ravel() % (w + margin), ((y + 1.9 * wy) * 0.8).ravel()]
        near, _ = cKDTree(seeds * [1, 0.8]).query(where.astype(np.float32), k=2)
        wall = ((near[:, 1] - near[:, 0]).reshape(x.shape) / scale).astype(np.float32)
        patchy = 1 / (1 + np.exp(-3 * iso.at(x * 1.1 + 200 * layer, y * 1.1 + 77 * layer)))
        septa += weight * 1.4 * patchy * np.exp(-((wall / 2.6) ** 2))
        lobules += weight * (1 - np.exp(-((wall / 11) ** 2)))
    return _double(septa, (h, w)), _double(lobules, (h, w))


def _double(half: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """``half`` at twice the resolution, bilinear, in a picture of ``shape``."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / 2
    columns = np.arange(shape[1], dtype=np.float32)[None] / 2
    where = np.broadcast_arrays(rows, columns)
    return np.asarray(ndi.map_coordinates(half, where, order=1, mode="nearest"), dtype=np.float32)


def draw_veins(rng: np.random.Generator, outline: Outline, grid: Grid) -> FloatArray:
    """One to three veins, bent bands from behind the nipple towards the chest wall: float32 (H, W),
    up to about 14 tissue units."""
    h, w = grid.x.shape
    scale = grid.scale
    nx, ny = outline.nipple
    veins = np.zeros((h, w), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        direction = rng.uniform(-1.1, 1.1)
        along = np.arange(0, rng.uniform(0.5, 0.95) * w, 0.5)
        wander = np.cumsum(rng.normal(0, 0.012 / np.sqrt(scale), len(along)))
        swing = 20 * scale * np.sin(along / (40 * scale) + wander * 9)
        vx = nx - 20 * scale - along * np.cos(direction)
        vy = ny + along * np.sin(direction) + swing
        line = np.zeros((h, w), np.float32)
        line[vy.astype(int).clip(0, h - 1), vx.astype(int).clip(0, w - 1)] = 1
        line = ndi.gaussian_filter(line, rng.uniform(1.0, 1.8) * scale)
        veins += rng.uniform(8, 14) * line / max(float(line.max()), 1e-6)
    return veins


# --- The background ---------------------------------------------------------------------------

# Logistic threshold of glandular tissue for ACR densities A (fatty) to D (extremely dense), and
# their frequency in the CDD-CESM release's low-energy images.
_THRESHOLD = {"A": 1.6, "B": 0.95, "C": 0.35, "D": -0.45}
_FREQUENCY = {"A": 0.02, "B": 0.35, "C": 0.55, "D": 0.08}


@dataclass(frozen=True, eq=False)
class Background:
    """``tissue``: float32 (H, W), linear units.  ``breast``: bool (H, W).
    ``depth``: distance to the skin in px.  ``glands``: glandular fraction in [0, 1], float32.
    ``nipple``: its column and row.  ``scale``: px per px of a 512 px high picture."""

    tissue: FloatArray
    breast: BoolArray
    depth: FloatArray
    glands: FloatArray
    nipple: tuple[float, float]
    view: str
    density: str
    scale: float


def draw_background(
    rng: np.random.Generator, view: str, height: int = 512, density: str | None = None
) -> Background:
    """A normal breast, chest wall at the left edge, ``height`` px high.

    ``density``: ACR density; None draws one by its frequency.
    """
    scale = height / 512
    density = density or str(rng.choice(list(_FREQUENCY), p=list(_FREQUENCY.values())))
    outline = draw_outline(rng, view, height)
    size = int(810 * scale)
    iso, radial, fine = (power_law(rng, size, beta) for beta in (3.1, 2.8, 2.5))
    # The warp is smooth: a rough one would lower the spectral exponent of all that it bends.
    warp = power_law(rng, size, 3.2, smooth=9 * scale)
    grid = _grid(outline, warp, scale)
    x, y = grid.x, grid.y
    septa, lobules = draw_septa(rng, iso, grid)
    strands = draw_strands(rng, radial, grid)
    glands = _glands(rng, outline, iso, radial, lobules, grid, view, density)
    depth = outline.depth / scale
    deep = np.clip((depth - 5) / 10, 0, 1)
    grain = fine.at(x * 1.3, y * 1.3)
    body = 48 + 4 * warp.at(x * 0.7, y * 0.7)
    body += glands * (50 + 16 * iso.at(x + grid.wx, y + grid.wy) + 7 * grain)
    body += septa * deep * (5 + 7 * glands) + strands * deep * (7 + 13 * glands)
    body += float(np.exp(rng.normal(1.45, 0.35))) * grain * (0.3 + glands)
    body += draw_veins(rng, outline, grid)
    uneven = np.clip(1 + 0.4 * iso.at(x * 0.6 + 500 * scale, y * 0.6), 0.3, 1.8)
    body += 8 * uneven * np.exp(-(((depth - 4.5) / 3.4) ** 2))
    body *= 1 - np.exp(-depth / 1.0) * 0.75  # skin line, fat under it, air gap at the very edge
    body += _nipple(rng, outline, grid)
    if view == "MLO" and rng.random() < 0.92:
        body = _pectoral_muscle(rng, body, radial, grid)
    return Background(
        body.astype(np.float32), outline.breast, outline.depth, glands, outline.nipple,
        view, density, scale,
    )  # fmt: skip


def _grid(outline: Outline, warp: Field, scale: float) -> Grid:
    y, x = np.mgrid[: outline.breast.shape[0], : outline.breast.shape[1]].astype(np.float32)
    wx = 10 * scale * warp.at(x, y)
    wy = 10 * scale * warp.at(x + 333 * scale, y + 666 * scale)
    nx, ny = outline.nipple
    ahead = nx + 25 * scale - x
    return Grid(x, y, wx, wy, np.hypot(ahead, y - ny), np.arctan2(y - ny, ahead), scale)


def _glands(
    rng: np.random.Generator, outline: Outline, iso: Field, radial: Field, lobules: FloatArray,
    grid: Grid, view: str, density: str,
) -> FloatArray:  # fmt: skip
    """Glandular fraction in [0, 1]: an ellipse behind the nipple, broken up by ducts and fat."""
    h, w = grid.x.shape
    nx, ny = outline.nipple
    scale = grid.scale
    ducts = radial.at(grid.radius * 0.6 + grid.wx, grid.angle * 240 * scale + grid.wy)
    cx = nx - rng.uniform(0.34, 0.52) * w
    cy = ny - (rng.normal(0, 0.04) if view == "CC" else rng.uniform(0.04, 0.14)) * h
    tilt = rng.normal(0, 0.15) + (0.35 if view == "MLO" else 0)
    dx, dy = grid.x - cx, grid.y - cy
    u = (dx * np.cos(tilt) + dy * np.sin(tilt)) / (rng.uniform(0.40, 0.56) * w)
    v = (dy * np.cos(tilt) - dx * np.sin(tilt)) / (rng.uniform(0.26, 0.36) * h)
    drive = 0.8 * iso.at(grid.x + grid.wx, grid.y + grid.wy) + 0.65 * ducts + 1.4
    drive = drive - 1.5 * (u**2 + v**2) - 0.7 * lobules
    glands = 1 / (1 + np.exp(-(drive - _THRESHOLD[density]) / 0.55))
    return np.asarray(glands * np.clip((outline.depth / scale - 6) / 14, 0, 1), dtype=np.float32)


def _nipple(rng: np.random.Generator, outline: Outline, grid: Grid) -> FloatArray:
    """The dense tissue of the nipple; a round density inside the breast where it is not in
    profile."""
    nx, ny = outline.nipple
    inside = 0.0 if outline.in_profile else rng.uniform(8, 26) * grid.scale
    r = np.hypot(grid.x - nx + inside, grid.y - ny) / (rng.uniform(7, 10) * grid.scale)
    strength = rng.uniform(10, 24)
    return np.asarray(strength / (1 + np.exp(np.clip((r - 1) / 0.18, -40, 40))), dtype=np.float32)


def _pectoral_muscle(
    rng: np.random.Generator, body: FloatArray, radial: Field, grid: Grid
) -> FloatArray:
    """``body`` with the pectoral muscle, a wedge in the upper corner at the chest wall of an MLO
    view."""
    h, w = grid.x.shape
    x, y = grid.x, grid.y
    x0, y0 = w * rng.uniform(0.34, 0.62), h * rng.uniform(0.36, 0.68)
    z = x / x0 + (y / y0) ** 1.15 - 0.08 * np.sin(np.pi * np.clip(y / y0, 0, 1))
    z = z + 0.004 * grid.wx / grid.scale
    muscle = 1 / (1 + np.exp(np.clip((z - 1) / rng.uniform(0.012, 0.03), -60, 60)))
    fibres = radial.at((x + y * 0.5) * 0.3, (x * 1.2 - y) * 1.4)
    inside = rng.uniform(38, 48) + 24 * (1 - np.clip(z, 0, 1)) + 3.5 * fibres
    return np.asarray(body * (1 - 0.5 * muscle) + muscle * inside, dtype=np.float32)
