"""FID, KID, precision and recall, and novelty, on features; torch-fidelity computes them. No pictures are read here.

Features are (N, 2048) float32; the real ones come first in every function here. Beware: torch-fidelity's own convention
is the other way round (`input1` is generated), which FID does not notice, but precision and recall change places.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor

from gan.errors import UserError

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
EXTRACTOR = "inception-v3-compat"
LAYER = "2048"  # the pool features of FID's Inception
KID_SUBSETS = 100
KID_SUBSET_SIZE = 400  # torch-fidelity's 1,000 is more than the Pokémon set has
NEIGHBOURS = 3
COPY_QUANTILE = 0.01  # closer to a training picture than all but 1 % of the reals are to one another: a copy


def load_extractor(weights: str | Path | None) -> Callable[[Iterable[Tensor]], Tensor]:
    """Return a function from batches of uint8 pictures (N, 3, H, W) to features (N, 2048).

    `weights` is the file of FID's Inception that torch-fidelity reads, and downloads once (91 MB) where it is None; it
    resizes to 299 pixels by itself, bilinearly as TensorFlow did. Raises UserError where torch-fidelity is missing,
    the file is not what it should be, or the download fails.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise UserError(f"measuring needs torch-fidelity ({error}): pip install -r tests/requirements.txt") from error
    if weights and not Path(weights).is_file():
        raise UserError(f"{weights}: no such file. --weights takes the weights of FID's Inception (see README).")
    try:
        path = str(weights) if weights else None
        network = FeatureExtractorInceptionV3(EXTRACTOR, [LAYER], feature_extractor_weights_path=path)
    except URLError as error:
        raise UserError(
            f"FID's Inception cannot be downloaded ({error.reason}); with a copy of {URL}, give --weights"
        ) from error
    except Exception as error:  # torch raises a dozen kinds for a file that is something else
        raise UserError(f"{weights}: holds no weights of FID's Inception ({type(error).__name__})") from error
    network = network.to(memory_format=torch.channels_last)  # a quarter faster on the CPU

    @torch.inference_mode()
    def extract(batches: Iterable[Tensor]) -> Tensor:
        return torch.cat([network(batch)[0] for batch in batches])

    return extract


def extractor_name() -> str:
    """Return what a measurement says of its features."""
    import torch_fidelity

    return f"{EXTRACTOR}, layer {LAYER}, torch-fidelity {torch_fidelity.__version__}"


def fid(real: Tensor, fake: Tensor) -> float:
    """Return the Fréchet Inception distance (Heusel et al. 2017, equation 6)."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(features) for features in (real, fake)]
    return float(fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"])


def kid(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return the kernel Inception distance times 1,000 (Bińkowski et al. 2018) and the standard error of its mean.

    The mean over 100 subsets of 400, of fewer where there are fewer. Subsets overlap, so the error is a lower bound.
    """
    from torch_fidelity.metric_kid import kid_features_to_metric

    size = min(KID_SUBSET_SIZE, len(real), len(fake))
    found = kid_features_to_metric(fake, real, kid_subsets=KID_SUBSETS, kid_subset_size=size, verbose=False)
    mean, deviation = found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]
    return 1000 * float(mean), 1000 * float(deviation) / KID_SUBSETS**0.5


def precision_recall(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return how many fakes lie among the reals, and reals among the fakes (Kynkäänniemi et al. 2019), k = 3."""
    from torch_fidelity.metric_prc import prc_features_to_metric

    found = prc_features_to_metric(
        fake, real, prc_neighborhood=NEIGHBOURS, prc_batch_size=10_000, save_cpu_ram=False, verbose=False
    )
    return float(found["precision"]), float(found["recall"])


def novelty(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return how far the fakes keep from the training pictures, and which share of them are copies.

    The first is the median distance of a fake to the nearest real, over the same for each real and the nearest other
    one (as if it had been left out): 1 means as far as real pictures are from one another, 0 a replay. A copy is
    nearer to a real picture than all but 1 % of the real ones are to one another.
    """
    among_reals = _nearest(real, real, skip_itself=True)
    to_reals = _nearest(fake, real)
    ratio = to_reals.median() / among_reals.median().clamp_min(1e-12)
    copies = (to_reals < among_reals.quantile(COPY_QUANTILE)).float().mean()
    return float(ratio), float(copies)


def floor(real: Tensor) -> dict[str, float]:
    """Return what a perfect generator would get: one half of the real pictures (every second) against the other."""
    halves = real[::2], real[1::2]
    return {"fid": round(fid(*halves), 3), "kid": round(kid(*halves)[0], 3), "count": len(halves[1])}


def _nearest(points: Tensor, others: Tensor, skip_itself: bool = False) -> Tensor:
    """Return each point's distance to the nearest of the others, (N,)."""
    found = []
    for start in range(0, len(points), 1000):
        distances = torch.cdist(points[start : start + 1000], others, compute_mode="donot_use_mm_for_euclid_dist")
        if skip_itself:
            rows = torch.arange(len(distances))
            distances[rows, rows + start] = torch.inf
        found.append(distances.min(dim=1).values)
    return torch.cat(found)


def measure(real: Tensor, fake: Tensor) -> dict[str, Any]:
    """Return all of these for real and fake features, rounded to what they are worth."""
    kid_mean, kid_error = kid(real, fake)
    precision, recall = precision_recall(real, fake)
    ratio, copies = novelty(real, fake)
    return {
        "fid": round(fid(real, fake), 3),
        "kid": round(kid_mean, 3),
        "kid_standard_error": round(kid_error, 3),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "novelty": round(ratio, 4),
        "copies": round(copies, 4),
    }
