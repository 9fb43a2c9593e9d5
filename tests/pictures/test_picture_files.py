"""Picture files of every kind that users have, and those that are none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hartonomous.errors import BadInput
from hartonomous.pictures import picture_files
from hartonomous.pictures.picture_files import picture_key, read_picture
from tests.drawn_pictures import drawn

PIXELS = drawn("triangle", "red", 0.6, "blue", 40, at=(0.4, 0.5))[:30]


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("b.png", {"compress_level": 0, "optimize": True}),
        ("c.bmp", {}),
        ("d.tiff", {"compression": "tiff_lzw"}),
        ("e.webp", {"lossless": True}),
        ("f.ppm", {}),
    ],
)
def test_the_same_pixels_have_one_key_in_any_lossless_format(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    read = read_picture(saved(tmp_path / name, Image.fromarray(PIXELS), **options))
    assert read.dtype == np.uint8 and (read == PIXELS).all()
    assert picture_key(read) == picture_key(PIXELS)
    assert len(picture_key(read)) == 64


def test_other_pixels_and_another_form_have_another_key() -> None:
    changed = PIXELS.copy()
    changed[3, 4, 0] ^= 1
    square = np.zeros((4, 9, 3), np.uint8)
    keys = [picture_key(one) for one in (PIXELS, changed, square, square.reshape(9, 4, 3))]
    assert len(set(keys)) == 4
    assert picture_key(PIXELS[::-1][::-1]) == picture_key(PIXELS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_of_exif_is_applied(tmp_path: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.fromarray(PIXELS)
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = read_picture(saved(tmp_path / "turned.png", stored, exif=exif))
    assert (read == PIXELS).all()


def test_an_unreadable_rotation_is_no_fault(tmp_path: Path) -> None:
    for number, raw in enumerate((b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", b"Exif\x00\x00")):
        file = saved(tmp_path / f"{number}.jpg", Image.fromarray(PIXELS), exif=raw)
        assert read_picture(file).shape == PIXELS.shape


def test_the_content_tells_the_format(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    Image.fromarray(PIXELS).save(file, format="PNG")
    assert (read_picture(file) == PIXELS).all()


@pytest.mark.parametrize(
    "content",
    [b"", b"hello, this is no picture", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x80\x04"],
)
def test_what_is_no_picture_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "no.png"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"no\.png is no picture in BMP, GIF"):
        read_picture(file)


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(3)
    whole = io.BytesIO()
    image = Image.fromarray(random.integers(0, 256, (80, 80, 3), dtype=np.uint8))
    image.save(whole, format=suffix)
    file = tmp_path / "cut.png"
    file.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(BadInput, match=r"cut\.png is (damaged or cut off|no picture)"):
        read_picture(file)


def test_of_an_animation_the_first_frame_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    for name in ("a.gif", "a.webp", "a.png", "a.tiff"):
        options = {"lossless": True} if name.endswith("webp") else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        read = read_picture(tmp_path / name)
        assert read.shape == (6, 8, 3) and (read == (255, 0, 0)).all(), name


def png(width: int, height: int, *more: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that says it has this size, with a few bytes of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), *more, (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [10_001, 14_000, 100_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    file = tmp_path / "bomb.png"
    file.write_bytes(png(side, side))
    with pytest.raises(BadInput, match=r"bomb\.png .*(pixels|damaged)"):
        read_picture(file)


def test_a_bomb_in_a_text_is_refused(tmp_path: Path) -> None:
    text = b"note\0\0" + zlib.compress(b"\0" * (80 << 20), 9)
    file = tmp_path / "text.png"
    file.write_bytes(png(4, 4, (b"zTXt", text)))
    with pytest.raises(BadInput, match=r"text\.png is damaged"):
        read_picture(file)


def test_a_file_that_is_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "LARGEST", 100)
    with pytest.raises(BadInput, match="a picture may have"):
        read_picture(saved(tmp_path / "a.bmp", Image.fromarray(PIXELS)))


def test_other_colour_spaces_become_red_green_and_blue(tmp_path: Path) -> None:
    image = Image.new("CMYK", (9, 7), (0, 255, 255, 0))
    for name in ("a.jpg", "a.tiff"):
        read = read_picture(saved(tmp_path / name, image))
        assert read.shape == (7, 9, 3)
        assert (np.abs(read.astype(int) - (255, 0, 0)) <= 2).all(), name
    assert (read_picture(saved(tmp_path / "b.png", Image.new("1", (3, 2), 1))) == 255).all()
    assert (read_picture(saved(tmp_path / "c.png", Image.new("L", (3, 2), 90))) == 90).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    expected = np.repeat((deep // 257).astype(np.uint8)[..., None], 3, axis=2)
    for name in ("a.png", "a.tiff"):
        read = read_picture(saved(tmp_path / name, Image.fromarray(deep)))
        assert (read == expected).all(), name
    floats = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    floats[0, 0] = np.nan
    read = read_picture(saved(tmp_path / "b.tiff", Image.fromarray(floats)))
    assert (read == expected).all()


def test_transparency_is_on_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    clear.putpixel((1, 1), (10, 20, 30, 255))
    grey = Image.new("LA", (4, 4), (10, 0))
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30, 200, 0, 0])
    palette.putpixel((1, 1), 1)
    read = read_picture(saved(tmp_path / "a.png", clear))
    assert (read[0, 0] == 255).all() and read[1, 1].tolist() == [10, 20, 30]
    assert (read_picture(saved(tmp_path / "b.png", grey)) == 255).all()
    read = read_picture(saved(tmp_path / "c.png", palette, transparency=0))
    assert (read[0, 0] == 255).all() and read[1, 1].tolist() == [200, 0, 0]
    read = read_picture(saved(tmp_path / "d.gif", palette, transparency=0))
    assert (read[0, 0] == 255).all() and read[1, 1].tolist() == [200, 0, 0]


def test_a_picture_of_one_pixel_is_read(tmp_path: Path) -> None:
    read = read_picture(saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (1, 2, 3))))
    assert read.tolist() == [[[1, 2, 3]]]


def test_damaged_files_raise_nothing_else_than_bad_input(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a yard"
    read = refused = 0
    for suffix in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        whole = io.BytesIO()
        more = {"exif": exif} if suffix in ("PNG", "JPEG", "TIFF", "WEBP") else {}
        Image.fromarray(PIXELS).save(whole, format=suffix, **more)
        for _ in range(60):
            content = bytearray(whole.getvalue())
            reach = len(content) if random.random() < 0.5 else min(200, len(content))
            for at in random.integers(0, reach, random.integers(1, 6)):
                content[at] = random.integers(256)
            file = tmp_path / "damaged"
            file.write_bytes(bytes(content))
            try:
                pixels = read_picture(file)
            except BadInput as error:
                refused += 1
                assert "damaged" in str(error)
            else:
                read += 1
                assert pixels.ndim == 3 and pixels.dtype == np.uint8
    assert read > 50 and refused > 50
