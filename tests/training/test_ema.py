"""The averaged generator against hand computations."""

import pytest
import torch
from torch import nn

from gan.models import Generator
from gan.training.ema import ema_decay, update_ema, with_fresh_statistics


def test_half_of_the_old_is_left_after_one_half_life():
    decay = ema_decay(batch_size=50, half_life_images=1_000, images_seen=10**6)
    assert decay ** (1_000 / 50) == pytest.approx(0.5)


def test_early_on_the_half_life_is_a_twentieth_of_what_was_seen():
    assert ema_decay(32, 10_000, 20_000) == pytest.approx(0.5 ** (32 / 1_000))
    assert ema_decay(32, 10_000, 0) == 0.0


def test_update_lerps_parameters_and_buffers_and_copies_counters():
    average, model = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        for norm, value in ((average, 1.0), (model, 5.0)):
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                tensor.fill_(value)
    model.num_batches_tracked.fill_(7)
    update_ema(average, model, 0.75)
    for tensor in (average.weight, average.bias, average.running_mean, average.running_var):
        assert torch.equal(tensor, torch.full((2,), 2.0))  # 0.75 * 1 + 0.25 * 5
    assert average.num_batches_tracked == 7
    assert torch.equal(model.weight, torch.full((2,), 5.0))


def test_networks_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ"):
        update_ema(nn.Linear(1, 1), nn.Linear(1, 1, bias=False), 0.5)


def test_statistics_are_those_of_the_activations():
    torch.manual_seed(0)
    generator = Generator(z_dim=6, base_channels=4, image_size=32)
    z = torch.randn(96, 6)
    fresh = with_fresh_statistics(generator, z, batch_size=32)
    first = generator.main[0](z[:, :, None, None]).detach()  # (96, C, 4, 4), before the first norm
    batches = first.split(32)
    means = torch.stack([batch.mean(dim=(0, 2, 3)) for batch in batches]).mean(0)
    variances = torch.stack([batch.transpose(0, 1).flatten(1).var(1) for batch in batches]).mean(0)
    assert torch.allclose(fresh.main[1].running_mean, means, atol=1e-6)
    assert torch.allclose(fresh.main[1].running_var, variances, rtol=1e-5)


def test_fresh_statistics_make_eval_mode_match_train_mode_and_leave_the_original_alone():
    torch.manual_seed(0)
    generator = Generator(z_dim=6, base_channels=4, image_size=32).train()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    z = torch.randn(256, 6)
    fresh = with_fresh_statistics(generator, z, batch_size=256)
    assert not fresh.training and fresh.main[1].momentum == 0.1
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    with torch.no_grad():
        stale = (generator.eval()(z) - generator.train()(z)).abs().max()
        difference = (fresh(z) - generator(z)).abs().max()
    assert difference < 1e-3 < stale  # unbiased against biased variance is all that is left
