"""How pictures leave the server: every pixel as it was, with a recipe, and their colours named."""

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from served import differ, pixels, recipe_in, tiny_model

from gan.images import to_pil
from gan.ui.encode import bounded_uri, dominant_colours, enlarge, lossless_uri, png_bytes, with_recipe

MODEL = tiny_model("alpha")


def noise(side=64):
    levels = np.random.RandomState(0).randint(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(levels)


def test_a_data_uri_loses_nothing():
    for image in (noise(), Image.new("RGB", (1, 1), "#010203")):
        head, content = lossless_uri(image).split(",")
        assert head == "data:image/webp;base64"
        assert differ(pixels(base64.b64decode(content)), np.asarray(image).astype(int)) == 0


def test_a_png_keeps_pixels_and_recipe():
    recipe = {"model": "Pokémon „1“", "seed": 4_294_967_295, "truncation": 0.35, "d1": -1.05}
    content = png_bytes(with_recipe(noise(), recipe))
    assert differ(pixels(content), np.asarray(noise()).astype(int)) == 0
    assert recipe_in(io.BytesIO(content)) == recipe
    assert b"tEXtgan-studio\0" + json.dumps(recipe).encode() in content  # as page.js reads it: plain latin-1


def test_enlarging_crisply_repeats_pixels_and_smoothly_blends_them():
    image = Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8))
    crisp, smooth = (np.asarray(enlarge(image, 8, way)) for way in (False, True))
    assert crisp.shape == smooth.shape == (8, 16, 3)
    assert (crisp[:, :8] == 0).all() and (crisp[:, 8:] == 255).all()
    assert len(np.unique(smooth)) > 4
    assert np.array_equal(enlarge(image, 1, True), image)


def test_five_colours_come_back_with_their_shares_without_a_white_background():
    colours = {"#c81e1e": 0.3, "#14a03c": 0.2, "#1e3cb4": 0.15, "#e0c040": 0.1, "#0a0a0a": 0.05, "#ffffff": 0.2}
    image = Image.new("RGB", (10, 10))
    cells = [colour for colour, share in colours.items() for _ in range(round(share * 100))]
    image.putdata([tuple(bytes.fromhex(colour[1:])) for colour in cells])
    found = dominant_colours(image)
    assert [one["share"] for one in found] == pytest.approx(list(colours.values())[:5])
    for one, colour in zip(found, colours, strict=False):
        assert np.abs(np.subtract([*bytes.fromhex(one["colour"][1:])], [*bytes.fromhex(colour[1:])])).max() <= 2


def test_the_colours_of_a_generated_picture_are_five():
    with torch.inference_mode():
        image = to_pil(MODEL.generator(torch.randn(1, 100))[0])
    found = dominant_colours(image)
    shares = [one["share"] for one in found]
    assert len(found) == 5 and shares == sorted(shares, reverse=True) and sum(shares) <= 1
    assert all(len(one["colour"]) == 7 and one["colour"][0] == "#" for one in found)


def test_a_white_picture_is_white():
    assert dominant_colours(Image.new("RGB", (64, 64), "white")) == [{"colour": "#ffffff", "share": 1.0}]


def test_one_plain_colour_is_one_colour():
    assert dominant_colours(Image.new("RGB", (64, 64), "#336699")) == [{"colour": "#336699", "share": 1.0}]


def test_a_bounded_picture_fits_however_much_there_is_to_see():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512), dtype=np.uint8))
    uri = bounded_uri(noise, 42_000)
    assert 20_000 < len(uri) <= 42_000 and uri.startswith("data:image/jpeg;base64,")
    blank = bounded_uri(Image.new("L", (512, 512), 255), 42_000)
    with Image.open(io.BytesIO(base64.b64decode(blank.partition(",")[2]))) as whole:
        assert whole.size == (512, 512)
