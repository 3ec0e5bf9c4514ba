"""Every flag of train.py: what it changes, what it refuses and in which words; what must start without torch."""

import json
import os
import shlex
import shutil
import signal
from pathlib import Path

import pytest
import torch
from conftest import ROOT, draw_pictures
from PIL import Image

import gan.data.scan
import gan.training.loop
import train
from gan.checkpoints import load_discriminator, load_generator, load_state, save_network
from gan.config import RECIPES, TrainConfig, parse_stages, recipe_config
from gan.data.sizing import STARTS
from gan.errors import UserError
from gan.files import PART, alone_in, write_atomically, write_json
from gan.folder import read_history
from gan.models import Discriminator, Generator
from gan.publishing.credits import CREDITS
from gan.tasks import TASKS
from gan.terminal.smoke import smoke_config
from gan.training.task import task_of

NEW = ("--dataset", "pokemon", "--data", "pictures")  # a recipe that is the same for all pictures
FOLDER = ("--dataset", "folder", "--data", "pictures")
TINY = (
    *(*FOLDER, "--image-size", 32, "--base-channels", 8, "--batch-size", 16),
    *("--device", "cpu", "--anneal", 0, "--epochs", 1),
)

# What the recipe for the faces has other than the one for the Pokémon.
ANIME = {"recipe": "anime", "batch_size": 64, "r1_gamma": 0.05, "minibatch_std": False, "out": "runs/anime"}
# flag -> (value, or None where it takes none; the fields of the dry run's config that it changes)


def fields_that_differ(recipe, other):
    """Return what the other recipe's config has where they differ, as JSON has it."""
    one, two = (json.loads(json.dumps(recipe_config(name).to_dict())) for name in (recipe, other))
    return {name: value for name, value in two.items() if value != one[name]}


EFFECTS = {
    "--anneal": ("0.25", {"anneal": 0.25}),
    "--dataset": ("anime", {"dataset": "anime", **ANIME}),
    "--data": ("some/pictures", {"data": "some/pictures"}),
    "--keep-repeats": (None, {"keep_repeats": True}),
    "--recipe": ("anime", ANIME),
    "--images": ("60_000", {"images": 60_000}),
    "--epochs": ("7", {"images": 0, "epochs": 7}),
    "--stages": (
        "5:3e-4:0.4,6:1e-4:0",
        {"images": 0, "stages": [{"epochs": 5, "lr": 3e-4, "beta1": 0.4}, {"epochs": 6, "lr": 1e-4, "beta1": 0.0}]},
    ),
    "--batch-size": ("7", {"batch_size": 7}),
    "--lr": ("1e-3", {"stages": [{"epochs": 0, "lr": 1e-3, "beta1": 0.5}]}),
    "--beta1": ("0", {"stages": [{"epochs": 0, "lr": 2e-4, "beta1": 0.0}]}),
    "--loss": ("bce", {"loss": "bce"}),
    "--r1-gamma": ("0.25", {"r1_gamma": 0.25}),
    "--d-norm": ("batch", {"d_norm": "batch"}),
    "--minibatch-std": (None, {}),
    "--no-minibatch-std": (None, {"minibatch_std": False}),
    "--augment": ("color,cutout", {"augment": "color,cutout"}),
    "--flip": (None, {}),
    "--no-flip": (None, {"flip": False}),
    "--ema-half-life": ("500", {"ema_half_life_images": 500}),
    "--base-channels": ("24", {"base_channels": 24}),
    "--fit": ("pad", {"fit": "pad"}),
    "--background": ("#1e90ff", {"background": "#1e90ff"}),
    "--image-size": ("128", {"image_size": 128}),
    "--scale": ("2", {"scale": 2}),
    "--task": ("colorize", {**fields_that_differ("pokemon", "pokemon-colorize"), "out": "runs/pokemon-colorize"}),
    "--guard": ("warn", {"guard": "warn"}),
    "--seed": ("4294967295", {"seed": 4294967295}),
    "--reconstructions": ("./own.safetensors", {"reconstructions": "own.safetensors"}),
    "--init-from": ("./checkpoints/mine", {"init_from": "checkpoints/mine"}),
    "--device": ("cpu", {"device": "cpu"}),
    "--precision": ("bf16", {"precision": "bf16"}),
    **{f"--{name}": ("mine", {name: "mine"}) for name in CREDITS},
    "--grid-format": ("png", {"grid_format": "png"}),
    "--out": ("runs/mine", {"out": "runs/mine"}),
}
PATHS = {"data", "out", "init_from", "reconstructions"}
OF_TASK = dict.fromkeys(
    ("--scale", "--reconstructions"), ("--task", "upscale")
)  # a flag of one task -> that it is this one
# With tests of their own:
VERBS = {"--help", "--check", "--dry-run", "--smoke", "--resume", "--push-to-hub", "--push-every", "--private", "--now"}
FLAGS = [flag for action in train.build_parser()._actions for flag in action.option_strings if flag.startswith("--")]

pytestmark = pytest.mark.usefixtures("without_charts", "one_thread")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Run in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def trained(pictures, without_charts, tmp_path_factory):
    """The folder of a finished run of one epoch."""
    return train_into(tmp_path_factory.mktemp("trained") / "run", *TINY, "--data", pictures)


def train_into(folder, *flags):
    """Train a run with these flags of train.py, in this process; return its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal, "signal", lambda number, handler: None)  # whose handlers would stay
        assert train.main([str(argument) for argument in (*flags, "--out", folder)]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path):
    """A copy of that run in the test's own folder."""
    return shutil.copytree(trained, tmp_path / "run")


def planned(cli, *arguments):
    """Return the config that a dry run prints."""
    result = cli("--dry-run", *arguments)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def assert_refused(result, *words):
    """One sentence on standard error, status 2, nothing else."""
    assert result.status == 2
    assert result.err.startswith("train.py: ")
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err


# --- flags -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag not in VERBS])
def test_a_flag_changes_its_fields_and_no_others(flag, cli, tmp_path):
    value, effect = EFFECTS[flag]
    expected = {name: str(tmp_path / value) if name in PATHS else value for name, value in effect.items()}
    new = [*NEW, *OF_TASK.get(flag, ())]
    plain = planned(cli, *new)
    changed = planned(cli, *new, flag, *([] if value is None else [value]))
    assert changed == {**plain, **expected}
    assert TrainConfig.from_dict(changed).to_dict() is not None


def test_every_flag_with_a_test_is_there():
    assert set(FLAGS) == set(EFFECTS) | VERBS


@pytest.mark.parametrize(
    "flag, choice",
    [
        (action.option_strings[0], str(choice))
        for action in train.build_parser()._actions
        for choice in action.choices or ()
        if "folder" not in str(choice)  # for which there must be pictures
    ],
)
def test_every_choice_of_a_flag_is_valid(flag, choice, cli):
    planned(cli, *NEW, *OF_TASK.get(flag, ()), flag, choice)


@pytest.mark.parametrize(
    "task, flag",
    [
        ("generate", "--scale=2"),
        ("colorize", "--scale=2"),
        ("upscale", "--d-norm=batch"),
        ("colorize", "--minibatch-std"),
        ("upscale", "--background=black"),
    ],
)
def test_a_flag_that_means_nothing_to_the_task_is_refused(task, flag, cli):
    assert_refused(cli(*NEW, "--dry-run", "--task", task, flag), f"{flag.partition('=')[0]} is of --task")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_alone_is_enough(recipe, cli, pictures, tmp_path):
    result = cli("--dry-run", "--recipe", recipe, *(["--data", pictures] if recipe.startswith("folder") else []))
    config = json.loads(result.out)
    assert config["recipe"] == recipe
    assert config["out"] == str(tmp_path / "runs" / recipe)


def test_no_augmentation_and_no_ema_can_be_asked_for(cli):
    config = planned(cli, *NEW, "--augment", "none", "--ema-half-life", "0", "--r1-gamma", "0")
    assert (config["augment"], config["ema_half_life_images"], config["r1_gamma"]) == ("", 0, 0)


def test_epochs_are_a_budget_and_leave_the_stages_of_a_recipe(cli):
    config = planned(cli, "--recipe", "anime-report", "--epochs", 7)
    assert config["epochs"] == 7
    assert [stage["epochs"] for stage in config["stages"]] == [5, 5, 10, 10]


def test_a_last_stage_may_leave_its_end_to_the_budget(cli):
    config = planned(cli, *NEW, "--stages", "5:2e-4:0.5,0:1e-4:0.5", "--images", "60_000")
    assert (config["images"], [stage["epochs"] for stage in config["stages"]]) == (60_000, [5, 0])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--dataset", "--resume"]),
        (["--data", "nowhere"], ["nowhere", "does not exist"]),
        (["nowhere"], ["nowhere", "does not exist"]),
        (["pokemon"], ["--dataset pokemon"]),
        (["mine.zip", "--data", "pictures"], ["mine.zip", "--data"]),
        ([*NEW, "--background", "#12345"], ["background", "#1e90ff"]),
        ([*NEW, "--stages", "5"], ["'5'", "epochs:lr:beta1"]),
        ([*NEW, "--stages", "5:2e-4:0.5,x:1:1"], ["'x:1:1'"]),
        ([*NEW, "--stages", "5:2:0.5"], ["0 < lr < 1"]),
        ([*NEW, "--stages", "0:2e-4:0.5"], ["budget"]),
        ([*NEW, "--stages", "5:2e-4:0.5", "--lr", "1e-3"], ["--stages", "--lr"]),
        ([*NEW, "--stages", "5:2e-4:0.5", "--beta1", "0"], ["--stages", "--beta1"]),
        (["--recipe", "anime-report", "--lr", "1e-3"], ["4 stages", "--stages"]),
        ([*NEW, "--lr", "0"], ["0 < lr < 1"]),
        ([*NEW, "--lr", "1"], ["0 < lr < 1"]),
        ([*NEW, "--lr", "nan"], ["0 < lr < 1"]),
        ([*NEW, "--beta1", "1"], ["beta1 < 1"]),
        ([*NEW, "--augment", "color,blur"], ["blur", "translation"]),
        ([*NEW, "--augment", "none,color"], ["none"]),
        ([*NEW, "--batch-size", "1"], ["batch"]),
        ([*NEW, "--seed", "-1"], ["seed"]),
        ([*NEW, "--title", "x" * 81], ["--title", "80"]),
        ([*NEW, "--author", "A\nB"], ["--author", "several lines"]),
        ([*NEW, "--ema-half-life", "-1"], ["half"]),
        ([*NEW, "--images", "0"], ["--images", "at least 1"]),
        ([*NEW, "--epochs", "0"], ["--epochs", "at least 1"]),
        ([*NEW, "--epochs", "-3"], ["--epochs", "at least 1"]),
        (["--dataset", "folder"], ["--data"]),
        ([*FOLDER, "--data", "nowhere", "--dry-run"], ["nowhere", "does not exist"]),
        (["--recipe", "folder", "--dry-run"], ["--data"]),
        ([*NEW, "--data", "nowhere"], ["nowhere", "does not exist"]),
        ([*NEW, "--check", "--data", "nowhere"], ["nowhere", "does not exist"]),
        (["--resume", "nowhere"], ["nowhere", "holds no run"]),
        (["--resume", 300 * "a"], ["aaa", "cannot be read", "too long"]),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments, words, cli):
    assert_refused(cli(*arguments), *words)


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--dataset", "cats"], "cats"),
        (["--recipe", "cats"], "cats"),
        ([*NEW, "--loss", "cats"], "cats"),
        ([*NEW, "--image-size", "48"], "48"),
        ([*NEW, "--images", "many"], "many"),
        ([*NEW, "--images", "9", "--epochs", "9"], "not allowed with"),
        ([*NEW, "--check", "--dry-run"], "not allowed with"),
        ([*NEW, "--smoke", "--dry-run"], "not allowed with"),
        ([*NEW, "--smoke", "--check"], "not allowed with"),
        ([*NEW, "--batchsize", "9"], "there is no --batchsize; did you mean --batch-size?"),
        ([*NEW, "--no-flop", "--frobnicate=3"], "did you mean --no-flip?; there is no --frobnicate ("),
        ([*NEW, "--task", "colourise"], "; did you mean colorize? ("),
        ([*NEW, "--device", "gpu"], "'mps') ("),  # like none of them
        (["a.zip", "b.zip"], "'b.zip' is one word too many"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_the_parser_refuses_is_one_sentence(arguments, word, cli, tmp_path):
    result = cli(*arguments)
    assert result.out == ""
    assert_refused(result, word, "--help")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--dry-run", *NEW], ["--dry-run", "--recipe", "pokemon-report"]])
def test_a_dry_run_writes_nothing(arguments, cli, tmp_path):
    assert cli(*arguments).status == 0
    assert list(tmp_path.iterdir()) == []


def test_a_check_prints_the_scan_and_writes_nothing(cli, tmp_path, tmp_path_factory):
    data = draw_pictures(tmp_path_factory.mktemp("check") / "pictures", 40)
    (data / "broken.png").write_bytes(b"no picture")
    (data / "again.png").write_bytes((data / "0.png").read_bytes())
    result = cli("--check", *NEW, "--data", data)
    assert (result.status, result.err) == (0, "")
    for words in ("42 picture files, 40 used", "repeats: 1, left out", "left out: 1", "broken.png: "):
        assert words in result.out
    assert list(tmp_path.iterdir()) == []


def test_repeats_are_kept_if_asked_for(cli, pictures, tmp_path_factory):
    data = draw_pictures(tmp_path_factory.mktemp("check") / "pictures", 30)
    (data / "again.png").write_bytes((data / "0.png").read_bytes())
    assert "repeats: 1, kept" in cli("--check", *NEW, "--data", data, "--keep-repeats").out


# --- what suits a stranger's pictures --------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path_factory):
    """Return a function that draws so many pictures, 32 pixels a side."""
    return lambda count: draw_pictures(tmp_path_factory.mktemp("mine") / "pictures", count)


def test_a_folder_gets_what_suits_it_and_is_told_why(cli, mine):
    result = cli("--dry-run", *FOLDER, "--data", mine(20))
    config = json.loads(result.out)
    assert (config["batch_size"], config["image_size"], config["images"]) == (13, 32, 100_000)
    assert config["augment"] == "color,translation,cutout"
    title, *lines = result.err.splitlines()
    assert title.startswith("chosen for 20 pictures")
    assert [line.split(":")[0].split() for line in lines] == [
        ["--batch-size", "13"],
        ["--augment", "color,translation,cutout"],
        ["--image-size", "32"],
        ["--fit", "crop"],
        ["--images", "100_000"],
    ]
    assert all(line.split(": ")[1] for line in lines)


@pytest.mark.parametrize(
    "flags, advised",
    [
        (["--image-size", 64], "checkpoints/pokemon"),
        (["--task", "colorize"], "checkpoints/pokemon-colorize"),
        (["--task", "upscale", "--scale", 4], "checkpoints/pokemon-upscale"),
        ([], ""),  # 32 pixels a side
        (["--image-size", 64, "--base-channels", 32], ""),
        (["--task", "upscale"], ""),
        (["--image-size", 64, "--init-from", "checkpoints/pokemon"], ""),
    ],
)
def test_networks_that_fit_are_advised_to_begin_with(cli, mine, flags, advised, monkeypatch):
    asked = ("--dry-run", *FOLDER, *flags, "--data", mine(20))
    assert "--init-from" not in cli(*asked).err  # where no checkpoints lie
    monkeypatch.chdir(ROOT)
    lines = [line for line in cli(*asked).err.splitlines() if "--init-from" in line]
    assert len(lines) == bool(advised) and all(f"--init-from {advised};" in line for line in lines)


@pytest.mark.parametrize("task", STARTS)
def test_networks_that_are_advised_are_bundled_and_fit(task):
    recipe = "folder" if task == "generate" else f"folder-{task}"
    start = STARTS[task]
    trained = task_of(recipe_config(recipe, **start.fields))
    bundled, new = trained.load_networks(ROOT / start.checkpoint), trained.new_networks()
    assert [network.arguments() for network in bundled] == [network.arguments() for network in new]


@pytest.mark.parametrize(
    "flags, fields",
    [
        (["--batch-size", 7], {"batch_size": 7}),
        (["--augment", "none"], {"augment": ""}),
        (["--image-size", 64], {"image_size": 64}),
        (["--fit", "pad"], {"fit": "pad"}),
        (["--images", 999], {"images": 999}),
        (["--epochs", 3], {"epochs": 3, "images": 0}),
        (["--stages", "5:1e-4:0.5"], {"images": 0, "stages": [{"epochs": 5, "lr": 1e-4, "beta1": 0.5}]}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_flag_wins_over_what_suits_the_pictures(flags, fields, cli, pictures):
    plain = json.loads(cli("--dry-run", *FOLDER, "--data", pictures).out)
    result = cli("--dry-run", *FOLDER, "--data", pictures, *flags)
    assert json.loads(result.out) == {**plain, **fields}
    assert len(result.err.splitlines()) == 1 + 4  # what a flag settled was not chosen


def test_too_few_pictures_are_refused_before_anything_is_written(cli, mine, tmp_path):
    data = mine(9)
    assert_refused(cli(*FOLDER, "--data", data), "9 different pictures are too few", "add more")
    assert_refused(cli(*FOLDER, "--data", data, "--dry-run"), "9 different pictures are too few")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("named", [(), ("--data",), ("--dataset", "folder", "--data")], ids=" ".join)
def test_pictures_that_are_named_are_a_folder_of_ones_own(named, cli, pictures):
    result = cli("--dry-run", *named, pictures)
    assert result.status == 0
    config = json.loads(result.out)
    assert (config["recipe"], config["dataset"], config["data"]) == ("folder", "folder", str(pictures))


def test_a_check_says_what_would_be_chosen(cli, mine):
    result = cli("--check", *FOLDER, "--data", mine(10), "--batch-size", 5)
    assert (result.status, result.err) == (0, "")
    assert "10 picture files, 10 used" in result.out and "--image-size 32: " in result.out
    assert "--batch-size" not in result.out
    result = cli("--check", *FOLDER, "--data", mine(2))
    assert result.status == 2 and "2 used" in result.out and "2 different pictures are too few" in result.err


def test_the_pictures_are_read_once_and_again_where_another_size_suits_them(cli, pictures, mine, monkeypatch):
    read, sizes = gan.data.scan.read_pictures, []

    def counted(source, image_size, **options):
        sizes.append(image_size)
        return read(source, image_size, **options)

    monkeypatch.setattr("gan.data.scan.read_pictures", counted)
    tiny = [*FOLDER, "--data", pictures, "--base-channels", 2, "--epochs", 1, "--device", "cpu"]
    assert cli(*tiny, "--out", "given", "--image-size", 32).status == 0
    assert sizes == [32]
    assert cli(*tiny, "--out", "chosen").status == 0
    assert sizes == [32, 64, 32]
    described = json.loads(Path("chosen", "config.json").read_text())["train"]
    assert (described["image_size"], described["batch_size"]) == (32, 16)
    weights = [load_state(Path(folder, "states"))[0]["generator"] for folder in ("given", "chosen")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert cli("--resume", "chosen", "--epochs", 2).status == 0
    assert json.loads(Path("chosen", "config.json").read_text())["train"] == {**described, "epochs": 2}


@pytest.fixture
def tall(tmp_path_factory):
    """A folder of 12 pictures, 32 x 96 pixels, each of one dark colour with a dot in it."""
    folder = tmp_path_factory.mktemp("tall")
    for i in range(12):
        picture = Image.new("RGB", (32, 96), (i, 2 * i, 90))
        picture.putpixel((0, 0), (90, 90, 90))
        picture.save(folder / f"{i}.png")
    return folder


def test_tall_pictures_are_padded_unless_a_flag_says_otherwise(cli, tall):
    result = cli("--dry-run", *FOLDER, "--data", tall)
    assert json.loads(result.out)["fit"] == "pad" and json.loads(result.out)["image_size"] == 64
    assert "  --fit pad: the middle square would cut off 67% of a picture, on average" in result.err.splitlines()
    result = cli("--dry-run", *FOLDER, "--data", tall, "--fit", "crop")
    assert json.loads(result.out)["fit"] == "crop" and json.loads(result.out)["image_size"] == 32
    assert "--fit" not in result.err


@pytest.mark.parametrize(
    "flags, words",
    [([], "leaves 67% of the square white"), (["--fit", "crop"], "cuts off 67% of their area")],
    ids=["chosen", "given"],
)
def test_a_check_tells_of_the_fit_that_training_would_use(flags, words, cli, tall):
    assert words in cli("--check", *FOLDER, "--data", tall, *flags).out


def test_a_check_tells_of_budget_and_of_pictures_that_the_task_keeps(cli, tall):
    generate = cli("--check", *FOLDER, "--data", tall, "--images", "24_000").out.splitlines()
    assert generate[-1] == "budget 24,000 pictures, 2,000 epochs" and not any("kept from" in line for line in generate)
    colour = cli("--check", *FOLDER, "--data", tall, "--task", "colorize", "--images", "2_200").out.splitlines()
    assert colour[-3] == "kept from training, to be measured on: 1 picture"
    assert colour[-2].startswith("recipe folder-colorize: task colorize, loss relativistic, batches of 16 -> ")
    assert colour[-1] == "budget 2,200 pictures, 200 epochs"


def test_a_run_sees_padded_pictures_and_says_so(cli, tall):
    tiny = (*FOLDER, "--data", tall, "--base-channels", 2, "--image-size", 32, "--epochs", 1, "--device", "cpu")
    result = cli(*tiny, "--out", "run")
    assert result.status == 0 and "leaves 67% of the square white" in result.out + result.err
    assert json.loads(Path("run", "config.json").read_text())["train"]["fit"] == "pad"
    left, middle = (Image.open("run/reals.webp").convert("RGB").getpixel((x, 16)) for x in (4, 18))
    assert min(left) > 240 and max(middle) < 120
    result = cli("--resume", "run", "--fit", "crop")
    assert_refused(result, "--fit cannot change in a resumed run")
    result = cli("--resume", "run", "--epochs", 2)
    assert result.status == 0 and "leaves 67% of the square white" in result.out + result.err


# --- training ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flags",
    [
        ["--loss", "bce", "--d-norm", "batch"],
        ["--loss", "bce", "--d-norm", "none"],
        ["--loss", "bce", "--d-norm", "batch", "--minibatch-std"],
        ["--no-minibatch-std"],
        ["--augment", "none", "--no-flip", "--ema-half-life", "0", "--r1-gamma", "0"],
        ["--precision", "bf16", "--image-size", "64", "--base-channels", "4"],
        ["--images", "20", "--beta1", "0", "--lr", "1e-3", "--seed", "7"],
        ["--recipe", "anime-report", "--stages", "1:2e-4:0.5,1:1e-4:0.3"],
    ],
    ids=" ".join,
)
def test_flags_train(flags, cli, pictures, tmp_path):
    budget = {"--images", "--stages"} & set(flags)
    tiny = TINY[: TINY.index("--epochs")] if budget else TINY
    result = cli(*tiny, "--data", pictures, "--out", "run", *flags)
    assert (result.status, result.err) == (0, "")
    assert f"python -m gan.promote {tmp_path / 'run'} NAME" in result.out
    trained = json.loads((tmp_path / "run" / "config.json").read_text())["train"]
    first = result.out.splitlines()[0]
    assert first.startswith(f"recipe {trained['recipe']}: task generate, loss {trained['loss']}, batches of ")
    assert first.endswith(f"-> {tmp_path / 'run'} (--dry-run prints every setting)")
    assert load_generator(tmp_path / "run").image_size == trained["image_size"]
    history = read_history("run")
    assert [line["lr"] for line in history] == [stage["lr"] for stage in trained["stages"]]
    assert [line["beta1"] for line in history] == [stage["beta1"] for stage in trained["stages"]]


def test_a_finished_run_goes_on_with_a_larger_budget(run, cli):
    assert cli("--resume", run, "--epochs", 2).status == 0
    assert [line["images_seen"] for line in read_history(run)] == [40, 80]
    assert cli("--resume", run, "--images", 81).status == 0
    assert [line["images_seen"] for line in read_history(run)] == [40, 80, 96]


def test_a_dry_run_of_a_resume_shows_the_extended_config_and_changes_nothing(run, cli):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    config = planned(cli, "--resume", run, "--stages", "2:1e-4:0.3", "--precision", "fp32", "--device", "auto")
    assert [stage["epochs"] for stage in config["stages"]] == [1, 2]
    assert (config["precision"], config["device"]) == ("fp32", "auto")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


FREE = ("--data", "--images", "--epochs", "--stages", "--anneal", "--device", "--precision", "--guard", "--grid-format")
FREE += ("--reconstructions",)
FREE += tuple(f"--{name}" for name in CREDITS)
FIXED = [flag for flag in EFFECTS if flag not in (*FREE, "--lr", "--beta1")]


@pytest.mark.parametrize("flag", FIXED)
def test_a_resumed_run_refuses_what_would_make_it_another_run(flag, cli, tmp_path):
    value = EFFECTS[flag][0]
    result = cli("--resume", "run", flag, *([] if value is None else [value]))
    assert_refused(result, f": {flag.replace('--no-', '--')} cannot change in a resumed run")


@pytest.mark.parametrize(
    "flags, stage",
    [
        (["--lr", "1e-5"], "5:1e-05:0.5"),
        (["--beta1", "0"], "5:0.0002:0"),
        (["--lr", "0.1", "--beta1", "0.3"], "5:0.1:0.3"),
    ],
    ids=str,
)
def test_another_learning_rate_is_answered_with_the_line_that_does_it(flags, stage, run, cli):
    result = cli("--resume", run, *flags)
    assert_refused(result, " and ".join(flags[::2]), f"--stages {stage} --now")
    command = shlex.split(result.err.partition("python train.py ")[2])
    assert [line["lr"] for line in planned(cli, *command)["stages"]] == [2e-4, float(stage.split(":")[1])]
    assert_refused(cli("--resume", run, *flags, "--stages", stage), "--stages names lr and beta1 itself")


def test_stages_begin_now_where_that_is_asked_for_and_the_run_is_that_of_such_a_plan(cli, pictures):
    """Stopped in the midst of its second epoch, as a kill leaves it: what it had published was of the first."""
    plan = [*TINY[: TINY.index("--epochs")], "--data", pictures]
    assert cli(*plan, "--out", "straight", "--stages", "2:2e-4:0.5,2:1e-4:0.3").status == 0
    config = json.loads(cli("--dry-run", *plan, "--out", "run", "--stages", "9:2e-4:0.5").out)
    steps = iter(range(5))
    gan.training.loop.train(TrainConfig.from_dict(config), stop=lambda: next(steps, None) is None)
    described = json.loads(Path("run/config.json").read_text())
    Path("run/config.json").write_text(json.dumps({**described, "images_seen": 40}))
    waiting = cli("--dry-run", "--resume", "run", "--stages", "2:1e-4:0.3")
    assert waiting.err == "these stages begin behind epoch 9, the end of the budget; with --now, behind epoch 2\n"
    assert json.loads(waiting.out)["epochs"] == 0
    again = ["--resume", "run", "--stages", "2:1e-4:0.3", "--now"]
    assert cli(*again).status == 0
    assert [stage["epochs"] for stage in json.loads(Path("run/config.json").read_text())["train"]["stages"]] == [2, 2]
    assert [(line["lr"], line["images_seen"]) for line in read_history("run")] == [
        *((2e-4, 40), (2e-4, 80)),
        *((1e-4, 120), (1e-4, 160)),
    ]
    weights = [load_state(Path(folder, "states"))[0]["generator"] for folder in ("run", "straight")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_stages_that_wait_behind_the_budget_can_be_called_now(cli, pictures):
    assert cli(*TINY, "--data", pictures, "--out", "run").status == 0
    described = json.loads(Path("run/config.json").read_text())
    waiting = TrainConfig.from_dict(described["train"]).with_epochs(9).with_more_stages(parse_stages("2:1e-4:0.3"), 9)
    Path("run/config.json").write_text(json.dumps({**described, "train": waiting.to_dict()}))
    again = ("--resume", "run", "--stages", "2:1e-4:0.3")
    assert "appended already" in cli("--dry-run", *again).err
    called = planned(cli, *again, "--now")
    assert [stage["epochs"] for stage in called["stages"]] == [1, 2]
    Path("run/config.json").write_text(json.dumps({**described, "train": called}))
    assert "appended already" in cli("--dry-run", *again, "--now").err


def test_appended_stages_may_have_a_budget_in_pictures(run, cli):
    longer = planned(cli, "--resume", run, "--stages", "0:1e-4:0.3", "--images", 4_000)
    assert longer["images"] == 4_000 and [stage["epochs"] for stage in longer["stages"]] == [1, 0]


def test_a_licence_that_is_nearly_one_is_asked_about(run, cli):
    for command in ((*NEW, "--license", "cc-by-40"), ("--resume", run, "--license", "cc-by-40")):
        assert_refused(cli(*command), "did you mean cc-by-4.0?")


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_too_little_memory_is_a_sentence_that_says_what_to_do(error, pictures, cli, monkeypatch):
    def train(*_):
        raise error

    monkeypatch.setattr("gan.training.loop.train", train)
    assert_refused(cli(*TINY, "--data", pictures, "--out", "run"), "a smaller --batch-size and another --out")


def test_what_else_goes_wrong_is_not_taken_for_too_little_memory(pictures, cli, monkeypatch):
    def train(*_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("gan.training.loop.train", train)
    with pytest.raises(RuntimeError, match="mat1"):
        cli(*TINY, "--data", pictures, "--out", "run")


def test_annealing_is_not_asked_of_stages_that_are_appended(run, cli):
    result = cli("--resume", run, "--stages", "2:1e-4:0.3", "--anneal", 0.5)
    assert_refused(result, "leave out --anneal, or --stages")


@pytest.mark.parametrize(("budget", "expected"), [(["--epochs", 5], 5), ([], 0)])
def test_appended_stages_may_have_a_budget_in_epochs(budget, expected, run, cli):
    longer = planned(cli, "--resume", run, "--stages", "3:1e-4:0.3", *budget)
    assert longer["epochs"] == expected and longer["images"] == 0


@pytest.mark.parametrize("arguments", [[*NEW, "--now"], ["--resume", "run", "--now"]], ids=["new", "without stages"])
def test_now_is_said_of_stages_alone(arguments, run, cli):
    assert_refused(cli(*arguments), "--now", "--stages")


def test_a_resume_is_no_smoke_test(run, cli):
    result = cli("--resume", run, "--smoke")
    assert result.status == 2
    assert "--smoke" in result.err


def test_stages_cannot_be_appended_to_a_run_that_has_not_begun(cli, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps({"train": planned(cli, *NEW)}))
    assert_refused(cli("--resume", "run", "--stages", "1:1e-4:0.5"), "has not begun")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"train": {}}', '{"train": {"colour": 1, "stages": []}}', "{"])
def test_a_config_that_cannot_be_read_is_an_error_in_words(content, cli, tmp_path):
    (tmp_path / "config.json").write_text(content)
    assert_refused(cli("--resume", tmp_path), "config.json")


@pytest.mark.parametrize(
    "name, value",
    [
        ("recipe", 5),
        ("data", 5),
        ("out", None),
        ("init_from", ["x"]),
        ("images", "many"),
        ("images", 1.5),
        ("images", True),
        ("batch_size", 16.5),
        ("r1_gamma", "x"),
        ("flip", "yes"),
        ("augment", 5),
        ("loss", ["bce"]),
        ("seed", 10**400),
        ("stages", 5),
        ("stages", [5]),
        ("stages", [{"epochs": 1}]),
        ("stages", [{"epochs": "1", "lr": 1e-4, "beta1": 0.5}]),
        ("stages", [{"epochs": 10**400, "lr": 1e-4, "beta1": 0.5}]),
        ("of_a_newer_version", 1),
    ],
)
def test_a_config_with_a_value_of_another_kind_is_an_error_in_words(name, value, cli, tmp_path):
    train = TrainConfig("folder", "folder").to_dict()
    (tmp_path / "config.json").write_text(json.dumps({"train": {**train, name: value}}))
    words = [name] if name != "stages" else []
    assert_refused(cli("--resume", tmp_path), "config.json: describes no run of this version", *words)


@pytest.mark.parametrize(
    "junk", [{"data": 5}, {"data": {"pictures": "9"}}, {"images_seen": "9"}, {"images_seen": None}]
)
def test_stages_are_not_appended_to_junk(junk, cli, tmp_path):
    described = {"train": planned(cli, *NEW), "data": {"pictures": 9}, "images_seen": 9}
    (tmp_path / "config.json").write_text(json.dumps({**described, **junk}))
    assert_refused(cli("--resume", tmp_path, "--stages", "1:1e-4:0.5"), "has not begun")


def test_a_pipe_instead_of_a_config_is_an_error_in_words(run, cli, pictures, monkeypatch):
    (run / "config.json").unlink()
    os.mkfifo(run / "config.json")
    assert_refused(cli("--resume", run), "holds no run")
    monkeypatch.setattr("train.RESTARTS", 1)
    assert_refused(cli(*TINY, "--data", pictures, "--out", run), "holds a run already")


def test_a_path_that_means_nothing_is_an_error_in_words(cli):
    assert_refused(cli(*NEW, "--out", "~nobody-of-this-name/run"), "~nobody-of-this-name/run")
    assert_refused(cli(*NEW, "--data", "pictures", "--out", "x" * 300), "x" * 300)


def test_a_folder_that_holds_a_run_is_not_trained_over(run, cli, pictures):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert_refused(cli(*TINY, "--data", pictures, "--out", run), "holds a run already", f"--resume {run}")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_no_folder_for_temporary_files_is_an_error_in_words(cli, pictures, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/proc/none"])
    assert_refused(cli(*TINY, "--data", pictures, "--out", "run"), "TMPDIR")
    assert not (tmp_path / "run").exists()


def test_a_command_that_is_advised_can_be_pasted(cli, pictures):
    result = cli(*TINY, "--data", pictures, "--out", "my runs/it's")
    command = shlex.split(result.out.splitlines()[-1].partition("with: ")[2])
    assert command == ["python", "-m", "gan.promote", str(Path("my runs/it's").resolve()), "NAME"]
    assert cli("--resume", command[3], "--epochs", 2).status == 0
    result = cli(*TINY, "--data", pictures, "--out", "my runs/it's")
    assert shlex.split(result.err.partition("go on with ")[2].partition(", or")[0]) == ["--resume", command[3]]


def test_a_checkpoint_is_continued(run, cli, pictures, tmp_path):
    result = cli(*TINY, "--data", pictures, "--out", "more", "--init-from", run)
    assert (result.status, result.err) == (0, "")
    assert load_state(tmp_path / "more" / "states")[0]["images_seen"] == 40
    distance = {}
    for folder in (run, tmp_path / "more"):
        for load in (load_generator, load_discriminator):
            distance[folder, load] = torch.cat([weight.flatten() for weight in load(folder).parameters()])
    for load in (load_generator, load_discriminator):  # three small steps away, while other weights are far
        assert 0 < (distance[run, load] - distance[tmp_path / "more", load]).abs().max() < 0.01


@pytest.mark.parametrize(
    "flags, advice",
    [
        (["--base-channels", "16"], "--base-channels 8"),
        (["--image-size", "64"], "--image-size 32"),
        (["--d-norm", "batch"], "--d-norm none"),
        (["--no-minibatch-std"], "--minibatch-std"),
        (["--no-minibatch-std", "--d-norm", "batch"], "--d-norm none --minibatch-std"),
    ],
    ids=str,
)
def test_a_checkpoint_that_does_not_fit_is_refused_with_the_flags_that_do(flags, advice, run, cli, pictures):
    command = [*TINY, "--data", pictures, "--out", "more", "--init-from", run, *flags]
    result = cli(*command)
    assert_refused(result, f"{run}: its networks differ", f"; add {advice}\n")
    assert cli(*command, *advice.split(), "--epochs", 1).status == 0


def test_a_checkpoint_without_minibatch_std_is_continued_without(run, cli, pictures):
    command = [*TINY, "--data", pictures, "--out", "plain", "--no-minibatch-std"]
    assert cli(*command).status == 0
    command = [*TINY, "--data", pictures, "--out", "more", "--init-from", "plain"]
    assert_refused(cli(*command), "; add --no-minibatch-std\n")
    assert cli(*command, "--no-minibatch-std").status == 0


def test_a_checkpoint_with_latents_of_another_length_is_refused(run, cli, pictures):
    save_network(run / "model.safetensors", Generator(64, 8, 32))
    result = cli(*TINY, "--data", pictures, "--out", "more", "--init-from", run)
    assert_refused(result, f"{run}: its latents have 64 numbers", "not continued")


def test_a_checkpoint_of_two_sizes_is_refused(run, cli, pictures):
    save_network(run / "discriminator.safetensors", Discriminator(16, 32, "none", minibatch_std=True))
    result = cli(*TINY, "--data", pictures, "--out", "more", "--init-from", run)
    assert_refused(result, f"{run}: its two networks are not of one size")


def test_a_checkpoint_without_a_discriminator_is_refused(run, cli, pictures):
    (run / "discriminator.safetensors").unlink()
    assert_refused(cli(*TINY, "--data", pictures, "--out", "more", "--init-from", run), "discriminator.safetensors")


def test_no_connection_is_one_sentence_with_the_way_around_it(cli, monkeypatch):
    def unreachable(slug):
        raise ConnectionError

    monkeypatch.setattr("gan.data.download._download", unreachable)
    assert_refused(cli("--dataset", "pokemon"), "no connection", "https://www.kaggle.com/", "--data")


# --- processes ---------------------------------------------------------------------------------------------


def test_the_smoke_test_passes_in_an_empty_folder_and_again_in_its_own(launch):
    with launch(ROOT / "train.py", "--smoke", "--device", "cpu") as launched:
        result = launched.result()
        assert (result.status, result.err) == (0, "")
        assert "smoke test passed" in result.out
        assert "is finished" not in result.out
        assert "resuming at 512 pictures seen" in result.out
        assert len(read_history(launched.out.parent / "runs" / "smoke")) == 4


@pytest.mark.parametrize("task", TASKS)
def test_the_smoke_test_loads_what_its_task_made(task, cli, monkeypatch):
    def trained(config, stop):
        save_network(Path(config.out, "model.safetensors"), task_of(config).new_networks()[0])
        write_json(Path(config.out, "config.json"), {"task": config.task})
        return 0

    monkeypatch.setattr(train, "run_training", trained)
    result = cli("--smoke", "--task", task)
    assert (result.status, result.err) == (0, "")
    assert "smoke test passed" in result.out


@pytest.fixture
def smoked(tmp_path):
    """The folder of a smoke test as it is before its training, and beside it what that writes."""
    config = smoke_config({"out": "smoke run"})
    folder = tmp_path / "smoke run"
    write_json(folder / "config.json", {"train": config.to_dict(), "images_seen": 1024})
    for name in ("states/images-000000001024-0123456789abcdef.pt", "samples/epoch-0004.webp", "history.jsonl"):
        write_atomically(folder / name, b"learned")
    (folder / "states" / f"images-000000001024-0123456789abcdee.pt{PART}0123abcd").touch()
    return folder


def test_the_smoke_test_begins_anew_in_its_own_folder_and_through_a_link_to_it(smoked, tmp_path):
    (tmp_path / "link").symlink_to(smoked)
    config = smoke_config({"out": "link", "epochs": 3, "data": "elsewhere"})
    assert (config.out, config.epochs) == (str(smoked), 3)
    assert {path.name for path in smoked.iterdir()} == {".lock", "smoke"}
    smoke_config({"out": "smoke run"})
    assert {path.name for path in smoked.iterdir()} == {".lock", "smoke", "pictures"}


def add_a_file(folder):
    (folder / "novel.txt").write_text("precious")


def add_a_picture(folder):
    (folder / "pictures" / "256.png").write_text("precious")


def link_elsewhere(folder):
    (folder / "samples" / "epoch-0001.webp").symlink_to(folder.parent)


def train_on(folder):
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"train": config["train"] | {"epochs": 40}})


def take_marker(folder):
    (folder / "smoke").unlink()


def make_own_marker(folder):
    (folder / "smoke").write_text("about smoke")


@pytest.mark.parametrize(
    "change",
    [add_a_file, add_a_picture, link_elsewhere, train_on, take_marker, make_own_marker],
    ids=lambda change: change.__name__,
)
def test_the_smoke_test_deletes_nothing_but_its_own(change, smoked, cli):
    change(smoked)
    before = sorted(smoked.rglob("*"))
    assert_refused(cli("--smoke", "--out", smoked), f"{smoked} ", "choose another --out")
    assert sorted(smoked.rglob("*")) == before


def test_a_smoke_test_does_not_look_through_a_whole_home_folder(monkeypatch, tmp_path):
    def find(folder, pattern):
        yield folder / "novel.txt"
        raise AssertionError("looked on")

    monkeypatch.setattr(Path, "rglob", find)
    with pytest.raises(UserError, match=r"holds novel\.txt"):
        smoke_config({"out": str(tmp_path)})


@pytest.mark.parametrize(
    "arguments, word", [(["--lr", 5], "lr"), (["--out", "/proc/none/run"], "cannot be made")], ids=["flags", "place"]
)
def test_a_smoke_test_that_cannot_be_deletes_nothing(arguments, word, smoked, cli):
    before = sorted(smoked.rglob("*"))
    assert_refused(cli("--smoke", "--out", smoked, *arguments), word)
    assert sorted(smoked.rglob("*")) == before


def test_a_smoke_test_leaves_one_that_is_under_way_alone(smoked, cli):
    with alone_in(smoked):
        assert_refused(cli("--smoke", "--out", smoked), "another training is writing")
    assert (smoked / "history.jsonl").exists()


@pytest.mark.parametrize("module", ["train", "gan.promote"])
def test_help_comes_within_a_second_without_torch(module, launch):
    code = f"""
import json, sys, time
import {module} as module
try:
    module.main(["--help"])
except SystemExit as leaving:
    heavy = sorted({{"torch", "numpy", "PIL", "matplotlib", "gradio"}} & set(sys.modules))
    print(json.dumps([leaving.code, heavy, time.process_time()]))
"""
    with launch("-c", code) as launched:
        result = launched.result()
    assert result.err == ""
    assert "usage: " in result.out
    status, heavy, seconds = json.loads(result.out.splitlines()[-1])
    assert (status, heavy) == (0, [])
    assert seconds < 1


@pytest.mark.parametrize("command", [["train.py"], ["-m", "gan.promote"]], ids=" ".join)
def test_help_is_answered_from_the_shell(command, launch):
    arguments = [ROOT / word if word.endswith(".py") else word for word in command]
    with launch(*arguments, "--help") as launched:
        result = launched.result()
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("usage: ")


def test_the_paths_of_a_config_do_not_depend_on_where_it_was_made(cli):
    config = planned(cli, *NEW, "--data", "~/pictures", "--out", "../run")
    assert Path(config["data"]) == Path.home() / "pictures"
    assert Path(config["out"]) == Path.cwd().parent / "run"


def test_stages_that_a_budget_cut_short_are_there_when_it_grows(cli, pictures):
    stages = [*TINY[: TINY.index("--epochs")], "--data", pictures, "--stages", "1:2e-4:0.5,1:1e-4:0.3,1:1e-5:0.5"]
    assert cli(*stages, "--out", "cut", "--epochs", 1).status == 0
    assert cli("--resume", "cut", "--epochs", 3).status == 0
    assert cli(*stages, "--out", "straight").status == 0
    assert [line["lr"] for line in read_history("cut")] == [2e-4, 1e-4, 1e-5]
    weights = [load_state(Path(folder, "states"))[0]["generator"] for folder in ("cut", "straight")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_a_budget_below_what_was_seen_changes_nothing_but_the_log(run, cli):
    files = [path for path in run.rglob("*") if path.is_file() and path.name != "log.txt"]
    before = {path: path.read_bytes() for path in files}
    result = cli("--resume", run, "--images", 5)
    assert result.status == 0 and "has spent its budget" in result.out
    assert {path: path.read_bytes() for path in files} == before


def test_appending_stages_again_after_a_stop_appends_them_once(run, cli):
    path = run / "config.json"
    described = json.loads(path.read_text())
    appended = TrainConfig.from_dict(described["train"]).with_more_stages(parse_stages("2:1e-4:0.3"), 1)
    path.write_text(json.dumps({**described, "train": appended.to_dict()}))  # as a kill right after the start leaves it
    result = cli("--resume", run, "--stages", "2:1e-4:0.3")
    assert "appended already" in result.err
    assert [line["lr"] for line in read_history(run)] == [2e-4, 1e-4, 1e-4]


def test_a_folder_with_other_files_is_left_alone(cli, pictures, tmp_path):
    (tmp_path / "films").mkdir()
    for name in ("film.mkv.part", "config.json"):
        (tmp_path / "films" / name).write_text("mine")
    assert_refused(cli(*TINY, "--data", pictures, "--out", "films"), "holds other files")
    assert {path.name: path.read_text() for path in (tmp_path / "films").iterdir()} == {
        "film.mkv.part": "mine",
        "config.json": "mine",
    }


def test_a_run_inside_its_own_pictures_is_refused(cli, tmp_path):
    draw_pictures(tmp_path / "mine", 4)
    assert_refused(cli(*TINY, "--data", "mine", "--out", "mine/run"), "inside --data")


def test_a_check_and_a_dry_run_do_not_mind_a_run_that_is_there(run, cli, pictures):
    for flag in ("--check", "--dry-run"):
        assert cli(*TINY, "--data", pictures, "--out", run, flag).status == 0


def test_data_without_a_dataset_is_asked_about(cli, pictures):
    assert_refused(cli("--recipe", "anime-report", "--data", pictures), "say what --data is")


def test_blanks_in_a_policy_do_not_matter(cli):
    assert planned(cli, *NEW, "--augment", "color, cutout")["augment"] == "color,cutout"
