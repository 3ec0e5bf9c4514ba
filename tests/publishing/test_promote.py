"""From a run to a checkpoint folder, and its card."""

import json
import math
import os
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from served import measurement

from gan.chart import write_chart
from gan.checkpoints import load_discriminator, load_generator, save_network, weights_digest
from gan.config import recipe_config
from gan.data.scan import read_pictures
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.folder import (
    SAMPLES,
    SNAPSHOTS,
    list_epochs,
    read_history,
    read_iterations,
    read_metrics,
    write_history,
    write_metrics,
)
from gan.insight.kept import neighbours_in, opinions_in
from gan.models import Discriminator, Generator
from gan.promote import main
from gan.publishing.promotion import promote
from gan.publishing.staging import telling_epochs
from gan.training.loop import train

ROOT = Path(__file__).resolve().parents[2]


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
        "iterations.jsonl",
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


def test_where_the_pictures_are_it_can_tell_of_copies_and_opinions(run: Path, tmp_path: Path, capsys):
    own, data = tmp_path / "own", tmp_path / "pictures"
    shutil.copytree(run, own)
    rng = np.random.default_rng(1)
    data.mkdir()
    for i in range(24):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(data / f"{i}.png")
    described = json.loads((own / "config.json").read_text())
    described["train"]["data"], described["data"]["fingerprint"] = str(data), read_pictures(data, 32).fingerprint
    (own / "config.json").write_text(json.dumps(described))
    folder = promote(own, "mine", tmp_path / "into")
    assert capsys.readouterr().err == ""
    assert len(neighbours_in(folder).descriptors) == sum(opinions_in(folder).real) == 24
    card = (folder / "README.md").read_text()
    assert "`neighbours.safetensors` has some numbers" in card and "`opinion.json` counts" in card
    shutil.copy(run / "discriminator.safetensors", folder)  # weights_digest tells: it is the same one
    neighbours_in(folder)
    save_network(folder / "discriminator.safetensors", Discriminator(4, 32, "none"))
    with pytest.raises(UserError, match="another discriminator than the folder's"):
        neighbours_in(folder)
    shutil.rmtree(data)
    assert promote(own, "other", tmp_path / "into") == tmp_path / "into" / "other"
    said = capsys.readouterr().err
    assert "does not exist" in said and "--neighbours --opinion --data ZIP" in said and said.count("\n") == 1


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
    command = text.split("```sh\n")[1].splitlines()[0]
    assert command == (
        "python train.py --dataset folder --data PICTURES --epochs 8 --batch-size 32 "
        "--augment color,translation,cutout --base-channels 4 --image-size 32 --fit crop"
    )
    code = text.split("```python\n")[1].split("```")[0]
    assert "checkpoints/mine" in code
    compile(code, "card", "exec")


def measured(run: Path, kid_by_epoch: dict[int, float], **changes) -> list[dict]:
    """Let the run's snapshots have these KIDs (the last generator, as the last of them, too); return the lines."""
    snapshots = list_epochs(run, SNAPSHOTS)
    lines = [
        measurement(epoch, kid, weights=weights_digest(snapshots[epoch]), images_seen=8 * epoch, **changes)
        for epoch, kid in kid_by_epoch.items()
    ]
    write_metrics(run, lines)
    return lines


KIDS = {1: 300.0, 2: 200.0, 4: 90.0, 6: 93.0, 8: 95.0}  # of every snapshot


@pytest.fixture
def own_run(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "own"))


def test_the_best_by_kid_is_promoted_with_its_past_alone(own_run: Path, tmp_path: Path):
    measured(own_run, KIDS)
    folder = promote(own_run, "mine", tmp_path, best=True)
    snapshot = list_epochs(own_run, SNAPSHOTS)[4]
    assert (folder / "model.safetensors").read_bytes() == snapshot.read_bytes()
    config, of_run = (json.loads((place / "config.json").read_text()) for place in (folder, own_run))
    assert (config["epoch"], config["images_seen"], config["discriminator_epoch"]) == (4, 32, 8)
    assert config["seconds"] == round(of_run["seconds"] / 2)
    assert [line["epoch"] for line in read_history(folder)] == [1, 2, 3, 4]
    assert [line["epoch"] for line in read_metrics(folder)] == [1, 2, 4]
    assert list(list_epochs(folder, SAMPLES)) == [1, 2, 3, 4] and max(list_epochs(folder, SNAPSHOTS)) < 4
    card = (folder / "README.md").read_text()
    assert "| KID × 1000 | 90.0 ± 0.3 |" in card and "| FID2K | 180.0 |" in card and "95.0" not in card
    assert card.count("| KID") == 1
    assert "| discriminator | of epoch 8, the end of the run |" in card


def test_the_last_generator_may_be_the_best(own_run: Path, tmp_path: Path):
    measured(own_run, KIDS | {8: 80.0})
    folder = promote(own_run, "mine", tmp_path, best=True)
    assert (folder / "model.safetensors").read_bytes() == (own_run / "model.safetensors").read_bytes()
    assert len(list_epochs(folder, SAMPLES)) == 8 and "95.0" not in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["generated", "real", "data", "extractor", "resize"])
def test_only_measurements_of_one_protocol_are_compared(name: str, own_run: Path, tmp_path: Path):
    lines = measured(own_run, KIDS)
    write_metrics(own_run, [*lines, {**lines[0], "kid_train": 1.0, name: 50}])
    folder = promote(own_run, "mine", tmp_path, best=True)
    assert json.loads((folder / "config.json").read_text())["epoch"] == 4


def test_of_two_measurements_of_everything_that_of_more_pictures_counts_and_of_one_file_the_last(
    own_run: Path, tmp_path: Path
):
    more = measured(own_run, KIDS | {2: 70.0}, generated=10_000)
    fewer = measured(own_run, KIDS)
    write_metrics(own_run, [{**more[0], "kid_train": 1.0}, *more, *fewer])
    folder = promote(own_run, "mine", tmp_path, best=True)
    assert json.loads((folder / "config.json").read_text())["epoch"] == 2


def test_the_best_of_what_is_not_all_measured_is_a_sentence(own_run: Path, tmp_path: Path):
    (own_run / "metrics.jsonl").unlink(missing_ok=True)
    lines = measured(own_run, KIDS)
    for written, count in (
        ([], 0),
        (lines[:1], 1),
        ([*lines[:3], {**lines[3], "weights": "of another file"}], 3),
        ([*lines[:4], {**lines[4], "kid_train": math.nan}], 4),
        ([*lines[:4], {**lines[4], "images_seen": None}], 4),
        ([*lines[:4], {**lines[4], "generated": [2000]}], 4),
    ):
        write_metrics(own_run, written)
        with pytest.raises(UserError, match=rf"of its 5 generators {count} are measured.*gan\.evaluate"):
            promote(own_run, "mine", tmp_path, best=True)


def test_a_damaged_history_line_is_passed_over(own_run: Path, tmp_path: Path):
    with open(own_run / "history.jsonl", "a") as file:
        file.write('{}\n{"epoch": "x"}\n{"epo')
    assert [line["epoch"] for line in read_history(promote(own_run, "mine", tmp_path))] == list(range(1, 9))


def test_promoting_again_replaces_the_folder(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    shutil.rmtree(folder / "samples")
    promote(run, "mine", tmp_path)
    assert (folder / "samples").is_dir() and (folder / "model.safetensors").is_file()


def test_a_promotion_that_fails_leaves_the_old_folder(run: Path, tmp_path: Path):
    folder = promote(run, "mine", tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        promote(broken, "mine", tmp_path)
    load_generator(folder)


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    """A checkpoint of the run."""
    return promote(run, "mine", tmp_path / "into")


def later(run: Path, images: int) -> None:
    """Let the run have got so much further."""
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"images_seen": config["images_seen"] + images}))


def test_a_run_replaces_its_own_earlier_state_and_its_measurements_stay(own_run: Path, mine: Path):
    (mine / ".DS_Store").touch()
    write_chart(mine)
    write_metrics(mine, [measurement(8, 50.0, weights=weights_digest(mine / "model.safetensors"))])
    later(own_run, 16)
    lines = read_history(own_run)
    write_history(own_run, [lines[0] | {"images_per_second": 1.0, "event": "looked at again"}, *lines[1:]])
    promote(own_run, "mine", mine.parent)
    assert json.loads((mine / "config.json").read_text())["images_seen"] == 80
    assert [line["kid_train"] for line in read_metrics(mine)] == [50.0] and "50.0" in (mine / "README.md").read_text()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_that_was_stopped_in_its_first_epoch_replaces_what_it_was(seed: int, own_run: Path, mine: Path):
    first = read_history(mine)[0]
    write_history(mine, [first | {"images_seen": first["images_seen"] - 1, "loss_d": 0.5}])
    config = json.loads((own_run / "config.json").read_text())
    config["train"] |= {"seed": seed, "epochs": 99, "device": "cpu"}  # a resumed run may have the last two changed
    (own_run / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="is another model than") if seed else nullcontext():
        promote(own_run, "mine", mine.parent)


def another(run: Path, mine: Path) -> None:
    lines = read_history(run)
    write_history(run, [lines[0] | {"loss_d": 0.5}, *lines[1:]])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (another, "is another model than"),
        (lambda run, mine: later(run, -8), "or a later state of it"),
        (lambda run, mine: (run / "history.jsonl").unlink(), "is another model than"),
        (lambda run, mine: (mine / "history.jsonl").unlink(), "is another model than"),
        (lambda run, mine: (mine / "config.json").write_text("{"), "is another model than"),
        (lambda run, mine: (mine / "notes.txt").touch(), "holds notes.txt, too"),
        (lambda run, mine: (mine / "samples" / "mine.webp").touch(), "holds samples/mine.webp, too"),
        (lambda run, mine: ((mine / ".git").mkdir(), (mine / ".git" / "HEAD").touch()), "holds .git/HEAD, too"),
    ],
)
def test_what_would_be_lost_is_replaced_only_when_asked(spoil, words, own_run: Path, mine: Path, capsys):
    spoil(own_run, mine)
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()}
    assert main([str(own_run), "mine", "--into", str(mine.parent)]) == 2
    said = capsys.readouterr().err
    assert words in said and "--replace" in said and said.count("\n") == 1
    assert {path: path.read_bytes() for path in mine.rglob("*") if path.is_file()} == before
    assert main([str(own_run), "mine", "--into", str(mine.parent), "--replace"]) == 0
    assert (mine / "model.safetensors").is_file() and not (mine / "notes.txt").exists()
    assert list(mine.parent.iterdir()) == [mine]


def test_a_folder_that_is_no_model_is_never_replaced(run: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    promote(run, "mine", tmp_path)  # an empty one is nothing
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter 1").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "thesis")
    for name in ("thesis", "linked"):
        with pytest.raises(UserError, match="is no model; choose another NAME"):
            promote(run, name, tmp_path, replace=True)
    assert (tmp_path / "thesis" / "chapter 1").is_file()


def test_a_model_taken_away_by_a_promotion_that_was_killed_is_put_back(own_run: Path, mine: Path):
    kept = mine.parent / ".mine.old.part" / "mine"
    kept.parent.mkdir()
    mine.rename(kept)  # here the kill came, between two renames
    (own_run / "model.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        promote(own_run, "mine", mine.parent)
    load_generator(mine)
    assert list(mine.parent.iterdir()) == [mine]


def test_a_promotion_killed_after_the_new_model_stood_leaves_the_new_one(run: Path, mine: Path):
    shutil.copytree(mine, mine.parent / ".mine.old.part" / "mine")
    (mine / "samples" / "epoch-0001.webp").unlink()
    (mine.parent / ".mine.0abcdef_.part" / "mine").mkdir(parents=True)
    os.utime(mine.parent / ".mine.0abcdef_.part", (0, 0))
    promote(run, "mine", mine.parent)
    assert list(mine.parent.iterdir()) == [mine] and len(list((mine / "samples").iterdir())) == 8


def test_where_the_new_model_cannot_take_its_place_the_old_one_has_it_again(run: Path, mine: Path, monkeypatch):
    def rename(source: Path, target: Path) -> Path:
        if source.parent.suffix == ".part" and source.parent.name != ".mine.old.part":
            raise OSError(28, "No space left on device")
        return real(source, target)

    real = Path.rename
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(UserError, match="No space left"):
        promote(run, "mine", mine.parent)
    load_generator(mine)
    assert list(mine.parent.iterdir()) == [mine]


@pytest.mark.parametrize(
    "name", ["history.jsonl", "config.json", "discriminator.safetensors", "samples", "snapshots/epoch-0001.safetensors"]
)
def test_links_in_a_run_are_not_followed(name: str, own_run: Path, tmp_path: Path):
    (own_run / name).rename(tmp_path / "elsewhere")
    (own_run / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to(own_run)  # the owner's own is
    with pytest.raises(UserError, match="leads elsewhere through a link"):
        promote(tmp_path / "link", "mine", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


@pytest.mark.parametrize(
    ("name", "words"), [("samples/epoch-0002.webp", "no sample grid"), ("snapshots/epoch-0001.safetensors", "damaged")]
)
def test_what_is_not_of_its_kind_is_not_promoted(name: str, words: str, own_run: Path, tmp_path: Path):
    (own_run / name).write_bytes(b"\x80\x04\0\0\0\0\0\0a pickle")
    with pytest.raises(UserError, match=rf"{name}.*{words}"):
        promote(own_run, "mine", tmp_path)


def test_a_config_of_no_run_is_a_sentence(own_run: Path, tmp_path: Path):
    config = json.loads((own_run / "config.json").read_text())
    for strange in ({"train": [1]}, {"epoch": "8"}, {"images_seen": None}, {"seconds": "x"}):
        (own_run / "config.json").write_text(json.dumps(config | strange))
        with pytest.raises(UserError, match=r"is no run that train\.py made"):
            promote(own_run, "mine", tmp_path)


def test_weights_that_are_no_numbers_are_not_promoted(tmp_path: Path):
    weights = Generator(z_dim=9, base_channels=4, image_size=32).state_dict()
    weights["main.0.weight"][0] = math.nan
    torch.save(weights, tmp_path / "nan.pth")
    with pytest.raises(UserError, match="not finite"):
        promote(tmp_path / "nan.pth", "mine", tmp_path)


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


def first_reports(state: dict[str, torch.Tensor], bn_from: int) -> dict[str, torch.Tensor]:
    """Return weights under the first report's names: convtranspose1 and bn1, or conv1 and the first bn of a number."""
    convolutions = [name for name, value in state.items() if value.dim() == 4]
    kind = "convtranspose" if bn_from == 1 and state[convolutions[0]].shape[2:] == (4, 4) else "conv"
    numbers = {name.split(".")[1]: f"{kind}{i}" for i, name in enumerate(convolutions, 1)}
    norms = [name.split(".")[1] for name in state if name.endswith("running_mean")]
    numbers |= {place: f"bn{i}" for i, place in enumerate(norms, bn_from)}
    return {f"{numbers[name.split('.')[1]]}.{name.split('.')[2]}": value for name, value in state.items()}


@pytest.mark.parametrize("bn_from", [1, 2], ids=["bn1 is the first", "bn has the number of its convolution"])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_weights_in_the_first_reports_layout_become_a_checkpoint_that_trains_on(norm, bn_from, tmp_path: Path):
    generator, discriminator = Generator(100, 4, 32), Discriminator(4, 32, norm)
    torch.save(first_reports(generator.state_dict(), 1), tmp_path / "netG.pth")
    torch.save(first_reports(discriminator.state_dict(), bn_from), tmp_path / "netD.pth")
    assert (
        main(
            [
                *(str(tmp_path / "netG.pth"), "mine", "--into", str(tmp_path)),
                "--discriminator",
                str(tmp_path / "netD.pth"),
            ]
        )
        == 0
    )
    for load, network in ((load_generator, generator), (load_discriminator, discriminator)):
        state = load(tmp_path / "mine").state_dict()
        assert all((value - state[name]).abs().max() < 1e-3 for name, value in network.state_dict().items())


def test_the_tutorials_two_networks_are_trained_on(run: Path, tmp_path: Path):
    torch.save(Generator(100, 4, 32).state_dict(), tmp_path / "netG.pth")
    torch.save(Discriminator(4, 32).state_dict(), tmp_path / "netD.pth")
    folder = promote(tmp_path / "netG.pth", "mine", tmp_path, discriminator=tmp_path / "netD.pth")
    data = run.parent / "secret pictures"
    config = recipe_config("pokemon-report", data=str(data), out=str(tmp_path / "more"), base_channels=4, image_size=32)
    train(replace(config, init_from=str(folder)).with_epochs(1))
    before, after = (load_discriminator(place).main[0].weight for place in (folder, tmp_path / "more"))
    assert 0 < (before - after).abs().max() < 0.01


def test_a_discriminator_that_does_not_belong_there_is_refused(run: Path, tmp_path: Path):
    torch.save(Generator(100, 4, 32).state_dict(), tmp_path / "netG.pth")
    torch.save(Discriminator(8, 32).state_dict(), tmp_path / "netD.pth")
    for source, words in ((tmp_path / "netG.pth", "not of the size"), (run, "leave out --discriminator")):
        with pytest.raises(UserError, match=words):
            promote(source, "mine", tmp_path, discriminator=tmp_path / "netD.pth")
    torch.save(Generator(100, 4, 32).state_dict(), tmp_path / "netD.pth")
    with pytest.raises(UserError, match="holds no DCGAN discriminator"):
        promote(tmp_path / "netG.pth", "mine", tmp_path, discriminator=tmp_path / "netD.pth")
    torch.save(Discriminator(8, 32).state_dict(), tmp_path / "netG.pth")
    with pytest.raises(UserError, match="is a discriminator"):
        promote(tmp_path / "netG.pth", "mine", tmp_path)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a b", "x" * 200])
def test_a_name_that_is_no_folder_name_is_refused(run: Path, tmp_path: Path, name: str):
    with pytest.raises(UserError, match="no name for a checkpoint"):
        promote(run, name, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_the_command_says_what_is_wrong(run: Path, tmp_path: Path, capsys):
    assert main([str(tmp_path / "nothing"), "mine", "--into", str(tmp_path)]) == 2
    assert "no such run" in capsys.readouterr().err
    assert main([300 * "a", "x", "--into", str(tmp_path)]) == 2
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
    assert sum(path.stat().st_size for path in files) < 120e6
    assert not [
        path for path in files if path.suffix in {".pt", ".pth", ".pkl", ".bin", ".ckpt"} or "reals" in path.name
    ]


# --- a run that goes on with a checkpoint -----------------------------------------------------------------------------


@pytest.fixture
def mine_continued(run: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint of eight epochs, and a run of two that began with its networks."""
    base = promote(run, "base", tmp_path, credits={"title": "Squares"})
    return base, trained(run, tmp_path / "further", 2, init_from=str(base))


def trained(run: Path, out: Path, epochs: int, **changes) -> Path:
    """Train a new run on the pictures of another one; return its folder."""
    config = recipe_config(
        "folder", data=str(run.parent / "secret pictures"), out=str(out), base_channels=4, image_size=32, anneal=0.0,
        **changes,
    )  # fmt: skip
    train(config.with_epochs(epochs))
    return out


def test_the_record_of_a_run_stands_behind_that_of_the_checkpoint_it_began_with(mine_continued):
    base, further = mine_continued
    write_metrics(base, [measurement(8, 50.0, data=read_json(base / "config.json")["data"]["fingerprint"])])
    write_metrics(further, [measurement(2, 40.0, images_seen=16)])
    folder = promote(further, "whole", base.parent)
    history, config = read_history(folder), read_json(folder / "config.json")
    assert [line["epoch"] for line in history] == list(range(1, 11))
    assert [line["images_seen"] for line in history] == [8 * epoch for epoch in range(1, 11)]
    assert history[:8] == read_history(base) and history[8]["event"].startswith("new run: it goes on from here")
    assert [line["iteration"] for line in read_iterations(folder)] == list(range(len(read_iterations(folder))))
    assert (config["epoch"], config["images_seen"], config["images_before"]) == (10, 80, 0)
    assert list(list_epochs(folder, SAMPLES)) == list(range(1, 11))
    assert list(list_epochs(folder, SNAPSHOTS)) == list(list_epochs(base, SNAPSHOTS))
    assert [(line["epoch"], line["images_seen"]) for line in read_metrics(folder)] == [(8, 320), (10, 80)]
    card = (folder / "README.md").read_text()
    assert "| pictures seen | 80, 64 of them before this run |" in card and "--init-from CHECKPOINT" in card


def test_it_takes_the_place_of_that_checkpoint_and_so_does_its_later_state(mine_continued, cli):
    base, further = mine_continued
    weights = weights_digest(base / "model.safetensors")
    promote(further, "base", base.parent)
    assert weights_digest(base / "model.safetensors") != weights
    assert read_json(base / "config.json")["title"] == "Squares"
    assert cli("--resume", further, "--epochs", 4).status == 0
    promote(further, "base", base.parent)
    assert [line["epoch"] for line in read_history(base)] == list(range(1, 13))
    assert [line["images_seen"] for line in read_history(base)] == [8 * epoch for epoch in range(1, 13)]


def test_what_the_checkpoint_has_become_since_then_is_not_replaced(mine_continued, run: Path, tmp_path: Path):
    base, further = mine_continued
    other = trained(run, tmp_path / "other", 1, init_from=str(base), seed=5)
    promote(further, "base", base.parent)
    record = read_history(base)
    with pytest.raises(UserError, match=r"another model than .*other, or a later state of it"):
        promote(other, "base", base.parent)
    assert read_history(base) == record
    second = promote(other, "second", base.parent)  # behind the same first eight epochs
    assert read_history(second)[:8] == record[:8] and len(read_history(second)) == 9


def test_of_a_run_that_was_killed_the_record_up_to_its_published_networks_comes_before(run: Path, tmp_path: Path):
    killed = shutil.copytree(run, tmp_path / "killed")
    later = read_history(killed)[-1]  # a state is saved, and no networks are published yet
    write_history(killed, [*read_history(killed), later | {"epoch": 9, "images_seen": later["images_seen"] + 8}])
    folder = promote(trained(run, tmp_path / "next", 2, init_from=str(killed)), "whole", tmp_path)
    assert [line["epoch"] for line in read_history(folder)] == list(range(1, 11))


def test_another_training_that_took_the_checkpoints_place_is_no_past_of_the_run(mine_continued, run: Path, tmp_path):
    base, further = mine_continued
    promote(trained(run, tmp_path / "other", 8, seed=5), "base", base.parent, replace=True)
    assert [line["epoch"] for line in read_history(promote(further, "alone", base.parent))] == [1, 2]
    with pytest.raises(UserError, match="another model"):
        promote(further, "base", base.parent)


def test_the_hours_of_a_record_are_added_once_however_often_it_is_promoted(mine_continued):
    base, further = mine_continued
    for folder, seconds in ((base, 36_000), (further, 3_600)):
        write_json(folder / "config.json", read_json(folder / "config.json") | {"seconds": seconds})
    for _ in range(3):
        promote(further, "base", base.parent)
        assert read_json(base / "config.json")["seconds"] == 39_600


def test_of_other_pictures_or_a_record_that_is_gone_a_run_stands_alone(mine_continued, run: Path):
    base, further = mine_continued
    described = read_json(base / "config.json")
    for data in ({"name": "folder", "fingerprint": "other"}, None):
        if data:
            write_json(base / "config.json", described | {"data": described["data"] | data})
        else:
            shutil.rmtree(base)
        folder = promote(further, "alone", base.parent, replace=True)
        assert [line["epoch"] for line in read_history(folder)] == [1, 2]
        assert read_json(folder / "config.json")["images_before"] == 64


def test_of_very_many_grids_the_film_keeps_the_first_and_the_last(mine_continued, monkeypatch):
    base, further = mine_continued
    monkeypatch.setattr("gan.publishing.joining.MAX_SAMPLES", 6)
    grids = list(list_epochs(promote(further, "whole", base.parent), SAMPLES))
    assert grids[0] == 1 and grids[-1] == 10 and len(grids) <= 6


def test_of_an_earlier_state_that_was_better_later_measurements_go(mine_continued):
    base, further = mine_continued
    data = read_json(base / "config.json")["data"]["fingerprint"]
    promote(further, "base", base.parent)
    write_metrics(base, [measurement(10, 60.0, data=data)])
    measured(further, {1: 40.0, 2: 50.0})
    promote(further, "base", base.parent, best=True)
    assert [line["epoch"] for line in read_history(base)] == list(range(1, 10))
    assert [(line["epoch"], line["kid_train"]) for line in read_metrics(base)] == [(9, 40.0)]
    assert read_json(base / "config.json")["discriminator_epoch"] == 10
