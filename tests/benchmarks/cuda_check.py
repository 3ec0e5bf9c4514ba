"""What the training loop does on a GPU: run by hand where there is one; pytest does not collect it.

    python tests/benchmarks/cuda_check.py                              # noise in place of pictures
    python tests/benchmarks/cuda_check.py --data ../shared/data/pokemon.zip

Trains 2,000 steps, holds the first steps' losses against the CPU's (float32 on both, same weights and latents), proves
that no step waits for the host, and prints pictures/s and their share of what the GPU's matrix multiplication allows.
"""

import argparse
import copy
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from gan.config import recipe_config
from gan.data.scan import read_pictures
from gan.models import Discriminator, Generator
from gan.training.batches import Batches
from gan.training.device import choose_device, choose_precision, describe
from gan.training.trainer import STATISTICS, Trainer, train_step

FLOP_PER_PICTURE = 2.275e9  # of one step of the plain recipe, by torch.utils.flop_counter
TOLERANCE = 0.02  # between float32 on the CPU and TF32 on the GPU, over the first steps
STEPS_COMPARED = 5


def first_losses(device: torch.device, images: torch.Tensor) -> torch.Tensor:
    """Return (STEPS_COMPARED, 2), Loss_D and Loss_G in float32, from latents that every device is given alike."""
    config = recipe_config("pokemon-report", batch_size=32)
    torch.manual_seed(0)
    networks = Generator(), Discriminator()
    trainer = Trainer(config, device, "fp32", copy.deepcopy(networks))
    latents = torch.randn(STEPS_COMPARED, 32, config.z_dim, generator=torch.Generator().manual_seed(1))
    batches = Batches(images, 32, 0, False, device)
    trainer.draw_z = lambda count: latents[trainer.step].to(device)
    losses = [train_step(trainer, batches.take(0, step, trainer.rng))[:2].cpu() for step in range(STEPS_COMPARED)]
    return torch.stack(losses).float()


def matmul_flops(device: torch.device) -> float:
    """Return the FLOP/s of a large bfloat16 matrix product."""
    a = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    for _ in range(3):
        a @ a
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        a @ a
    torch.cuda.synchronize()
    return 20 * 2 * 8192**3 / (time.perf_counter() - started)


def throughput(recipe: str, batch_size: int, steps: int, images: torch.Tensor, device: torch.device) -> float:
    """Train some steps, the host never waiting in between; return pictures/s."""
    config = recipe_config(recipe, batch_size=batch_size)
    trainer = Trainer(config, device, choose_precision("auto", device))
    batches = Batches(images, batch_size, 0, config.flip, device)
    sums = torch.zeros(len(STATISTICS), device=device)
    whole = max(len(images) // batch_size, 1)

    def run(count: int) -> None:
        for step in range(count):
            sums.add_(train_step(trainer, batches.take(0, step % whole, trainer.rng)))

    run(20)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    started = time.perf_counter()
    run(steps)
    torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    seconds = time.perf_counter() - started
    if not sums.isfinite().all():
        sys.exit("the losses are not finite")
    print(f"  {recipe:14s} batch {batch_size:4d}: means " + ", ".join(f"{s / (steps + 20):.3f}" for s in sums.tolist()))
    return steps * batch_size / seconds


def main() -> None:
    """Run the checks; exit with 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder or .zip of pictures; default: noise")
    parser.add_argument("--steps", type=int, default=2_000)
    options = parser.parse_args()

    device = choose_device("cuda")
    noise = torch.randint(0, 256, (2_048, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images = read_pictures(options.data, 64).images if options.data else noise
    print(describe(device))

    cpu, gpu = first_losses(torch.device("cpu"), images), first_losses(device, images)
    difference = ((cpu - gpu).abs() / cpu.abs()).max().item()
    print(f"first {STEPS_COMPARED} steps, CPU float32 against GPU TF32: largest relative difference {difference:.4f}")

    limit = matmul_flops(device)
    print(f"matrix product: {limit / 1e12:.0f} TFLOP/s in bfloat16")
    for recipe, batch_size in (("pokemon-report", 128), ("pokemon-report", 512), ("pokemon", 32), ("anime", 64)):
        speed = throughput(recipe, batch_size, options.steps, images, device)
        share = f", {speed * FLOP_PER_PICTURE / limit:.1%} of the limit" if recipe.endswith("report") else ""
        print(f"  {speed:,.0f} pictures/s{share}, {torch.cuda.max_memory_allocated() / 1e9:.2f} GB")
    if difference > TOLERANCE:
        sys.exit(f"the losses differ by more than {TOLERANCE}")
    print("passed")


if __name__ == "__main__":
    main()
