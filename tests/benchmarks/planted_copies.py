"""Plant copies of training pictures and see which are found; held-out real pictures show the false alarms.

python tests/benchmarks/planted_copies.py checkpoints/pokemon pokemon.zip
python tests/benchmarks/planted_copies.py checkpoints/anime anime.zip --limit 4000 --planted 200
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad
from torchvision.transforms.v2 import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gan.checkpoints import load_critic
from gan.data.scan import read_pictures
from gan.images import from_uint8, to_uint8
from gan.insight.neighbours import describe, verdicts
from gan.training.device import autocast, choose_precision

HELD_OUT = 400  # real pictures


def shifted(images: Tensor) -> Tensor:
    """Move pictures 3 pixels to the right and down."""
    return pad(images, (3, 0, 3, 0), mode="replicate")[..., : images.shape[2], : images.shape[3]]


def cropped(images: Tensor) -> Tensor:
    """Keep the middle 90 % of the sides, enlarged."""
    side = images.shape[-1]
    rim = round(0.05 * side)
    middle = images[..., rim : side - rim, rim : side - rim]
    return interpolate(middle, size=side, mode="bilinear", align_corners=False)


COPIES: dict[str, Callable[[Tensor], Tensor]] = {
    "exact": lambda images: images,
    "mirrored": lambda images: images.flip(3),
    "shifted 3 px": shifted,
    "hue turned 20°": lambda images: functional.adjust_hue(images / 2 + 0.5, 20 / 360) * 2 - 1,
    "blurred, sigma 1": lambda images: functional.gaussian_blur(images, [7, 7], [1.0, 1.0]),
    "cropped to 90 %": cropped,
}


def main() -> None:
    """Print the shares that count as near, and of which the right picture was named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    parser.add_argument("--limit", type=int, help="pictures that are used, evenly by name; default: all")
    parser.add_argument("--planted", type=int, default=400, help="copies of each kind (default %(default)s)")
    options = parser.parse_args()
    critic = load_critic(options.checkpoint)
    images = read_pictures(options.data, critic.image_size).images
    images = images[torch.linspace(0, len(images) - 1, min(options.limit or len(images), len(images))).round().long()]
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    held = min(HELD_OUT, len(images) // 4)
    kept, rest = order[:held], order[held:].sort().values
    cpu = torch.device("cpu")
    with autocast(cpu, choose_precision("auto", cpu)):
        known = describe(critic, "0" * 16, images[rest])
        alarms = verdicts(known, critic, images[kept])
        near = sum(verdict.is_near for verdict in alarms)
        print(f"{len(rest)} known; false alarms: {near} of {held} ({near / held:.1%})", flush=True)
        places = torch.linspace(0, len(rest) - 1, min(options.planted, len(rest))).round().long()
        for name, change in COPIES.items():
            found = verdicts(known, critic, to_uint8(change(from_uint8(images[rest[places]]))))
            near = sum(verdict.is_near for verdict in found) / len(found)
            right = sum(verdict.numbers[0] == place + 1 for verdict, place in zip(found, places, strict=True))
            print(f"{name}: {near:.1%} found; the right one named: {right / len(found):.1%}", flush=True)


if __name__ == "__main__":
    main()
