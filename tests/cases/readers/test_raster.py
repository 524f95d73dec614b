from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.cases.builders import encode, noise
from xai_core.cases.readers.raster import decode_picture, read_picture
from xai_core.errors import UnreadableImage


def _decoded(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """The picture, read without the child process."""
    found = decode_picture(data, "a")
    return found.image(), found.warnings


def _png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + chunk + empty


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_8_bit_grey_is_divided_by_255(kind: str) -> None:
    picture = noise()
    values, warnings = read_picture(encode(picture, kind), "a")
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, picture / 255, atol=1e-7)
    assert warnings == ()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_not_clipped(kind: str) -> None:
    picture = noise(top=65535)
    values, warnings = read_picture(encode(picture, kind), "a")
    np.testing.assert_allclose(values, picture / 65535, atol=1e-6)
    assert warnings == ()


@pytest.mark.parametrize(("top", "scale"), [(255, 255), (800, 1023), (4095, 4095), (9000, 16383)])
def test_16_bit_files_with_fewer_bits_use_the_bits_they_have(top: int, scale: int) -> None:
    picture = np.minimum(noise(top=65535), top).astype(np.uint16)
    values, warnings = read_picture(encode(picture), "scan.png")
    np.testing.assert_allclose(values, picture / scale, atol=1e-6)
    assert len(warnings) == 1
    assert f"0 to {scale}" in warnings[0]


def test_big_endian_and_white_is_zero_16_bit_tiff() -> None:
    import tifffile

    picture = noise(top=65535)
    for photometric, expected in (("minisblack", picture), ("miniswhite", 65535 - picture)):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, picture, byteorder="<", photometric=photometric)
        values, _ = read_picture(buffer.getvalue(), "a.tif")
        np.testing.assert_allclose(values, expected / 65535, atol=1e-6)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, byteorder=">", photometric="minisblack")
    values, _ = read_picture(buffer.getvalue(), "a.tif")
    np.testing.assert_allclose(values, picture / 65535, atol=1e-6)


def test_white_is_zero_8_bit_tiff() -> None:
    import tifffile

    picture, buffer = noise(), io.BytesIO()
    tifffile.imwrite(buffer, picture, photometric="miniswhite")
    np.testing.assert_allclose(
        read_picture(buffer.getvalue(), "a.tif")[0], 1 - picture / 255, atol=1e-6
    )


def test_colour_becomes_luminance_with_a_note() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :20, 0] = 255
    values, warnings = read_picture(encode(picture), "photo.png")
    assert values[0, 0] == pytest.approx(0.299, abs=0.01)
    assert values[0, 30] == 0
    assert any("colour" in w for w in warnings)


def test_grey_stored_as_colour_gives_no_note() -> None:
    grey = noise()
    values, warnings = read_picture(encode(np.dstack([grey] * 3)), "a.png")
    np.testing.assert_allclose(values, grey / 255, atol=0.005)
    assert warnings == ()


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "1", "CMYK"])
def test_other_pillow_modes_are_read(mode: str) -> None:
    picture = Image.fromarray(noise())
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, "TIFF" if mode == "CMYK" else "PNG")
    values, _ = read_picture(buffer.getvalue(), "a")
    assert values.shape == (64, 48)
    if mode != "1":
        np.testing.assert_allclose(values, noise() / 255, atol=0.02)


def test_transparency_is_ignored() -> None:
    rgba = np.dstack([noise()] * 3 + [np.zeros((64, 48), np.uint8)])
    np.testing.assert_allclose(read_picture(encode(rgba), "a")[0], noise() / 255, atol=0.005)
    palette = Image.fromarray(noise()).convert("P")
    data = _saved(palette, transparency=bytes(range(256)))
    np.testing.assert_allclose(read_picture(data, "a")[0], noise() / 255, atol=0.02)


def _saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _grey(top: int = 255) -> Image.Image:
    return Image.fromarray(noise(top=top))


def _with_alpha(bottom: int) -> Image.Image:
    """Grey as colour, with an alpha that is 255 but for one pixel."""
    alpha = np.full((64, 48), 255, np.uint8)
    alpha[9, 9] = bottom
    return Image.fromarray(np.dstack([noise()] * 3 + [alpha]))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (_saved(_with_alpha(255)), False),
        (_saved(_with_alpha(254)), True),
        (_saved(_with_alpha(0).convert("LA")), True),
        (_saved(_with_alpha(0).convert("LA"), "TIFF"), True),
        (_saved(_grey().convert("P"), transparency=bytes(256)), True),
        (_saved(_grey(), transparency=0), True),
        (_saved(_grey(65535), transparency=65535), True),
    ],
)
def test_transparency_is_told(data: bytes, told: bool) -> None:
    _, warnings = _decoded(data)
    assert warnings == (("a has transparent pixels; they are shown as if they were not.",) * told)


def _png_of_16_bits(key: tuple[int, int, int] | None) -> bytes:
    """A grey picture as 16-bit RGB, written by hand, since Pillow writes 8 bits of colour; pixel
    (0, 0) has the values 258, 258, 258."""
    rows = np.repeat(noise(top=65535).astype(">u2")[..., None], 3, axis=2)
    rows[0, 0] = 258
    height, width = rows.shape[:2]
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))]
    if key is not None:
        chunks.append((b"tRNS", struct.pack(">HHH", *key)))
    chunks += [(b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    out = b"\x89PNG\r\n\x1a\n"
    for kind, content in chunks:
        check = struct.pack(">I", zlib.crc32(kind + content))
        out += struct.pack(">I", len(content)) + kind + content + check
    return out


@pytest.mark.parametrize(
    ("key", "told"), [(None, False), ((258, 258, 258), True), ((258, 258, 259), False)]
)
def test_a_transparent_colour_of_16_bits_is_told(
    key: tuple[int, int, int] | None, told: bool
) -> None:
    _, warnings = _decoded(_png_of_16_bits(key))
    assert warnings == (("a has transparent pixels; they are shown as if they were not.",) * told)


def test_one_bit_per_pixel_is_told() -> None:
    _, warnings = _decoded(_saved(_grey().convert("1")))
    assert warnings == ("a has 1 bit per pixel, black and white alone: it is no mammogram.",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_saved(_grey(), dpi=(300, 300)), None),
        (_saved(_grey(), dpi=(300, 150)), "(its resolution is 300 x 150)"),
        (_saved(_grey(), "TIFF", dpi=(300, 150)), "(its resolution is 300 x 150)"),
        (_saved(_grey(), "JPEG", dpi=(300, 150)), "(its resolution is 300 x 150)"),
        (_saved(_grey(), "TIFF", dpi=(300, 0)), None),
    ],
)
def test_pixels_that_are_not_square_are_told(data: bytes, says: str | None) -> None:
    _, warnings = _decoded(data)
    assert warnings == () if says is None else says in warnings[0]


def test_pixels_whose_shape_alone_is_given_are_told() -> None:
    jpeg = bytearray(_saved(_grey(), "JPEG"))
    place = jpeg.index(b"JFIF\0") + 7  # JFIF 1.02: units, then horizontal and vertical density
    jpeg[place : place + 5] = struct.pack(">BHH", 0, 2, 1)
    assert "(its resolution is 2 x 1)" in _decoded(bytes(jpeg))[1][0]


@pytest.mark.parametrize("kind", ["PNG", "MPO"])
def test_several_frames_give_a_note(kind: str) -> None:
    data = _saved(_grey(), kind, save_all=True, append_images=[Image.fromarray(noise(seed=1))])
    values, warnings = _decoded(data)
    assert warnings == ("a holds several pictures; the first one is shown.",)
    np.testing.assert_allclose(values, noise() / 255, atol=0.2 if kind == "MPO" else 1e-6)


def _png_16(channels: np.ndarray, colour_type: int) -> bytes:
    """A 16-bit PNG of several channels, which Pillow does not write; colour types: W3C, 11.2.1."""
    height, width = channels.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def _tiff(picture: np.ndarray, **options: object) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("top", [4095, 65535])
@pytest.mark.parametrize(("colour_type", "alpha"), [(2, False), (6, True), (4, True)])
def test_16_bit_png_of_several_channels(colour_type: int, alpha: bool, top: int) -> None:
    grey = noise(top=top)
    channels = [grey] * (1 if colour_type == 4 else 3) + [np.full_like(grey, 9)] * alpha
    values, warnings = _decoded(_png_16(np.dstack(channels), colour_type))
    np.testing.assert_allclose(values, grey / top, atol=1e-6)
    assert len(warnings) == (top == 4095) + alpha


@pytest.mark.parametrize("top", [255, 4095, 65535])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("alpha", [None, "unassalpha", "assocalpha", "unspecified"])
def test_grey_tiff_of_any_layout(
    top: int, order: str, compression: str | None, photometric: str, alpha: str | None
) -> None:
    grey = noise(top=top)
    stored = grey if photometric == "minisblack" else (top - grey).astype(grey.dtype)
    options: dict[str, object] = {"photometric": photometric, "compression": compression}
    if alpha is not None:
        stored = np.dstack([stored, np.full_like(stored, 200)])
        options |= {"extrasamples": [alpha], "planarconfig": "contig"}
    values, _ = _decoded(_tiff(stored, byteorder=order, **options))
    np.testing.assert_allclose(values, grey / top, atol=1e-6)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("alpha", [False, True])
def test_16_bit_colour_tiff_uses_all_its_bits(
    order: str, compression: str | None, alpha: bool
) -> None:
    grey = noise(top=4095)
    channels = np.dstack([grey] * 3 + [np.full_like(grey, 65535)] * alpha)
    options = {"extrasamples": ["unassalpha"]} if alpha else {}
    data = _tiff(channels, photometric="rgb", compression=compression, byteorder=order, **options)
    values, warnings = _decoded(data)
    np.testing.assert_allclose(values, grey / 4095, atol=1e-6)
    assert "uses only 12 bits" in warnings[0]


def test_16_bit_channels_stored_apart() -> None:
    planes = np.stack([noise(top=4095)] * 3)
    for order in "<>":
        data = _tiff(planes, photometric="rgb", planarconfig="separate", byteorder=order)
        np.testing.assert_allclose(_decoded(data)[0], planes[0] / 4095, atol=1e-6)
    data = _tiff(planes, photometric="rgb", planarconfig="separate", compression="zlib")
    with pytest.raises(UnreadableImage, match="16 bits per channel in a layout"):
        _decoded(data)


def test_16_bit_colour_becomes_luminance_with_a_note() -> None:
    red, green, blue = (noise(top=65535, seed=seed) for seed in range(3))
    values, warnings = _decoded(_png_16(np.dstack([red, green, blue]), 2))
    expected = (0.299 * red + 0.587 * green + 0.114 * blue) / 65535
    np.testing.assert_allclose(values, expected, atol=1e-5)
    assert any("colour picture" in warning for warning in warnings)


def test_16_in_a_tile_does_not_make_16_bits() -> None:
    """8-bit colour whose strip begins at byte 16, or holds 16 rows."""
    grey = noise(16, 40)
    data = _tiff(np.dstack([np.tile(grey, (4, 1))] * 3), photometric="rgb", rowsperstrip=16)
    assert _decoded(data)[1] == ()


def test_big_tiff_is_read() -> None:
    values, _ = _decoded(_tiff(noise(top=65535), bigtiff=True))
    np.testing.assert_allclose(values, noise(top=65535) / 65535, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str
)
@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_jpeg_without_its_end_marker_is_read(
    options: dict[str, object], cut: int, padding: bytes
) -> None:
    data = encode(noise(80, 96), "JPEG", **options)
    values, warnings = _decoded(data[:-cut] + padding)
    np.testing.assert_array_equal(values, _decoded(data)[0])
    assert warnings == ("a lacks its end marker; its picture is complete.",)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str
)
def test_jpeg_that_lacks_a_part_of_its_picture_is_damaged(options: dict[str, object]) -> None:
    data = encode(noise(80, 96), "JPEG", **options)
    for cut in range(20, len(data) - 700, 211):
        with pytest.raises(UnreadableImage, match="damaged"):
            _decoded(data[:-cut])


def test_progressive_jpeg_without_its_last_scan_is_damaged() -> None:
    data = encode(noise(80, 96), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    last = max(data.rindex(b"\xff\xc4", 0, last), 0)  # its tables stand before it
    with pytest.raises(UnreadableImage, match="damaged"):
        _decoded(data[:last])


def test_what_decoding_allocates_is_limited() -> None:
    """Size is within the limits, size times channels and bits is not; nothing is decoded."""
    head = struct.pack(">IIBBBBB", 9_900, 9_900, 16, 2, 0, 0, 0)
    data = _png_header(9_900, 9_900).replace(_png_header(9_900, 9_900)[16:29], head)
    crc = zlib.crc32(b"IHDR" + head)
    data = data[:29] + struct.pack(">I", crc) + data[33:]
    with pytest.raises(UnreadableImage, match="at most 65 megapixels are read"):
        _decoded(data)


@pytest.mark.parametrize("top", [255, 65535])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_exif_orientation_is_applied(kind: str, top: int) -> None:
    if kind == "JPEG" and top > 255:
        pytest.skip("JPEG files that Pillow writes have 8 bits")
    exif = Image.Exif()
    exif[274] = 6  # to be shown turned by a quarter clockwise
    values, _ = read_picture(encode(noise(top=top), kind, exif=exif), "a")
    assert values.shape == (48, 64)
    difference = np.abs(values - np.rot90(noise(top=top), -1) / top)
    assert difference.mean() < (0.1 if kind == "JPEG" else 1e-6)


def test_several_pages_give_a_note() -> None:
    buffer = io.BytesIO()
    page = Image.fromarray(noise())
    page.save(buffer, "TIFF", save_all=True, append_images=[page])
    assert "pages" in read_picture(buffer.getvalue(), "a.tif")[1][0]


def test_constant_picture_is_read_with_a_note() -> None:
    values, warnings = read_picture(encode(np.full((40, 40), 9, np.uint8)), "flat.png")
    assert np.ptp(values) == 0
    assert any("same value everywhere" in w for w in warnings)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"I am text", "not a picture"),
        (b"GIF89a" + bytes(100), "not a picture"),
        (encode(noise(300, 300), "JPEG")[:9000], "damaged"),
        (encode(noise(300, 300))[:9000], "damaged"),
        (encode(noise(300, 300), "TIFF")[:9000], ""),
        (encode(noise(31, 40)), "40 x 31 px"),
        (encode(noise(40, 401)), "10:1"),
        (_png_header(25_000, 3_000), "25000 x 3000"),
        (_png_header(60_000, 60_000), "20,000 px"),
        (_png_header(11_000, 11_000), "100 megapixels"),
        (encode(np.ones((40, 40), np.float32), "TIFF"), "as decimal numbers (floating point);"),
        (encode(np.ones((40, 40), np.int32), "TIFF"), "with a sign"),
        (_tiff(np.ones((40, 40), np.uint32)), "as whole numbers of 32 bits;"),
        (_tiff(np.ones((40, 40), np.int16)), "with a sign"),
        (_tiff(np.ones((40, 40), np.int8)), "with a sign"),
        (_tiff(np.ones((40, 40), np.float64)), "in a way that this software does not read"),
        (_tiff(np.ones((40, 40, 4), np.uint16), photometric="separated"), "16-bit grey PNG"),
        (encode(noise())[:20], "damaged"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(data)
    for content in (data, path):
        with pytest.raises(UnreadableImage) as caught:
            read_picture(content, "x.png")
        sentence = str(caught.value)
        assert sentence.startswith("x.png ")
        assert says in sentence
        assert str(tmp_path) not in sentence
        assert "\n" not in sentence


def test_missing_file_raises_unreadable_image(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"^x\.png is no longer there"):
        read_picture(tmp_path / "x.png", "x.png")
    with pytest.raises(UnreadableImage):
        read_picture(tmp_path, "folder")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(), kind=st.sampled_from(["PNG", "JPEG", "TIFF"]), top=st.sampled_from([255, 65535])
)
def test_corrupted_bytes_raise_only_unreadable_image(
    data: st.DataObject, kind: str, top: int
) -> None:
    picture = bytearray(encode(noise(40, 40, top=255 if kind == "JPEG" else top), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        picture[data.draw(st.integers(0, len(picture) - 1))] = data.draw(st.integers(0, 255))
    try:
        values, _ = _decoded(bytes(picture))
    except UnreadableImage:
        return
    assert values.min() >= 0
    assert values.max() <= 1
