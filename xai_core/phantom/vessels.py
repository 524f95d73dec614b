"""Veins, arteries and ducts of a breast, as tubes in anatomical coordinates."""

from __future__ import annotations

import numpy as np

from xai_core.phantom.anatomy import Breast, stream
from xai_core.phantom.tubes import Points, Tube, wandering


def draw_veins(breast: Breast) -> list[Tube]:
    """Veins under the skin, from the chest wall towards the nipple, with branches."""
    rng = stream(breast.seed, "veins", breast.side)
    out = []
    for _ in range(int(rng.integers(2, 6))):
        turn = rng.uniform(0, 2 * np.pi)
        near, far = rng.uniform(4, 22), rng.uniform(26, 62)
        start = np.array([breast.shape.reach * 235 * rng.uniform(0.75, 1.05), *_polar(turn, far)])
        end = np.array([rng.uniform(4, 30), *_polar(turn + rng.normal(0, 0.4), near)])
        radius = rng.uniform(0.5, 1.15)
        out += _tree(rng, start, end, radius, 3, wander=rng.uniform(3, 7))
    return out


def draw_arteries(breast: Breast) -> list[Tube]:
    """Two to four thinner, winding arteries."""
    rng = stream(breast.seed, "arteries", breast.side)
    out = []
    for _ in range(int(rng.integers(2, 5))):
        turn = rng.uniform(0, 2 * np.pi)
        start = np.array([breast.shape.reach * 235, *_polar(turn, rng.uniform(20, 55))])
        end = np.array(
            [rng.uniform(15, 45), *_polar(turn + rng.normal(0, 0.6), rng.uniform(3, 25))]
        )
        out += _tree(rng, start, end, rng.uniform(0.45, 0.7), 2, wander=rng.uniform(4, 8), smooth=3)
    return out


def draw_ducts(breast: Breast) -> list[Tube]:
    """Milk ducts that fan out from the nipple and branch."""
    rng = stream(breast.seed, "ducts", breast.side)
    out = []
    for k in range(int(rng.integers(7, 13))):
        turn = 2 * np.pi * (k + rng.uniform(-0.4, 0.4)) / 9
        reach = breast.shape.gland_back + breast.shape.gland_reach * rng.uniform(0.0, 0.6)
        start = np.array([2.0, *_polar(turn, 1.5)])
        end = np.array([reach, *_polar(turn, rng.uniform(8, 38))])
        out += _tree(rng, start, end, rng.uniform(0.35, 0.8), 4, wander=rng.uniform(2, 5))
    return out


def _polar(turn: float, far: float) -> tuple[float, float]:
    return far * np.cos(turn), far * np.sin(turn)


def _tree(
    rng: np.random.Generator, start: Points, end: Points, radius: float, branches: int,
    wander: float, smooth: int = 6,
) -> list[Tube]:  # fmt: skip
    """A path and its branches, which leave it at acute angles and are thinner."""
    path = wandering(rng, start, end, wander, smooth)
    n = len(path)
    out = [Tube(path, np.linspace(radius, 0.45 * radius, n))]
    for _ in range(int(rng.integers(0, branches + 1))):
        k = int(rng.uniform(0.15, 0.75) * n)
        ahead = end - path[k]
        aside = np.cross(ahead, rng.normal(size=3))
        aside /= np.linalg.norm(aside) + 1e-9
        length = float(np.linalg.norm(ahead))
        tip = path[k] + ahead * rng.uniform(0.5, 0.9) + aside * length * rng.uniform(0.2, 0.7)
        tip[0] = max(tip[0], 2.0)
        thin = radius * (1 - 0.5 * k / n) * rng.uniform(0.5, 0.8)
        branch = wandering(rng, path[k], tip, 0.5 * wander, smooth, max(12, n - k))
        out.append(Tube(branch, np.linspace(thin, 0.3 * thin, len(branch))))
    return out
