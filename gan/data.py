"""Pictures from a folder, a .zip or Kaggle to seeded batches: what is read, what is left out, in which order."""

import hashlib
import io
import logging
import math
import os
import re
import socket
import stat
import sys
import tempfile
import threading
import warnings
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.request import getproxies

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from tqdm import tqdm

from gan.errors import UserError
from gan.images import from_uint8

DATASETS = {  # name -> Kaggle slug, sub-folder to use: the Pokémon come twice, as PNG with transparency too
    "pokemon": ("kvpratama/pokemon-images-dataset", "pokemon_jpg"),
    "anime": ("splcher/animefacedataset", "images"),
}
CONNECT_SECONDS = 10
SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # all that PIL may try: no EPS, nothing rarely tested
MIN_SIDE = 16  # pixels
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 4 * MAX_PIXELS  # the largest picture allowed, uncompressed
ALONE_PIXELS = 16_000_000  # larger pictures are decoded one at a time, so that memory stays small
BAD_SHARE = 0.05  # with more bad files than this the source is not what its owner thinks
LISTED = 50  # bad files that a report names one by one
SPILL_BYTES = 2 * 1024**3  # a larger cache goes to a file

Size = tuple[int, int]  # (width, height) in pixels, as stored in the file
Entry = tuple[str, Callable[[], bytes]]  # a file's name, "/" between folders, and what reads its bytes
_alone = threading.Lock()


class _BadPicture(Exception):
    """The message is the reason, in plain words."""


@dataclass(frozen=True)
class ScanReport:
    """What a scan found in a source."""

    found: int  # picture files, by their suffix
    used: int  # pictures that training sees
    repeats: int  # byte-identical repeats of a used picture, kept or not
    bad: tuple[tuple[str, str], ...]  # (name, reason) of the picture files left out
    repeats_kept: bool = False  # True: the repeats are among the used
    smallest: Size | None = None  # by area, of the used
    largest: Size | None = None
    ignored: int = 0  # files that are not pictures by their suffix
    ignored_kinds: str = ""  # the commonest of them, for people
    source: str = ""

    def text(self) -> str:
        """Return the report for people, a fact per line, without a line break at the end."""
        lines = [f"{self.source}: {self.found} picture files, {self.used} used"]
        if self.smallest and self.largest:
            span = [f"{width} x {height}" for width, height in (self.smallest, self.largest)]
            lines.append(f"original sizes: {' to '.join(dict.fromkeys(span))} pixels")
        if self.repeats:
            lines.append(
                f"byte-identical repeats: {self.repeats}, {'kept' if self.repeats_kept else 'left out'}"
            )
        if self.ignored:
            lines.append(f"other files, ignored: {self.ignored} ({self.ignored_kinds})")
        return "\n".join([*lines, f"bad files, left out: {len(self.bad)}", *self.bad_lines()])

    def bad_lines(self) -> list[str]:
        """Return a line per bad file with its reason, at most LISTED of them."""
        lines = [f"  {name}: {reason}" for name, reason in self.bad[:LISTED]]
        return lines + [f"  and {len(self.bad) - LISTED} more"] * (len(self.bad) > LISTED)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a source, ready for `Batches`."""

    images: Tensor  # (N, 3, S, S) uint8, channels_last, in natural order of the names
    fingerprint: (
        str  # sha256 of the used files' sorted sha256: independent of names, of folder or zip, and of S
    )
    report: ScanReport


def read_pictures(
    source: str | Path,
    image_size: int,
    *,
    keep_repeats: bool = False,
    spill: Path | None = None,
    progress: bool = True,
) -> Pictures:
    """Read all pictures of a folder and its sub-folders or of a .zip: the middle square, resized to `image_size`.

    Transparency goes onto white, EXIF rotation is applied, an animation gives its first frame. A cache above
    SPILL_BYTES lives in a nameless file in the folder `spill` (None: the system's for temporary files) and goes
    with the process. Raises UserError: source missing, unreadable or of another kind, damaged .zip, no pictures,
    more than 5 % of the picture files bad, no room for the cache.
    """
    source = Path(source).expanduser()
    with _opened(source) as files:
        visible = [file for file in files if not _hidden(file[0])]
        entries = sorted((file for file in visible if _suffix(file[0]) in SUFFIXES), key=_natural)
        others = Counter(_suffix(name) or "no suffix" for name, _ in visible if _suffix(name) not in SUFFIXES)
        kinds = ", ".join(f"{_printable(suffix)} {count}" for suffix, count in others.most_common(8))
        if not entries:
            beside = f" ({others.total()} other files: {kinds})" if others else ""
            raise UserError(f"no pictures in {source}{beside}; looked for {' '.join(sorted(SUFFIXES))}")
        cache = _allocate(len(entries), image_size, spill)
        digests, report = _fill(cache, entries, keep_repeats, progress)
    if len(report.bad) > BAD_SHARE * report.found:
        some = f"{len(report.bad)} of the {report.found} picture files in {source} cannot be used, more than"
        raise UserError("\n".join([f"{some} {BAD_SHARE:.0%}; remove or mend them:", *report.bad_lines()]))
    fingerprint = hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
    report = replace(report, ignored=others.total(), ignored_kinds=kinds, source=str(source))
    return Pictures(torch.from_numpy(cache[: len(digests)]).permute(0, 3, 1, 2), fingerprint, report)


@contextmanager
def _opened(source: Path) -> Iterator[list[Entry]]:
    """Yield the files of a folder or .zip, in no order; raise UserError where it cannot be read."""
    if source.is_dir():
        yield _folder_files(source)
        return
    if not source.exists():
        raise UserError(f"{source} does not exist; --data takes a folder of pictures or a .zip")
    try:
        archive = zipfile.ZipFile(source)
    except Exception as error:  # a damaged directory of the .zip raises nearly anything
        if isinstance(error, OSError) and error.strerror:
            raise UserError(f"{source} cannot be read: {error.strerror}") from None
        if source.suffix.lower() == ".zip":
            raise UserError(f"{source} is a damaged .zip ({error}); copy or download it again") from None
        raise UserError(f"{source} is neither a folder nor a .zip") from None
    with archive:
        yield [
            (info.filename, partial(_zip_bytes, archive, info))
            for info in archive.infolist()
            if not info.is_dir()
        ]


def _folder_files(root: Path) -> list[Entry]:
    def stop(error: OSError) -> None:
        raise UserError(
            f"the folder {error.filename} cannot be read: {error.strerror}; mend that or move it away"
        )

    files, visited = [], set()
    for folder, folders, names in os.walk(root, onerror=stop, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:  # linked twice, or a loop of links
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders.sort()  # which of two links comes first
        paths = [Path(folder, name) for name in names]
        files += [(path.relative_to(root).as_posix(), partial(_file_bytes, path)) for path in paths]
    return files


def _file_bytes(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise _BadPicture("not a regular file")
    _check_bytes(status.st_size)
    return path.read_bytes()


def _zip_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & 1:
        raise _BadPicture("encrypted; unpack the .zip with its password first")
    _check_bytes(info.file_size)  # zipfile never reads past the declared size
    try:
        return archive.read(info)
    except NotImplementedError:
        raise _BadPicture("packed in a way that cannot be read here; unpack the .zip first") from None
    except Exception as error:  # checksum, zlib, header: any of them means the same
        raise _BadPicture(f"damaged inside the .zip ({_printable(str(error))})") from None


def _check_bytes(size: int) -> None:
    if size == 0:
        raise _BadPicture("empty file")
    if size > MAX_FILE_BYTES:
        raise _BadPicture(f"file over {MAX_FILE_BYTES // 10**6} MB")


def _hidden(name: str) -> bool:
    """Tell what systems leave beside pictures: dot files and __MACOSX."""
    return any(part == "__MACOSX" or (part[:1] == "." and part.strip(".")) for part in name.split("/"))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _natural(entry: Entry) -> tuple[list, str]:
    """Sort 2.png before 10.png; digits compare by their number and then as text, for int() refuses very long ones."""
    parts: list = re.split("([0-9]+)", entry[0].lower())
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return parts, entry[0]


def _printable(text: str) -> str:
    """Escape what cannot be printed, or would steer the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class _Result(NamedTuple):
    digest: str = ""  # sha256 of the file
    pixels: np.ndarray | None = None  # (S, S, 3) uint8; None: the file is bad
    size: Size = (0, 0)
    reason: str = ""  # why the file is bad


def _read_one(read: Callable[[], bytes], image_size: int) -> _Result:
    try:
        content = read()
        pixels, size = _decode(content, image_size)
    except _BadPicture as error:
        return _Result(reason=str(error))
    except (
        Exception
    ) as error:  # PIL's plugins raise nearly anything on a broken file; none of it may end a scan
        return _Result(reason=_plain(error))
    return _Result(hashlib.sha256(content).hexdigest(), pixels, size)


def _decode(content: bytes, image_size: int) -> tuple[np.ndarray, Size]:
    """Return (S, S, 3) uint8 and the original size; raise _BadPicture or whatever PIL raises."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        size, words = image.size, f"{image.width} x {image.height} pixels"
        if min(size) < MIN_SIDE:
            raise _BadPicture(f"{words}: under {MIN_SIDE} pixels a side")
        if math.prod(size) > MAX_PIXELS:  # known from the header, before anything is decoded
            raise _BadPicture(f"{words}: over {MAX_PIXELS // 10**6} megapixels")
        if image.format in ("JPEG", "MPO"):  # a huge photo at 1/2 to 1/8, still three times what is needed
            image.draft(None, (3 * image_size, 3 * image_size))
        with _alone if math.prod(image.size) > ALONE_PIXELS else nullcontext():
            _mend_transparency(image)
            image.load()
            with suppress(Exception):  # broken EXIF does not make a picture bad
                ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(
                ImageOps.fit(_flatten(image), (image_size, image_size), Image.Resampling.LANCZOS)
            ), size


def _mend_transparency(image: Image.Image) -> None:
    """Bring a PNG's transparent colour, which PIL leaves in the file's depth, to the 8 bits of the pixels."""
    colour, depth = image.info.get("transparency"), image.tile[0][3] if image.tile else ""
    if image.format == "PNG" and colour is not None and depth in ("L;2", "L;4"):
        image.info["transparency"] = colour * (85 if depth == "L;2" else 17)
    if image.format == "PNG" and colour is not None and depth == "RGB;16B":
        image.info["transparency"] = tuple(level >> 8 for level in colour)


def _flatten(image: Image.Image) -> Image.Image:
    """Return the picture as 8-bit RGB, on white where it is transparent."""
    if image.mode == "F":
        raise _BadPicture("floating-point pixels; save it with 8 or 16 bits a channel")
    if image.mode.startswith("I"):
        return _to_8_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image, flat = image.convert("RGBA"), Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey, on white: PIL's own conversion clips at 255 instead of scaling."""
    levels = np.asarray(image)
    if levels.min() < 0 or levels.max() > 65_535:
        raise _BadPicture("more than 16 bits a channel; save it with 8 or 16")
    grey = ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    grey[levels == image.info.get("transparency", -1)] = 255
    return Image.fromarray(grey)


def _plain(error: Exception) -> str:
    """Put what went wrong with a file into words for people."""
    message = _printable(str(error).partition("\n")[0]) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        return "no JPEG, PNG, WebP, GIF, BMP or TIFF, or its beginning is damaged"
    if isinstance(error, Image.DecompressionBombError):
        return f"over {MAX_PIXELS // 10**6} megapixels"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    return "cut off before its end" if "truncated" in message.lower() else f"cannot be decoded ({message})"


def _allocate(count: int, image_size: int, spill: Path | None) -> np.ndarray:
    """Return an empty (count, S, S, 3) uint8 array, in a nameless file where it exceeds SPILL_BYTES."""
    shape = (count, image_size, image_size, 3)
    if math.prod(shape) <= SPILL_BYTES:
        return np.empty(shape, np.uint8)
    folder = Path(spill or tempfile.gettempdir())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # A full disk must show now: later it would kill the process at a write. (macOS has no such call.)
            getattr(os, "posix_fallocate", lambda *_: file.truncate(math.prod(shape)))(
                file.fileno(), 0, math.prod(shape)
            )
            return np.asarray(np.memmap(file, np.uint8, "r+", shape=shape))
    except OSError as error:
        need = f"{math.prod(shape) / 1e9:.1f} GB"
        raise UserError(
            f"the {need} picture cache does not fit in {folder}: {error.strerror}; free some room"
        ) from None


def _fill(
    cache: np.ndarray, entries: list[Entry], keep_repeats: bool, progress: bool
) -> tuple[list[str], ScanReport]:
    """Decode into the first rows of `cache`; return the digest of each row's file, and the report."""
    digests, sizes, bad, seen, repeats = [], [], [], set(), 0
    off = None if progress else True  # None: off where stderr is no terminal
    pool = ThreadPoolExecutor(os.cpu_count() or 1, "pictures")  # PIL decodes without the interpreter's lock
    with (
        warnings.catch_warnings(
            action="ignore"
        ),  # of PIL: each picture is judged here, and named if it is bad
        tqdm(total=len(entries), desc="reading pictures", unit="", delay=1, leave=False, disable=off) as bar,
    ):
        try:
            for (name, _), result in zip(entries, _in_order(pool, entries, cache.shape[1]), strict=True):
                bar.update()
                if result.pixels is None:
                    bad.append((_printable(name), result.reason))
                    continue
                repeats += result.digest in seen
                if keep_repeats or result.digest not in seen:
                    cache[len(digests)] = result.pixels
                    seen.add(result.digest)
                    digests.append(result.digest)
                    sizes.append(result.size)
        finally:  # Ctrl-C waits for the few pictures under way alone
            pool.shutdown(cancel_futures=True)
    extremes = min(sizes, key=math.prod, default=None), max(sizes, key=math.prod, default=None)
    return digests, ScanReport(len(entries), len(digests), repeats, tuple(bad), keep_repeats, *extremes)


def _in_order(pool: Executor, entries: list[Entry], image_size: int) -> Iterator[_Result]:
    """Yield a result per entry in the order of the entries, with a bounded number of them under way."""
    pending: deque[Future[_Result]] = deque()
    for _, read in entries:
        pending.append(pool.submit(_read_one, read, image_size))
        if len(pending) >= 4 * (os.cpu_count() or 1):
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def locate(dataset: str, data: str | None) -> Path:
    """Return the folder or .zip to read: `data` where given, else the data set from Kaggle or kagglehub's cache.

    Raises UserError: no `data` for a data set that is not in DATASETS; any failure of the download.
    """
    if data:
        return Path(data).expanduser()
    if dataset not in DATASETS:
        raise UserError(f"the data set {dataset!r} needs --data with a folder of pictures or a .zip")
    slug, folder = DATASETS[dataset]
    url = f"https://www.kaggle.com/datasets/{slug}"
    try:
        root = _download(slug)
    except Exception as error:  # kagglehub has a dozen of its own, of requests and of the system
        raise UserError(
            f"the {dataset} pictures could not be downloaded ({_why(error)}): get them from {url} "
            "by hand and pass the folder or .zip with --data"
        ) from None
    folders = sorted(path for path in root.rglob(folder) if path.is_dir())
    if not folders:
        raise UserError(
            f"{root}, downloaded from {url}, has no folder {folder!r}; pass the right one with --data"
        )
    return folders[0]


def _download(slug: str) -> Path:
    import kagglehub  # slow, and needed here alone

    logging.getLogger("kagglehub").setLevel(logging.CRITICAL)
    with suppress(socket.gaierror, ConnectionError):  # these come at once, and kagglehub meets them itself
        if (
            not getproxies()
        ):  # kagglehub sets no limit to connecting, so a silent firewall would hold it for minutes
            socket.create_connection(("api.kaggle.com", 443), CONNECT_SECONDS).close()
    with redirect_stdout(sys.stderr):  # its advice to upgrade
        return Path(kagglehub.dataset_download(slug))


def _why(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "kagglehub is not installed"
    if re.search("Connect|Timeout", type(error).__name__):
        return "no connection to Kaggle"
    return f"{type(error).__name__}: {_printable(str(error).partition(chr(10))[0])[:120]}"


class Batches:
    """Every picture once per epoch, in an order that is a pure function of (seed, epoch).

    `images` are (N, 3, S, S) uint8. For a CUDA device they move to its memory if they fill at most half of what is
    free there; else they stay in RAM and each batch moves alone. `flip` mirrors a picture with probability 1/2.
    """

    def __init__(self, images: Tensor, batch_size: int, seed: int, flip: bool, device: torch.device) -> None:
        self._images = images.permute(0, 2, 3, 1).contiguous()  # (N, S, S, 3): a picture's bytes side by side
        self._device = torch.device(device)
        if self._device.type == "cuda" and images.nbytes <= torch.cuda.mem_get_info(self._device)[0] // 2:
            self._images = self._images.to(self._device)
        self._batch_size, self._seed, self._flip = batch_size, seed, flip
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)
        self.batches_per_epoch = math.ceil(len(images) / batch_size)  # the last one may be smaller

    def take(self, epoch: int, index: int, rng: torch.Generator) -> Tensor:
        """Return batch `index` of an epoch, (B, 3, S, S) float32 in [-1, 1], channels_last, on the device.

        Only flips draw from `rng`, a generator on the same device. Raises IndexError past the end of the epoch.
        """
        if not 0 <= index < self.batches_per_epoch:
            raise IndexError(f"batch {index} of an epoch of {self.batches_per_epoch}")
        rows = self._permutation(epoch)[index * self._batch_size : (index + 1) * self._batch_size]
        batch = self._images.index_select(0, rows).to(self._device)  # (B, S, S, 3)
        if self._flip:
            mirror = torch.rand(len(batch), 1, 1, 1, generator=rng, device=self._device) < 0.5
            batch = torch.where(mirror, batch.flip(2), batch)
        return from_uint8(batch.permute(0, 3, 1, 2))

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:  # drawn and copied once per epoch, so that no batch waits for the host
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._images))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self._images.device)
        return self._order
