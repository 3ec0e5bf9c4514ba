"""The networks as a table and a figure: what they say is what the networks do."""

import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from PIL import Image

from gan.checkpoints import parameter_count, save_network
from gan.layers import figure, layers, show, table
from gan.models import Discriminator, Generator


@pytest.mark.parametrize(
    "network",
    [Generator(5, 4, 32), Generator(5, 2, 128), Discriminator(4, 32), Discriminator(4, 32, "none", minibatch_std=True)],
    ids=lambda network: repr(network.arguments()),
)
def test_the_rows_are_what_the_layers_give_and_learn(network):
    rows, seen = layers(network), {}
    for name, module in network.named_modules():
        module.register_forward_hook(lambda module, given, result, name=name: seen.update({name: result.shape[1:]}))
    network(torch.zeros(2, 5) if isinstance(network, Generator) else torch.zeros(2, 3, 32, 32))
    assert [(row.key, row.shape) for row in rows] == [(f"main.{i}", tuple(seen[f"main.{i}"])) for i in range(len(rows))]
    assert sum(row.parameters for row in rows) == parameter_count(network)


def test_the_layers_have_the_first_reports_names():
    names = [row.name for row in layers(Generator())]
    assert names[:4] == ["convtranspose1", "bn1", "relu1", "convtranspose2"] and names[-2:] == [
        "convtranspose5",
        "tanh",
    ]


@pytest.mark.parametrize("network", [Generator(), Discriminator()], ids=["generator", "discriminator"])
def test_the_manual_has_the_tables_of_the_code(network):
    assert table(network) in (ROOT / "gan" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [32, 64, 128])
def test_the_figure_shows_both_networks_within_its_edges(size):
    generator, discriminator = Generator(100, 64, size), Discriminator(64, size, "none", minibatch_std=True)
    drawn = figure(generator, discriminator)
    upper, lower = (drawn.crop((0, top, drawn.width, top + drawn.height // 2)) for top in (0, drawn.height // 2))
    for strip, colour in ((upper, (220, 214, 247)), (lower, (247, 220, 214))):
        assert colour in {pixel for _, pixel in strip.getcolors(2**24)}
    edge = [drawn.crop(box) for box in ((0, 0, drawn.width, 8), (0, 0, 8, drawn.height))]
    edge += [drawn.crop((drawn.width - 8, 0, *drawn.size)), drawn.crop((0, drawn.height - 8, *drawn.size))]
    assert all(part.getcolors() == [(part.width * part.height, (255, 255, 255))] for part in edge)


def test_the_networks_of_a_checkpoint_are_shown_and_what_is_none_is_a_sentence(tmp_path, capsys):
    save_network(tmp_path / "model.safetensors", Generator(10, 4, 32))
    assert show(str(tmp_path), str(tmp_path / "networks.png")) == 0
    said = capsys.readouterr().out
    assert "transposed convolution 10 → 16" in said and "convolution 3 → 4," in said
    Image.open(tmp_path / "networks.png").verify()
    for arguments, words in ((("nowhere", None), "nowhere"), ((None, "networks.webp"), "PNG")):
        assert show(*arguments) == 2
        said = capsys.readouterr().err
        assert words in said and said.startswith("gan.models: ") and said.count("\n") == 1


def test_the_command_answers_help_without_torch():
    code = (
        "import runpy, sys\nsys.argv = ['x', '--help']\ntry:\n    runpy.run_module('gan.models', run_name='__main__')"
    )
    code += "\nexcept SystemExit:\n    print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout
    assert "--figure FILE.png" in said and said.endswith("False\n")
