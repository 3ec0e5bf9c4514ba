"""The task of colouring drawings: pairs of a drawing and its picture, and what the result must keep of them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torch.utils.data import default_collate

from gan.images import from_uint8, to_uint8
from gan.training.perception import perceptual_distance
from gan.training.task import Batch, Networks
from gan.translation.hints import palette_of
from gan.translation.lines import silhouette, xdog
from gan.translation.networks import Colorizer, PatchDiscriminator
from gan.translation.pairs import sample_pair
from gan.translation.palettes import hexes, most_apart
from gan.translation.task import Translation

L1 = 5.0
PERCEPTUAL = 4.0  # beside L1, which alone makes what cannot be known a blur
PALETTE = 20.0  # where a palette is another picture's; L1 would make the colours grey there
USED = 50  # of so many pixels of a picture, one is to have a colour of the palette for it to be used
UNUSED = 0.25  # weight of colours that nothing has; 1 paints specks of them where a drawing is empty
LINES = 10.0  # between the lines that result and target show
PATCHES = 2.0  # of colour, where the target has one colour; 10 keeps a young network grey
SILHOUETTE = 1.0
LINE_SIGMA = 0.5
HALVINGS = 3  # of a picture, when patches are looked for
CALM = 0.04  # neighbours in the target that differ by less, of a range of 2, are of one colour
LOOKED_AT, PALETTES = 512, 4  # pictures whose palettes are taken; palettes that stand for all of them


class Colorize(Translation):
    """Pictures coloured from lines, from hints and a palette where they are given (pix2pix, arXiv 1611.07004)."""

    terms = ("l1", "lines", "patches", "silhouette", "palette", "perceptual")
    columns = 8
    shown = 32  # drawings, each beside its result

    def new_networks(self) -> Networks:
        """Return a U-Net, and a judge of patches that sees lines and hints beside the picture."""
        config = self.config
        return Colorizer(config.base_channels, config.image_size), PatchDiscriminator(1 + 4 + 3, config.base_channels)

    def facts(self, images: Tensor, rows: Tensor) -> dict[str, Any]:
        """Return {"palettes"}: those of the pictures' palettes that stand for all, as links write them."""
        some = images[rows[:: 1 + len(rows) // LOOKED_AT]].permute(0, 2, 3, 1).contiguous().cpu().numpy()
        palettes = [palette_of(picture, silhouette(picture)).tolist() for picture in some]
        chosen = [palettes[place] for place in most_apart(palettes, PALETTES)]
        return {"palettes": ["-".join(hexes(palette)) for palette in chosen]}

    def seeded_batch(self, images: Tensor, seeds: list[int]) -> Batch:
        """Make a drawing of each picture, warped and recoloured as its seed says."""
        pictures = to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
        size = self.config.image_size
        pairs = [
            sample_pair(np.ascontiguousarray(picture), size, np.random.default_rng(seed))
            for picture, seed in zip(pictures, seeds, strict=True)
        ]
        *parts, given = (part.to(images.device) for part in default_collate(pairs))
        target, inside, drawing, hints, mask, palette = map(from_uint8, parts)
        free = ~given & (mask.amax(dim=(1, 2, 3)) < 0)
        palette = torch.where(free[:, None, None], palette.roll(1, 0), palette)  # of lines alone anything may come
        given = given | free
        palette = torch.where(given[:, None, None], palette, 1.0)
        lines = drawing.contiguous(memory_format=torch.channels_last)
        hinted = torch.cat((hints, mask), dim=1).contiguous(memory_format=torch.channels_last)
        colours = torch.cat((palette.flatten(1), given[:, None].float() * 2 - 1), dim=1)
        condition = torch.cat((lines, hinted), dim=1)
        return Batch((lines, hinted, colours), torch.cat((target, inside), dim=1), condition, free)

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return how far colours, lines and silhouettes are from the target's, how patchy calm places are, how far
        those that are free are from their palette, and how unlike the target the others look.
        """
        lines, _, palette = batch.inputs
        assert batch.free is not None
        free = batch.free
        off = (outputs - batch.target).abs()
        l1 = (off[:, :3].mean(dim=(1, 2, 3)) * ~free).mean() / 2
        result, target = outputs[:, :3], batch.target[:, :3]
        drawn = (xdog(result, LINE_SIGMA) - xdog(target, LINE_SIGMA)).abs().mean()
        cover = off[:, 3].mean() * SILHOUETTE / 2
        coloured = (batch.target[free, 3:] > 0) & (lines[free] > 0)
        strange = off_palette(result[free], coloured, palette[free, :-1]).sum() / len(free)
        calm = torch.where(free[:, None, None, None], lines, target)  # of lines alone, the paper between them
        unlike = perceptual_distance(result[~free], target[~free]).sum() / len(free)
        patchy = patchiness(result, calm)
        return torch.stack((l1 * L1, drawn * LINES, patchy * PATCHES, cover, strange * PALETTE, unlike * PERCEPTUAL))

    def cells(self, batch: Batch, made: Tensor) -> tuple[Tensor, ...]:
        """Return drawings and results; the real pictures stay in the run's reals.webp, in the same order."""
        return batch.inputs[0].expand(-1, 3, -1, -1), made


def patchiness(result: Tensor, target: Tensor) -> Tensor:
    """Return how much more or less neighbours differ in a result than in the target, where they hardly do there.

    Pictures (N, 3, H, W) in [-1, 1] -> a scalar. It is the gradient difference loss of Mathieu et al. 2016 (arXiv
    1511.05440, equation 6), of calm places alone and summed over scales: whichever colour a network guesses from lines
    alone, a region shall have one of it, and next to it another may begin.
    """
    total = result.new_zeros(())
    for _ in range(1 + HALVINGS):
        for dim in (2, 3):
            wanted = target.diff(dim=dim)
            calm = wanted.abs().amax(dim=1, keepdim=True) < CALM
            total = total + ((result.diff(dim=dim) - wanted).abs() * calm).mean() / 2
        result, target = avg_pool2d(result, 2), avg_pool2d(target, 2)
    return total


def off_palette(result: Tensor, coloured: Tensor, palette: Tensor) -> Tensor:
    """Return how far pictures (N, 3, H, W) are from palettes (N, 15), both in [-1, 1] -> (N,), of a range of 1.

    It is the chamfer distance of two sets of colours, those of the pixels that are `coloured` (N, 1, H, W) and those of
    the palette: each pixel's to the nearest colour, and, at a weight, each colour's to the pixels nearest to it.
    """
    colours = palette.unflatten(1, (-1, 3))[..., None, None]
    off = (result[:, None] - colours).abs().mean(dim=2) / 2  # (N, 5, H, W)
    inside = coloured.float()
    pixels = (off.amin(dim=1, keepdim=True) * inside).sum(dim=(1, 2, 3)) / inside.sum(dim=(1, 2, 3)).clamp_min(1)
    outside = off.masked_fill(~coloured, 1).flatten(2)
    used = outside.topk(max(1, outside.shape[2] // USED), largest=False).values.mean(dim=(1, 2))
    return pixels + UNUSED * used


TASK = Colorize
