"""The task of making small pictures large: pairs of a large picture and its small one, and what must be kept."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from gan.insight.reconstructions import Reconstructions
from gan.training.perception import perceptual_distance
from gan.training.task import Batch, Networks
from gan.translation.networks import PatchDiscriminator, Upscaler
from gan.translation.reductions import cropped, reduced
from gan.translation.task import Translation

CROP = 128  # pixels a side at most of the large pictures that a step is shown
L1 = 10.0
PERCEPTUAL = 4.0
RECONSTRUCTED = 0.5  # share of samples that enlarge a reconstruction, where there are any
ALIKE = 0.1  # a reconstruction that is off by so much, of 2 from black to white, is trusted by 1 / e


class Upscale(Translation):
    """Pictures enlarged from their reduced selves (SRGAN, Ledig et al. 2017, arXiv 1609.04802)."""

    terms = ("l1", "perceptual")
    columns = 6
    shown = 16  # pictures, each small, enlarged and real

    def new_networks(self) -> Networks:
        """Return a compact network of convolutions, and a judge of patches that sees the small picture, too."""
        config = self.config
        upscaler = Upscaler(config.base_channels, config.scale, config.image_size)
        return upscaler, PatchDiscriminator(3 + 3, config.base_channels)

    def prepared(self, images: Tensor, order: Tensor) -> Tensor:
        """Return the pictures with their reconstructions, in large pixels, as three channels more, if there are any."""
        path = Path(self.config.reconstructions)
        if not self.config.reconstructions:
            return images
        small = Reconstructions.load(path).of(order, self.config.image_size, path)
        pixels = interpolate(small, scale_factor=self.config.scale, mode="nearest")
        return torch.cat((images, pixels), dim=1)

    def seeded_batch(self, images: Tensor, seeds: list[int]) -> Batch:
        """Cut a square out of each picture, and make it small."""
        side, scale = min(CROP, images.shape[-1]), self.config.scale
        large, small, seen = [], [], []
        for image, seed in zip(images.cpu(), seeds, strict=True):
            rng = np.random.default_rng(seed)
            own = len(image) > 3 and rng.random() < RECONSTRUCTED
            part = cropped(image, side, rng, step=scale if own else 1)
            large.append(part[:3])
            small.append(part[3:, ::scale, ::scale] if own else reduced(part[:3], scale, rng))
            seen.append(not own)
        target, given = (
            torch.stack(part).to(images.device, memory_format=torch.channels_last) for part in (large, small)
        )
        condition = interpolate(given, scale_factor=scale, mode="nearest")
        if images.shape[1] == 3:
            return Batch((given,), target, condition)
        # The real picture is not what its reconstruction shows. A D that saw both would call real whatever differs, and
        # back-projection lets no result differ. So it is shown nothing beside pictures that belong to a reconstruction.
        shown = torch.tensor(seen, device=images.device)[:, None, None, None]
        trust = torch.where(shown, 1.0, torch.exp(-_mean_off(given, target) / ALIKE))
        trust = interpolate(trust, scale_factor=scale, mode="nearest")
        return Batch((given,), torch.cat((target, trust), dim=1), condition * shown)

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return how far the enlarged pictures are from the real ones, and how unlike these they look.

        The latter in full where the input is a reconstruction: how it looks moves less with a place than its pixels do.
        """
        target = batch.target[:, :3]
        off = outputs - target
        if batch.target.shape[1] > 3:
            # The means of blocks are the small picture's whatever the network does, and those of a reconstruction are
            # off. So detail alone counts, and only as far as a block looks like the real one: elsewhere the detail of
            # the real picture belongs to another place, and D and the distance below say what is sharp.
            scale = self.config.scale
            off = (off - interpolate(avg_pool2d(off, scale), scale_factor=scale, mode="nearest")) * batch.target[:, 3:]
        unlike = perceptual_distance(outputs, target).mean()
        return torch.stack((off.abs().mean() * L1, unlike * PERCEPTUAL))

    def cells(self, batch: Batch, made: Tensor) -> tuple[Tensor, ...]:
        """Return small pictures in large pixels, enlarged ones and real ones."""
        return interpolate(batch.inputs[0], scale_factor=self.config.scale, mode="nearest"), made, batch.target


def _mean_off(small: Tensor, large: Tensor) -> Tensor:
    """Return how far small pictures are from large ones reduced, (N, 1, h, w)."""
    return (small - avg_pool2d(large, large.shape[-1] // small.shape[-1])).abs().mean(dim=1, keepdim=True)


TASK = Upscale
