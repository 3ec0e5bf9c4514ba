"""FID, KID, precision and recall, and novelty, a row of METRICS each, on features. No pictures are read here.

Features are (N, 2048) float32; the real ones come first in every function here. Beware: torch-fidelity, which computes
most of them, has it the other way round (`input1` is generated), which FID does not notice, but precision and recall
change places.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.errors import UserError
from gan.words import counted

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
EXTRACTOR = "inception-v3-compat"
LAYER = "2048"  # the pool features of FID's Inception
KID_SUBSETS = 100
KID_SUBSET_SIZE = 400  # torch-fidelity's 1,000 is more than the Pokémon set has
NEIGHBOURS = 3
SAME = 1e-4  # of the mean length of features: nearer are those of one picture, which batches round differently
COPY_QUANTILE = 0.01  # closer to a training picture than all but 1 % of the reals are to one another: a copy


class Extractor:
    """Turns pictures into features with a network that does its own resizing."""

    def __init__(self, network: nn.Module) -> None:
        """Take the network, and note what a measurement says of its features: library and hash of the weights."""
        import torch_fidelity

        digest = hashlib.sha256()
        for value in network.state_dict().values():
            digest.update(value.contiguous().numpy())
        weights = digest.hexdigest()[:16]
        self.name = f"{EXTRACTOR} ({weights}), layer {LAYER}, torch-fidelity {torch_fidelity.__version__}"
        _fold_norms(network)
        self.network = network.to(memory_format=torch.channels_last)  # a quarter faster on the CPU

    @torch.inference_mode()
    def __call__(self, batches: Iterable[Tensor]) -> Tensor:
        """Return the features (N, 2048) of batches of uint8 pictures (N, 3, H, W)."""
        return torch.cat([self.network(batch)[0] for batch in batches])


def _fold_norms(network: nn.Module) -> None:
    """Fold every batch norm into the convolution before it: the same features in a sixth less time."""
    for block in network.modules():
        conv, norm = getattr(block, "conv", None), getattr(block, "bn", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            block.conv, block.bn = fuse_conv_bn_eval(conv, norm), nn.Identity()


def load_extractor(weights: str | Path | None) -> Extractor:
    """Return FID's Inception.

    `weights` is the file that torch-fidelity reads, and downloads once (96 MB) where it is None; the network resizes to
    299 pixels by itself, bilinearly as TensorFlow did. Raises UserError where torch-fidelity is missing, the file is
    not what it should be, or the download fails.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise UserError(f"measuring needs torch-fidelity ({error}): pip install -r tests/requirements.txt") from error
    if weights and not Path(weights).is_file():
        raise UserError(f"{weights}: no such file. --weights takes the weights of FID's Inception (see gan/README.md).")
    try:
        path = str(weights) if weights else None
        return Extractor(FeatureExtractorInceptionV3(EXTRACTOR, [LAYER], feature_extractor_weights_path=path))
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise UserError(
            f"FID's Inception cannot be downloaded ({reason}); with a copy of {URL}, give --weights"
        ) from error
    except Exception as error:  # torch raises a dozen kinds for a file that is something else
        raise UserError(f"{weights}: holds no weights of FID's Inception ({type(error).__name__})") from error


def fid(real: Tensor, fake: Tensor) -> float:
    """Return the Fréchet Inception distance (Heusel et al. 2017, equation 6)."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(features) for features in (real, fake)]
    return float(fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"])


def kid(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return the kernel Inception distance times 1,000 (Bińkowski et al. 2018) and its standard error.

    The mean over 100 subsets of 400, of fewer where there are fewer. The error is that of choosing these subsets and
    that of having no more pictures to choose from, on either side; other models measured against the same real
    pictures share the latter's half.
    """
    from torch_fidelity.metric_kid import kid_features_to_metric

    size = min(KID_SUBSET_SIZE, len(real), len(fake))
    found = kid_features_to_metric(fake, real, kid_subsets=KID_SUBSETS, kid_subset_size=size, verbose=False)
    mean, deviation = found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]
    return 1000 * float(mean), 1000 * math.hypot(float(deviation) / KID_SUBSETS**0.5, _sampling_error(real, fake))


def _sampling_error(real: Tensor, fake: Tensor) -> float:
    """Return the first-order standard error of the squared MMD, a U-statistic (Serfling 1980, section 5.5)."""
    variance = 0.0
    for ours, theirs in ((real, fake), (fake, real)):
        pull = _mean_kernel(ours, ours, skip_itself=True) - _mean_kernel(ours, theirs)
        variance += float(4 * pull.var() / len(ours))
    return variance**0.5


def _mean_kernel(points: Tensor, others: Tensor, skip_itself: bool = False) -> Tensor:
    """Return each point's mean of KID's kernel, (x y / F + 1)^3, over the others, (N,)."""

    def kernel(products: Tensor) -> Tensor:
        return (products / points.shape[1] + 1) ** 3

    sums = torch.cat([kernel(some @ others.T).sum(dim=1) for some in points.split(1000)])
    if skip_itself:
        return (sums - kernel(points.square().sum(dim=1))) / (len(others) - 1)
    return sums / len(others)


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
    nearer to a real picture than all but 1 % of the real ones are to one another. One that the real ones hold twice is
    not its own neighbour.
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
    same = SAME * others.norm(dim=1).mean()
    for start in range(0, len(points), 1000):
        distances = torch.cdist(points[start : start + 1000], others, compute_mode="donot_use_mm_for_euclid_dist")
        if skip_itself:
            distances[distances <= same] = torch.inf
        found.append(distances.min(dim=1).values)
    return torch.cat(found)


class Metric(NamedTuple):
    """One function of what was found: what a line of metrics.jsonl keeps of it, and how people read that.

    It is given (real, fake) features, or what an image-to-image task has instead.
    """

    function: Callable[..., Any]  # gives a float for each key, alone or several as a tuple; None: nothing to measure
    digits: dict[str, int]  # key in a line -> digits that the value is worth; {count}: of pictures generated
    words: Callable[[dict[str, Any]], tuple[str, str]]  # of a line that has the keys: what was measured, and figures
    hub: Mapping[str, str] = MappingProxyType({})  # key -> its type in the Hub's model-index, of those it is to have
    required: bool = False  # no line without it is a measurement: only for what every line ever written has


def _fid_words(line: dict[str, Any]) -> tuple[str, str]:
    key = fid_key(line)
    return key.removesuffix("_train").upper(), f"{line[key]:.1f}"


def _novelty_words(line: dict[str, Any]) -> tuple[str, str]:
    copies = counted(round(line["copies"] * line["generated"]), "near-copy", "near-copies")
    return "novelty", f"{line['novelty']:.2f}, {copies}"


def speed(what: str) -> Metric:
    """Return the row of how long one call takes, of evidence with `milliseconds` and `threads`; not to be compared."""
    return Metric(
        lambda seen: (seen.milliseconds, seen.threads),
        {"milliseconds": 1, "threads": 0},
        lambda line: (f"{what}, CPU", f"{line['milliseconds']:.0f} ms, {counted(line['threads'], 'thread')}"),
    )


def kid_row(function: Callable[..., Any], key: str, error: str, title: str, **more: Any) -> Metric:
    """Return the row of a KID and its standard error, by their keys; `more` is what else a Metric has."""
    return Metric(function, {key: 3, error: 3}, lambda line: (title, f"{line[key]:.1f} ± {line[error]:.1f}"), **more)


# A row per metric, in the order of a line and of a card.
METRICS = (
    Metric(
        fid,
        {"fid{count}_train": 3},
        _fid_words,
        {"fid{count}_train": "fid"},
        required=True,
    ),
    kid_row(kid, "kid_train", "kid_standard_error", "KID × 1000", hub={"kid_train": "kid"}, required=True),
    Metric(
        precision_recall,
        {"precision": 4, "recall": 4},
        lambda line: ("precision, recall (k = 3)", f"{line['precision']:.3f}, {line['recall']:.3f}"),
        {"precision": "precision", "recall": "recall"},
        required=True,
    ),
    Metric(
        novelty,
        {"novelty": 4, "copies": 8},
        _novelty_words,
        required=True,
    ),
)


FLOOR = ("fid", "kid")  # what a line's floor has
EXPLAINED = (
    "Against training pictures, as many as are named as real; ± is one standard error. Novelty is how far a "
    "generated picture is from the nearest of these real ones, over how far those are from their nearest "
    "neighbour; a near-copy is nearer to a real one than 99 % of those are to theirs."
)


def counts(line: dict[str, Any]) -> dict[str, str]:
    """Return in words what a line was measured on, and its floor."""
    floor = line["floor"]
    return {
        "pictures": f"{line['generated']:,} generated (seeds {line['seeds']}), {line['real']:,} real",
        "half of the real ones against the other": f"FID {floor['fid']:.1f}, KID × 1000 {floor['kid']:.1f}",
    }


def measure(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return what every row of METRICS finds, by its keys in a line of metrics.jsonl, rounded to what it is worth."""
    return found_by(METRICS, len(fake), real, fake)


def found_by(rows: Sequence[Metric], count: int, *evidence: Any) -> dict[str, float]:
    """Return what these rows find in the evidence, rounded, by their keys; a row that finds nothing has none."""
    found = {}
    for metric in rows:
        values = metric.function(*evidence)
        values = values if isinstance(values, tuple) else (values,)
        if None in values:
            continue
        for (key, digits), value in zip(metric.digits.items(), values, strict=True):
            found[key.format(count=_thousands(count))] = round(value, digits)
    return found


def key_in(line: dict[str, Any], key: str) -> str:
    """Return a row's key as the line has it: FID's says of how many pictures it is."""
    return fid_key(line) if key.startswith("fid{count}") else key


def fid_key(line: dict[str, Any]) -> str:
    """Return the name of a measurement's FID, which says of how many pictures it is; "" where it has none."""
    return next((key for key in line if key.startswith("fid")), "")


def _thousands(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)
