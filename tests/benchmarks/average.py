"""Put the mean of a run's generator and others, weight by weight, in the place of the run's own.

Model soups (Wortsman et al. 2022, arXiv 2203.05482): it takes networks that were trained on from the same one. The last
snapshot and sample grid follow; the next epoch of the run would write its own again.

    python tests/benchmarks/average.py runs/anime checkpoints/anime
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gan.checkpoints import GENERATOR_FILE, load_generator, save_network
from gan.folder import SAMPLES, SNAPSHOTS, epoch_file, list_epochs, write_grid
from gan.latent import sample_z
from gan.training.ema import with_fresh_statistics
from gan.training.generate import GRID_SEEDS, STATISTICS_SEEDS


@torch.inference_mode()
def average(run, others):
    """Write the mean of the generators of these folders into the first of them."""
    generators = [load_generator(folder) for folder in (run, *others)]
    mean = generators[0]
    for weights in zip(*(generator.parameters() for generator in generators), strict=True):
        weights[0].copy_(torch.stack(weights).mean(dim=0))
    mean = with_fresh_statistics(mean, sample_z(STATISTICS_SEEDS, mean.z_dim))
    save_network(run / GENERATOR_FILE, mean)
    save_network(epoch_file(run, SNAPSHOTS, max(list_epochs(run, SNAPSHOTS))), mean)
    write_grid(epoch_file(run, SAMPLES, max(list_epochs(run, SAMPLES))), mean(sample_z(GRID_SEEDS, mean.z_dim)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="whose model.safetensors is replaced")
    parser.add_argument("others", type=Path, nargs="+", help="checkpoints or runs")
    arguments = parser.parse_args()
    average(arguments.run, arguments.others)
