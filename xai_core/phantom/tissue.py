"""The background: the normal tissue of a breast, compressed and projected in a view.

The tissue between the plates is cut into slabs along the beam, and the path through dense tissue is
summed slab by slab.  So a lesion can later be put at its own depth: it displaces and pulls what
lies in its slabs and leaves what lies before and behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom import materials
from xai_core.phantom.anatomy import LAYERS, MM_HIGH, Breast, from_view, stream, to_view
from xai_core.phantom.fields import power_law
from xai_core.phantom.outline import Outline, draw_outline
from xai_core.phantom.tubes import Tube, add_chords, resampled
from xai_core.phantom.vessels import draw_arteries, draw_ducts, draw_veins
from xai_core.phantom.volume import Coarse, Cube, Sheets, Stack, ViewGrid, sheets, spline_matrix
from xai_core.types import BoolArray, FloatArray

SLABS = 8
_SLICES = 40  # along the beam
_MOST = 1.8  # gland per mm where many sheets meet

# --- Values -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Background:
    """A normal breast in a view, chest wall at the left.

    ``slabs``: float32 or float16 (SLABS, H, W), the path through dense tissue in each slab, in mm
    of gland in place of fat.  ``thickness``: of the breast, mm.  ``skin``: path through skin, mm.
    ``uptake``: path through tissue that takes up contrast medium, mm of lively gland.  ``blood``:
    path through vessels, mm.  ``breast``: bool.  ``depth``: distance to the skin in px.
    ``glands``: mean glandular fraction in [0, 1].  All (H, W).  ``nipple``: its column and row.
    ``scale``: px per px of a 512 px high picture.  ``plates``: mm between the plates.
    ``anatomy``: the breast; None where the tissue is that of a real picture.
    """

    slabs: FloatArray
    thickness: FloatArray
    skin: FloatArray
    uptake: FloatArray
    blood: FloatArray
    breast: BoolArray
    depth: FloatArray
    glands: FloatArray
    nipple: tuple[float, float]
    view: str
    density: str
    scale: float
    plates: float
    seed: int = 0
    anatomy: Breast | None = None

    @property
    def px_per_mm(self) -> float:
        """Pixels per mm."""
        return self.scale * 512 / MM_HIGH

    @cached_property
    def tissue(self) -> FloatArray:
        """What the low-energy image shows, see :func:`equalised`, float32 (H, W)."""
        path = equalised(self.slabs.sum(0, dtype=np.float32), self.skin, self.thickness)
        return path - self.evened

    @cached_property
    def evened(self) -> FloatArray:
        """What the vendor's processing takes off the slow variations, float32 (H, W): a part of the
        local mean of the normal tissue.  It is not computed anew with a lesion, which so keeps its
        whole contrast and changes nothing far from it."""
        if self.anatomy is None:  # a real picture has been processed
            return np.zeros(self.breast.shape, np.float32)
        path = equalised(self.slabs.sum(0, dtype=np.float32), self.skin, self.thickness)
        inside = self.breast.astype(np.float32)
        wide = _EVEN_MM * self.px_per_mm
        return np.asarray(
            _EVEN * local_mean(path * inside, wide) / np.maximum(local_mean(inside, wide), 0.05)
        )


REFERENCE = 55.0  # mm, thickness of a usual breast
_EVEN, _EVEN_MM = 0.45, 11.0  # share of the local mean that is taken off, and its width
_LEFT = 0.10  # share of the thickness that is left by the vendor's equalisation


def equalised(dense: FloatArray, skin: FloatArray, thickness: FloatArray) -> FloatArray:
    """The path through dense tissue after equalisation of the thickness, float32 (H, W).

    100 is gland as thick as a usual breast.  The attenuation is that of fat all the way, plus what
    dense tissue and skin add; equalisation takes away most of the fat's.
    """
    fat = materials.FAT.low / (materials.GLAND.low - materials.FAT.low)
    path = dense + materials.in_gland(materials.SKIN) * skin + _LEFT * fat * thickness
    return np.asarray(100 / REFERENCE * path, np.float32)


def local_mean(picture: FloatArray, sigma: float) -> FloatArray:
    """A wide Gaussian mean (standard deviation in px) of a quarter of the rows and columns, in the
    whole picture."""
    h, w = picture.shape
    padded = np.pad(picture, ((0, -h % 4), (0, -w % 4)), "edge")
    small = padded.reshape(padded.shape[0] // 4, 4, -1, 4).mean((1, 3))
    small = ndi.gaussian_filter(small, sigma / 4, mode="nearest")
    rows = np.clip((np.arange(h) + 0.5) / 4 - 0.5, 0, small.shape[0] - 1)
    columns = np.clip((np.arange(w) + 0.5) / 4 - 0.5, 0, small.shape[1] - 1)
    down, across = spline_matrix(rows), spline_matrix(columns)
    small = np.pad(small, ((1, 2), (1, 2)), "edge")[: down.shape[1], : across.shape[1]]
    return np.asarray(down @ small @ across.T, np.float32)


# --- Thickness and skin -----------------------------------------------------------------------


def half_thickness(depth: FloatArray, half: float, radius: float) -> FloatArray:
    """Half the thickness of a breast ``depth`` mm from its edge: its free edge bulges as a quarter
    of an ellipse ``radius`` mm wide and ``half`` mm high."""
    rolled = 1 - np.clip(depth / radius, 0, 1)
    return np.asarray(half * np.sqrt(np.clip(1 - rolled * rolled, 0, 1)), np.float32)


def skin_path(depth: FloatArray, width: FloatArray, half: float, radius: float) -> FloatArray:
    """Path of the beam through a shell of skin ``width`` mm thick: long where the beam grazes it,
    near the edge."""
    inner = np.clip(1 - np.clip((depth - width) / np.maximum(radius - width, 1), 0, 1), 0, 1)
    below = (half - width) * np.sqrt(1 - inner * inner)
    return np.asarray(2 * (half_thickness(depth, half, radius) - np.maximum(below, 0)), np.float32)


# --- The background ---------------------------------------------------------------------------


def draw_background(
    seed: int, view: str, height: int = 512, density: str | None = None, side: str = "L"
) -> Background:
    """The normal breast of ``seed``, ``height`` px high.

    ``density``: ACR density; None draws one by its frequency.
    """
    return compress(Breast.draw(seed, side, density), view, height)


def compress(breast: Breast, view: str, height: int) -> Background:
    """``breast`` in a view, chest wall at the left edge, ``height`` px high."""
    scale = height / 512
    mm = MM_HIGH / height
    outline = draw_outline(breast, view, height)
    rng = stream(breast.seed, "view", breast.side, view)
    half = 0.5 * breast.shape.thickness * float(np.exp(rng.normal(0, 0.05)))
    radius = half * rng.uniform(0.75, 1.25)
    depth = outline.depth * mm
    level = half_thickness(depth, half, radius)
    width = _skin_width(rng, breast, outline, mm)
    skin = skin_path(np.maximum(depth - 0.5 * mm, 0), width, half, radius) * outline.breast
    slabs, glands, uptake = _tissue(breast, view, outline, level, half, mm)
    blood = np.zeros_like(level)
    for tubes, share, kept in (
        (draw_veins(breast), 0.6, 1.0), (draw_arteries(breast), 0.7, 1.0),
        (draw_ducts(breast), 0.8, 0.0),
    ):  # fmt: skip
        for tube in tubes:
            chords, slab = _chords(tube, view, outline, half, mm)
            if chords is not None:
                chords *= np.clip((depth - 3) / 6, 0, 1) * outline.breast
                slabs[slab] += share * chords
                blood += kept * chords
    _add_nipple(rng, breast, slabs, outline, mm)
    if view == "MLO" and rng.random() < 0.94:
        _add_muscle(rng, slabs, outline, level, scale)
    elif view == "CC" and rng.random() < 0.25:
        _add_sliver(rng, slabs, level, scale)
    thickness = 2 * level * outline.breast
    background = Background(
        slabs * outline.breast, thickness.astype(np.float32), skin.astype(np.float32), uptake,
        blood, outline.breast, outline.depth, glands, outline.nipple, view, breast.density, scale,
        2 * half, breast.seed, breast,
    )  # fmt: skip
    return replace(background, density=realised_density(background))


def realised_density(background: Background) -> str:
    """The ACR density by the share of the area, 10 mm below the skin, that is mostly gland."""
    deep = background.depth > 10 * background.px_per_mm
    if not deep.any():
        return "B"
    dense = float((background.glands[deep] > 0.22).mean())
    return "ABCD"[int(np.searchsorted([0.08, 0.36, 0.80], dense))]


def _skin_width(
    rng: np.random.Generator, breast: Breast, outline: Outline, mm: float
) -> FloatArray:
    """Width of the skin in mm, (H, W): it varies along the contour and is thicker at the nipple."""
    h = outline.breast.shape[0]
    along = ndi.gaussian_filter1d(rng.standard_normal(h), 0.03 * h)
    along = along / max(float(along.std()), 1e-9)
    rows = (np.arange(h) - outline.nipple[1]) * mm
    areola = rng.uniform(0.4, 1.1) * np.exp(-((rows / rng.uniform(14, 22)) ** 2))
    below = rng.uniform(0, 0.6) * np.clip(rows / 60, 0, 1)
    width = breast.shape.skin * np.exp(0.32 * along) * (1 + areola + below)
    return np.asarray(np.clip(width, 0.6, 5)[:, None], np.float32)


def _tissue(
    breast: Breast, view: str, outline: Outline, level: FloatArray, half: float, mm: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The slabs, the mean glandular fraction, and the path through lively gland."""
    h, w = outline.breast.shape
    grid = _grid(outline, half, mm)
    argument, lobules, lively = _gland_fields(breast, view, grid)
    layers = _layers(breast, view, grid)
    shallow = outline.depth * np.float32(mm)
    slabs = np.zeros((SLABS, h, w), np.float32)
    glands, uptake = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    begin = 2.5 + 1.5 * breast.shape.skin
    side = np.clip((shallow - begin) / 12, 0, 1)
    ligaments = np.clip((shallow - 1.5) / 4, 0.0, 1)
    inside = outline.breast.astype(np.float32)
    for k, t in enumerate(grid.depth):
        body = np.clip((level - np.float32(abs(t))) / np.float32(grid.slice) + 0.5, 0, 1) * inside
        if not body.any():
            continue
        under = np.clip((level - np.float32(abs(t) + 3.0)) / 6, 0, 1)
        lob = lobules.slice(k)
        gland = argument.slice(k) - 0.95 * np.clip(lob, 0, None)
        gland = side * under / (1 + np.exp(np.clip(-5.5 * gland, -30, 30)))
        crowded = np.asarray(sum(layer.slice(k) for layer in layers), np.float32) / _MOST
        sheet = ligaments * _MOST * np.tanh(crowded)
        part = (gland * (0.74 + 0.16 * lob) + sheet * (0.80 + 0.40 * gland)) * body
        slabs[k * SLABS // _SLICES] += grid.slice * part
        glands += gland * body
        uptake += grid.slice * gland * np.clip(0.8 + 0.5 * lively.slice(k), 0.1, 2) * body
    thick = np.maximum(2 * level / grid.slice, 1.0)
    return slabs, np.asarray(glands / thick, np.float32), uptake


def _grid(outline: Outline, half: float, mm: float) -> ViewGrid:
    h, w = outline.breast.shape
    step = 2 * half / _SLICES
    return ViewGrid(
        (np.arange(_SLICES) + 0.5) * step - half,
        (np.arange(h) - outline.nipple[1]) * mm,
        (np.arange(w) - outline.nipple[0]) * mm,
    )


def _places(view: str, coarse: Coarse) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Anatomical coordinates of a coarse grid's points: behind the nipple, lateral, up."""
    lateral, up = from_view(view, coarse.y, coarse.z)
    return -coarse.x, lateral, up


_SLOW = 8.0  # mm between the points at which a slow field is sampled


def _slow(view: str, coarse: Coarse, cube: Cube, shift: float = 0.0) -> FloatArray:
    """A slowly varying field at a coarse grid's points; ``shift``: another part of it, mm away."""
    coarser = coarse.coarser(_SLOW)
    behind, lateral, up = _places(view, coarser)
    return coarser.every_point(cube.at(behind + np.float32(shift), lateral, up))


def _bends(breast: Breast, view: str, coarse: Coarse) -> tuple[FloatArray, FloatArray, FloatArray]:
    a, b, c = (_slow(view, coarse, cube) for cube in breast.bends)
    return a, b, c


def _gland_fields(breast: Breast, view: str, grid: ViewGrid) -> tuple[Stack, Stack, Stack]:
    """The glandular field, its fat lobules and its liveliness, as stacks."""
    coarse = Coarse.over(grid, 1.9)
    behind, lateral, up = _places(view, coarse)
    along, a, b = breast.fanned((behind, lateral, up), _bends(breast, view, coarse), 1.6, 7.0)
    slow, fine = breast.glandular
    shape = breast.shape
    far = np.sqrt(
        ((behind - shape.gland_back) / shape.gland_reach) ** 2
        + ((lateral - shape.upper_outer) ** 2 + (up - 0.5 * shape.upper_outer) ** 2)
        / shape.gland_wide**2
    )
    value = 2.3 * (1 - far) + 0.85 * slow.at(along, a, b) + 0.33 * fine.at(along, a, b)
    lobules = breast.lobules.at(along, a, b)
    lively = breast.uptake.at(behind, lateral, up)
    value = np.asarray(value + breast.offset, np.float32)
    return coarse.stack(value), coarse.stack(lobules), coarse.stack(lively)


def _layers(breast: Breast, view: str, grid: ViewGrid) -> list[Sheets]:
    out = []
    for layer, cube in zip(LAYERS, breast.folds, strict=True):
        coarse = Coarse.over(grid, layer.wavelength / 4)
        place, bends = _places(view, coarse), _bends(breast, view, coarse)
        values = cube.at(*breast.fanned(place, bends, layer.stretch, layer.bend))
        patchy = _slow(view, coarse, breast.patches, 31.0 * layer.wavelength)
        strength = layer.weight * np.clip(0.75 + 0.40 * patchy, 0.15, 1.6)
        out.append(sheets(coarse, values, layer.thickness, strength, grid.slice))
    return out


# --- Single structures ------------------------------------------------------------------------


def _chords(
    tube: Tube, view: str, outline: Outline, half: float, mm: float
) -> tuple[FloatArray | None, int]:
    """The path through a tube in mm, and the slab that holds most of it."""
    row, beam = to_view(view, tube.points[:, 1], tube.points[:, 2])
    columns = outline.nipple[0] - tube.points[:, 0] / mm
    points = np.stack([columns, outline.nipple[1] + row / mm, beam, tube.radius / mm], axis=1)
    points = resampled(points, 0.5)
    slab = int(np.clip((points[:, 2].mean() / half + 1) / 2 * SLABS, 0, SLABS - 1))
    canvas = np.zeros(outline.breast.shape, np.float32)
    add_chords(canvas, points[:, 0], points[:, 1], points[:, 3])
    return (canvas * np.float32(mm), slab) if canvas.any() else (None, slab)


def _add_nipple(
    rng: np.random.Generator, breast: Breast, slabs: FloatArray, outline: Outline, mm: float
) -> None:
    """The nipple: skin all through, and a denser core of ducts behind it."""
    h, w = outline.breast.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    nx, ny = outline.nipple
    size = 5.0 * breast.shape.nipple
    inside = 0.0 if outline.in_profile else rng.uniform(3, 12)
    dx, dy = (x - nx) * mm, (y - ny) * mm
    if outline.in_profile:
        beyond = np.clip((x - outline.edge[:, None]) * mm / 1.2, 0, 1)
        slabs[SLABS // 2] += beyond * rng.uniform(4, 8) * (np.abs(dy) < 3 * size)
    else:
        r = np.hypot(dx + inside, dy) / size
        slabs[SLABS // 2] += rng.uniform(3, 8) / (1 + np.exp(np.clip((r - 1) / 0.12, -40, 40)))
    core = np.hypot((dx + 6) / 8, dy / 5)
    slabs[SLABS // 2] += rng.uniform(1, 6) * np.exp(-(core**2))


def _add_muscle(
    rng: np.random.Generator, slabs: FloatArray, outline: Outline, level: FloatArray, scale: float
) -> None:
    """The pectoral muscle of an MLO view: a wedge from the upper corner at the chest wall, with
    fibres along it and lymph nodes before it."""
    h, w = outline.breast.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    span = float(outline.edge.max())
    x0, y0 = span * rng.uniform(0.34, 0.62), h * rng.uniform(0.36, 0.70)
    texture = power_law(rng, int(500 * scale), 2.6)
    bow = rng.uniform(-0.02, 0.12)
    z = x / x0 + (y / y0) ** 1.12 - bow * np.sin(np.pi * np.clip(y / y0, 0, 1))
    z = z + 0.012 * texture.at(0.35 * x, 0.35 * y)
    soft = rng.uniform(0.012, 0.05)
    muscle = 1 / (1 + np.exp(np.clip((z - 1) / soft, -60, 60)))
    # Fibres run along the muscle's edge and fan out towards its origin.
    lean = x0 / y0
    across = x + lean * y
    along = y - lean * x
    fibres = texture.at(along * 0.07, across * (0.8 + 0.25 * y / h))
    filled = rng.uniform(0.30, 0.56) + 0.25 * (1 - np.clip(z, 0, 1)) + 0.025 * fibres
    path = np.clip(2 * level * filled, 0, None) * materials.in_gland(materials.MUSCLE)
    slabs *= 1 - 0.35 * muscle
    for k in range(SLABS // 2, SLABS):
        slabs[k] += muscle * path / (SLABS - SLABS // 2)
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.5, 0.25, 0.15, 0.1]))):
        _add_node(
            rng, slabs, x, y, (rng.uniform(0.1, 0.95) * x0, rng.uniform(0.02, 0.30) * h), scale
        )


def _add_node(
    rng: np.random.Generator, slabs: FloatArray, x: FloatArray, y: FloatArray,
    centre: tuple[float, float], scale: float,
) -> None:  # fmt: skip
    """An axillary lymph node: an oval with a hilum of fat."""
    long = rng.uniform(8, 20) * scale
    turn = rng.normal(1.2, 0.4)
    dx, dy = x - centre[0], y - centre[1]
    u = (dx * np.cos(turn) + dy * np.sin(turn)) / long
    v = (dy * np.cos(turn) - dx * np.sin(turn)) / (long * rng.uniform(0.5, 0.7))
    chord = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    hilum = np.exp(-((u / 0.45) ** 2) - ((v - 0.35) / 0.42) ** 2)
    slabs[1] += rng.uniform(6, 12) * chord * (1 - rng.uniform(0.5, 1.0) * hilum)


def _add_sliver(
    rng: np.random.Generator, slabs: FloatArray, level: FloatArray, scale: float
) -> None:
    """The pectoral muscle at the chest wall of some CC views: a bright, bowed strip."""
    h, w = level.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    middle, tall = rng.uniform(0.35, 0.65) * h, rng.uniform(0.15, 0.35) * h
    edge = rng.uniform(6, 26) * scale * np.clip(1 - ((y - middle) / tall) ** 2, 0, 1)
    strip = 1 / (1 + np.exp(np.clip((x - edge) / (2.0 * scale), -40, 40))) * (edge > 1)
    slabs[SLABS - 2] += strip * level * rng.uniform(0.4, 0.9)
