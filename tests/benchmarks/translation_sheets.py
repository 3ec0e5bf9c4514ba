"""Sheets of what the other tasks' networks make, uncurated: held-out drawings coloured, generated pictures enlarged.

    python tests/benchmarks/translation_sheets.py checkpoints/pokemon-colorize --data pokemon.zip --out coloured.webp
    python tests/benchmarks/translation_sheets.py checkpoints/pokemon-upscale --generator checkpoints/pokemon \
        --out enlarged.webp

Coloured are 32 of the pictures that were kept from training, spread evenly, each drawn in one of the styles by a fixed
seed: the drawing, the result with a palette of the picture's own colours, the result from lines alone. Enlarged are
seeds 0 to 31: Lanczos, the result.
"""

import argparse
import sys
from pathlib import Path

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

COUNT, ACROSS, SIDE, GAP = 32, 4, 112, 6  # examples, and to a row; pixels a side of each picture, and between two


def coloured(folder: Path, data: Path) -> list[list[Image.Image]]:
    """Return held-out drawings, and what the network makes of them with a palette and without."""
    network, train = load_network(folder), read_described(folder)["train"]
    pictures = read_pictures(data, network.image_size, fit=train["fit"])
    _, kept = holdout.split(train["dataset"], pictures.names, pictures.order)
    images = pictures.rows([kept[place] for place in evenly(len(kept), COUNT)]).images
    trials = trials_of(images.permute(0, 2, 3, 1).contiguous().numpy())[:COUNT]
    examples = []
    for trial in trials:
        drawing = Image.fromarray(trial.drawing)
        palette = [tuple(colour) for colour in trial.palette.tolist()]
        results = [colorize(network, drawing, None, given) for given in (palette, None)]
        examples.append([drawing, *map(on_white, results)])
    return examples


def enlarged(folder: Path, generator: Path) -> list[list[Image.Image]]:
    """Return generated pictures enlarged by Lanczos with an unsharp mask, and by the network."""
    draws, network = load_generator(generator), load_network(folder)
    with torch.inference_mode():
        small = draws(sample_z(range(COUNT), draws.z_dim))
    large = upscale(network, small)
    return [
        [enlarge(to_pil(before), network.scale, smooth=True), to_pil(after)]
        for before, after in zip(small, large, strict=True)
    ]


def sheet(examples: list[list[Image.Image]], side: int) -> Image.Image:
    """Return the examples beside and beneath one another."""
    width, rows = len(examples[0]) * (side + GAP) + 2 * GAP, -(-len(examples) // ACROSS)
    paper = Image.new("RGB", (ACROSS * width, rows * (side + GAP)), "white")
    for number, example in enumerate(examples):
        left, top = number % ACROSS * width, number // ACROSS * (side + GAP)
        for place, picture in enumerate(example):
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
    folder = options.checkpoint
    examples = coloured(folder, options.data) if options.data else enlarged(folder, options.generator)
    sheet(examples, options.side).save(options.out, quality=70)


if __name__ == "__main__":
    main()
