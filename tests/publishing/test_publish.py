"""Publishing: folders, runs that train, Spaces; against a Hub on this machine."""

import ast
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import draw_pictures
from hub_server import TOKEN, hub_for
from markdown_it import MarkdownIt
from served import ROOT, copy_app, measurement, plant
from test_train_cli import train_into

from gan.checkpoints import load_generator, weights_digest
from gan.config import RECIPES, Stage, recipe_config
from gan.errors import UserError
from gan.folder import write_metrics
from gan.hub.client import ATTEMPTS
from gan.metrics import METRICS, Metric
from gan.publish import main
from gan.publishing.card import card_text
from gan.publishing.promotion import promote
from gan.publishing.pushing import Publisher
from gan.publishing.retraining import DECISIVE
from gan.publishing.space import SPACE_OWNED, write_space

pytestmark = pytest.mark.usefixtures("without_charts")


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with hub_for(monkeypatch, tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def trained(pictures, without_charts, tmp_path_factory):
    """The folder of a run of two epochs."""
    return train_into(tmp_path_factory.mktemp("trained") / "run", *TINY, "--data", pictures)


@pytest.fixture
def run(trained, tmp_path):
    """A copy of that run in the test's own folder."""
    return shutil.copytree(trained, tmp_path / "run")


TINY = ("--dataset", "folder", "--base-channels", 4, "--image-size", 32, "--epochs", 2, "--batch-size", 16)


def model(server, repo="tester/mine"):
    return server.repositories["model", repo]


# --- a model -------------------------------------------------------------------------------------------------------


def test_a_promoted_run_is_published_and_comes_back(server, run, tmp_path, capsys):
    folder = promote(run, "mine", tmp_path)
    assert main(["model", str(folder), "tester/mine"]) == 0
    assert "python app.py --checkpoint tester/mine" in capsys.readouterr().out
    assert model(server).tags == {"images-80": model(server).head}
    assert model(server).messages[-1] == "Publish mine after 80 pictures"
    assert load_generator("tester/mine@images-80").arguments() == load_generator(folder).arguments()


def test_no_pickle_no_token_no_training_picture_is_published(server, run, tmp_path):
    folder = promote(run, "mine", tmp_path)
    (folder / "states").mkdir()
    (folder / "grids").mkdir()
    strangers = {"states/images-1-2.pt": b"a pickle", "token": TOKEN.encode(), "reals.webp": b"real", "1.png": b"real"}
    strangers |= {"figure.png": b"real", "grids/epoch-0001.png": b"drawn"}
    for name, content in strangers.items():
        (folder / name).write_bytes(content)
    assert main(["model", str(folder), "tester/mine"]) == 0
    files = model(server).commits[model(server).head]
    assert not set(files) & set(strangers) and {"model.safetensors", "config.json", "README.md"} <= set(files)
    assert not [name for name, content in files.items() if content in strangers.values() or TOKEN.encode() in content]


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("nowhere", "has no model.safetensors"),
        ("run", "is a run, not a checkpoint"),
        ("broken", "damaged"),
        ("odd", "does not say what a card needs"),
    ],
)
def test_what_is_no_checkpoint_is_refused(folder, words, server, run, tmp_path, capsys):
    broken = plant(tmp_path / "broken", 1) / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:-9])
    (plant(tmp_path / "odd", 1) / "config.json").write_text('{"generator": 3, "train": "x"}')
    assert main(["model", str(tmp_path / folder), "tester/mine"]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("gan.publish: ") and said.count("\n") == 1
    assert not server.repositories


@pytest.mark.parametrize("name", ["history.jsonl", "metrics.jsonl", "discriminator.safetensors", "samples"])
def test_what_a_strangers_links_lead_to_stays_here(name, server, alpha, tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "epoch-0001.webp").write_bytes(b"secret of the victim")
    shutil.rmtree(alpha / name, ignore_errors=True)
    (alpha / name).unlink(missing_ok=True)
    (alpha / name).symlink_to(secret if name == "samples" else secret / "epoch-0001.webp")
    out = tmp_path / "space"
    for arguments in (
        ["model", str(alpha), "tester/mine"],
        ["space", "tester/studio", "--checkpoint", str(alpha)],
        ["space", "tester/studio", "--checkpoint", str(alpha), "--out", str(out)],
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert "leads elsewhere through a link" in said and said.count("\n") == 1
    assert not server.repositories and not out.exists()


@pytest.mark.parametrize("name", ["snapshots/epoch-0001.safetensors", "samples/epoch-0003.webp"])
def test_a_pickle_under_another_name_stays_here(name, server, alpha, tmp_path, capsys):
    (alpha / name).write_bytes(b"\x80\x04\x95 a pickle")
    assert main(["model", str(alpha), "tester/mine"]) == 2
    assert main(["space", "tester/studio", "--checkpoint", str(alpha), "--out", str(tmp_path / "space")]) == 2
    assert name in capsys.readouterr().err and not server.repositories and not list((tmp_path / "space").iterdir())


def test_a_strangers_own_card_does_not_go(server, alpha, tmp_path):
    (alpha / "README.md").write_text("secret of the victim")
    assert main(["model", str(alpha), "tester/mine"]) == 0
    write_space(tmp_path / "space", "tester/studio", [alpha])
    card = (tmp_path / "space" / "checkpoints" / "alpha" / "README.md").read_text()
    assert "victim" not in card + model(server).commits[model(server).head]["README.md"].decode()
    assert card == card_text(alpha)


def test_without_a_temporary_folder_a_push_says_so(server, alpha, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: [str(tmp_path / "nowhere")])
    for arguments in (["model", str(alpha), "tester/mine"], ["space", "tester/studio", "--checkpoint", str(alpha)]):
        assert main(arguments) == 2
        assert "TMPDIR" in capsys.readouterr().err


@pytest.mark.parametrize("hub_id", ["mine", "a/b/c", "tester/mine@v1"])
def test_a_name_that_is_none_is_refused(hub_id, server, alpha, cli, capsys):
    assert main(["model", str(alpha), hub_id]) == 2
    assert "USER/NAME" in capsys.readouterr().err
    refused = cli(*TINY, "--data", "pictures", "--push-to-hub", hub_id)
    assert refused.status == 2 and "USER/NAME" in refused.err


def test_the_card_is_what_the_hub_wants(alpha):
    from huggingface_hub import ModelCard

    digest = weights_digest(alpha / "model.safetensors")
    assert "model-index" not in card_text(alpha)
    write_metrics(alpha, [measurement(1, 300.0), measurement(3, 50.0, weights=digest)])
    card = ModelCard(card_text(alpha, "tester/mine"))
    card.data.to_dict()
    assert card.data.pipeline_tag == "unconditional-image-generation" and card.data.library_name == "pytorch"
    found = {result.metric_name: result.metric_value for result in card.data.eval_results}
    assert found["kid_train, 2000 generated against 40 real"] == 50.0 and len(found) == 4
    assert "| novelty | 1.10, 20 near-copies |" in card.text
    assert 'load_generator("tester/mine")' in card.text and "819 Pokémon" in card.text
    assert "python train.py --dataset pokemon\n" in card.text and "## Licence" in card.text


def test_a_metric_that_is_added_is_told_of_the_lines_that_have_it(alpha, monkeypatch):
    digest = weights_digest(alpha / "model.safetensors")
    write_metrics(alpha, [measurement(3, 50.0, weights=digest)])
    before = card_text(alpha)
    added = Metric(
        lambda real, fake: 0.5, {"sharpness": 2}, lambda line: ("how sharp", f"{line['sharpness']}"), {"sharpness": "x"}
    )
    monkeypatch.setattr("gan.metrics.METRICS", (*METRICS, added))
    assert card_text(alpha) == before and "KID × 1000 | 50.0 ±" in before
    write_metrics(alpha, [measurement(3, 50.0, weights=digest), measurement(3, 50.0, weights=digest, sharpness=0.25)])
    text = card_text(alpha)
    assert text.count("KID × 1000 | 50.0 ±") == 2 and text.count("| how sharp | 0.25 |") == 1
    assert text.count("name: sharpness, 2000 generated against 40 real\n      value: 0.25") == 1


HOSTILE = "`x` <script>a</script> | [b](http://c.test) **d** https://e.test www.f.test $g$ \x1b[2J\n\n# h"


def test_a_strangers_words_stand_in_the_card_as_words(alpha):
    """With HTML switched on and addresses made links, as the Hub shows it, nothing but text comes of them."""
    described = json.loads((alpha / "config.json").read_text())
    described |= {"hardware": HOSTILE, "precision": HOSTILE, "discriminator_epoch": HOSTILE, "images_before": 1}
    described["train"] |= {"recipe": HOSTILE, "loss": HOSTILE, "augment": HOSTILE, "batch_size": HOSTILE}
    described["data"] |= {"fingerprint": HOSTILE, "name": HOSTILE}
    (alpha / "config.json").write_text(json.dumps(described))
    words = {"extractor": HOSTILE, "resize": HOSTILE, "seeds": HOSTILE, f"fid{HOSTILE}": 1.0}
    line = measurement(3, 50.0, weights=weights_digest(alpha / "model.safetensors")) | words
    write_metrics(alpha, [{key: value for key, value in line.items() if key != "fid2k_train"}])
    card = alpha.rename(alpha.with_name("al`p*h_a <b>"))
    body = card_text(card).split("---\n", 2)[2]
    assert "\x1b" not in body
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert not re.search(r"<(?!/?(h1|h2|p|code|pre|table|thead|tbody|tr|th|td|img)\b)", html)
    assert html.count("<img") == 1 and html.count("<h1>") == 1 and "&lt;script&gt;a&lt;/script&gt;" in html
    assert not re.search(r"(?<!\\)\$g|https:|(?<!\\)www\.f", re.sub("`.*?`", "", body))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("augment", "none; curl x | sh #"),
        ("loss", "bce; curl x | sh #"),
        ("dataset", "pokemon; curl x | sh #"),
        ("recipe", "pokemon; curl x | sh #"),
        ("fit", "crop\ncurl x | sh"),
        ("batch_size", "32; curl x | sh #"),
        ("flip", "; curl x | sh #"),
        ("keep_repeats", ["$(curl x | sh)"]),
        ("stages", [{"epochs": "1; curl x | sh #", "lr": 2e-4, "beta1": 0.5}]),
        ("init_from", "x/y\ncurl x | sh"),
        ("init_from", "x/y; curl x | sh"),
    ],
)
def test_into_the_command_of_a_card_goes_only_what_a_config_takes_quoted(field, value, alpha):
    described = json.loads((alpha / "config.json").read_text()) | {"images_before": 1}
    described["train"][field] = value
    (alpha / "config.json").write_text(json.dumps(described))
    command = "".join(card_text(alpha).split("```sh\n")[1:]).partition("```")[0]
    shell = f"python() {{ :; }}; curl() {{ echo caught >&2; }}\n{command}"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "") and command.count("\n") <= 1


def test_a_quoted_path_in_a_card_is_code_that_names_the_folder(alpha):
    folder = alpha.rename(alpha.with_name('it\'s "mine" 😀 \\'))
    text = card_text(folder)
    code = ast.walk(ast.parse(text.split("```python\n")[1].split("```")[0]))
    assert f"checkpoints/{folder.name}" in {node.value for node in code if isinstance(node, ast.Constant)}
    shell = re.search(r"`python app\.py --checkpoint (.*?)`", text)[1]
    assert shlex.split(shell) == [f"checkpoints/{folder.name}"]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("usual", [False, True])
def test_the_command_in_the_card_makes_the_same_run(recipe, usual, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = {
        "loss": "bce",
        "flip": True,
        "augment": "",
        "seed": 7,
        "fit": "pad",
        "stages": (Stage(2, 1e-4, 0.3), Stage(0, 1e-4, 0.5)),
    }
    budget = recipe_config(recipe).images if usual else 0
    config = recipe_config(recipe, **changes, images=budget or 5000)
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    described = json.loads((folder / "config.json").read_text()) | {"train": config.to_dict()}
    (folder / "config.json").write_text(json.dumps(described))
    command = card_text(folder).split("```sh\n")[1].split("\n")[0]
    (tmp_path / "PICTURES").mkdir()
    draw_pictures(tmp_path / "PICTURES" / "all", 12)
    flags = command.removeprefix("python train.py ").split()
    rerun = json.loads(cli("--dry-run", *flags).out)  # of pictures that something else would suit
    assert [name for name in DECISIVE if rerun[name] != json.loads(json.dumps(config.to_dict()))[name]] == []


@pytest.mark.parametrize("folder", sorted((ROOT / "checkpoints").glob("*/")), ids=lambda folder: folder.name)
def test_a_bundled_card_is_the_one_that_would_be_written_now(folder):
    assert (folder / "README.md").read_text(encoding="utf-8") == card_text(folder)


def test_the_card_of_a_run_from_before_a_flag_turns_it_off(alpha):
    path = alpha / "config.json"
    described = json.loads(path.read_text())
    described["train"] = recipe_config("pokemon").to_dict()
    del described["train"]["minibatch_std"]
    path.write_text(json.dumps(described))
    assert "python train.py --dataset pokemon --no-minibatch-std\n" in card_text(alpha)


def test_no_command_is_told_for_a_run_to_which_stages_were_appended_while_it_annealed(alpha):
    described = json.loads((alpha / "config.json").read_text())
    described["train"] |= {"annealed_epochs": 4, "annealed_budget": 160}
    (alpha / "config.json").write_text(json.dumps(described))
    assert "```sh" not in card_text(alpha)


def test_the_card_names_what_a_run_began_from(alpha):
    path = alpha / "config.json"
    described = json.loads(path.read_text()) | {"images_before": 80}
    described["train"] = recipe_config("pokemon", precision="fp32").to_dict() | {"init_from": "tester/mine@images-80"}
    path.write_text(json.dumps(described))
    command = "python train.py --dataset pokemon --init-from tester/mine@images-80 --precision fp32\n"
    assert command in card_text(alpha)
    described["train"].pop("init_from")  # as promote does with a path
    path.write_text(json.dumps(described))
    assert "--init-from CHECKPOINT" in card_text(alpha)


# --- while training ------------------------------------------------------------------------------------------------


def test_train_pushes_what_it_made(server, cli, pictures, tmp_path):
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine", "--private")
    assert result.status == 0 and "pushed to tester/mine" in result.out
    assert model(server).private and set(model(server).tags) == {"images-80"}
    text = b"".join(model(server).commits[model(server).head].values())
    assert str(tmp_path).encode() not in text and TOKEN.encode() not in text
    assert load_generator("tester/mine").image_size == 32


def test_a_stopped_run_says_how_it_goes_on_and_is_pushed(server, cli, pictures, tmp_path, monkeypatch):
    asked = itertools.count()
    monkeypatch.setattr("train.StopRequest.__call__", lambda self: next(asked) >= 4)  # in its second epoch
    flags = ["--push-to-hub", "tester/mine", "--push-every", "40", "--private"]
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", *flags)
    assert f"--resume {tmp_path / 'run'} {' '.join(flags)}\n" in result.out
    assert result.status == 143 and "pushed to tester/mine" in result.out
    assert model(server).private and set(model(server).tags) == {"images-40", "images-56"}
    pushed = model(server).commits[model(server).head]["model.safetensors"]
    assert pushed == (tmp_path / "run" / "model.safetensors").read_bytes()


def test_train_pushes_on_the_way(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(Publisher, "settle", settle(Publisher.settle))
    result = cli(
        *TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine", "--push-every", 40
    )
    assert result.status == 0 and set(model(server).tags) == {"images-40", "images-80"}
    assert result.out.index("pushed 40 pictures") < result.out.index("pushed to tester/mine")


def settle(real):
    """Let every push be through when it is asked after."""
    return lambda publisher, wait=True: real(publisher, wait=True)


def test_a_push_that_fails_never_ends_a_run_and_is_made_up_for(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(Publisher, "settle", settle(Publisher.settle))
    server.faults += [("POST", "/api/repos/create", 503)] * ATTEMPTS
    result = cli(
        *TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine", "--push-every", 40
    )
    assert result.status == 0 and "not pushed, training goes on" in result.out
    assert "pushed to tester/mine" in result.out and set(model(server).tags) == {"images-80"}


def test_a_failed_push_is_tried_again_at_the_next_snapshot(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(Publisher, "settle", settle(Publisher.settle))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    server.faults += [("POST", "/api/repos/create", 503)] * ATTEMPTS
    flags = (*TINY[:-4], "--epochs", 3, "--batch-size", 16, "--data", pictures, "--out", tmp_path / "run")
    result = cli(*flags, "--push-to-hub", "tester/_mine", "--push-every", 60)
    assert result.status == 0 and result.out.count("not pushed, training goes on") == 1
    assert set(model(server, "tester/_mine").tags) == {"images-120"} and "pushed 120 pictures" in result.out
    assert not list((tmp_path / "temporary").glob("gan-publish-*"))


def test_whatever_a_push_meets_is_told_and_ends_nothing(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("gan.publishing.pushing.publish_model", lambda *_, **__: {}["url"])
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine")
    assert result.status == 0 and "not pushed: 'url'" in result.out and "done: 80 pictures" in result.out


def test_who_may_not_push_learns_it_before_the_training(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine")
    assert result.status == 2 and "hf auth login" in result.err and not (tmp_path / "run").exists()


def test_a_run_that_breaks_tells_what_became_of_its_push(server, cli, pictures, tmp_path, monkeypatch):
    from gan.training.loop import Run

    def save(run, *arguments, **options):
        if run.trainer.images_seen > 40:
            raise UserError("the disk is full")
        return whole(run, *arguments, **options)

    whole = Run.save_state
    monkeypatch.setattr(Run, "save_state", save)
    result = cli(
        *TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine", "--push-every", 40
    )
    assert result.status == 2 and "the disk is full" in result.err
    assert "pushed 40 pictures" in result.out and set(model(server).tags) == {"images-40"}


def test_a_full_disk_for_the_copy_to_push_never_ends_a_run(server, cli, pictures, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Publisher, "_begin", full)
    result = cli(
        *TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine", "--push-every", 40
    )
    assert result.status == 0 and result.out.count("No space left on device") == 3  # each epoch, and the end


def test_with_no_hub_at_all_the_run_is_safe_and_says_what_to_do(server, cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", "--push-to-hub", "tester/mine")
    assert result.status == 0 and "done: 80 pictures" in result.out
    assert re.search(r"not pushed: tester/mine: the Hub cannot be reached.*gan\.promote", result.out)
    assert (tmp_path / "run" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--push-to-hub", "mine"], "USER/NAME"),
        (["--push-every", "10"], "say where to"),
        (["--private"], "say where to"),
        (["--push-to-hub", "tester/mine", "--push-every", "0"], "at least 1"),
        (["--push-to-hub", "tester/mine", "--dry-run"], "leave it out here"),
        (["--push-to-hub", "tester/mine", "--check"], "leave it out here"),
    ],
)
def test_flags_that_make_no_sense_are_refused_before_training(flags, words, cli, pictures, tmp_path):
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "run", *flags)
    assert result.status == 2 and words in result.err and result.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_run_that_goes_on_with_the_model_on_the_hub_keeps_its_credits_and_its_record(
    server, cli, run, pictures, tmp_path
):
    folder = promote(run, "mine", tmp_path)
    assert main(["model", str(folder), "tester/mine", "--author", "A. Artist", "--license", "cc-by-4.0"]) == 0
    flags = [*TINY, "--data", pictures, "--out", tmp_path / "next", "--init-from", "tester/mine"]
    assert cli(*flags, "--push-to-hub", "tester/mine").status == 0
    pushed = model(server).commits[model(server).head]
    described = json.loads(pushed["config.json"])
    assert (described["author"], described["license"], described["epoch"]) == ("A. Artist", "cc-by-4.0", 4)
    assert pushed["history.jsonl"].startswith((folder / "history.jsonl").read_bytes())
    assert {f"samples/epoch-000{epoch}.webp" for epoch in (1, 2, 3, 4)} <= pushed.keys()


def test_a_run_begins_from_a_model_of_the_hub(server, cli, run, pictures, tmp_path):
    assert main(["model", str(promote(run, "mine", tmp_path)), "tester/mine"]) == 0
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "next", "--init-from", "tester/mine@images-80")
    assert result.status == 0
    assert json.loads((tmp_path / "next" / "config.json").read_text())["images_before"] == 80
    result = cli(*TINY, "--data", pictures, "--out", tmp_path / "other", "--init-from", "tester/nobody")
    assert (
        result.status == 2
        and "tester/nobody: is no folder here, and not on the Hub" in result.err
        and result.err.count("\n") == 1
    )


# --- a Space -------------------------------------------------------------------------------------------------------


@pytest.fixture
def alpha(tmp_path):
    return plant(tmp_path / "alpha", 1, (1, 3))


def front_matter(text):
    from huggingface_hub import SpaceCard

    return SpaceCard(text).data.to_dict()


def test_a_space_is_complete_and_starts_and_tells_zero_gpu_before_torch_comes(alpha, tmp_path):
    names = write_space(tmp_path / "space", "tester/studio", [alpha])
    assert {"app.py", "requirements.txt", "README.md", "gan/ui/demo.py"} <= set(names)
    assert "checkpoints/alpha/model.safetensors" in names
    assert not [name for name in names if re.search(r"reals\.webp|states|__pycache__|\.pt$|token", name)]
    assert all(SPACE_OWNED.fullmatch(name) for name in names)
    (tmp_path / "space" / "spaces.py").write_text(
        "import sys\nassert 'torch' not in sys.modules\nasked = []\nGPU = asked.append\n"
    )
    start = (
        "import app, spaces; assert len(spaces.asked) == 1\n"
        "print([tab for tab in app.demo.blocks.values() if type(tab).__name__ == 'Tab'].__len__())"
    )
    environment = {**os.environ, "PYTHONPATH": "", "GRADIO_ANALYTICS_ENABLED": "False"}
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=tmp_path / "space", env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "5"), done.stderr


def test_its_front_matter_says_what_a_space_needs_and_agrees_with_the_pins(alpha, tmp_path):
    write_space(tmp_path / "space", "tester/studio", [alpha])
    ours = front_matter((ROOT / "README.md").read_text())
    space = front_matter((tmp_path / "space" / "README.md").read_text())
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]
    for card in (ours, space):
        assert (card["sdk"], card["sdk_version"], card["app_file"]) == ("gradio", pinned, "app.py")
        assert card["python_version"] == "3.12" and len(card["short_description"]) <= 60
    assert space["title"] == "studio"


@pytest.mark.parametrize(
    ("hardware", "words"), [("cpu-basic", "whl/cpu\ntorch>=2.10\n"), ("zero-a10g", "\ntorch>=2.10,<2.12\n")]
)
def test_torch_is_the_one_that_the_hardware_wants(hardware, words, alpha, tmp_path):
    write_space(tmp_path / "space", "tester/studio", [alpha], hardware)
    requirements = (tmp_path / "space" / "requirements.txt").read_text()
    assert words in requirements and requirements.count("\ntorch>=") == 1
    assert ("whl/cpu" in requirements) == (hardware == "cpu-basic")


def test_a_space_is_pushed_with_its_models_from_here_and_from_the_hub(server, run, alpha, tmp_path, capsys):
    assert main(["model", str(promote(run, "mine", tmp_path)), "tester/mine"]) == 0
    assert main(["space", "tester/studio", "--checkpoint", str(alpha), "tester/mine", "--private"]) == 0
    space = server.repositories["space", "tester/studio"]
    assert front_matter(space.commits[space.head]["README.md"].decode())["models"] == ["tester/mine"]
    assert space.private and "https://huggingface.co/spaces/tester/studio" in capsys.readouterr().out
    files = space.commits[space.head]
    assert {"app.py", "checkpoints/alpha/model.safetensors", "checkpoints/mine/model.safetensors"} <= set(files)
    assert main(["space", "tester/studio", "--checkpoint", str(alpha)]) == 0
    assert "checkpoints/mine/model.safetensors" not in space.commits[space.head]


def test_a_space_is_never_made_a_page_nor_a_page_a_space(server, alpha, capsys):
    assert main(["page", "tester/studio", "--checkpoint", str(alpha)]) == 0
    assert main(["space", "tester/studio", "--checkpoint", str(alpha)]) == 2
    said = capsys.readouterr().err
    assert "is a Space of another kind (static)" in said and said.count("\n") == 1


def test_a_push_to_a_revision_is_refused(server, alpha, capsys):
    for arguments in (
        ["model", str(alpha), "tester/mine@old"],
        ["space", "tester/mine@old", "--checkpoint", str(alpha)],
    ):
        assert main(arguments) == 2
        assert "without @revision" in capsys.readouterr().err and not server.repositories


def test_a_space_is_not_written_over_something(alpha, tmp_path, capsys):
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "mine.txt").touch()
    assert main(["space", "tester/studio", "--checkpoint", str(alpha), "--out", str(tmp_path / "space")]) == 2
    assert "holds something already" in capsys.readouterr().err
    assert main(["space", "tester/studio", "--checkpoint", str(alpha), "--out", str(alpha / "config.json")]) == 2
    assert "holds something already" in capsys.readouterr().err


def test_models_that_cannot_go_into_a_space_are_refused_before_anything_is_written(alpha, run, tmp_path, capsys):
    twin = plant(tmp_path / "other" / "alpha", 2)
    for checkpoints, words in (
        ([alpha, "nowhere"], "nowhere: has no model.safetensors"),
        ([alpha, run], "is a run, not a checkpoint"),
        ([alpha, twin], "two models are called alpha"),
    ):
        out = tmp_path / "space"
        assert main(["space", "tester/studio", "--checkpoint", *map(str, checkpoints), "--out", str(out)]) == 2
        assert words in capsys.readouterr().err and not out.exists()


def test_the_programs_own_files_are_no_links_either(alpha, tmp_path, monkeypatch, capsys):
    copy = copy_app(tmp_path / "copy")
    (copy / "gan").unlink()
    for name in ("gan/ui/styles/page.css", "gan/publishing/card.py", "requirements.txt", "LICENSE"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name) if (ROOT / name).exists() else (copy / name).touch()
    monkeypatch.setattr("gan.publishing.space.ROOT", copy)
    assert "gan/publishing/card.py" in write_space(tmp_path / "space", "tester/studio", [alpha])
    (tmp_path / "secret.py").write_text("secret of the victim")
    (copy / "gan" / "ui" / "key.py").symlink_to(tmp_path / "secret.py")
    assert main(["space", "tester/studio", "--checkpoint", str(alpha), "--out", str(tmp_path / "other")]) == 2
    assert "key.py: leads elsewhere" in capsys.readouterr().err and not list((tmp_path / "other").iterdir())


@pytest.mark.parametrize("name", ["<b>*x*", "a\nb"])
def test_the_name_of_a_model_stands_in_a_spaces_card_as_text(name, alpha, tmp_path):
    folder = alpha.rename(alpha.with_name(name))
    if not name.isprintable():
        with pytest.raises(UserError, match="rename the folder"):
            write_space(tmp_path / "space", "tester/studio", [folder])
    else:
        write_space(tmp_path / "space", "tester/studio", [folder])
        assert r"\<b\>\*x\*" in (tmp_path / "space" / "README.md").read_text()


def test_a_folder_is_called_by_its_name_wherever_one_stands(alpha, tmp_path, monkeypatch):
    monkeypatch.chdir(alpha)
    assert "checkpoints/alpha/model.safetensors" in write_space(tmp_path / "space", "tester/studio", ["."])
    assert card_text(Path(".")) == card_text(alpha) and "checkpoints/alpha/model.safetensors" in card_text(Path("."))


@pytest.mark.parametrize("name", ["2024", "1.5", "null", "on"])
def test_a_title_stays_a_title(name, alpha, tmp_path):
    write_space(tmp_path / "space", f"tester/{name}", [alpha])
    assert front_matter((tmp_path / "space" / "README.md").read_text())["title"] == name


def test_help_does_not_import_torch():
    script = "import sys; from gan import publish; assert not {'torch', 'numpy', 'huggingface_hub'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0
