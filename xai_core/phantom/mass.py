"""Masses: a solid whose surface follows the lexicon's shapes and margins, and radiating rays."""

from __future__ import annotations

import numpy as np

from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import GIVEN, MASS, MASS_DENSITY, MASS_MARGIN, MASS_SHAPE
from xai_core.phantom.solid import LEVELS, Lumps, Pull, Site, Solid
from xai_core.phantom.tubes import Points, add_chords, resampled
from xai_core.types import FloatArray

# Gland per mm of the mass.
_DENSITY = {
    "fat-containing": 0.0, "low density": 1.20, "equal density": 1.70, "high density": 2.25,
}  # fmt: skip

# --- Surfaces ---------------------------------------------------------------------------------


def axes(rng: np.random.Generator, longest: float) -> tuple[FloatArray, FloatArray]:
    """A random rotation (3, 3), and half axes (3,) whose product is 1; ``longest``: of them, at
    least 1."""
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    half = np.array([longest, rng.uniform(0.85, 1.05), 1.0])
    return rotation.astype(np.float32), (half / np.cbrt(half.prod())).astype(np.float32)


def ellipsoid(site: Site, radius: float, rotation: FloatArray, half: FloatArray) -> FloatArray:
    """Distance from the centre in units of an ellipsoid's half axes, (nz, ny, nx)."""
    frame = site.frame()
    total = np.zeros((LEVELS, *site.shape), np.float32)
    for k in range(3):
        along = sum(rotation[k, i] * frame[i] for i in range(3))
        total += (along / (radius * half[k])) ** 2
    return np.sqrt(total)


def filled(far: FloatArray, radius: float, soft: float) -> FloatArray:
    """Share of each voxel within the surface ``far`` = 1, whose border is ``soft`` mm wide.

    A voxel is long along the beam: where the surface faces the beam, the share rises over the
    voxel's length, or the levels would be seen as contour lines.
    """
    width = np.maximum(soft, _PER_STEP * along_beam(far, radius))
    return np.asarray(1 / (1 + np.exp(np.clip((far - 1) * (radius / width), -30, 30))), np.float32)


_PER_STEP = 0.29  # of a logistic curve with the standard deviation of a box of width 1


def along_beam(far: FloatArray, radius: float) -> FloatArray:
    """mm by which the distance from the surface changes from a level to the next one."""
    return np.asarray(np.abs(np.gradient(far, axis=0)) * radius, np.float32)


def rays(
    rng: np.random.Generator, site: Site, radius: float, count: int, start: float = 0.7,
    reach: tuple[float, float] = (0.5, 2.4), width: tuple[float, float] = (0.16, 0.42),
    bend: float = 0.10,
) -> FloatArray:  # fmt: skip
    """Rays that leave a lesion in all directions of space, taper and fork: the beam's path through
    them in mm, (ny, nx).

    ``start``: where they begin, in radii; ``reach``: shortest and longest, in radii; ``width``:
    radius at the root, mm; ``bend``: how much they curve, as a share of their length.
    """
    out = np.zeros(site.shape, np.float32)
    mm = 1 / site.px_per_mm
    for _ in range(count):
        u = rng.normal(size=3)
        u /= np.linalg.norm(u)
        v = np.cross(u, rng.normal(size=3))
        v /= np.linalg.norm(v) + 1e-9
        # Many short rays, few long ones.
        length = radius * (reach[0] + (reach[1] - reach[0]) * rng.random() ** 2.2)
        curve, thick = rng.normal(0, bend) * length, rng.uniform(*width)
        fork, aside = rng.random() < 0.35, rng.normal(0, 0.35)
        t = np.linspace(0, 1, 24)[:, None]
        wobble = np.cumsum(rng.normal(0, 0.012 * length, (24, 3)), axis=0)
        path = u * (start * radius + t * length) + v * curve * t**2 + wobble
        _ray(out, site, path, thick * (1 - t[:, 0]) ** 0.8 + 0.03)
        if fork:
            tip = path[10] + (u + aside * v) * length * (t - t[0]) * 0.45
            _ray(out, site, tip, 0.6 * thick * (1 - t[:, 0]) + 0.03)
    return out * np.float32(mm)


def _ray(out: FloatArray, site: Site, path: Points, radius: Points) -> None:
    column, row, _ = site.project(path)
    points = resampled(np.stack([column, row, radius * site.px_per_mm], axis=1), 0.5)
    add_chords(out, points[:, 0], points[:, 1], points[:, 2])


# --- The mass ---------------------------------------------------------------------------------


def draw_mass(rng: np.random.Generator, plan: LesionPlan, site: Site, radius: float) -> Solid:
    """A mass of mean ``radius`` mm."""
    form, margin = plan.descriptors["mass shape"], plan.descriptors["mass margin"]
    shape, edge, ray, cover = rng.spawn(4)
    longest = {"round": shape.uniform(1.0, 1.08), "oval": shape.uniform(1.25, 1.65)}
    rotation, half = axes(shape, longest.get(form, shape.uniform(1.0, 1.4)))
    core = site.inner(1.75 * radius + 1, 1.5 * radius)
    far = ellipsoid(core, radius, rotation, half)
    coarse = Lumps.draw(shape, 0.55 * radius, 4 * radius)
    fine = Lumps.draw(edge, max(1.2, 0.17 * radius), 4 * radius)
    if form == "irregular":
        far = far + shape.uniform(0.13, 0.24) * coarse.at(core)
        far += 0.06 * fine.at(core) * (margin != "microlobulated")
    else:
        far = far + 0.035 * coarse.at(core)
    if margin == "microlobulated":
        # Lobules bulge outwards and meet in furrows.
        far += 0.09 * np.abs(fine.at(core)) - 0.06
    soft = {
        "circumscribed": edge.uniform(0.15, 0.3),
        "microlobulated": edge.uniform(0.2, 0.4),
        "obscured": edge.uniform(0.2, 0.5),
        "indistinct": radius * edge.uniform(0.14, 0.24) + 0.5,
        "spiculated": radius * edge.uniform(0.07, 0.13) + 0.2,
    }[margin]
    if margin == "indistinct":
        far += 0.10 * fine.at(core)
    body = filled(far, radius, soft)
    density: float | FloatArray = _DENSITY[plan.descriptors["mass density"]]
    if density == 0.0:
        # Fat and some gland, in a thin capsule.
        shell = np.exp(-(((far - 1) * radius / 0.7) ** 2))
        density = np.asarray(0.9 * shell + 0.35 * np.clip(coarse.at(core) - 0.4, 0, 1), np.float32)
        body = np.maximum(body, shell)
    else:
        uneven = 1 + 0.07 * fine.at(core) + 0.08 * coarse.at(core)
        density = np.asarray(density * uneven, np.float32)
    thin, pull = None, None
    if margin == "spiculated":
        count = int(ray.integers(45, 95))
        thin = 1.1 * rays(ray, site, radius, count, reach=(0.35, ray.uniform(1.6, 2.6)))
        pull = Pull(ray.uniform(0.35, 0.6), radius, 1.9 * radius)
    elif form == "irregular":
        pull = Pull(ray.uniform(0.0, 0.2), radius, 1.6 * radius)
    front = _covering(cover, site, radius) if margin == "obscured" else None
    return Solid(
        site, core, body, far, density, thin=thin, front=front, pull=pull,
        halo=0.35 if margin == "circumscribed" else 0.0,
    )  # fmt: skip


def _covering(rng: np.random.Generator, site: Site, radius: float) -> FloatArray:
    """Normal tissue before a mass, which hides a part of its border: mm of gland, (ny, nx)."""
    turn = rng.uniform(0, 2 * np.pi)
    side = (site.x * np.cos(turn) + site.y * np.sin(turn)) / radius
    across = (site.y * np.cos(turn) - site.x * np.sin(turn)) / radius
    texture = Lumps.draw(rng, 0.45 * radius, 6 * radius)
    lumps = texture.cube.at(site.y + 0 * site.x, site.x + 0 * site.y, np.zeros((1, 1), np.float32))
    near = 1.5 - np.hypot((side - 1.0) / 1.1, across / 1.5) * 1.5 + 0.45 * lumps
    return np.asarray(
        radius * rng.uniform(0.7, 1.1) / (1 + np.exp(np.clip(-4 * near, -30, 30))), np.float32
    )


KIND = LesionKind(
    MASS,
    share=0.55,
    log_odds=0.25,
    draw=draw_mass,
    terms={"mass margin": MASS_MARGIN, "mass shape": MASS_SHAPE, "mass density": MASS_DENSITY},
    given={"mass shape": GIVEN["mass shape"]},
    finding="{mass shape} mass, {mass margin} margin, {mass density}".format_map,
    cues={
        "mass margin": "its {} margin",
        "mass shape": "its {} shape",
        "mass density": "that it is {}",
    },
    reach=3.6,
    solid=True,
)
