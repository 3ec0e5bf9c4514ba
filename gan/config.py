"""What a training run is: one frozen config, and the table of recipes it starts from. Plain data, no torch."""

import math
import re
import shlex
from dataclasses import MISSING, asdict, dataclass, fields, replace
from itertools import accumulate
from typing import Any, NamedTuple

from gan.data.datasets import DATASETS
from gan.errors import quoted
from gan.publishing.credits import CREDITS, checked
from gan.tasks import TASKS
from gan.training.losses import LOSSES
from gan.words import counted

NORMS = ("batch", "none")
DIFFAUGMENT = ("color", "translation", "cutout")
TRANSFORMS = (*DIFFAUGMENT, "affine")
IMAGE_SIZES = (32, 64, 128)
SCALES = (2, 4)
FITS = ("crop", "pad")
GUARDS = ("off", "warn", "rollback")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16")
GRID_FORMATS = ("webp", "png")
BACKGROUND = re.compile("white|black|grey|#[0-9a-fA-F]{6}")
MOST_EPOCHS = 10**9


@dataclass(frozen=True)
class Stage:
    """Some epochs at one learning rate and one Adam beta1; Adam starts afresh at each stage."""

    epochs: int  # 0, in the last stage alone: until the budget is spent
    lr: float
    beta1: float


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what a run computes, and where it reads and writes."""

    recipe: str  # name of the row of RECIPES this came from
    dataset: str  # one of DATASETS
    task: str = "generate"  # one of TASKS
    data: str = ""  # folder or .zip; empty: download the data set
    out: str = ""  # folder of the run
    images: int = 300_000  # budget in real pictures shown to the discriminator; 0: see epochs
    epochs: int = 0  # budget in passes over the pictures where images is 0; 0: the epochs of the stages
    stages: tuple[Stage, ...] = (Stage(0, 2e-4, 0.5),)
    anneal: float = 0.0  # share of the budget, at its end, over which the learning rate falls and the EMA lengthens
    # Where stages were appended to a run that anneals, they keep the learning rate that they name: it falls as before
    # until so many epochs are over, towards the end of the budget, in pictures, that the run had then. 0: none were.
    annealed_epochs: int = 0
    annealed_budget: int = 0
    batch_size: int = 32  # pictures per step, of all processes together
    loss: str = "relativistic"  # one of LOSSES
    r1_gamma: float = 0.0  # weight of R1 (and of R2, where the loss pairs); 0: off
    penalty_every: int = 4  # steps between penalties, whose weight is multiplied by it
    augment: str = "color,translation,cutout"  # DiffAugment policy; empty: none
    flip: bool = True  # mirror each real picture with probability 1/2
    ema_half_life_images: int = 10_000  # 0: no EMA, the generator itself is shown
    d_norm: str = "none"  # one of NORMS
    minibatch_std: bool = False  # the discriminator sees how varied a batch is
    base_channels: int = 64  # width of both networks
    image_size: int = 64  # pixels a side, one of IMAGE_SIZES
    scale: int = 4  # how many times larger upscaling makes a picture, one of SCALES
    fit: str = "crop"  # one of FITS: the middle square of a picture, or all of it on one of the background
    background: str = "white"  # behind transparency and padding; see BACKGROUND
    z_dim: int = 100  # length of the latent
    device: str = "auto"  # one of DEVICES
    precision: str = "auto"  # one of PRECISIONS
    guard: str = "off"  # one of GUARDS: what a collapse leads to
    seed: int = 0
    keep_repeats: bool = False  # train on byte-identical repeats too
    init_from: str = ""  # checkpoint folder whose G and D this run starts from
    grid_format: str = "webp"  # one of GRID_FORMATS: "png" writes each sample grid so, too
    title: str = ""  # of the model, where it is shown; this and the next three are gan.publishing.credits'
    author: str = ""
    license: str = ""
    about: str = ""
    reconstructions: str = ""  # file of gan.insight.reconstruct, which half of upscaling's samples enlarge; empty: none

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(map(str, allowed))}")
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between {low} and {high}")
        if not BACKGROUND.fullmatch(self.background):
            raise ValueError(f"background is {self.background!r}; give white, black, grey or a colour such as #1e90ff")
        for name in CREDITS:
            checked(name, getattr(self, name))
        unknown = set(filter(None, self.augment.split(","))) - set(TRANSFORMS)
        if unknown:
            raise ValueError(f"augment names {', '.join(sorted(unknown))}; there are {', '.join(TRANSFORMS)}")
        _check_stages(self.stages, self.images or self.epochs)

    @property
    def picture_size(self) -> int:
        """Pixels a side of the real pictures, as they are read."""
        return TASKS[self.task].picture_size(self)

    def budget(self, pictures: int) -> int:
        """Return how many pictures the run is to see, given how many there are."""
        return self.images or (self.epochs or sum(stage.epochs for stage in self.stages)) * pictures

    def epochs_in_all(self, pictures: int) -> int:
        """Return in how many passes over so many pictures the budget is spent; the last may be cut short."""
        return math.ceil(self.budget(pictures) / pictures)

    def annealed(self, images_seen: int, pictures: int) -> float:
        """Return how far annealing has come, 0 to 1, where so many of the pictures were seen."""
        if not self.anneal or (self.annealed_epochs and images_seen >= self.annealed_epochs * pictures):
            return 0.0
        budget = self.annealed_budget or self.budget(pictures)
        begin = budget * (1 - self.anneal)
        return min(1.0, max(0.0, (images_seen - begin) / max(budget - begin, 1)))

    def stage_at(self, epoch: int, epochs: int) -> tuple[Stage, int, int]:
        """Return the stage of an epoch (from 0) of a run of so many epochs, its epochs before, and its length.

        The last stage reaches to the end of the run, whatever its own number of epochs.
        """
        start = 0
        for stage in self.stages[:-1]:
            if epoch < start + stage.epochs:
                return stage, epoch - start, min(stage.epochs, max(epochs, epoch + 1) - start)
            start += stage.epochs
        return self.stages[-1], epoch - start, max(epochs, epoch + 1) - start

    def budget_line(self, pictures: int) -> str:
        """Return the budget in words, given how many pictures there are, and which stages it ends before."""
        epochs = self.epochs_in_all(pictures)
        starts = accumulate((stage.epochs for stage in self.stages[:-1]), initial=0)
        begun, count = sum(start < epochs for start in starts), len(self.stages)
        cut = f"; it ends before stage {begun + 1} of {count}, whose epochs --stages shortens" if begun < count else ""
        return f"budget {self.budget(pictures):,} pictures, {counted(epochs, 'epoch')}{cut}"

    def summary(self) -> str:
        """Return in a line which recipe this is, its largest choices, and where the run goes."""
        into = f" -> {quoted(self.out)}" if self.out else ""
        return f"recipe {self.recipe}: task {self.task}, loss {self.loss}, batches of {self.batch_size}{into}"

    def with_epochs(self, epochs: int) -> "TrainConfig":
        """Return this config with a budget of so many epochs; its stages stay, the last one reaching to the end."""
        return replace(self, images=0, epochs=epochs)

    def with_more_stages(
        self, stages: tuple[Stage, ...], behind: int, images: int = 0, epochs: int = 0
    ) -> "TrainConfig":
        """Return this config with stages in place of all that comes `behind` so many of its epochs.

        `images` or `epochs` are the new budget; zeros: the epochs of the stages.
        """
        left, so_far = behind, []
        for stage in self.stages:
            length = left if stage is self.stages[-1] else min(stage.epochs, left)
            so_far += [replace(stage, epochs=length)] if length else []
            left -= length
        return replace(self, images=images, epochs=epochs, stages=(*so_far, *stages))

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "TrainConfig":
        """Read what `to_dict` wrote; a key of another version or a value of another kind raises ValueError."""
        _check_kinds(cls, values)
        stages = values.get("stages")
        if not isinstance(stages, list | tuple):
            raise ValueError(f"stages is {stages!r}")
        for stage in stages:
            _check_kinds(Stage, stage)
        return cls(**{**values, "stages": tuple(Stage(**stage) for stage in stages)})


def _check_kinds(kind: type, values: Any) -> None:
    """Raise ValueError where these are not the values of the dataclass by name, each of its kind, as JSON has them."""
    if not isinstance(values, dict):
        raise ValueError(f"{values!r} is no {kind.__name__}")
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(values.keys() - known.keys())
    missing = [name for name, field in known.items() if field.default is MISSING and name not in values]
    if unknown or missing:
        raise ValueError(f"unknown fields {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}")
    for name, value in values.items():
        wanted = known[name].type
        allowed = (int, float) if wanted is float else (wanted,)
        if wanted in (str, bool, int, float) and type(value) not in allowed:
            raise ValueError(f"{name} is {value!r}, no {wanted.__name__}")


CHOICES = {
    "dataset": tuple(DATASETS),
    "task": tuple(TASKS),
    "loss": tuple(LOSSES),
    "d_norm": NORMS,
    "guard": GUARDS,
    "image_size": IMAGE_SIZES,
    "scale": SCALES,
    "fit": FITS,
    "device": DEVICES,
    "precision": PRECISIONS,
    "grid_format": GRID_FORMATS,
}
# Fields that no flag of train.py sets, and why; every other field has its flag.
NO_FLAG = {
    "penalty_every": "the weight of a penalty is multiplied by it, so that another number computes about the same",
    "z_dim": "the reports' 100, which links and every checkpoint count on",
    "annealed_epochs": "follows from --stages of a resumed run",
    "annealed_budget": "follows from --stages of a resumed run",
}
RANGES = {
    "images": (0, 10**12),
    "epochs": (0, MOST_EPOCHS),
    "anneal": (0, 1),
    "annealed_epochs": (0, MOST_EPOCHS),
    "annealed_budget": (0, 10**12),
    "batch_size": (2, 65_536),
    "r1_gamma": (0, 1e6),
    "penalty_every": (1, 1_000),
    "ema_half_life_images": (0, 10**9),
    "base_channels": (1, 1_024),
    "z_dim": (1, 4_096),
    "seed": (0, 2**32 - 1),
}


def _check_stages(stages: tuple[Stage, ...], budget: int) -> None:
    if not stages:
        raise ValueError("a run needs at least one stage")
    for stage in stages:
        if not (0 < stage.lr < 1 and 0 <= stage.beta1 < 1 and 0 <= stage.epochs <= MOST_EPOCHS):
            raise ValueError(
                f"stage {stage.epochs}:{stage.lr}:{stage.beta1}: it must have 0 <= epochs <= {MOST_EPOCHS:,}, "
                "0 < lr < 1, 0 <= beta1 < 1"
            )
    if any(stage.epochs == 0 for stage in stages[:-1]):
        raise ValueError("only the last stage may leave its epochs open")
    if stages[-1].epochs == 0 and not budget:
        raise ValueError("give a budget: images, or epochs of the last stage")


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Read "5:2e-4:0.5,5:1e-4:0.3" (epochs:lr:beta1, comma-separated); raise ValueError on anything else."""
    stages = []
    for part in text.split(","):
        try:
            epochs, lr, beta1 = part.split(":")
            stages.append(Stage(int(epochs), float(lr), float(beta1)))
        except ValueError:
            raise ValueError(f"stage {part!r} is not epochs:lr:beta1, as in 5:2e-4:0.5") from None
    return tuple(stages)


def flag_name(field: str) -> str:
    """Return the flag of train.py that sets a field of the config."""
    return "--" + field.removesuffix("_images").replace("_", "-")


def flag_with_value(field: str, value: Any) -> str:
    """Return the flag that gives a field this value, quoted for a shell; of stages it is text for `parse_stages`."""
    if isinstance(value, bool):
        return flag_name(field) if value else flag_name(field).replace("--", "--no-", 1)
    return f"{flag_name(field)} {shlex.quote(str(value or ('none' if field == 'augment' else 0)))}"


# The two reports' own plain loops. The first does not name its batch size.
_REPORT = {"loss": "bce", "augment": "", "flip": False, "ema_half_life_images": 0, "d_norm": "batch"}
# Relativistic pairing loss with lazy R1 and R2 (R3GAN, arXiv 2501.05441), minibatch standard deviation, DiffAugment,
# flips, EMA, annealing.
_BEST = {
    "loss": "relativistic",
    "r1_gamma": 0.2,
    "penalty_every": 16,
    "anneal": 0.5,
    "d_norm": "none",
    "minibatch_std": True,
    "guard": "rollback",
}
# What the notes on image-to-image begin with: our own losses, on patches, beside those of the task.
_COLORIZE = {
    "task": "colorize",
    "loss": "relativistic",
    "r1_gamma": 0.2,
    "augment": "",  # its pairs are warped and recoloured as it is,
    "flip": False,  # and mirrored
    "base_channels": 32,
    "image_size": 128,
    "batch_size": 16,
    "stages": (Stage(0, 4e-4, 0.5),),
    "images": 600_000,
}
_UPSCALE = {**_COLORIZE, "task": "upscale", "augment": "color", "flip": True, "image_size": 64, "images": 500_000}

RECIPES: dict[str, dict[str, Any]] = {
    "pokemon-report": {**_REPORT, "batch_size": 32, "images": 0, "stages": (Stage(400, 2e-4, 0.5),)},
    "anime-report": {
        **_REPORT,
        "batch_size": 128,
        "images": 0,
        "stages": (Stage(5, 2e-4, 0.5), Stage(5, 1e-4, 0.3), Stage(10, 1e-4, 0.5), Stage(10, 1e-5, 0.5)),
    },
    "pokemon": {**_BEST, "batch_size": 32},
    "anime": {**_BEST, "r1_gamma": 0.05, "minibatch_std": False, "batch_size": 64},
    "folder": {**_BEST, "batch_size": 32},
    # The other tasks, of every data set; where its pictures are too small, in a size of their own.
    **{f"{dataset}-colorize": _COLORIZE for dataset in DATASETS},
    **{f"{dataset}-upscale": _UPSCALE for dataset in DATASETS},
    "anime-colorize": {**_COLORIZE, "image_size": 64},
    "anime-upscale": {**_UPSCALE, "image_size": 32, "scale": 2},
}


class Score(NamedTuple):
    """How one run of a recipe was measured, against all 819 Pokémon or 10,000 faces."""

    run: str  # the checkpoint whose metrics.jsonl has the figures; "": one that was not kept
    seen: int  # pictures
    kid: float  # times 1,000
    generated: int  # pictures that were measured
    commit: str  # that trained it


# Recipe -> its scores, as training went on, where it was measured: `pokemon` and `anime` as they were before they
# annealed, with penalties on every fourth step.
SCORES: dict[str, tuple[Score, ...]] = {
    "pokemon-report": (Score("", 150_005, 232.4, 2_000, "82323ab"),),
    "pokemon": (
        Score("", 150_005, 144.9, 2_000, "aaf185b"),
        Score("checkpoints/pokemon", 400_024, 56.1, 2_000, "aaf185b"),
        Score("checkpoints/pokemon", 1_000_031, 25.6, 2_000, "aaf185b"),
        Score("checkpoints/pokemon", 1_000_031, 25.5, 10_000, "aaf185b"),
    ),
    "anime-report": (Score("checkpoints/anime-report", 1_080_000, 153.7, 2_000, "941d3cc"),),
    "anime": (  # after 308,224 pictures with R1 and R2 weighing 2; seed 1
        Score("checkpoints/anime", 1_200_032, 27.2, 2_000, "422895e"),
        Score("checkpoints/anime", 1_200_032, 27.1, 10_000, "422895e"),
    ),
}

# Recipe -> what its report remarks at an epoch of its run.
REMARKS: dict[str, dict[int, str]] = {
    "pokemon-report": {400: "the report: “after 400 epochs the generator’s loss keeps its value”"},
    "anime-report": {30: "the report: “the last ten epochs did not help much”"},
}

# What a recipe takes from the pictures themselves where no flag settles it; gan.data.sizing chooses.
SUITED = {
    "folder": ("batch_size", "augment", "image_size", "fit", "images"),
    "folder-colorize": ("image_size", "fit"),
    "folder-upscale": ("image_size", "scale", "fit"),
}


def recipe_config(recipe: str, **changes: Any) -> TrainConfig:
    """Return the config of a recipe with some fields changed; an unknown name raises ValueError."""
    if recipe not in RECIPES:
        raise ValueError(f"recipe is {recipe!r}; choose one of {', '.join(RECIPES)}")
    return replace(TrainConfig(recipe=recipe, dataset=recipe.split("-")[0], **RECIPES[recipe]), **changes)
