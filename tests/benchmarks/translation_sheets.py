"""Sheets of what the other tasks' networks make, uncurated: held-out drawings coloured, generated pictures enlarged.

    python tests/benchmarks/translation_sheets.py checkpoints/pokemon-colorize --data pokemon.zip --out coloured.webp
    python tests/benchmarks/translation_sheets.py checkpoints/pokemon-upscale --generator checkpoints/pokemon \
        --out enlarged.webp

Coloured are 32 of the pictures that were kept from training, spread evenly, each drawn in one of the styles by a fixed
seed and coloured from its lines alone: drawing, result, four pairs to a row. Enlarged are seeds 0 to 31: Lanczos and
result.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gan.checkpoints import load_generator, load_network, read_described
from gan.data import holdout
from gan.data.scan import read_pictures
from gan.exam import evenly
from gan.images import to_pil
from gan.latent import sample_z
from gan.translation.apply import colorize, on_white, upscale
from gan.translation.coloring_exam import trials_of
from gan.ui.encode import enlarge

COUNT, PAIRS, SIDE, GAP = 32, 4, 128, 8  # pictures; pairs to a row; pixels a side of each in the sheet


def coloured(folder: Path, data: Path) -> list[tuple[Image.Image, Image.Image]]:
    """Return held-out drawings and what the network makes of them."""
    network, train = load_network(folder), read_described(folder)["train"]
    pictures = read_pictures(data, network.image_size, fit=train["fit"])
    _, kept = holdout.split(train["dataset"], pictures.names, pictures.order)
    images = pictures.rows([kept[place] for place in evenly(len(kept), COUNT)]).images
    trials = trials_of(images.permute(0, 2, 3, 1).contiguous().numpy())[:COUNT]
    drawings = [Image.fromarray(np.asarray(trial.drawing)) for trial in trials]
    return [(drawing, on_white(colorize(network, drawing))) for drawing in drawings]


def enlarged(folder: Path, generator: Path) -> list[tuple[Image.Image, Image.Image]]:
    """Return generated pictures enlarged by Lanczos with an unsharp mask, and by the network."""
    draws, network = load_generator(generator), load_network(folder)
    with torch.inference_mode():
        small = draws(sample_z(range(COUNT), draws.z_dim))
    large = upscale(network, small)
    return [
        (enlarge(to_pil(before), network.scale, smooth=True), to_pil(after))
        for before, after in zip(small, large, strict=True)
    ]


def sheet(pairs: list[tuple[Image.Image, Image.Image]], side: int) -> Image.Image:
    """Return the pairs beside and beneath one another."""
    width, rows = 2 * side + GAP, -(-len(pairs) // PAIRS)
    paper = Image.new("RGB", (PAIRS * (width + 2 * GAP), rows * (side + GAP)), "white")
    for number, pair in enumerate(pairs):
        left, top = number % PAIRS * (width + 2 * GAP), number // PAIRS * (side + GAP)
        for place, picture in enumerate(pair):
            paper.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (left + place * (side + GAP), top))
    return paper


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(prog="translation_sheets.py", description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, help="of a network that colours: the pictures of its training")
    parser.add_argument("--generator", type=Path, help="of one that enlarges: whose pictures")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels a side of each picture (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    pairs = (
        coloured(options.checkpoint, options.data) if options.data else enlarged(options.checkpoint, options.generator)
    )
    sheet(pairs, options.side).save(options.out, quality=82)


if __name__ == "__main__":
    main()
