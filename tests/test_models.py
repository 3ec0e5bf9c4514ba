"""The two networks: the tutorial's layout, sizes and initialisation."""

import pytest
import torch

from gan.models import Discriminator, Generator, MinibatchStd


def count(network: torch.nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def test_parameter_counts_are_the_reports():
    assert count(Generator()) == 3_576_704
    assert count(Discriminator()) == 2_765_568


def test_the_layout_is_that_of_pytorchs_tutorial():
    generator = {name: tuple(value.shape) for name, value in Generator().state_dict().items() if value.dim() == 4}
    assert generator == {
        "main.0.weight": (100, 512, 4, 4),
        "main.3.weight": (512, 256, 4, 4),
        "main.6.weight": (256, 128, 4, 4),
        "main.9.weight": (128, 64, 4, 4),
        "main.12.weight": (64, 3, 4, 4),
    }
    discriminator = [name for name, value in Discriminator().state_dict().items() if value.dim() == 4]
    assert discriminator == [f"main.{i}.weight" for i in (0, 2, 5, 8, 11)]


@pytest.mark.parametrize("image_size", [32, 64, 128])
@pytest.mark.parametrize("norm, minibatch_std", [("batch", False), ("none", False), ("none", True), ("batch", True)])
def test_every_size_and_norm_runs_both_ways(image_size: int, norm: str, minibatch_std: bool):
    generator = Generator(z_dim=5, base_channels=4, image_size=image_size)
    discriminator = Discriminator(base_channels=4, image_size=image_size, norm=norm, minibatch_std=minibatch_std)
    images = generator(torch.randn(3, 5))
    assert images.shape == (3, 3, image_size, image_size) and images.abs().max() <= 1
    logits = discriminator(images)
    assert logits.shape == (3,)
    logits.sum().backward()
    assert all(weights.grad is not None for weights in generator.parameters())
    assert Generator(**generator.arguments()).arguments() == generator.arguments()
    assert Discriminator(**discriminator.arguments()).arguments() == discriminator.arguments()


def test_minibatch_std_is_one_number_for_the_batch_on_a_map_of_its_own():
    maps = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    shown = MinibatchStd()(maps)
    assert torch.equal(shown[:, :3], maps)
    expected = maps.numpy().std(axis=0).mean()
    assert shown.shape == (5, 4, 4, 4) and torch.allclose(shown[:, 3], torch.tensor(expected), atol=1e-6)


def test_minibatch_std_tells_a_batch_of_one_picture_from_a_varied_one():
    """The same picture among others like it and among varied ones: without it the logit would be the same."""
    torch.manual_seed(0)
    images = torch.randn(8, 3, 32, 32)
    collapsed = images[:1].expand(8, -1, -1, -1)
    plain, seeing = (Discriminator(4, 32, "none", minibatch_std=on) for on in (False, True))
    with torch.no_grad():
        seeing.main[-1].weight[:, -1] = 1.0
        assert torch.allclose(plain(images)[0], plain(collapsed)[0], atol=1e-6)
        assert (seeing(images)[0] - seeing(collapsed)[0]).abs() > 0.01


def test_the_generator_learns_from_minibatch_std():
    maps = torch.randn(4, 2, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    MinibatchStd()(maps)[:, -1].sum().backward()
    assert (maps.grad != 0).all()


def test_the_slope_of_minibatch_std_is_a_number_where_all_pictures_are_the_same():
    maps = torch.ones(4, 2, 4, 4, requires_grad=True)
    MinibatchStd()(maps)[:, -1].sum().backward()
    assert maps.grad.isfinite().all()


def test_minibatch_std_is_worked_out_in_float32():
    maps = 300 + torch.randn(64, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    maps = maps.to(torch.float16)  # whose sums of squares overflow
    assert MinibatchStd()(maps)[0, -1, 0, 0].item() == pytest.approx(maps.float().numpy().std(axis=0).mean(), rel=1e-2)


def test_logits_are_not_squashed():
    discriminator = Discriminator(base_channels=4, image_size=32)
    with torch.no_grad():
        discriminator.main[-1].weight.mul_(1_000)
    assert discriminator(torch.randn(8, 3, 32, 32)).abs().max() > 1


def test_weights_start_as_in_the_paper():
    torch.manual_seed(0)
    for network in (Generator(), Discriminator(), Discriminator(norm="none")):
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
                assert module.weight.mean().abs() < 0.005
            elif isinstance(module, torch.nn.BatchNorm2d):
                assert module.weight.mean().item() == pytest.approx(1.0, abs=0.01)
                assert module.weight.std().item() == pytest.approx(0.02, rel=0.5)
                assert not module.bias.any()


def test_an_outline_draws_no_weights(monkeypatch: pytest.MonkeyPatch):
    """For which torch would import its compiler, two seconds of every start."""
    monkeypatch.setattr(torch.nn.init, "normal_", None)
    with torch.device("meta"):
        outlines = Generator(), Discriminator()
    assert all(value.is_meta for network in outlines for value in network.state_dict().values())
