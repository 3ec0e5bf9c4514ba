"""Networks that colour and enlarge on their way out: promoted, their card, through the gate, and back."""

import ast
import shutil

import pytest
from huggingface_hub import ModelCard
from served import tiny_generator
from translation.planted import draw_boxes, plant

from gan import promote as command
from gan.checkpoints import load_judge, load_network, save_network, weights_digest
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.publishing.card import card_text
from gan.publishing.promotion import promote
from gan.publishing.release import files_to_pass, pass_file, require_checkpoint
from gan.publishing.space import write_space
from gan.translation.networks import Colorizer, Upscaler

KINDS = {"colorize": Colorizer, "upscale": Upscaler}


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    """A run of each task."""
    root = tmp_path_factory.mktemp("runs")
    return plant(root / request.param, request.param, draw_boxes(root / "boxes"), (1, 2, 3))


def test_a_promoted_run_comes_back_strictly_and_names_nothing_of_the_machine(run, tmp_path):
    folder = promote(run, "mine", tmp_path / "out")
    network = load_network(folder)
    assert isinstance(network, KINDS[run.name])
    assert weights_digest(folder / "model.safetensors") == weights_digest(run / "model.safetensors")
    assert load_judge(folder, run.name).base_channels == 4
    assert str(run.parent) not in "".join(path.read_text() for path in folder.glob("*.json*"))
    names = files_to_pass(folder)
    assert names == require_checkpoint(folder)
    assert ("samples/epoch-0003.webp" in names) is (run.name == "colorize")  # those of upscale show real pictures
    for name in names:
        pass_file(folder, name, tmp_path / "gate" / name)
        assert (tmp_path / "gate" / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_command_says_what_to_do_next(run, tmp_path, capsys):
    assert command.main([str(run), "mine", "--into", str(tmp_path)]) == 0
    words = {"colorize": f"gan.translation.colorize DRAWING RESULT --checkpoint {tmp_path / 'mine'}"}
    assert words.get(run.name, "from Python") in capsys.readouterr().out


def test_the_card_says_what_it_is_and_how_to_use_it(run, tmp_path):
    folder = promote(run, "mine", tmp_path)
    text = card_text(folder, "tester/mine")
    card = ModelCard(text)
    assert card.data.pipeline_tag == "image-to-image"
    what = {"colorize": "A network that colours drawings, at 32 x 32", "upscale": "2 times larger a side"}[run.name]
    assert what in text and "| its terms | l1 0.500 |" in text and "DCGAN" not in text
    assert "3 of them were kept from training" in text and "Fingerprint of the 60 pictures" in text
    assert f"python train.py --dataset folder --task {run.name} --data PICTURES" in text
    code = ast.parse(text.split("```python\n")[1].split("```")[0])
    assert "tester/mine" in {node.value for node in ast.walk(code) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize("name", ["model.safetensors", "discriminator.safetensors", "snapshots/epoch-0001.safetensors"])
def test_a_network_of_another_kind_does_not_pass(name, run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "odd")
    save_network(folder / name, tiny_generator(1))
    with pytest.raises(UserError, match=r"holds no|do not fit|which no"):
        pass_file(folder, name, tmp_path / "out" / name)
    with pytest.raises(UserError):
        promote(folder, "mine", tmp_path / "promoted")


@pytest.mark.parametrize("task", ["generate", "sharpen", ["colorize"], None])
def test_a_task_that_is_not_theirs_does_not_pass(task, run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "odd")
    write_json(folder / "config.json", read_json(folder / "config.json") | {"task": task})
    with pytest.raises(UserError):
        pass_file(folder, "model.safetensors", tmp_path / "out.safetensors")
    with pytest.raises(UserError):
        card_text(folder)


def test_a_space_needs_a_model_that_the_demo_shows(run, tmp_path):
    folder = promote(run, "mine", tmp_path / "checkpoints")
    with pytest.raises(UserError, match="shows generators of pictures"):
        write_space(tmp_path / "space", "tester/studio", [folder])
    assert not list(tmp_path.glob("space*/*"))
