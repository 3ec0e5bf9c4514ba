"""One picture file to pixels: the formats and modes that are read, the limits, and why a file is bad."""

import io
import math
import threading
from contextlib import nullcontext, suppress
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from gan.errors import printable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # all that PIL may try: no EPS, nothing rarely tested
AVIF = (b"avif", b"avis")  # what its files name among their brands
HEIC = "export them as JPEG (an iPhone: Settings, Camera, Formats; a Mac: sips -s format jpeg *.heic --out FOLDER)"
MIN_SIDE = 16  # pixels
MAX_PIXELS = 100_000_000
ALONE_PIXELS = 16_000_000  # larger pictures are decoded one at a time, so that memory stays small
MAX_PROFILE_BYTES = 4_000_000  # those of printers take up to 3 MB
PALE = 24  # levels of 255 between the extremes of a channel: all but one colour
AS_SRGB = 3  # levels of 255: a profile that moves no colour by more is sRGB
AS_SRGB_GAMMA = 0.05  # likewise, of a PNG's gamma
PHOTOMETRIC, BITS, SAMPLE_FORMAT = 262, 258, 339  # tags of TIFF

# What is read in another way than its bare numbers say -> how people are told.
WAYS = {
    "icc": "with a colour profile, converted to sRGB",
    "gamma": "with a gamma of their own, converted to sRGB",
    "8-bit": "greys that use 8 bits of 16 or more, which are taken as all",
    "12-bit": "greys that use 12 bits of 16 or more, which are taken as all",
    "15-bit": "greys of 15 bits and a sign",
    "inverted": "greys with white as zero, inverted",
    "transparent": "with transparency, put onto the background",
    "pale": "all but of one colour, so that little is seen of them; drawn on transparency, --background COLOUR helps",
    "profile passed over": "with a broken or unfit colour profile, which is passed over",
}
GREYS = ("1", "L", "LA", "I", "I;16", "I;16L", "I;16B")
BARE = {"profile passed over", "transparent", "pale"}  # of these, the ones whose pixels are those of the bare numbers

Size = tuple[int, int]  # (width, height) in pixels, as stored in the file
_alone = threading.Lock()


class BadPicture(Exception):
    """The message is the reason, in plain words."""


class Blank(BadPicture):
    """It can be decoded, but there is nothing to be seen in what comes out."""


class Frame(NamedTuple):
    """How pictures are made square."""

    side: int  # pixels
    fit: str = "crop"  # of FITS
    background: str = "white"  # a colour that PIL knows


class Decoded(NamedTuple):
    """What comes out of a picture file."""

    pixels: np.ndarray  # (S, S, 3) uint8, sRGB
    size: Size
    ways: tuple[str, ...] = ()  # of WAYS, sorted


def decode(content: bytes, frame: Frame) -> Decoded:
    """Return the picture, S = `frame.side` pixels a side; raise BadPicture or whatever PIL raises."""
    least = 3 * frame.side  # reduced, a picture is still three times what is needed
    picture, size, ways = flat(content, least, frame.background)
    square = (_pad if frame.fit == "pad" else _crop)(picture, frame)
    return Decoded(np.asarray(square), size, ways)


def flat(content: bytes, least: int, background: str = "white") -> tuple[Image.Image, Size, tuple[str, ...]]:
    """Return the picture upright, as RGB in sRGB on the background, its size as stored, and how it was read, of WAYS.

    A huge photo comes at 1/2 to 1/8, no smaller than `least` pixels a side. Raises as `decode` does.
    """
    if content[4:8] == b"ftyp" and not any(brand in content[8:64] for brand in AVIF):
        raise BadPicture("a HEIC, whatever its name says; save it as JPEG or PNG")
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        size, words = image.size, f"{image.width} x {image.height} pixels"
        if min(size) < MIN_SIDE:
            raise BadPicture(f"{words}: under {MIN_SIDE} pixels a side")
        if math.prod(size) > MAX_PIXELS:  # known from the header, before anything is decoded
            raise BadPicture(f"{words}: over {MAX_PIXELS // 10**6} megapixels")
        if image.format in ("JPEG", "MPO"):
            image.draft(None, (least, least))
        with _alone if math.prod(image.size) > ALONE_PIXELS else nullcontext():
            _mend_transparency(image)
            deep = "16" in _raw_mode(image)
            image.load()
            with suppress(Exception):  # broken EXIF does not make a picture bad
                ImageOps.exif_transpose(image, in_place=True)
            colours, mask, ways = _flatten(image)
            colours, way = _to_srgb(colours, image)
            picture = _laid_on(background, colours, mask) if mask else colours  # no profile is about the background
            ways += _check_visible(picture, deep, "transparent" in ways)
        return picture, size, tuple(sorted([*ways, *way]))


def layer(content: bytes) -> Image.Image:
    """Return a picture with its transparency, RGBA; raise BadPicture for one without any, or whatever PIL raises."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if math.prod(image.size) > MAX_PIXELS:
            raise Image.DecompressionBombError
        if not image.has_transparency_data:
            raise BadPicture("nothing of it is transparent, so that it would cover everything")
        return image.convert("RGBA")


def _raw_mode(image: ImageFile) -> str:
    """Return how the pixels lie in a PNG or TIFF that is not loaded yet, as in "RGB;16B"; "" where PIL does not say."""
    arguments = image.tile[0][3] if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _mend_transparency(image: ImageFile) -> None:
    """Bring a PNG's transparent colour, which PIL leaves in the file's depth, to the 8 bits of the pixels."""
    colour, depth = image.info.get("transparency"), _raw_mode(image)
    if image.format == "PNG" and colour is not None and depth in ("L;2", "L;4"):
        image.info["transparency"] = colour * (85 if depth == "L;2" else 17)
    if image.format == "PNG" and colour is not None and depth == "RGB;16B":
        image.info["transparency"] = tuple(level >> 8 for level in colour)


def _laid_on(background: str, colours: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the colours on the background, as far as the mask lets them be seen."""
    picture = Image.new("RGB", colours.size, background)
    picture.paste(colours, mask=mask)
    return picture


def _flatten(image: Image.Image) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """Return the picture's colours as 8-bit RGB, what of them is seen (None: all), and in which of WAYS."""
    if image.mode == "F":
        raise BadPicture("floating-point pixels; save it with 8 or 16 bits a channel")
    if image.mode.startswith("I"):
        return scale_grey(image)
    if not image.has_transparency_data:
        return image.convert("RGB"), None, []
    image = image.convert("RGBA")
    mask = image.getchannel("A")
    least, most = cast("tuple[int, int]", mask.getextrema())
    if most == 0:
        raise Blank("all of it is transparent")
    return image.convert("RGB"), mask, ["transparent"] if least < 255 else []


def scale_grey(image: Image.Image) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """Bring greys of more than 8 bits, which PIL would clip at 255, to 8."""
    levels, tags = np.asarray(image), getattr(image, "tag_v2", {})
    if levels.min() < 0 or levels.max() > 65_535:
        raise BadPicture("more than 16 bits a channel; save it with 8 or 16")
    signed = tags.get(SAMPLE_FORMAT) == (2,) and tags.get(BITS) == (16,)
    # Cameras leave the upper 4 bits empty and numpy's users the upper 8: as 16 bits, that would be black.
    bits = next(bits for bits in (8, 12, 15 if signed else 16) if levels.max() < 2**bits)
    white = 2**bits - 1
    grey = ((levels.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    clear = levels == image.info.get("transparency", -1)
    ways = [f"{bits}-bit"] if bits < 16 else []
    ways += ["transparent"] if clear.any() else []
    if tags.get(PHOTOMETRIC) == 0:  # PIL knows this of 8 bits alone
        grey, ways = 255 - grey, [*ways, "inverted"]
    return Image.fromarray(grey).convert("RGB"), Image.fromarray(~clear) if clear.any() else None, ways


def _to_srgb(picture: Image.Image, image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return the flattened picture in sRGB, as the profile or else the gamma of its file says, and in which of WAYS."""
    if profile := image.info.get("icc_profile"):
        try:
            return _by_profile(picture, image, profile)
        except Exception:  # a broken profile does not make a picture bad
            return picture, ["profile passed over"]
    gamma = image.info.get("gamma", 0) * 2.2
    if "srgb" in image.info or not 0.1 < gamma < 10 or abs(gamma - 1) < AS_SRGB_GAMMA:
        return picture, []
    return picture.point([round(255 * (level / 255) ** (1 / gamma)) for level in range(256)] * 3), ["gamma"]


def _by_profile(picture: Image.Image, image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    transform = _transform(profile)
    if transform is None:
        return picture, []
    mode = transform.input_mode
    if image.mode not in GREYS if mode == "L" else (image.mode == "CMYK") != (mode == "CMYK"):
        raise ValueError("a profile for another kind of picture")
    source = image if mode == "CMYK" else picture.convert(mode)
    return transform.apply(source), ["icc"]


@lru_cache(maxsize=8)
def _transform(content: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return what brings a profile's colours to sRGB, None where they are; raise anything for a broken profile."""
    if len(content) > MAX_PROFILE_BYTES:
        raise ValueError("a profile of no reasonable size")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
    mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}[profile.profile.xcolor_space.strip()]
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode == "CMYK":
        return transform
    ramp = np.arange(0, 256, 15, dtype=np.uint8)  # 18 levels of grey, or all their mixtures
    colours = np.stack(np.meshgrid(ramp, ramp, ramp), -1).reshape(18, -1, 3) if mode == "RGB" else ramp[None]
    before = Image.fromarray(colours)
    after = transform.apply(before)
    moved = np.abs(np.asarray(after).astype(int) - np.asarray(before.convert("RGB")))
    return transform if moved.max() > AS_SRGB else None


def _check_visible(picture: Image.Image, deep: bool, transparent: bool) -> list[str]:
    """Return "pale", of WAYS, for a picture of all but one colour.

    Raises Blank for a single one, and for what is black as PIL leaves 8 bits of 16 `deep` channels.
    """
    extremes = cast("tuple[tuple[int, int], ...]", picture.getextrema())  # of RGB: a pair for each channel
    if all(low == high for low, high in extremes):
        advice = "; drawn on transparency in the background's colour? --background black or another shows it"
        raise Blank(f"all of it comes out in one single colour{advice if transparent else ''}")
    if deep and max(high for _, high in extremes) < 16:
        raise Blank("all but black, as it uses 12 of 16 bits or fewer; save it with 8 bits a channel")
    return ["pale"] if all(high - low < PALE for low, high in extremes) else []


def _crop(image: Image.Image, frame: Frame) -> Image.Image:
    """Return the middle square."""
    return ImageOps.fit(image, (frame.side, frame.side), Image.Resampling.LANCZOS)


def _pad(image: Image.Image, frame: Frame) -> Image.Image:
    """Return all of the picture in the middle of a square of the background."""
    side = frame.side
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)  # at 0, ImageOps.pad would fail
    square = Image.new("RGB", (side, side), frame.background)
    resized = image.resize((width, height), Image.Resampling.LANCZOS)
    square.paste(resized, ((side - width) // 2, (side - height) // 2))
    return square


def reason_for(error: Exception) -> str:
    """Put what went wrong with a file into words for people."""
    message = printable(str(error).partition("\n")[0]) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        return "no JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF, or its beginning is damaged"
    if isinstance(error, Image.DecompressionBombError):
        return f"over {MAX_PIXELS // 10**6} megapixels"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    return "cut off before its end" if "truncated" in message.lower() else f"cannot be decoded ({message})"
