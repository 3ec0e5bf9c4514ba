"""A folder or .zip of pictures, scanned: which are read, which are left out and why, in which order."""

import hashlib
import math
import os
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from gan.config import BACKGROUND, FITS, TrainConfig
from gan.data.decode import BARE, HEIC, WAYS, BadPicture, Blank, Frame, Size, decode, reason_for
from gan.data.download import locate
from gan.data.sources import Entry, hidden, opened
from gan.errors import UserError, escape, printable

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
BAD_SHARE = 0.05  # with more bad files than this the source is not what its owner thinks
BLOCK = 256  # pictures under way at once
LISTED = 50  # bad files that a report names one by one
SPILL_BYTES = 2 * 1024**3  # a larger cache goes to a file
ALIKE = 8  # levels of 255: pictures of one name that differ by less, on average, are one picture in two forms
ADVICE = {  # suffixes of what may be pictures all the same -> what to do
    (".heic", ".heif"): f"HEIC is not read: {HEIC}",
    (".jxl", ".svg", ".psd"): "save them as JPEG or PNG",
    (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz"): "unpack what is packed in it",
}


@dataclass(frozen=True)
class ScanReport:
    """What a scan found in a source; `text` is for people."""

    found: int  # picture files, by their suffix
    used: int  # pictures that training sees
    repeats: int  # byte-identical repeats of a used picture, dropped or kept
    bad: tuple[tuple[str, str], ...]  # (name, reason) of the picture files left out
    sizes: tuple[Size, ...] = ()  # of the used, in their order
    ignored: str = ""  # kinds and numbers of files whose suffix is no picture's
    advice: str = ""  # what to do with those of them that may be pictures
    ways: tuple[tuple[str, int], ...] = ()  # of WAYS, and how many of the used were read so
    alike: tuple[tuple[str, str], ...] = ()  # names of the used that are one picture in two forms
    source: str = ""
    fit: str = "crop"  # one of FITS: how training sees what is not square
    background: str = "white"

    def text(self) -> str:
        """Return the report for people, one fact a line."""
        kept = "kept" if self.used + len(self.bad) == self.found else "left out"
        extremes = [pick(self.sizes, key=math.prod, default=(0, 0)) for pick in (min, max)]
        span = dict.fromkeys(f"{width} x {height}" for width, height in extremes)
        lines = [f"{escape(self.source)}: {self.found} picture files, {self.used} used"]
        lines += [f"original sizes: {' to '.join(span)} pixels"]
        lines += [self.cropping()] if self.cropping() else []
        lines += [f"byte-identical repeats: {self.repeats}, {kept}"] if self.repeats else []
        lines += [self.doubles()] if self.alike else []
        lines += [f"{WAYS[way]}: {count}" for way, count in self.ways]
        lines += [f"other files, ignored: {self.ignored}{self.advice}"] if self.ignored else []
        return "\n".join([*lines, f"bad files, left out: {len(self.bad)}", *self.bad_lines()])

    def cropping(self) -> str:
        """Say how much is lost to the middle square, or left white around it all; empty where all are square."""
        shares = [1 - min(size) / max(size) for size in self.sizes if size[0] != size[1]]  # the same for both
        if not shares:
            return ""
        share = f"{sum(shares) / len(shares):.0%}"
        if self.fit == "pad":
            return (
                f"not square: {len(shares)}; all of each is used, which leaves {share} of the square {self.background}"
            )
        return f"not square: {len(shares)}; of these the middle square is used, which cuts off {share} of their area"

    def doubles(self) -> str:
        """Say that pictures are there in two forms, such as PNG and JPEG; both are used."""
        (one, other), more = self.alike[0], len(self.alike)
        return f"one picture in two forms: {more}, as {one} and {other}; both are used unless --data leaves one out"

    def bad_lines(self) -> list[str]:
        """Return a line per bad file with its reason, LISTED at most."""
        lines = [f"  {name}: {reason}" for name, reason in self.bad[:LISTED]]
        if len(self.bad) > LISTED:
            lines.append(f"  and {len(self.bad) - LISTED} more")
        return lines


@dataclass(frozen=True)
class Pictures:
    """The pictures of a source, ready for `Batches`."""

    images: Tensor  # (N, 3, S, S) uint8, channels_last, in natural order of the names
    # sha256 of the used files' sorted sha256, each with its WAYS: independent of names, of folder or zip, and of S
    fingerprint: str
    earlier: str  # the fingerprint from before WAYS were known and blank pictures left out
    order: Tensor  # (N, 8) uint8, how the sha256 of each picture's file begins
    report: ScanReport
    names: tuple[str, ...] = ()

    def rows(self, rows: list[int]) -> "Pictures":
        """Return these of the pictures; the report tells of all."""
        return replace(self, images=self.images[rows], order=self.order[rows], names=self._names(rows))

    def closed_up(self, rows: list[int]) -> "Pictures":
        """Return these of the pictures, in rising order, without a copy: they move into the places of the others.

        What `self` holds is no longer right then. It is for pictures whose cache is a file, as they are too many.
        """
        for place, row in enumerate(rows):
            if place != row:
                self.images[place] = self.images[row]
        return replace(self, images=self.images[: len(rows)], order=self.order[rows], names=self._names(rows))

    def _names(self, rows: list[int]) -> tuple[str, ...]:
        return tuple(self.names[row] for row in rows)


def reading_of(described: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """Return how a network's training read its pictures, as `read_pictures` takes it; `described` is its config.json.

    What is not said is as usual; `place`, the file, is named where it says what this version does not know: UserError.
    """
    train = described.get("train")
    said = train if isinstance(train, Mapping) else {}
    fit, background = said.get("fit", "crop"), said.get("background", "white")
    if fit not in FITS:
        raise UserError(f"{place}: has the fit {fit!r}; this version knows {' and '.join(FITS)}")
    if not (isinstance(background, str) and BACKGROUND.fullmatch(background)):
        raise UserError(f"{place}: has the background {printable(background)!r}, which is no colour")
    return {"fit": fit, "background": background, "keep_repeats": said.get("keep_repeats") is True}


def pictures_of(config: TrainConfig, spill: Path | None, progress: bool = True) -> Pictures:
    """Read the pictures that a config names, as `read_pictures`; a cache too large for the memory goes to `spill`."""
    return read_pictures(
        locate(config.dataset, config.data or None),
        config.picture_size,
        fit=config.fit,
        background=config.background,
        keep_repeats=config.keep_repeats,
        spill=spill,
        progress=progress,
    )


def read_pictures(
    source: str | Path,
    image_size: int,
    *,
    fit: str = "crop",
    background: str = "white",
    keep_repeats: bool = False,
    spill: Path | None = None,
    progress: bool = True,
) -> Pictures:
    """Read all pictures of a folder, with its sub-folders, of a .zip or of a folder in it, made square and resized.

    `fit`, one of FITS, is "crop" for the middle square or "pad" for all of it on a square of the `background`, onto
    which transparency goes, too; EXIF rotation and colour profiles are applied, an animation gives its first frame. A
    cache above SPILL_BYTES is a nameless file in the folder `spill` (None: the system's temporary one), gone with the
    process.
    Raises UserError: source missing, unreadable or of another kind, damaged .zip, no pictures, more than 5 % of them
    bad, no room for the cache.
    """
    source = Path(source).expanduser()
    with opened(source) as files:
        files = [file for file in files if not hidden(file.name)]
        entries = sorted((file for file in files if _suffix(file.name) in SUFFIXES), key=_natural)
        others = Counter(_suffix(file.name) or "no suffix" for file in files if _suffix(file.name) not in SUFFIXES)
        ignored = ", ".join(f"{count} {printable(suffix)}" for suffix, count in others.most_common())[:200]
        advice = "".join(f"; {words}" for suffixes, words in ADVICE.items() if others.keys() & suffixes)
        if not entries:
            beside = f" (other files: {ignored}{advice})" if others else ""
            raise UserError(f"no pictures in {source}{beside}; looked for {' '.join(sorted(SUFFIXES))}")
        cache = _allocate((len(entries), image_size, image_size, 3), spill)
        rows, bad, repeats = _fill(cache, entries, Frame(image_size, fit, background), keep_repeats, progress)
    images = cache[: len(rows)]
    report = ScanReport(
        found=len(entries),
        used=len(rows),
        repeats=repeats,
        bad=tuple((printable(result.name), result.reason) for result in bad),
        sizes=tuple(row.size for row in rows),
        ignored=ignored,
        advice=advice,
        ways=tuple(sorted(Counter(way for row in rows for way in row.ways).items())),
        alike=_alike([row.name for row in rows], images),
        source=str(source),
        fit=fit,
        background=background,
    )
    if len(bad) > BAD_SHARE * len(entries):
        some = f"{len(bad)} of the {len(entries)} picture files in {source} cannot be used, more than"
        raise UserError("\n".join([f"{some} {BAD_SHARE:.0%}; remove or mend them:", *report.bad_lines()]))
    return Pictures(
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        fingerprint=_fingerprint(" ".join([row.digest, *sorted({*row.ways} - BARE)]) for row in rows),
        earlier=_fingerprint(result.digest for result in [*rows, *bad] if result.digest),
        order=torch.tensor([list(bytes.fromhex(row.digest[:16])) for row in rows], dtype=torch.uint8),
        report=report,
        names=tuple(row.name for row in rows),
    )


def _fingerprint(digests: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _alike(names: list[str], images: np.ndarray) -> tuple[tuple[str, str], ...]:
    """Return the pairs of pictures, (N, S, S, 3) uint8, that have one name, but for folder and suffix, and one look."""
    first: dict[str, int] = {}
    pairs = []
    for row, name in enumerate(names):
        other = first.setdefault(PurePosixPath(name).stem.lower(), row)
        if other != row and np.abs(images[row].astype(np.int16) - images[other]).mean() < ALIKE:
            pairs.append((printable(names[other]), printable(name)))
    return tuple(pairs)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _natural(entry: Entry) -> tuple[list, str]:
    """Sort 2.png before 10.png; digits compare by length, then as text: int() refuses very long ones."""
    parts: list = re.split("([0-9]+)", entry.name.lower())
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return parts, entry.name


class _Result(NamedTuple):
    name: str
    digest: str = ""  # sha256 of the file
    pixels: np.ndarray | None = None  # (S, S, 3) uint8; None: the file is bad, or has its row
    size: Size = (0, 0)
    ways: tuple[str, ...] = ()  # of WAYS
    reason: str = ""  # why the file is bad


def _read_one(entry: Entry, frame: Frame) -> _Result:
    digest = ""
    try:
        with entry.content() as content:
            digest = hashlib.sha256(content).hexdigest()
            return _Result(entry.name, digest, *decode(content, frame))
    except Blank as error:
        return _Result(entry.name, digest, reason=str(error))
    except BadPicture as error:
        return _Result(entry.name, reason=str(error))
    except Exception as error:  # PIL's plugins raise nearly anything; none of it may end a scan
        return _Result(entry.name, reason=reason_for(error))


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
    cache: np.ndarray, entries: list[Entry], frame: Frame, keep_repeats: bool, progress: bool
) -> tuple[list[_Result], list[_Result], int]:
    """Decode into the first rows of `cache`; return what is in each row, what is bad, and the number of repeats."""
    rows: list[_Result] = []
    bad: list[_Result] = []
    seen: set[str] = set()
    repeats = 0
    read = partial(_read_one, frame=frame)
    off = None if progress else True  # None: off where stderr is no terminal
    with (
        warnings.catch_warnings(action="ignore"),  # of PIL: each picture is judged here, and named if it is bad
        tqdm(total=len(entries), desc="reading pictures", unit="", delay=1, leave=False, disable=off) as bar,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,  # PIL decodes without the interpreter's lock
    ):
        for start in range(0, len(entries), BLOCK):  # map cancels what waits when Ctrl-C ends it
            for result in pool.map(read, entries[start : start + BLOCK]):
                bar.update()
                if result.pixels is None:
                    bad.append(result)
                    continue
                repeats += result.digest in seen
                if keep_repeats or result.digest not in seen:
                    cache[len(rows)] = result.pixels
                    seen.add(result.digest)
                    rows.append(result._replace(pixels=None))
    return rows, bad, repeats
