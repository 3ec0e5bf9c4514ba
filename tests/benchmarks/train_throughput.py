"""Pictures per second of PyTorch's plain DCGAN tutorial loop and of ours, on this machine, in one run.

    python tests/benchmarks/train_throughput.py --data ../shared/data/pokemon.zip
    python tests/benchmarks/train_throughput.py --data pictures.zip --batch-size 32 --recipe pokemon

The two take turns, so that a machine whose speed drifts favours neither; medians are compared. Peak memory is that of
the whole process, data included.
"""

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch import Tensor, nn

from gan.config import recipe_config
from gan.data.scan import read_pictures
from gan.models import Discriminator, Generator
from gan.training.batches import Batches
from gan.training.device import choose_precision, describe
from gan.training.trainer import Trainer, train_step


def plain_step(batch_size: int) -> Callable[[Tensor], None]:
    """Return one step of the tutorial's loop: float32, contiguous, unfused Adam, D not frozen in G's step."""
    torch.manual_seed(0)
    generator, discriminator = Generator(), Discriminator()
    criterion = nn.BCELoss()
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step(real_images: Tensor) -> None:
        real_images = real_images.contiguous()
        label = torch.full((len(real_images),), 1.0)
        discriminator.zero_grad()
        criterion(torch.sigmoid(discriminator(real_images)), label).backward()
        fake_images = generator(torch.randn(len(real_images), 100))
        label.fill_(0.0)
        criterion(torch.sigmoid(discriminator(fake_images.detach())), label).backward()
        optimizer_d.step()
        generator.zero_grad()
        label.fill_(1.0)
        criterion(torch.sigmoid(discriminator(fake_images)), label).backward()
        optimizer_g.step()

    return step


def our_step(recipe: str, batch_size: int, device: torch.device) -> Callable[[Tensor], None]:
    """Return one step of train.py's loop."""
    config = recipe_config(recipe, batch_size=batch_size)
    trainer = Trainer(config, device, choose_precision("auto", device))
    return lambda real_images: train_step(trainer, real_images)


def pictures_per_second(step: Callable[[Tensor], None], batches: Batches, steps: int) -> float:
    """Time some steps on whole batches."""
    rng = torch.Generator().manual_seed(0)
    whole = max(batches.batches_per_epoch - 1, 1)
    seen, started = 0, time.perf_counter()
    for index in range(steps):
        real_images = batches.take(0, index % whole, rng)
        step(real_images)
        seen += len(real_images)
    return seen / (time.perf_counter() - started)


def main() -> None:
    """Print pictures/s of both, their ratio and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder or .zip of pictures")
    parser.add_argument(
        "--recipe", default="pokemon-report", help="our recipe; the report's does what the plain loop does"
    )
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=6, help="steps per turn")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()

    device = torch.device("cpu")
    pictures = read_pictures(options.data, 64)
    batches = Batches(pictures.images, options.batch_size, 0, False, device)
    steps = {"plain": plain_step(options.batch_size), "ours": our_step(options.recipe, options.batch_size, device)}
    speeds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(options.turns + 1):
        for name, step in steps.items():
            speed = pictures_per_second(step, batches, options.steps)
            if turn:  # the first turn warms up
                speeds[name].append(speed)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{describe(device)}; batch {options.batch_size}, recipe {options.recipe}, {options.turns} turns")
    for name, values in speeds.items():
        print(f"{name:5s} {medians[name]:6.1f} pictures/s (median; {min(values):.1f} to {max(values):.1f})")
    print(f"ratio {medians['ours'] / medians['plain']:.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
