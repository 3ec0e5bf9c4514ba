"""Which files of a repository are a checkpoint folder's, and how large each may be, to come or to go."""

import re
from pathlib import Path

from gan.errors import UserError, printable

# Everything that a checkpoint folder holds, and all that ever comes or goes: no pickle, no state, no real picture.
PUBLISHED = re.compile(
    r"README\.md|(config|opinion)\.json|(history|iterations|metrics)\.jsonl"
    r"|(model|discriminator|neighbours)\.safetensors"
    r"|samples/epoch-\d{4,9}\.webp|snapshots/epoch-\d{4,9}\.safetensors"
)
MODEL = "model.safetensors"
CARD = "README.md"
TUTORIAL_MODEL = "netG.safetensors"  # as PyTorch's DCGAN tutorial names it, beside a netD
MAX_FILES = 100
MAX_BYTES = {".safetensors": 1_000_000_000, ".webp": 2_000_000}  # of one file; of any other kind:
MAX_TEXT_BYTES = 5_000_000
MAX_TOTAL_BYTES = 2_000_000_000
LONE_MODEL = re.compile(r"\w[\w.+-]{0,95}\.safetensors", re.ASCII)  # weights under a name of somebody's own


def most_bytes(name: str) -> int:
    """Return how large a file of this name may be, to come or to go."""
    return MAX_BYTES.get(Path(name).suffix, MAX_TEXT_BYTES)


def model_among(hub_id: str, sizes: dict[str, int]) -> str:
    """Return the name of the weights among the files of a repository; raise UserError where there are none to trust."""
    lone = [name for name in sizes if LONE_MODEL.fullmatch(name)]
    named = [name for name in (MODEL, TUTORIAL_MODEL) if name in lone]
    name = (named or lone)[0] if named or len(lone) == 1 else ""
    if not name:
        pickles = [name for name in sizes if name.endswith((".bin", ".pt", ".pth", ".pkl", ".ckpt"))]
        raise UserError(
            f"{hub_id}: holds no {MODEL}"
            + (f", only {printable(pickles[0])}, a pickle, which could run code and is not read" if pickles else "")
        )
    ours = {other: size for other, size in sizes.items() if other == name or PUBLISHED.fullmatch(other)}
    large = [other for other, size in ours.items() if size > most_bytes(other)]
    total = sum(ours.values())
    if large or len(ours) > MAX_FILES or total > MAX_TOTAL_BYTES:
        what = f"{len(ours)} files of {total:,} bytes are far too many"
        what = f"{large[0]} is far too large" if large else what
        raise UserError(f"{hub_id}: {what} for a model of this kind; nothing was downloaded")
    return name
