"""train.py --smoke: a tiny run on drawn pictures, in a folder that it empties for itself."""

import re
from pathlib import Path
from typing import Any

from gan.config import TrainConfig
from gan.errors import UserError, printable
from gan.files import LOCK_FILE, PART, alone_in, make_folder, read_json, write_json
from gan.flags import new_config

SMOKE_FILE = "smoke"  # in a smoke test's run: the config it was made for
# All that such a run writes.
SMOKE_NAMES = re.compile(
    r"smoke|config\.json|(history|iterations)\.jsonl|log\.txt|(model|discriminator)\.safetensors|reals\.webp"
    r"|(losses|figure)\.png"
    r"|(states|good|unannealed)(/images-\d{12}-[0-9a-f]{16}\.pt)?|pictures(/(1?\d?\d|2[0-4]\d|25[0-5])\.png)?"
    r"|samples(/epoch-\d{4}\.webp)?|grids(/epoch-\d{4}\.png)?|snapshots(/epoch-\d{4}\.safetensors)?"
)


def smoke_config(flags: dict[str, Any]) -> TrainConfig:
    """Return the config of a tiny run on the given pictures, or on drawn ones, in a folder that is emptied for it."""
    tiny = {"dataset": "folder", "base_channels": 16, "image_size": 32, "epochs": 4, "anneal": 0.0, "out": "runs/smoke"}
    flags = {**tiny, **flags}
    drawn = {} if "data" in flags else {"data": str(Path(flags["out"], "pictures"))}
    config = new_config({**drawn, **flags})
    out = Path(config.out)
    try:
        smoke_remains(out)  # before the lock is written
        with alone_in(out):
            for path in smoke_remains(out):
                path.rmdir() if path.is_dir() else path.unlink()
            write_json(out / SMOKE_FILE, config.to_dict())
            if drawn:
                draw_pictures(out / "pictures")
    except OSError as error:
        raise UserError(f"{out}: cannot be written to ({error.strerror}); choose another --out") from error
    return config


def smoke_remains(folder: Path) -> list[Path]:
    """Return all that an earlier smoke test left in the folder but its lock, in an order to delete it in.

    Raises UserError where the folder holds anything else, or a run that was trained on.
    """
    paths = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix().partition(PART)[0]
        if path.is_symlink() or not (SMOKE_NAMES.fullmatch(name) or path == folder / LOCK_FILE):
            raise _no_smoke(folder, f"holds {printable(name)}")  # at once: it may be a whole home folder
        if path != folder / LOCK_FILE:
            paths.append(path)
    if paths and not was_smoke(folder):
        raise _no_smoke(folder, "was trained on, or not made by --smoke")
    return sorted(paths, key=lambda path: (path.name == SMOKE_FILE, -len(path.parts)))


def _no_smoke(folder: Path, reason: str) -> UserError:
    return UserError(f"{folder} {reason}; --smoke deletes its own runs alone: choose another --out")


def was_smoke(folder: Path) -> bool:
    """Whether the run in the folder is the smoke test that its SMOKE_FILE tells of, and no more than that."""
    try:
        config = TrainConfig.from_dict(read_json(folder / SMOKE_FILE))
        run = folder / "config.json"
        return not run.exists() or TrainConfig.from_dict(read_json(run).get("train")) in smoke_halves(config)
    except (UserError, ValueError):
        return False


def smoke_halves(config: TrainConfig) -> tuple[TrainConfig, TrainConfig]:
    """Return what a smoke test trains, one after the other, in the same folder."""
    return config.with_epochs(2), config


def draw_pictures(folder: Path) -> Path:
    """Draw discs of many colours and sizes for --smoke; return their folder."""
    import random

    from PIL import Image, ImageDraw

    make_folder(folder)
    rng = random.Random(0)
    for i in range(256):
        picture = Image.new("RGB", (32, 32), "white")
        x, y, radius = rng.randrange(8, 24), rng.randrange(8, 24), rng.randrange(4, 9)
        color = tuple(rng.randrange(200) for _ in range(3))
        ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        picture.save(folder / f"{i}.png")
    return folder
