"""Published networks: round trips, the tutorial's files, and everything that must be refused."""

import os
from pathlib import Path

import pytest
import torch
from hostile import GOOD, NODES, good_state, pickles, weights
from safetensors.torch import load_file, save_file
from served import peak_memory

from gan.checkpoints import (
    import_tutorial_weights,
    load_discriminator,
    load_generator,
    load_with_digest,
    save_network,
    weights_digest,
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


@pytest.mark.parametrize("wrapped", ["_orig_mod.{}", "module._orig_mod.{}", "_orig_mod.module.{}"])
def test_weights_of_a_compiled_network_come_in_unchanged(tmp_path: Path, wrapped: str):
    original = good_state()
    state = {wrapped.format(name): value for name, value in original.items()}
    torch.save(state, tmp_path / "netG.pth")
    save_file(state, tmp_path / "model.safetensors")
    for loaded in (import_tutorial_weights(tmp_path / "netG.pth"), load_generator(tmp_path)):
        assert all(torch.equal(value, original[name]) for name, value in loaded.state_dict().items())


def test_a_pth_of_before_2020_comes_in_unchanged(tmp_path: Path):
    torch.save(good_state(), tmp_path / "netG.pth", _use_new_zipfile_serialization=False)
    loaded = import_tutorial_weights(tmp_path / "netG.pth")
    assert all(torch.equal(value, good_state()[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize("name, content", list(pickles()), ids=[name for name, _ in pickles()])
def test_a_pth_that_is_no_network_of_ours_is_a_sentence_and_takes_no_memory(tmp_path: Path, name: str, content: bytes):
    (tmp_path / "netG.pth").write_bytes(content)
    taken = peak_memory()
    with pytest.raises(UserError, match=r"netG\.pth: \w"):
        import_tutorial_weights(tmp_path / "netG.pth")
    assert taken() < 100_000


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


@pytest.mark.parametrize("load", [load_generator, load_discriminator])
def test_no_file_that_is_no_network_gets_past_the_loader(tmp_path: Path, load):
    for name, content in weights():
        for file in ("model.safetensors", "discriminator.safetensors"):
            (tmp_path / file).write_bytes(content)
        with pytest.raises(UserError, match=r"(model|discriminator)\.safetensors: \w") as raised:
            load(tmp_path)
        assert str(raised.value).isprintable() and len(str(raised.value)) < 600, name


@pytest.mark.parametrize("name, make", NODES.items(), ids=NODES)
def test_what_is_no_file_is_a_sentence_at_once(tmp_path: Path, name: str, make):
    make(tmp_path / "model.safetensors")
    make(tmp_path / "netG.pth")
    for load, source in ((load_generator, tmp_path), (import_tutorial_weights, tmp_path / "netG.pth")):
        with pytest.raises(UserError):
            load(source)


def test_a_discriminator_that_judges_in_no_numbers_is_refused(tmp_path: Path):
    network = Discriminator(base_channels=2, image_size=32)
    for value in network.parameters():
        value.data.mul_(1e38)
    save_file(network.state_dict(), tmp_path / "discriminator.safetensors")
    with pytest.raises(UserError, match="what the network makes of them is none"):
        load_discriminator(tmp_path)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_every_kind_of_weights_becomes_float32(tmp_path: Path, kind: torch.dtype):
    """Counters too: whoever halves a whole state dict halves them as well."""
    save_file({name: value.to(kind) for name, value in good_state().items()}, tmp_path / "model.safetensors")
    loaded = load_generator(tmp_path).state_dict()
    assert {value.dtype for value in loaded.values()} == {torch.float32, torch.int64}


def test_a_loaded_network_is_what_its_digest_says_whatever_becomes_of_the_file(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_network(path, generator(base_channels=64))
    loaded, digest = load_with_digest(path)
    assert digest == weights_digest(path)
    before = {name: value.clone() for name, value in loaded.state_dict().items()}
    path.write_bytes(bytes(path.stat().st_size))  # in place, as cp does
    os.truncate(path, 10)
    assert all(torch.equal(value, before[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize("size", [1e6, 2e-5, 1e-9])
def test_weights_that_float16_cannot_hold_are_saved_as_they_are(tmp_path: Path, size: float):
    original = generator()
    state = original.state_dict()
    state["main.9.weight"].mul_(size / state["main.9.weight"].abs().max())
    save_network(tmp_path / "model.safetensors", original)
    saved = load_file(tmp_path / "model.safetensors")
    assert saved["main.9.weight"].dtype == torch.float32 and saved["main.0.weight"].dtype == torch.float16
    assert torch.equal(load_generator(tmp_path).state_dict()["main.9.weight"], state["main.9.weight"])


def test_weights_of_nothing_but_zero_are_saved_small(tmp_path: Path):
    original = generator()
    original.state_dict()["main.0.weight"].zero_()
    save_network(tmp_path / "model.safetensors", original)
    assert load_file(tmp_path / "model.safetensors")["main.0.weight"].dtype == torch.float16


def test_a_file_larger_than_any_of_ours_is_not_read(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(GOOD)
    os.truncate(path, 1_000_000_001)  # which takes no room on the disk
    with pytest.raises(UserError, match="at most 1,000,000,000"):
        load_generator(path)
