"""From folder or .zip to seeded batches: which pictures are read, which are left out, in which order."""

import hashlib
import math
import os
import re
import stat
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from gan import distributed
from gan.errors import UserError, printable
from gan.images import from_uint8
from gan.pictures import MAX_PIXELS, BadPicture, Size, decode, reason_for

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
MAX_FILE_BYTES = 4 * MAX_PIXELS  # the largest picture allowed, uncompressed
BAD_SHARE = 0.05  # with more bad files than this the source is not what its owner thinks
BLOCK = 256  # pictures under way at once
LISTED = 50  # bad files that a report names one by one
SPILL_BYTES = 2 * 1024**3  # a larger cache goes to a file

Entry = tuple[str, Callable[[], bytes]]  # a file's name, "/" between folders, and what reads its bytes


@dataclass(frozen=True)
class ScanReport:
    """What a scan found in a source; `text` is for people."""

    found: int  # picture files, by their suffix
    used: int  # pictures that training sees
    repeats: int  # byte-identical repeats of a used picture, dropped or kept
    bad: tuple[tuple[str, str], ...]  # (name, reason) of the picture files left out
    sizes: tuple[Size, ...] = ()  # of the used, in their order
    ignored: str = ""  # kinds and numbers of files whose suffix is no picture's
    source: str = ""
    fit: str = "crop"  # one of FITS: how training sees what is not square

    def text(self) -> str:
        """Return the report for people, one fact a line."""
        kept = "kept" if self.used + len(self.bad) == self.found else "left out"
        extremes = [pick(self.sizes, key=math.prod, default=(0, 0)) for pick in (min, max)]
        span = dict.fromkeys(f"{width} x {height}" for width, height in extremes)
        lines = [f"{self.source}: {self.found} picture files, {self.used} used"]
        lines += [f"original sizes: {' to '.join(span)} pixels"]
        lines += [self.cropping()] if self.cropping() else []
        lines += [f"byte-identical repeats: {self.repeats}, {kept}"] if self.repeats else []
        lines += [f"other files, ignored: {self.ignored}"] if self.ignored else []
        return "\n".join([*lines, f"bad files, left out: {len(self.bad)}", *self.bad_lines()])

    def cropping(self) -> str:
        """Say how much is lost to the middle square, or left white around it all; empty where all are square."""
        shares = [1 - min(size) / max(size) for size in self.sizes if size[0] != size[1]]  # the same for both
        if not shares:
            return ""
        share = f"{sum(shares) / len(shares):.0%}"
        if self.fit == "pad":
            return f"not square: {len(shares)}; all of each is used, which leaves {share} of the square white"
        return f"not square: {len(shares)}; of these the middle square is used, which cuts off {share} of their area"

    def bad_lines(self) -> list[str]:
        """Return a line per bad file with its reason, LISTED at most."""
        lines = [f"  {name}: {reason}" for name, reason in self.bad[:LISTED]]
        return lines + [f"  and {len(self.bad) - LISTED} more"] * (len(self.bad) > LISTED)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a source, ready for `Batches`."""

    images: Tensor  # (N, 3, S, S) uint8, channels_last, in natural order of the names
    fingerprint: str  # sha256 of the used files' sorted sha256: independent of names, of folder or zip, and of S
    report: ScanReport


def read_pictures(
    source: str | Path,
    image_size: int,
    *,
    fit: str = "crop",
    keep_repeats: bool = False,
    spill: Path | None = None,
    progress: bool = True,
) -> Pictures:
    """Read all pictures of a folder, with its sub-folders, or of a .zip, made square and resized.

    `fit`, one of FITS, is "crop" for the middle square or "pad" for all of it on a white square. Transparency goes
    onto white, too, EXIF rotation is applied, an animation gives its first frame. A cache above SPILL_BYTES is a
    nameless file in the folder `spill` (None: the system's temporary one), gone with the process. Raises UserError:
    source missing, unreadable or of another kind, damaged .zip, no pictures, more than 5 % of them bad, no room for
    the cache.
    """
    source = Path(source).expanduser()
    with _opened(source) as files:
        files = [file for file in files if not _hidden(file[0])]
        entries = sorted((file for file in files if _suffix(file[0]) in SUFFIXES), key=_natural)
        others = Counter(_suffix(name) or "no suffix" for name, _ in files if _suffix(name) not in SUFFIXES)
        ignored = ", ".join(f"{count} {printable(suffix)}" for suffix, count in others.most_common())[:200]
        if not entries:
            beside = f" (other files: {ignored})" if others else ""
            raise UserError(f"no pictures in {source}{beside}; looked for {' '.join(sorted(SUFFIXES))}")
        cache = _allocate((len(entries), image_size, image_size, 3), spill)
        digests, report = _fill(cache, entries, fit, keep_repeats, progress)
    if len(report.bad) > BAD_SHARE * report.found:
        some = f"{len(report.bad)} of the {report.found} picture files in {source} cannot be used, more than"
        raise UserError("\n".join([f"{some} {BAD_SHARE:.0%}; remove or mend them:", *report.bad_lines()]))
    fingerprint = hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
    images = torch.from_numpy(cache[: len(digests)]).permute(0, 3, 1, 2)
    return Pictures(images, fingerprint, replace(report, ignored=ignored, source=str(source), fit=fit))


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
        yield [(info.filename, partial(_zip_bytes, archive, info)) for info in archive.infolist() if not info.is_dir()]


def _folder_files(root: Path) -> list[Entry]:
    def stop(error: OSError) -> None:
        raise UserError(f"the folder {error.filename} cannot be read: {error.strerror}; mend that or move it away")

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
        raise BadPicture("not a regular file")
    _check_bytes(status.st_size)
    return path.read_bytes()


def _zip_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & 1:
        raise BadPicture("encrypted; unpack the .zip with its password first")
    _check_bytes(info.file_size)  # zipfile never reads past the declared size
    try:
        return archive.read(info)
    except Exception as error:  # checksum, zlib, header, method: whatever it is, it is the .zip's
        raise BadPicture(f"cannot be unpacked ({printable(str(error))})") from None


def _check_bytes(size: int) -> None:
    if not 0 < size <= MAX_FILE_BYTES:
        raise BadPicture(f"file over {MAX_FILE_BYTES // 10**6} MB" if size else "empty file")


def _hidden(name: str) -> bool:
    """Tell what systems leave beside pictures: dot files and __MACOSX."""
    return any(part == "__MACOSX" or (part[:1] == "." and part.strip(".")) for part in name.split("/"))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _natural(entry: Entry) -> tuple[list, str]:
    """Sort 2.png before 10.png; digits compare by length, then as text: int() refuses very long ones."""
    parts: list = re.split("([0-9]+)", entry[0].lower())
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return parts, entry[0]


class _Result(NamedTuple):
    digest: str = ""  # sha256 of the file
    pixels: np.ndarray | None = None  # (S, S, 3) uint8; None: the file is bad
    size: Size = (0, 0)
    reason: str = ""  # why the file is bad


def _read_one(entry: Entry, image_size: int, fit: str) -> _Result:
    try:
        content = entry[1]()
        pixels, size = decode(content, image_size, fit)
    except BadPicture as error:
        return _Result(reason=str(error))
    except Exception as error:  # PIL's plugins raise nearly anything; none of it may end a scan
        return _Result(reason=reason_for(error))
    return _Result(hashlib.sha256(content).hexdigest(), pixels, size)


def _allocate(shape: tuple[int, ...], spill: Path | None) -> np.ndarray:
    """Return an unfilled uint8 array, in a nameless file where it exceeds SPILL_BYTES."""
    total = math.prod(shape)
    if total <= SPILL_BYTES:
        return np.empty(shape, np.uint8)
    folder = Path(spill or tempfile.gettempdir())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk must show now: at a later write it kills the process
                os.posix_fallocate(file.fileno(), 0, total)
            return np.asarray(np.memmap(file, np.uint8, "w+", shape=shape))
    except OSError as error:
        need = f"the {total / 1e9:.1f} GB picture cache does not fit in {folder}"
        raise UserError(f"{need}: {error.strerror or error}; free some room") from None


def _fill(
    cache: np.ndarray, entries: list[Entry], fit: str, keep_repeats: bool, progress: bool
) -> tuple[list[str], ScanReport]:
    """Decode into the first rows of `cache`; return the digest of each row's file, and the report."""
    digests, sizes, bad, seen, repeats = [], [], [], set(), 0
    read = partial(_read_one, image_size=cache.shape[1], fit=fit)
    off = None if progress else True  # None: off where stderr is no terminal
    with (
        warnings.catch_warnings(action="ignore"),  # of PIL: each picture is judged here, and named if it is bad
        tqdm(total=len(entries), desc="reading pictures", unit="", delay=1, leave=False, disable=off) as bar,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,  # PIL decodes without the interpreter's lock
    ):
        for start in range(0, len(entries), BLOCK):  # map cancels what waits when Ctrl-C ends it
            block = entries[start : start + BLOCK]
            for (name, _), result in zip(block, pool.map(read, block), strict=True):
                bar.update()
                if result.pixels is None:
                    bad.append((printable(name), result.reason))
                    continue
                repeats += result.digest in seen
                if keep_repeats or result.digest not in seen:
                    cache[len(digests)] = result.pixels
                    seen.add(result.digest)
                    digests.append(result.digest)
                    sizes.append(result.size)
    return digests, ScanReport(len(entries), len(digests), repeats, tuple(bad), tuple(sizes))


class Batches:
    """Every picture once per epoch, in an order that is a pure function of (seed, epoch).

    `images` are (N, 3, S, S) uint8. On CUDA they move to the GPU's memory, unless they would fill more than
    half of what is free there: then each batch moves alone. `flip` mirrors each with probability 1/2. Of several
    processes, each takes its share of every batch.
    """

    def __init__(self, images: Tensor, batch_size: int, seed: int, flip: bool, device: torch.device) -> None:
        self._images = images.permute(0, 2, 3, 1).contiguous()  # (N, S, S, 3): a picture's bytes side by side
        self._device = torch.device(device)
        if self._device.type == "cuda" and images.nbytes <= torch.cuda.mem_get_info(self._device)[0] // 2:
            self._images = self._images.to(self._device)
        self.nbytes = images.nbytes
        self._count, self._batch_size, self._seed, self._flip = len(images), batch_size, seed, flip
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)
        self.batches_per_epoch = math.ceil(len(images) / batch_size)  # the last one may be smaller

    def sample(self, count: int) -> Tensor:
        """Return so many pictures (or all, if there are fewer), evenly spaced and never mirrored, as `take` does."""
        rows = torch.linspace(0, len(self._images) - 1, min(count, len(self._images)), device=self._images.device)
        return from_uint8(self._images[rows.round().long()].to(self._device).permute(0, 3, 1, 2))

    def size(self, index: int) -> int:
        """Return how many pictures batch `index` of an epoch has, the shares of all processes together."""
        return min(self._batch_size, self._count - index * self._batch_size)

    def take(self, epoch: int, index: int, rng: torch.Generator) -> Tensor:
        """Return batch `index` of an epoch, (B, 3, S, S) float32 in [-1, 1], channels_last, on the device.

        Of several processes, each gets its own share of B pictures. Only flips draw from `rng`, a generator on that
        device. Raises IndexError past the end of the epoch.
        """
        if not 0 <= index < self.batches_per_epoch:
            raise IndexError(f"batch {index} of an epoch of {self.batches_per_epoch}")
        if epoch != self._epoch:  # drawn and copied once per epoch, so that no batch waits for the host
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._images))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self._images.device)
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        batch = self._images.index_select(0, distributed.own_share(rows)).to(self._device)  # (B, S, S, 3)
        if self._flip:
            mirror = torch.rand(len(batch), 1, 1, 1, generator=rng, device=self._device) < 0.5
            batch = torch.where(mirror, batch.flip(2), batch)
        return from_uint8(batch.permute(0, 3, 1, 2))
