"""The two networks as a table and as a figure, layer for layer, from the code itself: the reports' 3.1 and 3.2."""

import math
import sys
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn

from gan.checkpoints import DISCRIMINATOR_FILE, checkpoint_folder, load_discriminator, load_generator, parameter_count
from gan.errors import UserError
from gan.files import is_there, write_atomically
from gan.images import encode_png
from gan.models import Discriminator, Generator, MinibatchStd

Dcgan = Generator | Discriminator
KINDS: dict[
    type[nn.Module], tuple[str, str]
] = {  # kind of layer -> its name, with the number of its convolution, and in words
    nn.ConvTranspose2d: ("convtranspose{}", "transposed convolution"),
    nn.Conv2d: ("conv{}", "convolution"),
    nn.BatchNorm2d: ("bn{}", "batch normalisation"),
    nn.ReLU: ("relu{}", "ReLU"),
    nn.LeakyReLU: ("leakyrelu{}", "LeakyReLU, slope 0.2"),
    nn.Tanh: ("tanh", "tanh"),
    MinibatchStd: ("minibatch_std", "minibatch standard deviation"),
}
WIDTH, HEIGHT, MARGIN = 1_800, 440, 40  # pixels of the figure, of one network in it, around it
GENERATOR_COLOUR, DISCRIMINATOR_COLOUR = "#dcd6f7", "#f7dcd6"


class Layer(NamedTuple):
    """One layer of a network."""

    key: str  # its name in the weights, as in main.0
    name: str  # as the first report names it
    what: str  # in words
    shape: tuple[int, ...]  # of what it gives: channels, height, width
    parameters: int


def layers(network: Dcgan) -> list[Layer]:
    """Return the network's layers in order, with the shapes of what a copy of it makes of zeros."""
    size = network.image_size
    rows, block = [], 0
    with torch.inference_mode():  # not on the meta device, for which torch first loads its compiler: 6 seconds
        maps = torch.zeros((1, network.z_dim, 1, 1) if isinstance(network, Generator) else (1, 3, size, size))
        for number, module in deepcopy(network).eval().main.named_children():
            maps = module(maps)
            block += isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
            name, what = KINDS[type(module)]
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                kernel, stride, padding = module.kernel_size[0], module.stride[0], module.padding[0]
                what += f" {module.in_channels} → {module.out_channels}, kernel {kernel}, stride {stride}, "
                what += f"padding {padding}"
            shape = tuple(maps.shape[1:])
            rows.append(Layer(f"main.{number}", name.format(block), what, shape, parameter_count(module)))
    return rows


def title(network: Dcgan) -> str:
    """Return the network's name and how much it learns."""
    return f"{type(network).__name__}, {parameter_count(network):,} parameters"


def table(network: Dcgan) -> str:
    """Return the layers as a table in Markdown, a title before it."""
    head = "| key | layer | what | output | parameters |\n|---|---|---|---|---|"
    rows = [
        f"| `{row.key}` | {row.name} | {row.what} | {_times(row.shape)} | {row.parameters:,} |"
        for row in layers(network)
    ]
    return "\n".join([f"**{title(network)}**", "", head, *rows])


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def figure(generator: Generator, discriminator: Discriminator) -> Image.Image:
    """Draw both networks, one above the other: a block for what each convolution gives, and the layers on the way."""
    sheet = Image.new("RGB", (WIDTH, 2 * HEIGHT), "white")
    draw = ImageDraw.Draw(sheet)
    size = generator.image_size
    _draw_network(draw, generator, 0, (generator.z_dim, 1, 1), GENERATOR_COLOUR)
    _draw_network(draw, discriminator, HEIGHT, (3, size, size), DISCRIMINATOR_COLOUR)
    return sheet


def _draw_network(draw: ImageDraw.ImageDraw, network: Dcgan, top: int, given: tuple[int, ...], colour: str) -> None:
    """Draw one network in a strip of the figure; `given` is the shape of what goes in."""
    blocks: list[tuple[tuple[int, ...], list[str]]] = [(given, [])]
    for layer in layers(network):
        if layer.name.startswith("conv"):
            blocks.append((layer.shape, [layer.name, layer.what.partition(", ")[2]]))
        else:
            blocks[-1][1].append(layer.name)
    font, small = ImageFont.load_default(24), ImageFont.load_default(17)
    draw.text((MARGIN, top + MARGIN / 2), title(network), "black", font)
    step, middle = (WIDTH - 2 * MARGIN) / len(blocks), top + HEIGHT * 0.42
    for number, (shape, way) in enumerate(blocks):
        centre = MARGIN + step * (number + 0.5)
        _draw_block(draw, centre, middle, shape, colour)
        for line, words in enumerate([" x ".join(map(str, shape)), *way]):  # the font has no multiplication sign
            draw.text((centre, middle + 110 + 22 * line), words, "#555555" if line else "black", small, anchor="ma")
        if number:
            tip = centre - step / 2 + 16
            draw.line([(tip - 22, middle), (tip, middle)], "black", 2)
            draw.polygon([(tip, middle - 6), (tip + 10, middle), (tip, middle + 6)], "black")


def _draw_block(draw: ImageDraw.ImageDraw, x: float, y: float, shape: tuple[int, ...], colour: str) -> None:
    """Draw a cuboid around a point: its front grows with the logarithm of pixels a side, its depth of channels."""
    half, across = 12 + 12 * math.log2(shape[1]), 4 * math.log2(shape[0])
    left, upper, right, lower, up = x - half, y - half, x + half, y + half, across / 2
    faces = (
        [(left, upper), (right, upper), (right, lower), (left, lower)],
        [(left, upper), (left + across, upper - up), (right + across, upper - up), (right, upper)],
        [(right, upper), (right + across, upper - up), (right + across, lower - up), (right, lower)],
    )
    for face in faces:
        draw.polygon(face, colour, "#444444")


def show(folder: str | None, file: str | None) -> int:
    """Print both tables, of a checkpoint's networks or else of the reports', and draw the figure; return the status."""
    try:
        generator, discriminator = networks(folder)
        print(f"{table(generator)}\n\n{table(discriminator)}")
        if file:
            if Path(file).suffix.lower() != ".png":
                raise UserError(f"--figure {file}: the figure is a PNG; name it so, as in networks.png")
            write_atomically(Path(file), encode_png(figure(generator, discriminator)))
            print(f"\ndrawn: {file}")
    except (UserError, OSError) as error:
        print(f"gan.models: {error}", file=sys.stderr)
        return 2
    return 0


def networks(folder: str | None) -> tuple[Generator, Discriminator]:
    """Return a checkpoint's networks, for None the reports'; a discriminator not there is the reports' of that size."""
    if folder is None:
        return Generator(), Discriminator()
    generator = load_generator(folder)
    if is_there(checkpoint_folder(folder) / DISCRIMINATOR_FILE):
        return generator, load_discriminator(folder)
    return generator, Discriminator(generator.base_channels, generator.image_size)
