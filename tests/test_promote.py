"""From a run to a checkpoint folder, and its card."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.checkpoints import load_discriminator, load_generator
from gan.config import recipe_config
from gan.errors import UserError
from gan.models import Generator
from gan.promote import main, promote, telling_epochs
from gan.training import train

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("promote")
    rng = np.random.default_rng(0)
    (folder / "secret pictures").mkdir()
    for i in range(8):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / "secret pictures" / f"{i}.png")
    config = recipe_config(
        "folder", data=str(folder / "secret pictures"), out=str(folder / "run"), base_channels=4, image_size=32
    )
    train(config.with_epochs(8))
    return folder / "run"


def test_the_folder_holds_what_the_design_says_and_nothing_else(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "discriminator.safetensors",
        "history.jsonl",
        "model.safetensors",
        "samples",
        "snapshots",
    ]
    assert [path.name for path in sorted((folder / "samples").iterdir())] == [f"epoch-000{i}.webp" for i in range(1, 9)]
    assert [path.name for path in sorted((folder / "snapshots").iterdir())] == [
        "epoch-0001.safetensors",
        "epoch-0002.safetensors",
    ]
    assert load_generator(folder).arguments() == load_generator(run).arguments()
    assert load_discriminator(folder).norm == "none"
    for snapshot in (folder / "snapshots").iterdir():
        load_generator(snapshot)
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_in_it_names_the_machine_or_its_folders(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    for file in ("README.md", "config.json", "history.jsonl"):
        text = (folder / file).read_text()
        assert "secret" not in text and str(run.parent) not in text


def test_the_card_tells_what_the_run_did(run: Path, tmp_path: Path):
    text = (promote(run, "mine", tmp_path) / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: pytorch\n")
    for fact in (
        "# mine",
        "| pictures seen | 64 |",
        "| epochs | 8 |",
        "(samples/epoch-0008.webp)",
        "32 x 32",
        "of the 8 pictures",
    ):
        assert fact in text
    code = text.split("```python\n")[1].split("```")[0]
    assert "checkpoints/mine" in code
    compile(code, "card", "exec")


def test_promoting_again_replaces_the_folder(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    (folder / "stray").touch()
    promote(run, "mine", tmp_path)
    assert not (folder / "stray").exists() and (folder / "model.safetensors").is_file()


def test_a_promotion_that_fails_leaves_the_old_folder(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        promote(broken, "mine", tmp_path)
    load_generator(folder)


def test_tutorial_weights_become_a_checkpoint(tmp_path: Path):
    torch.save(Generator(z_dim=9, base_channels=4, image_size=32).state_dict(), tmp_path / "netG.pth")
    folder = promote(tmp_path / "netG.pth", "mine", tmp_path)
    assert load_generator(folder).z_dim == 9
    assert json.loads((folder / "config.json").read_text())["generator"]["z_dim"] == 9
    assert "# mine" in (folder / "README.md").read_text()
    again = promote(folder / "model.safetensors", "again", tmp_path)
    assert load_generator(again).z_dim == 9
    with pytest.raises(UserError, match=r"is no run that train\.py made"):
        promote(folder, "third", tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a b", "x" * 200])
def test_a_name_that_is_no_folder_name_is_refused(run: Path, tmp_path: Path, name: str):
    with pytest.raises(UserError, match="no name for a checkpoint"):
        promote(run, name, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_the_command_says_what_is_wrong(run: Path, tmp_path: Path, capsys):
    assert main([str(tmp_path / "nothing"), "mine", "--into", str(tmp_path)]) == 2
    assert "no such run" in capsys.readouterr().err
    assert main([str(tmp_path), "mine", "--into", str(tmp_path)]) == 2
    assert "no model.safetensors yet" in capsys.readouterr().err
    assert main([str(run), "mine", "--into", str(tmp_path)]) == 0
    assert "python app.py" in capsys.readouterr().out


def test_the_earlier_snapshots_are_the_first_and_about_a_quarter():
    assert telling_epochs([1, 64, 128, 192, 256], 300) == [1, 64]
    assert telling_epochs([1], 4) == [1]
    assert telling_epochs([], 1) == []


def test_the_checkpoints_in_the_tree_stay_within_their_budget():
    files = [path for path in (ROOT / "checkpoints").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    assert not [
        path for path in files if path.suffix in {".pt", ".pth", ".pkl", ".bin", ".ckpt"} or "reals" in path.name
    ]
