"""Published networks: round trips, the tutorial's files, and everything that must be refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gan.checkpoints import (
    import_tutorial_weights,
    load_discriminator,
    load_generator,
    save_network,
)
from gan.errors import UserError
from gan.images import to_uint8
from gan.latent import sample_z
from gan.models import Discriminator, Generator


def generator(**arguments: int) -> Generator:
    torch.manual_seed(0)
    network = Generator(**{"z_dim": 7, "base_channels": 4, "image_size": 32, **arguments})
    network(torch.randn(16, network.z_dim))  # BatchNorm statistics that are not the default
    return network.eval()


def levels_apart(a: Generator, b: Generator) -> int:
    z = sample_z(range(8), a.z_dim)
    with torch.no_grad():
        return (to_uint8(a(z)).int() - to_uint8(b(z)).int()).abs().max().item()


@pytest.mark.parametrize("image_size", [32, 64, 128])
def test_a_saved_generator_makes_the_same_pictures(tmp_path: Path, image_size: int):
    original = generator(image_size=image_size)
    save_network(tmp_path / "model.safetensors", original)
    for source in (tmp_path, tmp_path / "model.safetensors"):
        loaded = load_generator(source)
        assert loaded.arguments() == original.arguments() and not loaded.training
        assert next(loaded.parameters()).dtype == torch.float32
        assert levels_apart(original, loaded) <= 1


def test_the_published_size_is_as_designed(tmp_path: Path):
    save_network(tmp_path / "model.safetensors", Generator())
    assert 7.1e6 < (tmp_path / "model.safetensors").stat().st_size < 7.25e6


def test_a_picture_depends_on_its_seed_alone(tmp_path: Path):
    network = generator()
    with torch.no_grad():
        batch = to_uint8(network(sample_z(range(5, 69), network.z_dim))).int()
        for i in (0, 31, 63):
            alone = to_uint8(network(sample_z([5 + i], network.z_dim))).int()
            assert (alone[0] - batch[i]).abs().max() <= 1


@pytest.mark.parametrize("image_size", [32, 64, 128])
@pytest.mark.parametrize("minibatch_std", [False, True], ids=["alone", "with minibatch_std"])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_saved_discriminator_gives_the_same_logits(tmp_path: Path, norm: str, minibatch_std: bool, image_size: int):
    original = Discriminator(base_channels=4, image_size=image_size, norm=norm, minibatch_std=minibatch_std)
    images = torch.randn(4, 3, image_size, image_size)
    original(images)
    save_network(tmp_path / "discriminator.safetensors", original)
    loaded = load_discriminator(tmp_path)
    assert loaded.arguments() == original.arguments()
    assert torch.allclose(loaded.eval()(images), original.eval()(images), atol=2e-3)


def test_weights_of_pytorchs_tutorial_come_in_unchanged(tmp_path: Path):
    original = generator()
    state = {f"module.{name}": value for name, value in original.state_dict().items()}  # saved from DataParallel
    torch.save(state, tmp_path / "netG.pth")
    loaded = import_tutorial_weights(tmp_path / "netG.pth")
    assert all(torch.equal(value, original.state_dict()[name]) for name, value in loaded.state_dict().items())


def test_a_pth_that_could_run_code_is_refused(tmp_path: Path):
    torch.save(generator(), tmp_path / "netG.pth")  # a pickled module
    with pytest.raises(UserError, match=r"netG\.pth: is no state dict that can be read safely"):
        import_tutorial_weights(tmp_path / "netG.pth")
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="holds no state dict"):
        import_tutorial_weights(tmp_path / "other.pth")


def drop_a_statistic(state: dict) -> None:
    state.pop("main.1.running_mean")


def add_a_key(state: dict) -> None:
    state["main.99.weight"] = torch.zeros(1)


def change_a_shape(state: dict) -> None:
    state["main.3.weight"] = torch.zeros(16, 9, 4, 4)


def drop_the_first_layer(state: dict) -> None:
    state.pop("main.0.weight")


def keep_two_layers(state: dict) -> None:
    for name in [name for name in state if name.split(".")[1] not in ("0", "1", "3")]:
        state.pop(name)


@pytest.mark.parametrize("damage", [drop_a_statistic, add_a_key, change_a_shape, drop_the_first_layer, keep_two_layers])
def test_weights_that_do_not_fit_exactly_are_refused(tmp_path: Path, damage):
    state = {name: value.clone() for name, value in generator().state_dict().items()}
    damage(state)
    path = tmp_path / "model.safetensors"
    save_file(state, path)
    with pytest.raises(UserError, match=r"model\.safetensors"):
        load_generator(path)


def test_damaged_missing_and_foreign_files_give_a_sentence(tmp_path: Path):
    save_network(tmp_path / "model.safetensors", generator())
    content = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="damaged"):
        load_generator(tmp_path)
    with pytest.raises(UserError, match="no such file"):
        load_generator(tmp_path / "elsewhere")
    (tmp_path / "model.pth").write_bytes(b"")
    with pytest.raises(UserError, match=r"gan\.promote"):
        load_generator(tmp_path / "model.pth")
