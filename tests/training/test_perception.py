"""How unlike pictures look to a network that knows photographs."""

import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from gan.images import from_pil
from gan.training.perception import _parts, perceptual_distance

pytestmark = pytest.mark.usefixtures("one_thread")


def drawn(shape, filter=None, size=64):
    """A black figure with an eye on a yellow disc, filtered, (1, 3, S, S)."""
    picture = Image.new("RGB", (64, 64), "white")
    pen = ImageDraw.Draw(picture)
    getattr(pen, shape)((8, 8, 56, 56), fill="gold", outline="black", width=2)
    pen.ellipse((20, 20, 28, 28), fill="black")
    return from_pil((picture.filter(filter) if filter else picture).resize((size, size)))


def test_pictures_that_are_the_same_are_not_unlike_and_the_range_is_kept():
    pictures = torch.cat((drawn("ellipse"), drawn("rectangle"), torch.ones(1, 3, 64, 64)))
    assert perceptual_distance(pictures, pictures).abs().max() < 1e-6
    found = perceptual_distance(pictures, pictures.roll(1, 0))
    assert found.shape == (3,) and found.min() > 0.3 and found.max() < 4


def test_a_blur_looks_more_unlike_than_another_tone_that_is_further_off_in_pixels():
    real, blurred = drawn("ellipse"), drawn("ellipse", ImageFilter.GaussianBlur(2))
    darker = real * 0.85 - 0.15
    assert (darker - real).abs().mean() > (blurred - real).abs().mean()
    assert perceptual_distance(blurred, real) > 2 * perceptual_distance(darker, real)


def test_each_picture_counts_for_itself():
    real, results = torch.cat((drawn("ellipse"), drawn("rectangle"))), torch.cat((drawn("rectangle"),) * 2)
    both = perceptual_distance(results, real)
    assert torch.allclose(both[:1], perceptual_distance(results[:1], real[:1]), atol=1e-5) and both[1] < 1e-6


def test_gradients_reach_the_results_alone_and_the_network_stands_still():
    result, target = drawn("rectangle").requires_grad_(), drawn("ellipse").requires_grad_()
    before = perceptual_distance(result, target)
    before.sum().backward()
    assert target.grad is None and result.grad.abs().sum() > 0
    with torch.no_grad():
        assert perceptual_distance(result - 0.1 * result.grad / result.grad.norm(), target) < before
        assert torch.equal(perceptual_distance(result, target), before)


def test_no_norm_is_left_to_cost_time():
    parts = _parts(torch.device("cpu"))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for part in parts for module in part.modules())


@pytest.mark.parametrize("size", [32, 128])
def test_any_size_of_ours_will_do_and_none_at_all(size):
    assert perceptual_distance(drawn("ellipse", size=size), drawn("rectangle", size=size)) > 0.1
    assert perceptual_distance(torch.empty(0, 3, size, size), torch.empty(0, 3, size, size)).shape == (0,)
