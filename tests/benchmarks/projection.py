"""How near projection comes to generated and to real pictures, beside the best of many seeds.

python tests/benchmarks/projection.py checkpoints/pokemon --data pokemon.zip
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gan.checkpoints import load_generator
from gan.images import from_uint8
from gan.insight.projection import project
from gan.insight.record import training_pictures
from gan.latent import sample_z
from gan.training.device import autocast, choose_precision

GENERATED_FROM = 5_000  # the first seed of pictures that can be drawn exactly
SEEDS = 512  # the best of them is what projection has to beat


def best_of_seeds(drawn, target):
    """Return the residual of the nearest of these pictures."""
    return float((drawn - target).abs().mean(dim=(1, 2, 3)).min()) * 127.5


def measure(generator, drawn, targets):
    """Return the residuals of projection and of the best seed, and the seconds that a projection took."""
    projected, seeds, took = [], [], []
    for target in tqdm(targets, unit=""):
        begin = time.process_time()
        *_, best = project(generator, target)
        took.append(time.process_time() - begin)
        projected.append(best.residual)
        seeds.append(best_of_seeds(drawn, target))
    return projected, seeds, took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    generator = load_generator(options.checkpoint).requires_grad_(False).to(memory_format=torch.channels_last)
    images = training_pictures(options.checkpoint, options.data, generator.image_size).images
    rows = torch.linspace(0, len(images) - 1, options.count).round().long()
    z = sample_z(range(GENERATED_FROM, GENERATED_FROM + options.count), generator.z_dim)
    drawn = torch.cat([generator(part) for part in sample_z(range(SEEDS), generator.z_dim).split(64)])
    cpu = torch.device("cpu")
    for kind, targets in (("generated", generator(z)), ("real", from_uint8(images[rows]))):
        with autocast(cpu, choose_precision("auto", cpu)):
            projected, seeds, took = measure(generator, drawn, targets)
        print(
            f"{kind}: median {statistics.median(projected):.1f}, most {max(projected):.1f}; best of {SEEDS} seeds "
            f"{statistics.median(seeds):.1f}; {statistics.median(took):.1f} s of a core each",
            flush=True,
        )


if __name__ == "__main__":
    main()
