"""The critic: what it makes of pictures before it judges them."""

import pytest
import torch

from gan.insight.critic import last_maps
from gan.models import Discriminator


@pytest.mark.parametrize(("side", "norm", "minibatch_std"), [(32, "none", False), (64, "batch", True)])
def test_the_last_maps_have_four_pixels_a_side_and_lead_to_the_logit(side, norm, minibatch_std):
    critic = Discriminator(8, side, norm, minibatch_std).eval()
    images = torch.rand(3, 3, side, side) * 2 - 1
    with torch.inference_mode():
        maps = last_maps(critic, images)
        assert maps.shape == (3, side, 4, 4)  # 8 channels at half the side, twice as many with each halving
        judge = critic.main[-2:] if minibatch_std else critic.main[-1:]
        assert torch.equal(judge(maps).flatten(), critic(images))
