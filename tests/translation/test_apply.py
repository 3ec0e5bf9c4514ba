"""A drawing is coloured on white paper, whatever its own is, and its lines stay."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from gan.translation.apply import colorize, lay_under, on_white
from gan.translation.inputs import network_inputs
from gan.translation.networks import Colorizer
from gan.translation.paper import levelled


def drawn(paper, size=(96, 64)):
    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).ellipse((20, 10, 76, 54), outline=paper // 4, width=3)
    return image


@pytest.fixture
def network():
    """Covers nothing: what is seen is the drawing itself."""
    torch.manual_seed(0)
    network = Colorizer(4, 32)
    torch.nn.init.zeros_(network.last.weight)
    network.last.bias.data[:] = -20.0
    return network.eval()


@pytest.mark.parametrize("paper", [255, 230, 180])
def test_the_paper_is_transparent_and_the_lines_are_ink(paper, network):
    result = np.asarray(colorize(network, drawn(paper)))
    assert result.shape == (64, 96, 4)
    assert result[:4, :, 3].max() == 0
    ink = result[32, 20:24]
    assert ink[:, 3].max() > 150 and ink[ink[:, 3].argmax(), :3].max() < 80


@pytest.mark.parametrize("height", [96, 97, 98, 99])
def test_what_is_drawn_stays_where_it_is_in_a_drawing_of_any_shape(height, network):
    drawing = Image.new("L", (100, height), 255)
    drawing.paste(0, (0, 0, 100, 1))
    drawing.paste(0, (0, height - 1, 100, height))
    alpha = np.asarray(colorize(network, drawing))[..., 3]
    assert alpha.shape == (height, 100) and (alpha[[0, -1]] == 255).all()


def test_a_drawing_smaller_than_the_network_gets_the_means_of_its_colours():
    output = torch.ones(1, 4, 128, 128)
    output[:, :3, :, ::4] = output[:, :3, :, 1::4] = -1  # stripes of two pixels
    result = np.asarray(on_white(lay_under(output, Image.new("L", (48, 48), 255))))[2:-2, 2:-2]
    assert result.min() > 90 and result.max() < 165


def test_a_dark_picture_is_left_as_it_is():
    dark = np.asarray(drawn(100))
    assert (levelled(dark) == dark).all()
    assert levelled(np.asarray(drawn(200))).max() == 255


def test_lines_alone_are_given_a_palette_of_the_training_pictures_that_the_drawing_decides(network):
    red, blue = ((255, 0, 0),) * 5, ((0, 0, 255),) * 5
    lines = [ImageOps.pad(drawn(255 - shade), (96, 96), color=255) for shade in range(8)]
    hints, transparent = Image.new("RGBA", (96, 96), (0, 255, 0, 255)), Image.new("RGBA", (96, 96))

    def palette(lines, hints=None, given=None):
        *colours, known = network_inputs(network, lines, hints, given)[2][0].tolist()
        return [round(level * 127.5 + 127.5) for level in colours[:3]] if known > 0 else None

    assert palette(lines[0]) is None  # of a network whose training pictures nobody knows
    network.palettes = (red, blue)
    chosen = [palette(one) for one in lines]
    assert chosen == [palette(one) for one in lines] and {tuple(colour) for colour in chosen} == {red[0], blue[0]}
    assert palette(lines[0], transparent) == chosen[0] and palette(lines[0], hints) is None
    assert palette(lines[0], None, [(0, 255, 0)]) == [0, 255, 0]


def test_a_drawing_of_16_bits_keeps_its_greys():
    levels = np.full((40, 60), 60_000, np.uint16)
    levels[10:20] = 20_000
    shown = np.asarray(on_white(Image.fromarray(levels)).convert("L"))
    assert abs(int(shown[0, 0]) - 233) <= 1 and abs(int(shown[15, 0]) - 78) <= 1
