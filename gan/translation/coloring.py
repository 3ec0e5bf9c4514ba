"""The task of colouring drawings: pairs of a drawing and its picture, and what the result must keep of them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan.checkpoints import load_judge, load_translator
from gan.images import from_uint8, to_uint8
from gan.training.task import Batch, Networks, Task, seeds_for
from gan.translation.lines import xdog
from gan.translation.networks import Colorizer, PatchDiscriminator
from gan.translation.pairs import collate, sample_pair

L1, L1_FREE = 10.0, 5.0  # with a hint or palette, and without: else grey would be the best guess
LINES = 10.0  # between the lines that result and target show
SILHOUETTE = 1.0
LINE_SIGMA = 0.5
AT_A_TIME = 8  # drawings that are coloured for a sample grid
SHOWN = 32  # drawings in a sample grid, each beside its result


class Colorize(Task):
    """Pictures coloured from lines, from hints and a palette where they are given (pix2pix, arXiv 1611.07004)."""

    terms = ("l1", "lines", "silhouette")
    columns = 8
    looks = 64

    def new_networks(self) -> Networks:
        """Return a U-Net, and a judge of patches that sees lines and hints beside the picture."""
        config = self.config
        return Colorizer(config.base_channels, config.image_size), PatchDiscriminator(1 + 4 + 3, config.base_channels)

    def load_networks(self, folder: Path) -> Networks:
        """Return both networks of a checkpoint folder."""
        return load_translator(folder, "colorize").train(), load_judge(folder, "colorize")

    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Make a drawing of each picture, warped and recoloured by chance."""
        return self._batch(images, seeds_for(images, rng))

    def _batch(self, images: Tensor, seeds: list[int]) -> Batch:
        pictures = to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
        size = self.config.image_size
        pairs = (
            sample_pair(np.ascontiguousarray(picture), size, np.random.default_rng(seed))
            for picture, seed in zip(pictures, seeds, strict=True)
        )
        batch = collate(list(pairs))
        target, inside, drawing, hints, mask, palette = (from_uint8(part).to(images.device) for part in batch[:6])
        given = batch.palette_given.to(images.device).float() * 2 - 1
        lines = drawing.contiguous(memory_format=torch.channels_last)
        hinted = torch.cat((hints, mask), dim=1).contiguous(memory_format=torch.channels_last)
        colours = torch.cat((palette.flatten(1), given[:, None]), dim=1)
        condition = torch.cat((lines, hinted), dim=1)
        return Batch((lines, hinted, colours), torch.cat((target, inside), dim=1), condition)

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return how far colours, lines and silhouettes are from the target's."""
        _, hints, palette = batch.inputs
        free = (hints[:, 3].amax(dim=(1, 2)) < 0) & (palette[:, -1] < 0)
        weight = torch.where(free, L1_FREE, L1)
        off = (outputs - batch.target).abs()
        l1 = (off[:, :3].mean(dim=(1, 2, 3)) * weight).mean() / 2
        drawn = (xdog(outputs[:, :3], LINE_SIGMA) - xdog(batch.target[:, :3], LINE_SIGMA)).abs().mean()
        return torch.stack((l1, drawn * LINES, off[:, 3].mean() * SILHOUETTE / 2))

    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return the real pictures' drawings, coloured."""
        return self._coloured(generator, reals)[1]

    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return drawings and results in turn; the real pictures stay in the run's reals.webp, in the same order."""
        return torch.stack(self._coloured(generator, shown[:SHOWN]), dim=1).flatten(0, 1)

    def _coloured(self, generator: nn.Module, reals: Tensor) -> tuple[Tensor, Tensor]:
        """Return drawings and results, (N, 3, H, W) each; of the same pictures always the same."""
        inputs = self._batch(reals, list(range(len(reals)))).inputs
        parts = zip(*(value.split(AT_A_TIME) for value in inputs), strict=True)
        return inputs[0].expand(-1, 3, -1, -1), torch.cat([generator(*part)[:, :3] for part in parts])


TASK = Colorize
