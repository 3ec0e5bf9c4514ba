"""Hints reach everywhere; what strangers may put into the files of networks that colour and enlarge is a sentence."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from gan.checkpoints import load_generator, load_judge, load_network, load_translator, save_network
from gan.errors import UserError
from gan.models import Discriminator, Generator
from gan.translation.networks import Colorizer, PatchDiscriminator, Upscaler, spread

KINDS = {"colorize": Colorizer, "upscale": Upscaler}
FIRST = {"colorize": "first", "upscale": "main.0", "judge": "main.0"}
NUMBERS = [float("nan"), float("inf"), -1, 0, 33, 10**9, 2**62, 32 + 1j, [32, 32], []]
# Of a weight or bias, what no network has there.
TENSORS = [
    torch.tensor(1.0),
    torch.zeros(0),
    torch.zeros(257),
    torch.zeros(10**5),
    torch.zeros(8, 300, 4, 4),
    torch.zeros(0, 3, 3, 3),
    torch.full((4,), float("nan")),
    torch.ones(4, dtype=torch.complex64),
    torch.ones(4, dtype=torch.bool),
]


@pytest.fixture
def damaged(tmp_path):
    """Write networks of a task, of whose tensors one is another; return the folder."""

    def write(task: str, file: str = "model", name: str = "", value: torch.Tensor | None = None) -> Path:
        torch.manual_seed(0)
        network = KINDS[task](4, image_size=32) if file == "model" else PatchDiscriminator(8, 4)
        tensors = network.state_dict()
        if value is not None:
            tensors[name] = value
        (tmp_path / f"{file}.safetensors").write_bytes(save(tensors))
        (tmp_path / "config.json").write_text(json.dumps({"task": task}))
        return tmp_path

    return write


@pytest.mark.parametrize("task", KINDS)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_a_side_that_no_network_has_is_refused(task, number, damaged):
    folder = damaged(task, name="side", value=torch.tensor(number))
    with pytest.raises(UserError, match=r"model\.safetensors: "):
        load_network(folder)


@pytest.mark.parametrize("task", KINDS)
@pytest.mark.parametrize("part", ["weight", "bias"])
@pytest.mark.parametrize("value", TENSORS, ids=lambda value: f"{value.dtype}-{[*value.shape]}")
def test_weights_that_no_network_has_are_refused(task, part, value, damaged):
    with pytest.raises(UserError, match=r"model\.safetensors: "):
        load_network(damaged(task, name=f"{FIRST[task]}.{part}", value=value))
    with pytest.raises(UserError, match=r"judge\.safetensors: "):
        load_judge(damaged(task, "judge", f"{FIRST['judge']}.{part}", value) / "judge.safetensors", task)


@pytest.mark.parametrize("name", ["main.x.weight", "main", "main.²", f"main.{'9' * 5000}.weight", "main.999.weight"])
def test_names_of_weights_that_no_network_has_are_refused(name, damaged):
    for task in KINDS:
        with pytest.raises(UserError, match=r"model\.safetensors: "):
            load_network(damaged(task, name=name, value=torch.zeros(1, 1, 1, 1)))


@pytest.mark.parametrize("task", [["colorize"], {}, {"a": []}, 7, None, True, "draw", "\x1b[31m" + "x" * 9_000])
def test_a_task_that_is_none_is_refused_in_a_line(task, damaged):
    folder = damaged("colorize")
    (folder / "config.json").write_text(json.dumps({"task": task}))
    with pytest.raises(UserError, match="names the task") as refused:
        load_network(folder)
    assert "\x1b" not in str(refused.value) and len(str(refused.value)) < 400
    assert isinstance(load_translator(folder, "colorize"), Colorizer)  # the weights decide


def test_networks_that_are_another_task_than_named_are_refused(tmp_path):
    networks = {"generate": Generator(5, 2, 32), "colorize": Colorizer(2, 32), "upscale": Upscaler(2, image_size=32)}
    for task, network in networks.items():
        save_network(tmp_path / "model.safetensors", network)
        for named in networks.keys() - {task}:
            (tmp_path / "config.json").write_text(json.dumps({"task": named}))
            with pytest.raises(UserError):
                load_network(tmp_path)
            load = load_generator if named != "generate" else lambda folder: load_translator(folder, "upscale")
            with pytest.raises(UserError):
                load(tmp_path)
    save_network(tmp_path / "discriminator.safetensors", Discriminator(2, 32))
    (tmp_path / "config.json").write_text(json.dumps({"task": "colorize"}))
    with pytest.raises(UserError):
        load_judge(tmp_path, "colorize")


# --- hints -----------------------------------------------------------------------------------------------------------


def hinted(*dabs, height=32, width=32):
    """Return hints (1, 4, height, width) with a dab of 2 x 2 pixels at each (x, y, colour)."""
    hints = torch.cat((torch.ones(1, 3, height, width), -torch.ones(1, 1, height, width)), dim=1)
    for x, y, colour in dabs:
        hints[0, :, y : y + 2, x : x + 2] = torch.tensor([*colour, 1.0])[:, None, None]
    return hints


def test_without_hints_nothing_is_spread_and_a_white_hint_is_one():
    assert torch.equal(spread(hinted())[0, :, 3, 3], torch.tensor([0.0, 0.0, 0.0, -1.0]))
    assert torch.equal(spread(hinted((8, 8, (1, 1, 1)))), torch.ones(1, 4, 16, 16))


@pytest.mark.parametrize("height, width", [(32, 32), (128, 128), (64, 32)])
def test_one_hint_reaches_every_place_and_of_two_the_nearer_one_counts(height, width):
    red, blue = (0.8, -0.9, -0.7), (-0.9, -0.5, 0.9)
    alone = spread(hinted((2, 6, red), height=height, width=width))
    assert torch.allclose(alone, torch.tensor([*red, 1.0])[:, None, None].expand_as(alone))
    both = spread(hinted((2, 2, red), (width - 4, height - 4, blue), height=height, width=width))[0, :3]
    assert torch.allclose(both[:, 1, 1], torch.tensor(red)) and torch.allclose(
        both[:, 0, 0], torch.tensor(red), atol=0.1
    )
    assert torch.allclose(both[:, -1, -1], torch.tensor(blue), atol=0.1)
