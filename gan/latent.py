"""Latents: from a seed to z, truncation, edits, and the ways between two latents. Loads no weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

MAX_SEED = 2**32 - 1
LARGEST_EXACT = 1_024  # z_dim up to which directions are worked out exactly; with four times as many it took 15 seconds
PARALLEL = 0.9995  # |cosine| above which the arc between two latents is not defined well enough to follow


def sample_z(seeds: Sequence[int], z_dim: int) -> Tensor:
    """Return (N, z_dim) float32 on the CPU, N(0, 1); row i depends on seeds[i] alone.

    A seed outside 0 to 2^32 - 1 raises ValueError.
    """
    if not all(0 <= seed <= MAX_SEED for seed in seeds):
        raise ValueError(f"seeds lie between 0 and {MAX_SEED}")
    z, random = np.empty((len(seeds), z_dim), np.float32), np.random.RandomState(0)
    for row, seed in zip(z, seeds, strict=True):
        random.seed(seed)  # as RandomState(seed), which would first ask the system for entropy: twenty times as long
        row[:] = random.standard_normal(z_dim)
    return torch.from_numpy(z)


def truncate(z: Tensor, psi: float) -> Tensor:
    """Multiply z by psi in [0, 1]: towards 0 the pictures grow alike and safe, at 1 nothing changes."""
    if not 0.0 <= psi <= 1.0:
        raise ValueError("truncation lies between 0 and 1")
    return z * psi


def tame(z: Tensor, wildness: float) -> Tensor:
    """Clamp z, (..., z_dim), to [-c, c] with c = w / (1 - w), w in [0, 1], and give it back its length; 1: z itself.

    A DCGAN learned from latents of one length: one that is shortened, as by `truncate`, makes its pictures fade. The
    truncation trick's threshold (BigGAN, arXiv 1809.11096, 3.1) without that.
    """
    if not 0.0 <= wildness <= 1.0:
        raise ValueError("wildness lies between 0 and 1")
    if wildness == 1:
        return z
    limit = max(wildness / (1 - wildness), 1e-3)  # at 0 no number of z counts more than another
    clamped = z.clamp(-limit, limit)
    return clamped * (z.norm(dim=-1, keepdim=True) / clamped.norm(dim=-1, keepdim=True))


def principal_directions(first_layer: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the directions of z that move a generator's pictures most, and how much each counts.

    Right singular vectors of the first layer (SeFa, arXiv 2007.06600, eq. 5), largest singular value first; the sign
    is fixed so that the largest coordinate is positive. `first_layer` is (z_dim, C, k, k); returned are at most
    `count` rows of unit length, (K, z_dim) float32, and the share of the squared singular values each has, (K,).
    Of more than LARGEST_EXACT numbers of z they are approximations, the same ones each time.
    """
    matrix = first_layer.detach().flatten(1).double()
    if len(matrix) <= LARGEST_EXACT:
        values, vectors = torch.linalg.eigh(matrix @ matrix.T)  # of z_dim x z_dim: much smaller than the layer
        values, rows = values.flip(0), vectors.T.flip(0)[:count]
    else:
        values, rows = _approximate_directions(matrix, count)
    signs = rows.gather(1, rows.abs().argmax(1, keepdim=True)).sign()
    return (rows * signs).float(), (values / matrix.square().sum())[:count].float()


def _approximate_directions(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vectors, values, _ = torch.svd_lowrank(matrix, q=min(2 * count, *matrix.shape), niter=8)
    return values.square(), vectors.T[:count]


def edit(z: Tensor, directions: Tensor, amounts: Sequence[float], offsets: Mapping[int, float]) -> Tensor:
    """Return z + sum_k amounts[k] * directions[k] + offsets, all (z_dim,); offsets name single coordinates from 0."""
    edited = z + torch.tensor(amounts, dtype=z.dtype) @ directions[: len(amounts)] if amounts else z.clone()
    for coordinate, amount in offsets.items():
        edited[coordinate] += amount
    return edited


def lerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Return the straight line from a to b, both (..., z_dim), at t in [0, 1]; both ends exact."""
    return a * (1.0 - t) + b * t


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Return the arc from a to b, both (z_dim,), at t in [0, 1]; both ends exact.

    Shoemake 1985, as White 2016 (arXiv 1609.04468) uses it for latents: norms are kept typical on the way.
    Where a and b are (nearly) parallel or opposite no arc is defined, and the straight line is taken.
    """
    if t in (0.0, 1.0):
        return b.clone() if t else a.clone()
    cosine = torch.nn.functional.cosine_similarity(a.double(), b.double(), dim=-1)
    if abs(cosine) > PARALLEL:
        return lerp(a, b, t)
    angle = torch.arccos(cosine)
    return (torch.sin((1.0 - t) * angle) * a + torch.sin(t * angle) * b).div(torch.sin(angle)).to(a.dtype)
