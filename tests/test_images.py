"""The pixel range."""

import warnings

import numpy as np
import pytest
import torch
from hostile import BOMB
from PIL import Image

from gan.images import encode_webp, from_uint8, is_grid, make_grid, open_rgb, to_pil, to_uint8


def test_every_level_survives_the_round_trip():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(to_uint8(from_uint8(levels)), levels)
    assert from_uint8(levels).min() == -1 and from_uint8(levels).max() == 1


def test_uint8_is_rounded_not_cut_and_clipped_not_wrapped():
    # (x + 1) * 127.5: 0 -> 127.5 rounds to even 128, 0.01 -> 128.8
    assert to_uint8(torch.tensor([0.0, 0.01, -2.0, 2.0])).tolist() == [128, 129, 0, 255]


def test_to_pil_keeps_channels_and_places():
    image = torch.full((3, 2, 4), -1.0)
    image[0, 0, 3] = 1.0  # red, top right
    pixels = np.asarray(to_pil(image))
    assert pixels.shape == (2, 4, 3)
    assert pixels[0, 3].tolist() == [255, 0, 0] and pixels.sum() == 255


def test_a_grid_runs_row_by_row():
    images = torch.linspace(-1, 1, 6)[:, None, None, None].expand(6, 3, 2, 2)
    pixels = np.asarray(make_grid(images))
    assert pixels.shape == (4, 6, 3)  # three columns
    assert pixels[0, ::2, 0].tolist() == [0, 51, 102] and pixels[2, ::2, 0].tolist() == [153, 204, 255]
    assert np.asarray(make_grid(images, columns=6)).shape == (2, 12, 3)


def test_cells_left_over_are_white():
    pixels = np.asarray(make_grid(torch.full((5, 3, 2, 2), -1.0)))
    assert pixels.shape == (4, 6, 3)
    assert not pixels[:2].any() and not pixels[2:, :4].any() and (pixels[2:, 4:] == 255).all()


def test_webp_fits_its_bound_even_for_noise(tmp_path):
    noise = torch.rand(64, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    smooth = torch.zeros(64, 3, 64, 64)
    assert len(encode_webp(make_grid(smooth))) < 5_000
    content = encode_webp(make_grid(noise), max_bytes=150_000)
    assert len(content) <= 150_000
    (tmp_path / "grid.webp").write_bytes(content)
    assert open_rgb(tmp_path / "grid.webp").size == (512, 512)


@pytest.mark.parametrize("size", [(16_383, 16_383), (10_000, 10_000), (2_049, 1)])
def test_pictures_larger_than_any_sample_grid_are_refused_by_their_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    Image.new("1", size).save(path)
    with warnings.catch_warnings(action="ignore"), pytest.raises(OSError, match=r"sample grid"):
        open_rgb(path)


def test_a_sample_grid_is_one_webp_picture_of_its_size():
    assert is_grid(encode_webp(make_grid(torch.zeros(64, 3, 32, 32))))
    assert not any(map(is_grid, (BOMB, b"RIFF....WEBP", b"")))
