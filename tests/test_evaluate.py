"""python -m gan.evaluate with a small stand-in for Inception: what it measures, writes and refuses."""

import json
import shutil

import pytest
import torch
from PIL import Image
from served import plant

from gan import evaluate, metrics
from gan.checkpoints import load_generator, save_network, weights_digest
from gan.data.scan import read_pictures
from gan.files import read_json, write_json
from gan.folder import read_metrics
from gan.images import to_uint8
from gan.latent import sample_z
from gan.models import Discriminator
from gan.publishing.card import write_card

COUNT = 64


class Patches:
    """Features are the mean colours of 16 patches."""

    def __init__(self, weights, seen):
        self.name, self.seen = f"patches ({weights})", seen

    def __call__(self, batches):
        features = [torch.nn.functional.avg_pool2d(batch.float(), batch.shape[-1] // 4).flatten(1) for batch in batches]
        self.seen.append(sum(map(len, features)))
        return torch.cat(features)


@pytest.fixture
def extractor(monkeypatch, tmp_path):
    """Let `Patches` stand in for Inception; return how many pictures were looked at, each time."""
    seen = []
    monkeypatch.setattr(metrics, "load_extractor", lambda weights: Patches(weights, seen))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return seen


@pytest.fixture
def data(tmp_path):
    from conftest import draw_pictures

    return draw_pictures(tmp_path / "pictures", 60)


def run(*arguments):
    return evaluate.main([str(argument) for argument in arguments])


def test_a_checkpoint_is_measured_and_the_line_lies_beside_it(extractor, data, tmp_path, capsys):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    assert run(folder, "--data", data, "--count", COUNT) == 0
    line = json.loads(capsys.readouterr().out)
    assert json.loads((folder / "metrics.jsonl").read_text()) == line
    assert line["generated"] == COUNT and line["real"] == 60 and line["floor"]["count"] == 30
    assert line["fid64_train"] > 0 and line["seeds"] == "0-63" and len(line["weights"]) == 16
    assert {"kid_train", "kid_standard_error", "precision", "recall", "novelty", "copies"} <= set(line)


def test_real_features_are_computed_once(extractor, data, tmp_path):
    folder = plant(tmp_path / "alpha", 1)
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert extractor == [60, COUNT, COUNT]
    first, second = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_real_features_are_computed_anew_where_something_differs(extractor, data, tmp_path):
    from conftest import draw_pictures

    folder = plant(tmp_path / "alpha", 1)
    others = draw_pictures(tmp_path / "others", 60, seed=9)
    for arguments in ([data], [others], [data, "--weights", "other"], [data, "--real-count", "50"]):
        assert run(folder, "--count", COUNT, "--data", *arguments) == 0
    assert extractor == [60, COUNT, 60, COUNT, 60, COUNT, 50, COUNT]
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len({line["kid_train"] for line in lines}) == 3 and len({line["extractor"] for line in lines}) == 2


def test_real_features_are_those_of_the_pictures_chosen_whatever_they_are_called(extractor, data, tmp_path):
    folder, renamed = plant(tmp_path / "alpha", 1), tmp_path / "renamed"
    renamed.mkdir()
    for place, path in enumerate(sorted(data.iterdir())):
        shutil.copy(path, renamed / f"{(place * 7) % 60:02d}{path.suffix}")
    for source in (data, renamed):
        assert run(folder, "--count", COUNT, "--real-count", 50, "--data", source) == 0
    assert extractor == [50, COUNT, 50, COUNT]
    assert len({json.loads(line)["kid_train"] for line in (folder / "metrics.jsonl").read_text().splitlines()}) == 2


def test_without_a_cache_to_write_to_measuring_goes_on(extractor, data, tmp_path, monkeypatch, capsys):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    folder = plant(tmp_path / "alpha", 1)
    assert run(folder, "--data", data, "--count", COUNT) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["generated"] == COUNT and "measuring goes on" in said.err


def test_damaged_real_features_are_computed_anew(extractor, data, tmp_path):
    folder = plant(tmp_path / "alpha", 1)
    assert run(folder, "--data", data, "--count", COUNT) == 0
    (cache,) = (path for path in (tmp_path / "cache").rglob("*.pt") if len(path.stem) == 24)
    cache.write_bytes(cache.read_bytes()[:-100])
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert extractor == [60, COUNT, 60, COUNT, COUNT]


def test_the_pictures_are_those_of_the_seeds_and_the_real_ones_come_first(extractor, data, tmp_path, monkeypatch):
    folder = plant(tmp_path / "alpha", 1)
    measure, given = metrics.measure, []
    monkeypatch.setattr(metrics, "measure", lambda real, fake: given.append((real, fake)) or measure(real, fake))
    assert run(folder, "--data", data, "--count", COUNT) == 0
    ((real, fake),) = given
    generator = load_generator(folder)
    with torch.inference_mode():
        drawn = to_uint8(generator(sample_z(range(COUNT), generator.z_dim)))
    assert len(real) == 60 and torch.equal(fake, Patches("", [])([drawn]))


def test_a_run_that_goes_on_meanwhile_does_not_lend_its_age(extractor, data, tmp_path, monkeypatch):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    digest = weights_digest(folder / "model.safetensors")
    other = plant(tmp_path / "beta", 2, (1, 4))

    def replace(weights):
        for file in ("model.safetensors", "config.json"):
            (folder / file).write_bytes((other / file).read_bytes())
        for snapshot in (folder / "snapshots").iterdir():
            snapshot.unlink()
        return Patches(weights, extractor)

    monkeypatch.setattr(metrics, "load_extractor", replace)
    assert run(folder, "--data", data, "--count", COUNT, "--snapshots") == 0
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    assert (last["weights"], last["epoch"]) == (digest, 3)


@pytest.mark.parametrize("epochs", [(1, 3), ()], ids=["trained", "imported"])
def test_the_card_tells_of_the_measurement(epochs, extractor, data, tmp_path):
    folder = plant(tmp_path / "alpha", 1, epochs)
    described = {"generator": load_generator(folder).arguments()}
    if epochs:
        described = read_json(folder / "config.json")
        described["data"]["fingerprint"] = read_pictures(data, 64).fingerprint
    write_json(folder / "config.json", described)
    write_card(folder)
    card = folder / "README.md"
    card.write_text(card.read_text() + "\n## A person's own\n\nof my garden\n")
    assert "## Measured" not in card.read_text()
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert f"| FID{COUNT} |" in card.read_text() and card.read_text().endswith("## A person's own\n\nof my garden\n")


def test_repeats_that_were_trained_on_are_no_other_pictures(extractor, data, tmp_path, capsys):
    shutil.copy(data / "0.png", data / "again.png")
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    described = json.loads((folder / "config.json").read_text())
    described["train"]["keep_repeats"] = True
    described["data"]["fingerprint"] = read_pictures(data, 64, keep_repeats=True).fingerprint
    write_json(folder / "config.json", described)
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert "holds other pictures" not in capsys.readouterr().err and extractor == [61, COUNT]


def test_other_pictures_than_the_model_knows_are_remarked_on(extractor, data, tmp_path, capsys):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    write_card(folder)
    assert run(folder, "--data", data, "--count", COUNT) == 0
    said = capsys.readouterr().err
    assert "holds other pictures than model.safetensors was trained on; its card does not tell of this" in said
    card = (folder / "README.md").read_text()
    assert "## Measured" not in card and "model-index" not in card
    described = json.loads((folder / "config.json").read_text())
    described["data"]["fingerprint"] = json.loads((folder / "metrics.jsonl").read_text())["data"]
    (folder / "config.json").write_text(json.dumps(described))
    assert run(folder, "--data", data, "--count", COUNT) == 0
    assert "other pictures" not in capsys.readouterr().err
    assert "## Measured" in (folder / "README.md").read_text()


def test_real_pictures_are_fitted_as_in_training(extractor, tmp_path):
    wide = tmp_path / "wide"
    wide.mkdir()
    for i in range(60):
        picture = Image.new("RGB", (96, 32), (i, 2 * i, 90))
        picture.putpixel((0, 0), (90, 90, 90))
        picture.save(wide / f"{i}.png")
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    config = folder / "config.json"
    described = json.loads(config.read_text())
    del described["train"]["fit"]  # as in folders from before there was one
    for fit in ({}, {"fit": "pad"}, {"fit": "crop"}):
        config.write_text(json.dumps(described | {"train": described["train"] | fit}))
        assert run(folder, "--data", wide, "--count", COUNT) == 0
    lone = tmp_path / "lone" / "weights.safetensors"
    lone.parent.mkdir()
    lone.write_bytes((folder / "model.safetensors").read_bytes())
    assert run(lone, "--data", wide, "--count", COUNT) == 0
    assert extractor == [60, COUNT, 60, COUNT, COUNT, COUNT]  # the real ones once cropped, once padded
    old, padded, cropped = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    alone = json.loads((lone.parent / "metrics.jsonl").read_text())
    assert old["fid64_train"] == cropped["fid64_train"] == alone["fid64_train"] != padded["fid64_train"]
    assert old["resize"] == cropped["resize"] == alone["resize"]
    assert old["resize"].startswith("middle square to the model's size; from there to 299")
    assert padded["resize"].startswith("whole in a white square of the model's size; from there to 299")


def test_transparent_pictures_are_measured_on_the_background_of_the_training(extractor, tmp_path):
    (tmp_path / "pictures").mkdir()
    for i in range(60):
        picture = Image.new("RGBA", (64, 64))
        picture.paste((255, 255, 255 - i), (8, 8, 40, 40 + i // 3))
        picture.save(tmp_path / "pictures" / f"{i}.png")
    folder = plant(tmp_path / "alpha", 1, (1,))
    config = folder / "config.json"
    described = json.loads(config.read_text())
    for background in ("black", "#1e90ff", "chartreuse; rm"):
        config.write_text(json.dumps(described | {"train": described["train"] | {"background": background}}))
        status = run(folder, "--data", tmp_path / "pictures", "--count", COUNT)
        assert status == (2 if ";" in background else 0)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["resize"].split("; ")[0] for line in lines] == [
        "middle square to the model's size, transparency on black",
        "middle square to the model's size, transparency on #1e90ff",
    ]
    assert len(extractor) == 4 and lines[0]["fid64_train"] != lines[1]["fid64_train"]  # neither took the other's


def test_a_fit_of_another_version_is_refused(extractor, data, tmp_path, capsys):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"fit": "crop"', '"fit": "stretch"'))
    assert run(folder, "--data", data, "--count", COUNT) == 2
    assert "config.json: has the fit 'stretch'" in capsys.readouterr().err and extractor == []


def test_snapshots_are_measured_before_the_model(extractor, data, tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    assert run(folder, "--data", data, "--count", COUNT, "--snapshots") == 0
    lines = list(map(json.loads, (folder / "metrics.jsonl").read_text().splitlines()))
    assert lines[-1]["file"] == "model.safetensors"
    assert len({line["weights"] for line in lines}) == len(lines)
    assert [line["epoch"] for line in lines[:-1]] == sorted(line["epoch"] for line in lines[:-1]) and len(lines) > 1
    assert lines[0]["file"] == "snapshots/epoch-0001.safetensors" and lines[0]["images_seen"] == 40


def test_more_real_pictures_than_wanted_are_taken_evenly(extractor, data, tmp_path, monkeypatch):
    folder = plant(tmp_path / "alpha", 1)
    measure, given = metrics.measure, []
    monkeypatch.setattr(metrics, "measure", lambda real, fake: given.append(real) or measure(real, fake))
    for limit in ("60", "50"):
        assert run(folder, "--data", data, "--count", COUNT, "--real-count", limit) == 0
    assert json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])["real"] == 50
    every, some = given
    assert torch.equal(some[0], every[0]) and torch.equal(some[-1], every[-1])


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["nowhere", "--data", "DATA"], "nowhere"),
        ([300 * "a", "--data", "DATA"], "no such file"),
        (["MODEL", "--data", "nowhere.zip"], "nowhere.zip"),
        (["MODEL", "--data", "FEW"], "50 are the least"),
    ],
)
def test_mistakes_get_one_sentence(arguments, says, extractor, data, pictures, tmp_path, capsys):
    places = {"MODEL": plant(tmp_path / "alpha", 1), "DATA": data, "FEW": pictures}
    assert run(*[places.get(argument, argument) for argument in arguments], "--count", COUNT) == 2
    said = capsys.readouterr().err.strip()
    assert says in said.splitlines()[-1] and "Traceback" not in said


def test_looking_deeper_writes_its_files_and_measures_nothing(extractor, data, tmp_path, capsys):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    described = json.loads((folder / "config.json").read_text())
    described["data"] |= {"name": "folder", "fingerprint": read_pictures(data, 64).fingerprint}
    write_json(folder / "config.json", described)
    write_card(folder)
    assert run(folder, "--data", data, "--neighbours", "--opinion") == 2
    assert "came without a discriminator.safetensors" in capsys.readouterr().err
    save_network(folder / "discriminator.safetensors", Discriminator(8))
    assert run(folder, "--data", data, "--neighbours", "--opinion") == 0
    written = [folder / "neighbours.safetensors", folder / "opinion.json"]
    assert capsys.readouterr().out.split() == [str(path) for path in written]
    assert all(path.is_file() for path in written) and not (folder / "metrics.jsonl").exists() and extractor == []
    assert "neighbours.safetensors" in (folder / "README.md").read_text()
    described["data"]["fingerprint"] = "0" * 64
    write_json(folder / "config.json", described)
    assert run(folder, "--data", data, "--opinion") == 2
    assert "holds other pictures than" in capsys.readouterr().err
    assert run(folder / "model.safetensors", "--data", data, "--opinion") == 2
    assert "are for a folder" in capsys.readouterr().err


def test_too_few_pictures_are_refused_at_once(extractor, data, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run("x", "--data", "y", "--real-count", "10")
    assert "--real-count: 50 pictures" in capsys.readouterr().err
    assert run(plant(tmp_path / "alpha", 1), "--data", data, "--count", "10") == 2
    assert "--count 10: 50 pictures are the least" in capsys.readouterr().err and extractor == []


def test_help_does_not_import_torch():
    import subprocess
    import sys

    script = "import sys; from gan import evaluate; assert not {'torch', 'numpy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_an_archive_as_kaggle_hands_it_out_is_measured_as_training_reads_it(extractor, data, tmp_path, capsys):
    from conftest import draw_pictures

    (tmp_path / "archive").mkdir()
    data.rename(tmp_path / "archive" / "pokemon_jpg")
    draw_pictures(tmp_path / "archive" / "pokemon", 60, seed=9)
    folder = plant(tmp_path / "alpha", 1, (1, 3))  # trained on Pokémon, as its config.json says
    assert run(folder, "--data", tmp_path / "archive", "--count", COUNT) == 0
    assert json.loads(capsys.readouterr().out)["real"] == 60


def test_a_line_that_was_cut_off_takes_no_other_along(extractor, data, tmp_path):
    folder = plant(tmp_path / "alpha", 1)
    (folder / "metrics.jsonl").write_text('{"fid64_tr')  # by a full disk
    assert run(folder, "--data", data, "--count", COUNT) == 0
    (line,) = read_metrics(folder)
    assert line["generated"] == COUNT
