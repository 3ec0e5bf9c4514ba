"""The reader against drawn pictures with known pixels, every kind of broken file, and the order of batches."""

import hashlib
import io
import os
import random
import signal
import struct
import threading
import zipfile
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import draw_pictures
from PIL import Image, ImageCms, ImageColor, ImageDraw
from served import peak_memory

from gan.data import decode as pictures
from gan.data import scan as data
from gan.data import sources
from gan.data.scan import ScanReport, read_pictures
from gan.errors import UserError
from gan.training.batches import Batches, rows_in_order

S = 32
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Write a PNG by hand: rows with their filter bytes, and chunks that go before them."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    parts = [header, *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def flat(colour=RED, side: int = S) -> Image.Image:
    return Image.new("RGB", (side, side), colour)


def marked(image: Image.Image) -> Image.Image:
    """Put another colour into the last pixel: a picture of one single colour is bad."""
    levels = np.array(image)
    levels[-1, -1] = levels[-1, -1] // 2 + 30
    return Image.fromarray(levels, image.mode if image.mode == "CMYK" else None)


def body(image: torch.Tensor) -> list[int]:
    """Return the levels of a picture, (3, S, S), but for its last row, without repeats."""
    return image[:, :-1].unique().tolist()


def noise(seed: int, side: int = S) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8))


def quarters(side: int = S) -> Image.Image:
    """Red, green / blue, white."""
    image = Image.new("RGB", (side, side), WHITE)
    half = side // 2
    image.paste(RED, (0, 0, half, half))
    image.paste(GREEN, (half, 0, side, half))
    image.paste(BLUE, (0, half, half, side))
    return image


def corners(image: torch.Tensor) -> list[tuple[int, ...]]:
    return [tuple(image[:, y, x].tolist()) for y in (3, -4) for x in (3, -4)]


def filled(folder: Path, count: int = 40) -> Path:
    """Write good pictures enough that one bad file stays under 5 %."""
    for seed in range(count):
        noise(seed).save(folder / f"good{seed}.png")
    return folder


def read(source: Path, size: int = S, **options) -> data.Pictures:
    return read_pictures(source, size, progress=False, **options)


def only(tmp_path: Path, content: bytes, name: str = "a.png", size: int = S) -> torch.Tensor:
    """Return the one picture, (3, S, S) uint8, that `content` decodes to."""
    (tmp_path / name).write_bytes(content)
    return read(tmp_path, size).images[0]


# ---- formats and modes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF"])
def test_lossless_formats_keep_every_pixel_of_a_picture_of_the_right_size(tmp_path, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    image = only(tmp_path, encoded(quarters(), kind, **options), "a.PNG")  # by content, not by name
    assert np.array_equal(image.permute(1, 2, 0).numpy(), np.asarray(quarters()))


def test_noise_of_the_right_size_is_untouched(tmp_path):
    image = only(tmp_path, encoded(noise(1), "PNG"))
    assert np.array_equal(image.permute(1, 2, 0).numpy(), np.asarray(noise(1)))


def test_jpeg_and_grey_jpeg(tmp_path):
    image = only(tmp_path, encoded(quarters(), "JPEG", quality=95), "a.JPG")
    assert (image.int() - torch.tensor(np.asarray(quarters())).permute(2, 0, 1).int()).abs().float().mean() < 5
    halves = Image.new("L", (S, S), 77)
    halves.paste(200, (0, 16, S, S))
    grey = only(tmp_path, encoded(halves, "JPEG"), "a.JPG")
    assert grey[:, :16].unique().tolist() == [77]


def test_middle_square_is_cut_out_and_resized(tmp_path):
    wide = Image.new("RGB", (4 * S, 2 * S), RED)
    wide.paste(quarters(2 * S), (S, 0))
    assert corners(only(tmp_path, encoded(wide, "PNG"))) == [RED, GREEN, BLUE, WHITE]


def fitted(tmp_path: Path, image: Image.Image, fit: str) -> torch.Tensor:
    """Return what the picture becomes, (S, S, 3) uint8."""
    image.save(tmp_path / "a.png")
    return read(tmp_path, fit=fit).images[0].permute(1, 2, 0)


@pytest.mark.parametrize(("width", "height"), [(4 * S, 2 * S), (2 * S, 4 * S)])
def test_a_padded_picture_is_whole_between_two_white_bars(tmp_path, width, height):
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, height // 2, width, height))
    found = fitted(tmp_path, image, "pad")
    assert fitted(tmp_path, image, "crop").eq(255).all(-1).sum() == 0
    if height > width:
        found = found.transpose(0, 1)
    bars, middle = torch.cat([found[: S // 4], found[-S // 4 :]]), found[S // 4 : -S // 4]
    assert bars.unique().tolist() == [255]
    corner = [tuple(middle[y, x].tolist()) for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1))]
    assert corner == [RED, RED, RED, BLUE]
    assert not middle.eq(255).all(-1).any()  # nothing of the bars in between


@pytest.mark.parametrize("side", [S, 3 * S + 1, S // 2])
def test_a_square_is_the_same_padded_and_cropped(tmp_path, side):
    assert torch.equal(fitted(tmp_path, noise(2, side), "pad"), fitted(tmp_path, noise(2, side), "crop"))


def test_a_thread_of_a_picture_is_a_line_when_padded(tmp_path):
    found = fitted(tmp_path, marked(Image.new("RGB", (16, 16 * 4 * S), RED)), "pad")
    assert found[:-1].eq(torch.tensor(RED)).all(-1).sum(0).tolist() == [0] * (S // 2 - 1) + [S - 1] + [0] * (S // 2)


def test_padding_comes_after_exif_rotation_and_is_as_white_as_transparency(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # lying in the file, upright when shown
    image = Image.new("RGBA", (2 * S, S), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (S, 0, 2 * S, S))
    (tmp_path / "a.png").write_bytes(encoded(image, "PNG", exif=exif))
    found = read(tmp_path, fit="pad").images[0].permute(1, 2, 0)
    red = found.eq(torch.tensor(RED)).all(-1)
    assert red[: S // 2 - 4, S // 4 : -S // 4].all() and not red[:, : S // 4].any() and not red[:, -S // 4 :].any()
    assert found[S // 2 + 4 :].unique().tolist() == [255]


def test_huge_jpeg_decoded_at_a_fraction_looks_as_if_decoded_whole(tmp_path):
    content = encoded(noise(5, 300), "JPEG", quality=95)  # nothing but detail: the hardest case
    whole = pictures.ImageOps.fit(Image.open(io.BytesIO(content)), (S, S), Image.Resampling.LANCZOS)
    found = only(tmp_path, content, "a.jpg").permute(1, 2, 0).numpy().astype(int)
    assert np.abs(found - np.asarray(whole)).max() <= 4


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_half_transparent_red_on_white(tmp_path, kind, options):
    image = marked(Image.new("RGBA", (S, S), (255, 0, 0, 128)))
    assert tuple(only(tmp_path, encoded(image, kind, **options))[:, 5, 5]) == (255, 127, 127)


def test_hidden_colour_under_full_transparency_does_not_bleed_when_resized(tmp_path):
    image = Image.new("RGBA", (2 * S, 2 * S), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 2 * S, S))
    assert only(tmp_path, encoded(image, "PNG"))[:, -S // 4 :].unique().tolist() == [255]


def test_grey_with_alpha(tmp_path):
    assert body(only(tmp_path, encoded(marked(Image.new("LA", (S, S), (100, 51))), "PNG"))) == [224]


def test_palette_with_one_and_with_graded_transparency(tmp_path):
    image = quarters().quantize(4)
    red = image.getpixel((0, 0))
    assert corners(only(tmp_path, encoded(image, "PNG", transparency=red))) == [WHITE, GREEN, BLUE, WHITE]
    graded = bytes(128 if index == red else 255 for index in range(4))
    found = corners(only(tmp_path, encoded(image, "PNG", transparency=graded)))
    assert found == [(255, 127, 127), GREEN, BLUE, WHITE]
    assert corners(only(tmp_path, encoded(image, "GIF", transparency=red))) == [WHITE, GREEN, BLUE, WHITE]


def test_transparent_colour_of_rgb_and_grey(tmp_path):
    assert corners(only(tmp_path, encoded(quarters(), "PNG", transparency=GREEN))) == [RED, WHITE, BLUE, WHITE]
    grey = Image.new("L", (S, S), 10)
    grey.paste(200, (0, 0, S // 2, S))
    found = only(tmp_path, encoded(grey, "PNG", transparency=10))
    assert (found[0, 0, 0], found[0, 0, -1]) == (200, 255)


@pytest.mark.parametrize(("depth", "step"), [(1, 255), (2, 85), (4, 17)])
def test_transparent_grey_below_8_bits(tmp_path, depth, step):
    row = b"\0" + b"\0" * (S * depth // 16) + b"\xff" * (S * depth // 16)  # black on the left, white on the right
    plain = only(tmp_path, png(S, S, depth, 0, row * S))
    assert (plain[0, 0, 0], plain[0, 0, -1]) == (0, 255)
    one = b"\0" + bytes([sum(1 << shift for shift in range(0, 8, depth))]) * (S * depth // 8)  # level 1 all over
    rows = one * (S - 1) + b"\0" * (1 + S * depth // 8)
    kept = only(tmp_path, png(S, S, depth, 0, rows))
    gone = only(tmp_path, png(S, S, depth, 0, rows, (b"tRNS", struct.pack(">H", 1))))
    assert body(kept) == [step] and body(gone) == [255]
    if depth > 1:  # else white is all there is
        rows = row * (S - 1) + one
        assert body(only(tmp_path, png(S, S, depth, 0, rows, (b"tRNS", struct.pack(">H", 0))))) == [255]


@pytest.mark.parametrize("level", [0, 1, 100, 254, 255])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, level):
    levels = np.full((S, S), 257 * level, np.uint16)
    levels[-1] = np.linspace(0, 65_535, S)
    for kind in ("PNG", "TIFF"):
        assert body(only(tmp_path, encoded(Image.fromarray(levels), kind))) == [level]
    wide = Image.fromarray(levels.astype(np.int32))  # mode I
    assert wide.mode == "I" and body(only(tmp_path, encoded(wide, "TIFF"))) == [level]
    assert read(tmp_path).report.ways == ()


def test_16_bit_rgb_and_its_transparent_colour(tmp_path):
    row = b"\0" + struct.pack(">HHH", 257 * 10, 257 * 100, 257 * 200) * S
    last = b"\0" * (1 + 6 * S)
    assert tuple(only(tmp_path, png(S, S, 16, 2, row * (S - 1) + last))[:, 0, 0]) == (10, 100, 200)
    chunk = (b"tRNS", struct.pack(">HHH", 257 * 10, 257 * 100, 257 * 200))
    assert tuple(only(tmp_path, png(S, S, 16, 2, row * (S - 1) + last, chunk))[:, 0, 0]) == WHITE
    half = b"\0" + struct.pack(">HHHH", 65535, 0, 0, 257 * 128) * S
    assert tuple(only(tmp_path, png(S, S, 16, 6, half * (S - 1) + b"\0" * (1 + 8 * S)))[:, 0, 0]) == (255, 127, 127)


def test_transparent_colour_of_16_bit_grey(tmp_path):
    row = b"\0" + struct.pack(">H", 257 * 10) * (S // 2) + struct.pack(">H", 257 * 20) * (S // 2)
    found = only(tmp_path, png(S, S, 16, 0, row * S, (b"tRNS", struct.pack(">H", 257 * 10))))
    assert (found[1, 4, 0], found[1, 4, -1]) == (255, 20)


def test_one_bit(tmp_path):
    image = Image.new("1", (S, S), 1)
    image.putpixel((S - 1, S - 1), 0)
    assert body(only(tmp_path, encoded(image, "PNG"))) == [255]


def test_cmyk(tmp_path):
    image = marked(Image.new("CMYK", (S, S), (0, 255, 255, 0)))  # no cyan, all magenta and yellow: red
    jpeg = only(tmp_path, encoded(image, "JPEG", quality=100), "a.jpg")  # PIL writes Adobe's inverted kind
    assert (jpeg[:, 9, 9].int() - torch.tensor(RED)).abs().max() <= 3
    assert tuple(only(tmp_path, encoded(image, "TIFF"), "a.jpg")[:, 9, 9]) == RED


# where each corner of the upright picture lies in the file
ORIENTATIONS = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_rotation(tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = corners(only(tmp_path, encoded(quarters(), kind, exif=exif)))
    assert found == ORIENTATIONS[orientation]


def test_exif_rotation_of_a_jpeg_and_broken_exif(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = only(tmp_path, encoded(quarters(8 * S), "JPEG", exif=exif), "a.jpg")
    expected = torch.tensor(ORIENTATIONS[6])
    assert (torch.tensor(corners(image)) - expected).abs().max() < 12
    broken = encoded(quarters(8 * S), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0")
    expected = torch.tensor(ORIENTATIONS[1])
    assert (torch.tensor(corners(only(tmp_path, broken, "a.jpg"))) - expected).abs().max() < 12


def test_first_frame_of_an_animation(tmp_path):
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        moving = encoded(quarters(), kind, save_all=True, append_images=[flat(BLUE), flat(GREEN)], **options)
        assert corners(only(tmp_path, moving)) == [RED, GREEN, BLUE, WHITE]


# ---- what the numbers mean -----------------------------------------------------------------------------------------


def ramp(white: int, kind: str) -> np.ndarray:
    """Return levels (S, S) from black on the left to white on the right."""
    return np.linspace(0, white, S).round().astype(kind)[None].repeat(S, 0)


def tiff(levels: np.ndarray, photometric: int) -> bytes:
    """Write a grey TIFF by hand; PIL would write no int16, and white as zero for 8 bits alone."""
    kind, content = {"u": 1, "i": 2}[levels.dtype.kind], levels.tobytes()
    tags = {256: S, 257: S, 258: 8 * levels.itemsize, 259: 1, 262: photometric, 273: 0, 277: 1, 278: S}
    tags |= {279: len(content), 339: kind}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    lines = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items())]
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + b"".join(lines) + bytes(4) + content


@pytest.mark.parametrize(
    ("white", "kind", "photometric", "ways"),
    [
        (65_535, "<u2", 1, []),
        (65_535, "<u2", 0, ["inverted"]),
        (4095, "<u2", 1, ["12-bit"]),
        (4095, "<u2", 0, ["12-bit", "inverted"]),
        (255, "<u2", 1, ["8-bit"]),
        (255, "u1", 0, []),
        (32_767, "<i2", 1, ["15-bit"]),
        (4095, "<i2", 1, ["12-bit"]),
        (65_535, "<i4", 1, []),
        (4095, "<i4", 1, ["12-bit"]),
        (255, "<i4", 1, ["8-bit"]),
    ],
)
def test_greys_of_any_depth_run_from_black_to_white(tmp_path, white, kind, photometric, ways):
    levels = ramp(white, kind) if photometric else white - ramp(white, kind)
    (tmp_path / "a.tif").write_bytes(tiff(levels, photometric))
    found = read(tmp_path)
    assert (found.images[0].int() - torch.from_numpy(ramp(255, "i4"))).abs().max() <= 1
    assert found.report.ways == tuple((way, 1) for way in ways)


def test_levels_below_zero_are_bad(tmp_path):
    with pytest.raises(pictures.BadPicture, match="more than 16 bits"):
        pictures.decode(tiff(ramp(2000, "<i2") - np.int16(1000), 1), pictures.Frame(S))


def test_the_report_says_what_was_read_otherwise(tmp_path):
    for i in range(3):
        Image.fromarray(ramp(4095 - i, "u2")).save(tmp_path / f"{i}.png")
    assert "greys that use 12 bits of 16 or more, which are taken as all: 3" in read(tmp_path).report.text()


BLANK = {
    "transparent": (encoded(Image.new("RGBA", (S, S), (200, 40, 90, 0)), "PNG"), "all of it is transparent"),
    "white on transparent": (
        png(S, S, 1, 0, (b"\0" + b"\x0f" * (S // 8)) * S, (b"tRNS", b"\0\0")),
        "one single colour",
    ),
    "black": (encoded(Image.new("L", (S, S)), "JPEG"), "one single colour"),
    "white": (encoded(Image.new("P", (S, S)), "GIF"), "one single colour"),
    "12 bits of colour in 16": (
        png(S, S, 16, 2, (b"\0" + struct.pack(">HHH", 4095, 100, 2000) * (S // 2) + bytes(3 * S)) * S),
        "all but black",
    ),
}


@pytest.mark.parametrize("name", BLANK)
def test_what_comes_out_blank_is_bad(name):
    content, reason = BLANK[name]
    with pytest.raises(pictures.Blank, match=reason):
        pictures.decode(content, pictures.Frame(S))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_single_dot_makes_a_picture(mode):
    image = Image.new(mode, (S, S))
    image.putpixel((9, 9), 1 if mode == "L" else (0, 0, 1))
    assert pictures.decode(encoded(image, "PNG"), pictures.Frame(S)).pixels.max() == 1


def grey_profile(gamma: float) -> bytes:
    """Return a profile of greys with a gamma: a header, a white point, a curve."""
    header = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:128])
    header[16:20] = b"GRAY"
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)  # D50, in parts of 65,536
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma)) + bytes(2)
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 14)
    body = bytes(header[4:]) + tags + white + curve
    return struct.pack(">I", 4 + len(body)) + body


def profile(gamma: float) -> bytes:
    """Return a profile like sRGB, but for its gamma."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma)) + bytes(2)
    count = struct.unpack(">I", made[128:132])[0]
    for place in range(132, 132 + 12 * count, 12):
        if made[place : place + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            made[place + 4 : place + 12] = struct.pack(">II", len(made), 14)
    return struct.pack(">I", len(made) + len(curve)) + bytes(made[4:]) + curve


def test_a_profile_is_converted_to_srgb(tmp_path):
    linear = encoded(noise(1), "PNG", icc_profile=profile(1.0))
    found = only(tmp_path, linear).permute(1, 2, 0).numpy() / 255
    light = np.asarray(noise(1)) / 255
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(found - srgb).max() < 2 / 255
    assert read(tmp_path).report.ways == (("icc", 1),)


def test_srgb_itself_and_a_broken_profile_change_nothing(tmp_path):
    plain = read(zipped(tmp_path / "plain.zip", {"a.png": encoded(noise(1), "PNG")}))
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, content, ways in (("own", own, ()), ("broken", b"x" * 300, (("profile passed over", 1),))):
        (tmp_path / name).mkdir()
        image = only(tmp_path / name, encoded(noise(1), "PNG", icc_profile=content))
        assert torch.equal(image, plain.images[0]) and read(tmp_path / name).report.ways == ways


def test_a_profile_for_another_kind_of_picture_is_passed_over(tmp_path):
    cmyk = marked(Image.new("CMYK", (S, S), (0, 255, 255, 0)))
    found = only(tmp_path, encoded(cmyk, "TIFF", icc_profile=profile(1.0)), "a.tif")
    assert tuple(found[:, 0, 0]) == RED and read(tmp_path).report.ways == (("profile passed over", 1),)


@pytest.mark.parametrize(("gamma", "level"), [(1 / 2.2, 100), (1.0, 167), (0.0, 100)])
def test_the_gamma_of_a_png_is_heeded(tmp_path, gamma, level):
    rows = (b"\0" + bytes([100]) * S) * (S - 1) + b"\0" + bytes(S)
    chunk = (b"gAMA", struct.pack(">I", round(100_000 * gamma)))
    assert body(only(tmp_path, png(S, S, 8, 0, rows, chunk))) == [level]
    assert read(tmp_path).report.ways == ((("gamma", 1),) if gamma == 1.0 else ())
    assert body(only(tmp_path, png(S, S, 8, 0, rows, (b"sRGB", b"\0"), chunk))) == [100]


def test_fingerprint_knows_how_files_were_read_and_what_it_was_before(tmp_path):
    plain = {f"{i}.png": encoded(noise(i), "PNG") for i in range(20)}
    ordinary = read(zipped(tmp_path / "1.zip", plain))
    digests = sorted(hashlib.sha256(content).hexdigest() for content in plain.values())
    assert ordinary.fingerprint == ordinary.earlier == hashlib.sha256("\n".join(digests).encode()).hexdigest()
    for name, content in (
        ("converted", encoded(noise(1), "PNG", icc_profile=profile(1.0))),
        ("blank", encoded(flat(), "PNG")),
    ):
        found = read(zipped(tmp_path / f"{name}.zip", plain | {"x.png": content}))
        all_digests = sorted([*digests, hashlib.sha256(content).hexdigest()])
        assert found.earlier == hashlib.sha256("\n".join(all_digests).encode()).hexdigest() != found.fingerprint
        assert (found.fingerprint == ordinary.fingerprint) is (name == "blank")


# ---- broken files --------------------------------------------------------------------------------------------------

JPEG = encoded(noise(0, 64), "JPEG")
BROKEN = {
    "cut.jpg": (JPEG[: len(JPEG) // 2], "cut off before its end"),
    "cut.png": (encoded(noise(0), "PNG")[:900], "cut off before its end"),
    "cut.webp": (encoded(noise(0), "WEBP")[:300], "cannot be decoded"),
    "cut.gif": (encoded(noise(0), "GIF")[:900], "cut off before its end"),
    "header.jpg": (JPEG[:10], "cut off before its end"),
    "empty.png": (b"", "empty file"),
    "text.png": (b"hello, world " * 20, "no JPEG, PNG"),
    "drawing.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "no JPEG, PNG"),
    "tiny.png": (encoded(Image.new("RGB", (15, 400)), "PNG"), "15 x 400 pixels: under 16 pixels a side"),
    "bomb.png": (png(13000, 13000, 8, 2, b""), "13000 x 13000 pixels: over 100 megapixels"),
    "bigger.png": (png(60000, 60000, 8, 2, b""), "over 100 megapixels"),
    "hollow.png": (png(9700, 9700, 8, 0, b"\0" * 99), "cut off before its end"),
    "float.tif": (encoded(Image.new("F", (S, S), 0.5), "TIFF"), "floating-point"),
    "deep.tif": (encoded(Image.new("I", (S, S), 70_000), "TIFF"), "more than 16 bits"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_left_out_with_its_reason(tmp_path, name):
    content, reason = BROKEN[name]
    (filled(tmp_path) / name).write_bytes(content)
    taken = peak_memory()
    report = read(tmp_path).report
    assert taken() < 250_000
    assert (report.found, report.used, report.bad[0][0]) == (41, 40, name)
    assert reason in report.bad[0][1] and "\n" not in report.bad[0][1]
    assert f"  {name}: " in report.text() and reason in report.text()


def test_damaged_bytes_never_end_a_scan(tmp_path):
    rng = random.Random(0)
    kinds = {"JPEG": {}, "PNG": {}, "WEBP": {}, "GIF": {}, "BMP": {}, "TIFF": {"compression": "tiff_lzw"}}
    for kind, options in kinds.items():
        good = encoded(noise(3), kind, **options)
        for _ in range(40):
            content = bytearray(good)
            for _ in range(rng.randint(1, 12)):
                content[rng.randrange(min(len(content), 400))] = rng.randrange(256)
            entry = sources.Entry("a", lambda content=bytes(content): nullcontext(content))
            result = data._read_one(entry, pictures.Frame(S))
            assert (result.pixels is None) == bool(result.reason)


def test_a_folder_a_link_and_a_pipe_named_like_pictures(tmp_path):
    filled(tmp_path, 60)
    (tmp_path / "x.png").mkdir()
    quarters().save(tmp_path / "x.png" / "inside.png")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    report = read(tmp_path).report
    assert (report.found, report.used) == (63, 61)
    assert dict(report.bad) == {
        "nowhere.png": "cannot be read (No such file or directory)",
        "pipe.jpg": "not a regular file",
    }


def test_unreadable_file_and_folder(tmp_path, monkeypatch):
    filled(tmp_path)

    def refuse(path, *_):
        if path.name == "good7.png":
            raise PermissionError(13, "Permission denied")
        return open(path, "rb").read()

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert read(tmp_path).report.bad == (("good7.png", "cannot be read (Permission denied)"),)
    monkeypatch.setattr(os, "walk", lambda root, onerror, **_: onerror(PermissionError(13, "no", str(root))))
    with pytest.raises(UserError, match="cannot be read: no"):
        read(tmp_path)


def test_names_that_cannot_be_printed_are_escaped(tmp_path):
    filled(tmp_path)
    (tmp_path / "red\x1b[31m\n.png").write_bytes(b"")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.png", os.O_CREAT))
    report = read(tmp_path).report
    assert [name for name, _ in report.bad] == ["red\\x1b[31m\\n.png", "\\udcff.png"]
    assert report.text().isprintable() or report.text().replace("\n", "").isprintable()


def test_more_than_5_percent_bad_is_an_error_that_names_them(tmp_path):
    filled(tmp_path, 19)
    (tmp_path / "bad1.png").write_bytes(b"")
    assert read(tmp_path).report.used == 19  # 5 % exactly
    (tmp_path / "bad2.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"2 of the 21 .* 5%; remove or mend them:\n  bad1.png: empty file\n  bad2"):
        read(tmp_path)


def test_a_long_list_of_bad_files_is_cut():
    lines = ScanReport(1000, 940, 0, tuple((f"{i}.png", "empty file") for i in range(60))).text().splitlines()
    assert lines[-2:] == ["  49.png: empty file", "  and 10 more"]


# ---- sources -------------------------------------------------------------------------------------------------------


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing", None, "does not exist"),
        ("a.txt", b"hello", "neither a folder nor a .zip"),
        ("a.zip", b"PK\x03\x04 and nothing", "damaged .zip"),
        ("b.zip", b"", "damaged .zip"),
    ],
)
def test_sources_that_are_none(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_source_without_pictures_says_what_it_has(tmp_path):
    (tmp_path / "a.HEIC").write_bytes(b"x")
    with pytest.raises(UserError, match=r"no pictures in .*1 \.heic.*looked for .*\.png"):
        read(tmp_path)


def test_folder_and_zip_give_the_same_and_other_files_are_ignored(tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    files = {name: encoded(noise(i), "PNG") for i, name in enumerate(["10.png", "2.png", "sub/1.PNG", "b.png"])}
    files |= {"notes.txt": b"x", "more.txt": b"x", "README": b"x", ".DS_Store": b"x", "._2.png": b"x"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    backwards = dict(reversed(files.items())) | {"__MACOSX/sub/2.png": b"x"}
    first, second = read(folder), read(zipped(tmp_path / "a.zip", backwards))
    assert torch.equal(first.images, second.images) and first.fingerprint == second.fingerprint
    expected = [noise(1), noise(0), noise(3), noise(2)]  # 2, 10, b, sub/1
    assert np.array_equal(first.images.permute(0, 2, 3, 1).numpy(), np.stack([np.asarray(e) for e in expected]))
    assert first.report.ignored == second.report.ignored == "2 .txt, 1 no suffix"
    assert first.report.found == second.report.found == 4
    assert first.images.is_contiguous(memory_format=torch.channels_last) and first.images.dtype == torch.uint8


def test_fingerprint_is_of_the_pictures_alone(tmp_path):
    one = zipped(tmp_path / "1.zip", {"a.png": encoded(noise(1), "PNG"), "b.png": encoded(noise(2), "PNG")})
    renamed = zipped(tmp_path / "2.zip", {"b.png": encoded(noise(1), "PNG"), "a.png": encoded(noise(2), "PNG")})
    other = zipped(tmp_path / "3.zip", {"b.png": encoded(noise(1), "PNG"), "a.png": encoded(noise(3), "PNG")})
    prints = [read(path, size).fingerprint for path, size in ((one, 16), (one, S), (renamed, S), (other, S))]
    assert prints[0] == prints[1] == prints[2] != prints[3] and len(prints[0]) == 64


def test_odd_entries_of_a_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 50_000)
    files = {f"{seed}.png": encoded(noise(seed), "PNG") for seed in range(80)}
    files |= {
        "../../x.png": encoded(quarters(), "PNG"),
        "huge.png": bytes(60_000),
        "n" * 5000 + "1" * 5000 + ".png": b"z",
    }
    content = bytearray(zipped(tmp_path / "a.zip", files).read_bytes())
    locked, damaged = content.rindex(b"79.png") - 46, content.rindex(b"78.png") - 46
    content[locked + 8] |= 1  # the flag of encryption
    content[damaged + 16] ^= 0xFF  # the checksum
    (tmp_path / "a.zip").write_bytes(content)
    monkeypatch.setattr(data, "BAD_SHARE", 0.1)
    report = read(tmp_path / "a.zip").report
    reasons = {name[:8]: reason for name, reason in report.bad}
    assert report.used == 79 and len(reasons) == 4
    assert "encrypted" in reasons["79.png"] and "cannot be unpacked" in reasons["78.png"]
    assert reasons["huge.png"] == "file over 0 MB" and "no JPEG" in reasons["n" * 8]
    assert not list(tmp_path.parent.glob("x.png"))


def test_byte_identical_repeats(tmp_path):
    files = {"a.png": encoded(noise(1), "PNG"), "b.png": encoded(noise(2), "PNG"), "c.png": encoded(noise(1), "PNG")}
    source = zipped(tmp_path / "a.zip", files)
    dropped, kept = read(source), read(source, keep_repeats=True)
    assert (dropped.report.found, dropped.report.used, dropped.report.repeats) == (3, 2, 1)
    assert (kept.report.found, kept.report.used, kept.report.repeats) == (3, 3, 1)
    assert "repeats: 1, left out" in dropped.report.text() and "repeats: 1, kept" in kept.report.text()
    assert torch.equal(kept.images[0], kept.images[2]) and torch.equal(kept.images[:2], dropped.images)
    assert dropped.fingerprint != kept.fingerprint


def test_one_picture_in_two_forms_is_told_by_name_and_look(tmp_path):
    files = {}
    for i in range(4):
        image, other = (noise(seed, 4).resize((2 * S, 2 * S)) for seed in (i, 10 + i))
        files |= {f"png/{i}.png": encoded(image, "PNG"), f"jpg/{i}.JPG": encoded(image.resize((S, S)), "JPEG")}
        files |= {f"other/{i}.png": encoded(other, "PNG"), f"png/large{i}.png": encoded(image, "PNG")}
    report = read(zipped(tmp_path / "a.zip", files), keep_repeats=True).report
    assert report.used == 16
    assert report.alike == tuple((f"jpg/{i}.JPG", f"png/{i}.png") for i in range(4))
    assert "one picture in two forms: 4, as jpg/0.JPG and png/0.png; both are used unless" in report.text()


def test_what_other_files_may_hold_is_told(tmp_path):
    (tmp_path / "a.HEIC").write_bytes(b"x")
    (tmp_path / "more.zip").write_bytes(b"x")
    with pytest.raises(UserError, match=r"; HEIC is not read: export them as JPEG .*; unpack what is packed in it"):
        read(tmp_path)
    heic = b"\0\0\0\x18ftypheic" + bytes(50)
    (filled(tmp_path) / "b.jpg").write_bytes(heic)
    assert read(tmp_path).report.bad == (("b.jpg", "a HEIC, whatever its name says; save it as JPEG or PNG"),)


def test_report_names_the_sizes(tmp_path):
    for name, side in (("a", 40), ("b", 16), ("c", 90)):
        noise(0, side).save(tmp_path / f"{name}.png")
    report = read(tmp_path).report
    assert report.sizes == ((40, 40), (16, 16), (90, 90))
    assert report.text() == (
        f"{tmp_path}: 3 picture files, 3 used\noriginal sizes: 16 x 16 to 90 x 90 pixels\nbad files, left out: 0"
    )


def test_report_says_what_the_middle_square_leaves_out(tmp_path):
    for name, size in (("square", (40, 40)), ("wide", (80, 40)), ("tall", (30, 40))):
        marked(Image.new("RGB", size, RED if name == "wide" else BLUE)).save(tmp_path / f"{name}.png")
    cut = "not square: 2; of these the middle square is used, which cuts off 38% of their area"  # (1/2 + 1/4) / 2
    assert cut in read(tmp_path).report.text().splitlines()
    padded = read(tmp_path, fit="pad")
    assert "not square: 2; all of each is used, which leaves 38% of the square white" in padded.report.text()
    white = padded.images.permute(0, 2, 3, 1).eq(255).all(-1).float().mean((1, 2))  # in the order of their names
    assert white.tolist() == pytest.approx([0, 1 / 4, 1 / 2])
    assert padded.fingerprint == read(tmp_path).fingerprint


def test_large_cache_goes_to_a_nameless_file(tmp_path, monkeypatch):
    source = zipped(tmp_path / "a.zip", {f"{seed}.png": encoded(noise(seed), "PNG") for seed in range(5)})
    in_memory = read(source)
    monkeypatch.setattr(data, "SPILL_BYTES", 1000)
    files = []
    monkeypatch.setattr(data.np, "memmap", lambda *a, real=np.memmap, **k: files.append(a[0]) or real(*a, **k))
    spilled = read(source, spill=tmp_path / "spill")
    assert len(files) == 1 and list((tmp_path / "spill").iterdir()) == []
    assert torch.equal(spilled.images, in_memory.images)
    assert spilled.images.is_contiguous(memory_format=torch.channels_last)


def test_full_disk_is_a_clear_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(data, "SPILL_BYTES", 1000)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match=r"cache does not fit in .*: No space left on device"):
        read(filled(tmp_path, 3), spill=tmp_path / "spill")


def test_ctrl_c_ends_a_scan_at_once(tmp_path, monkeypatch):
    calls = []

    def slow(entry, frame):
        calls.append(entry)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.05)
        return data._Result(entry.name, "0" * 64, np.zeros((S, S, 3), np.uint8))

    monkeypatch.setattr(data, "_read_one", slow)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        read(filled(tmp_path, 40))
    assert len(calls) < 3 + 2 * (os.cpu_count() or 1) and threading.active_count() == before


# ---- batches -------------------------------------------------------------------------------------------------------


def batches(count: int = 10, batch_size: int = 4, seed: int = 0, flip: bool = False) -> Batches:
    """Make pictures whose left half holds their number and whose right half holds 255."""
    images = torch.full((count, 3, 4, 4), 255, dtype=torch.uint8)
    images[..., :2] = torch.arange(count, dtype=torch.uint8)[:, None, None, None]
    return Batches(images, batch_size, seed, flip, torch.device("cpu"))


def numbers(batch: torch.Tensor) -> list[int]:
    return ((batch.amin((1, 2, 3)) + 1) * 127.5).round().int().tolist()


def epoch(source: Batches, number: int) -> list[int]:
    rng = torch.Generator()
    return [n for index in range(source.batches_per_epoch) for n in numbers(source.take(number, index, rng))]


def test_every_picture_once_per_epoch_and_a_smaller_last_batch():
    source = batches()
    assert source.batches_per_epoch == 3
    assert [len(source.take(0, index, torch.Generator())) for index in range(3)] == [4, 4, 2]
    orders = [epoch(source, number) for number in range(3)] + [epoch(batches(seed=1), 0)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert orders[1] == np.random.default_rng([0, 1]).permutation(10).tolist()


def test_a_batch_larger_than_the_set_is_the_set():
    source = batches(batch_size=64)
    assert source.batches_per_epoch == 1 and len(source.take(0, 0, torch.Generator())) == 10


def test_batches_are_floats_in_channels_last():
    batch = batches(count=256, batch_size=256).take(0, 0, torch.Generator())
    assert batch.dtype == torch.float32 and batch.shape == (256, 3, 4, 4)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert (batch.min(), batch.max()) == (-1, 1)


def test_take_is_a_pure_function_of_epoch_index_and_generator():
    source, fresh = batches(flip=True), batches(flip=True)
    rng = torch.Generator().manual_seed(3)
    state = rng.get_state()
    first = source.take(4, 1, rng)
    source.take(7, 0, rng)
    rng.set_state(state)
    assert torch.equal(source.take(4, 1, rng), first)
    assert torch.equal(fresh.take(4, 1, torch.Generator().manual_seed(3)), first)
    batches().take(4, 1, rng.set_state(state))
    assert torch.equal(rng.get_state(), state)  # no flips, nothing drawn


def test_about_half_of_the_pictures_are_mirrored_each_for_itself():
    batch = batches(count=255, batch_size=255, flip=True).take(0, 0, torch.Generator().manual_seed(0))
    mirrored = batch[:, 0, 0, 0] > batch[:, 0, 0, 3]
    assert 100 < mirrored.sum() < 155
    assert sorted(numbers(batch)) == list(range(255))
    straight = torch.where(mirrored[:, None, None, None], batch.flip(3), batch)
    unflipped = batches(count=255, batch_size=255).take(0, 0, torch.Generator())
    assert torch.equal(straight, unflipped)


def test_an_order_is_restored_whatever_the_names(tmp_path):
    contents = [encoded(noise(i % 4), "PNG") for i in range(6)]  # two of them twice
    then = read(zipped(tmp_path / "1.zip", {f"{i}.png": contents[i] for i in range(6)}), keep_repeats=True)
    now = read(zipped(tmp_path / "2.zip", {f"{-i + 9}.png": contents[i] for i in range(6)}), keep_repeats=True)
    assert now.order.shape == (6, 8) and now.order.dtype == torch.uint8
    assert not torch.equal(now.images, then.images)
    rows = rows_in_order(now.order, then.order)
    assert sorted(rows.tolist()) == list(range(6)) and torch.equal(now.images[rows], then.images)
    rng, device = torch.Generator(), torch.device("cpu")
    first, second = (Batches(found.images, 6, 0, False, device) for found in (then, now))
    second.take(0, 0, rng)
    second.arrange(rows)
    assert torch.equal(second.take(0, 0, rng), first.take(0, 0, rng))
    assert torch.equal(second.sample(3), first.sample(3))


def test_past_the_end_of_an_epoch():
    with pytest.raises(IndexError):
        batches().take(0, 3, torch.Generator())


# --- transparency, and what is behind it ---------------------------------------------------------------------


def drawing(colour, soft=False):
    """A disc in one colour on transparency, its edge soft or hard."""
    picture = Image.new("RGBA", (32, 32), (*colour, 0))
    mask = Image.new("L", (128, 128))
    ImageDraw.Draw(mask).ellipse((32, 32, 96, 96), fill=255)
    picture.putalpha(mask.resize((32, 32), Image.Resampling.BILINEAR if soft else Image.Resampling.NEAREST))
    return picture


def test_avif_is_read(tmp_path):
    noise(0).save(tmp_path / "a.avif", quality=100, subsampling="4:4:4")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.avif").read_bytes()[:-8] + b"12345678")  # whatever its name says
    noise(1).save(tmp_path / "c.png")
    pictures = read(tmp_path)
    assert pictures.report.found == 3 and pictures.report.used == 3
    difference = pictures.images[0].permute(1, 2, 0).numpy().astype(int) - np.asarray(noise(0))
    assert np.abs(difference).mean() < 8


def test_transparent_pictures_are_counted_and_opaque_ones_with_an_alpha_are_not(tmp_path):
    drawing((200, 0, 0), soft=True).save(tmp_path / "a.png")
    noise(0).convert("RGBA").save(tmp_path / "b.png")
    noise(1).save(tmp_path / "c.png")
    report = read(tmp_path).report
    assert "with transparency, put onto the background: 1" in report.text().splitlines()


@pytest.mark.parametrize("background", ["black", "#1e90ff"])
def test_white_drawings_on_transparency_are_blanks_unless_another_background_shows_them(tmp_path, background):
    for i in range(3):
        drawing((255, 255, 255 - i // 2)).save(tmp_path / f"{i}.png")
    with pytest.raises(UserError, match=r"one single colour; drawn on transparency .* --background black"):
        read(tmp_path)
    pictures = read(tmp_path, background=background)
    corner, middle = ([int(level) for level in pictures.images[0, :, y, x]] for y, x in ((0, 0), (16, 16)))
    assert tuple(corner) == ImageColor.getrgb(background) and middle == [255] * 3
    assert pictures.report.bad == ()


def test_the_background_is_around_what_is_padded_and_behind_a_grey_that_is_transparent(tmp_path):
    marked(Image.new("RGB", (16, 32), RED)).save(tmp_path / "a.png")
    levels = np.full((32, 32), 40_000, np.uint16)
    levels[:4] = 1
    Image.fromarray(levels).save(tmp_path / "b.png", transparency=1)
    tall, grey = read(tmp_path, fit="pad", background="black").images
    assert tall[:, 16, 0].tolist() == [0, 0, 0] == grey[:, 0, 0].tolist() and grey[:, 16, 16].tolist() == [156] * 3
    report = read(tmp_path, fit="pad", background="black").report
    assert "of the square black" in report.text()


def test_pictures_of_all_but_one_colour_are_told_of(tmp_path):
    pale = flat((250, 250, 250))
    pale.paste((240, 250, 255), (8, 8, 24, 24))
    pale.save(tmp_path / "a.png")
    noise(0).save(tmp_path / "b.png")
    report = read(tmp_path).report
    (told,) = [line for line in report.text().splitlines() if line.startswith("all but of one colour")]
    assert told.endswith("--background COLOUR helps: 1") and report.used == 2


def test_what_only_is_told_of_does_not_change_the_fingerprint(tmp_path):
    drawing((200, 0, 0)).save(tmp_path / "a.png")
    digest = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    assert read(tmp_path).fingerprint == hashlib.sha256(digest.encode()).hexdigest()


def test_pictures_close_up_in_the_memory_that_they_have(tmp_path):
    source = draw_pictures(tmp_path / "pictures", 6)
    pictures, rows = read_pictures(source, 32), [1, 3, 4]
    expected, place = pictures.rows(rows), pictures.images.data_ptr()
    closed = pictures.closed_up(rows)
    assert torch.equal(closed.images, expected.images) and torch.equal(closed.order, expected.order)
    assert closed.names == expected.names and closed.images.data_ptr() == place


@pytest.mark.parametrize("kind", ["LA", "gamma"])
def test_the_background_is_the_one_that_was_asked_for_whatever_colours_a_file_is_in(tmp_path, kind):
    image = Image.new("LA" if kind == "LA" else "RGBA", (32, 32))
    image.paste((90, 255) if kind == "LA" else RED, (8, 8, 32, 32))
    options = {"icc_profile": grey_profile(1.0)} if kind == "LA" else {}
    content = encoded(image, "PNG", **options)
    if kind == "gamma":
        chunk = b"gAMA" + struct.pack(">I", 100_000)
        content = content[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]
    (tmp_path / "a.png").write_bytes(content)
    found = read(tmp_path, background="#1e90ff")
    assert tuple(found.images[0, :, 0, 0].tolist()) == ImageColor.getrgb("#1e90ff")
    assert {name for name, _ in found.report.ways} == {"icc" if kind == "LA" else "gamma", "transparent"}
