"""Whose a model is: told once, at training, promotion or publishing, and then wherever the model is shown."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from hub_server import hub_for
from markdown_it import MarkdownIt
from safetensors.torch import save_file
from served import ROOT, measurement, plant, plant_insight
from test_publish import HOSTILE, front_matter

from gan import promote as command
from gan import publish
from gan.checkpoints import load_generator, save_network
from gan.data.scan import read_pictures
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.folder import NEIGHBOURS_FILE, OPINION_FILE, PICTURES_FILE, write_metrics
from gan.latent import sample_z
from gan.models import Generator
from gan.publishing.card import card_text, hand_written, own_sections
from gan.publishing.credits import FEW, checked, credits_of, given, hub_license, near_copies
from gan.publishing.page import write_page
from gan.publishing.promotion import promote
from gan.publishing.pushing import Publisher
from gan.publishing.space import write_space
from gan.ui.demo import whose
from gan.ui.loaded import load_models
from gan.ui.tabs.about import answers, bibtex_of

MINE = {"title": "Moss creatures", "author": "A. Artist", "license": "CC BY 4.0", "about": "Drawn by hand.\n\nIn ink."}
FLAGS = [word for name, text in MINE.items() for word in (f"--{name}", text)]


@pytest.fixture
def run(tmp_path):
    """A run on 60 pictures of one's own, as far as promotion looks."""
    return describe(plant(tmp_path / "run", 1, (1, 3)), data={"name": "folder", "pictures": 60, "fingerprint": "0"})


@pytest.fixture
def server(monkeypatch, tmp_path):
    with hub_for(monkeypatch, tmp_path) as server:
        yield server


def describe(folder, **facts):
    write_json(folder / "config.json", read_json(folder / "config.json") | facts)
    return folder


def card_on_hub(server):
    found = server.repositories["model", "tester/mine"]
    return found.commits[found.head]["README.md"].decode()


def test_a_run_keeps_them_in_the_open_and_a_resumed_one_takes_others(cli, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("gan.training.loop.write_chart", lambda folder: None)
    tiny = ("--data", pictures, "--dataset", "folder", "--base-channels", 4, "--image-size", 32, "--epochs", 1)
    assert cli(*tiny, *FLAGS, "--out", tmp_path / "run").status == 0
    assert credits_of(read_json(tmp_path / "run" / "config.json")) == MINE
    assert cli("--resume", tmp_path / "run", "--epochs", 2, "--title", "Ferns").status == 0
    assert credits_of(read_json(tmp_path / "run" / "config.json")) == MINE | {"title": "Ferns"}
    assert cli("--resume", tmp_path / "run", "--author", "B").status == 0  # which is finished
    described = read_json(tmp_path / "run" / "config.json")
    assert credits_of(described) == MINE | {"title": "Ferns", "author": "B"} and described["train"]["author"] == "B"
    folder = promote(tmp_path / "run", "mine", tmp_path)
    described = read_json(folder / "config.json")
    assert credits_of(described)["title"] == "Ferns" and not described["train"].keys() & MINE.keys()


def test_promotion_takes_them_and_keeps_them_and_what_was_written_by_hand(run, tmp_path, capsys):
    assert command.main([str(run), "mine", "--into", str(tmp_path), *FLAGS]) == 0
    assert "It learned from 60 pictures: a model of so few paints near-copies" in capsys.readouterr().out
    card = tmp_path / "mine" / "README.md"
    card.write_text(card.read_text() + "\n## My studio\n\nOpen on **Fridays**.\n")
    assert command.main([str(run), "mine", "--into", str(tmp_path), "--title", "Ferns"]) == 0
    assert credits_of(read_json(tmp_path / "mine" / "config.json")) == MINE | {"title": "Ferns"}
    assert card.read_text().startswith("---\n") and "\n# Ferns\n" in card.read_text()
    assert card.read_text().endswith("\n## My studio\n\nOpen on **Fridays**.\n")
    assert card.read_text().count("## My studio") == card.read_text().count("## Licence") == 1


def test_what_a_run_says_anew_counts_when_it_is_promoted_again(run, tmp_path):
    describe(run, author="A", title="Moss")
    folder = promote(run, "mine", tmp_path, credits={"title": "Ferns"})
    promote(run, "mine", tmp_path)
    assert credits_of(read_json(folder / "config.json")) == {"author": "A", "title": "Ferns"}
    describe(run, author="B")
    promote(run, "mine", tmp_path)
    assert credits_of(read_json(folder / "config.json")) == {"author": "B", "title": "Ferns"}


def test_what_a_person_wrote_into_config_json_stays_when_a_run_is_promoted_again(run, tmp_path):
    folder = describe(promote(run, "mine", tmp_path), picked=[3, 5], directions=["taller"])
    promote(run, "mine", tmp_path)
    described = read_json(folder / "config.json")
    assert (described["picked"], described["directions"]) == ([3, 5], ["taller"])


def test_where_the_networks_are_the_same_what_tells_of_the_pictures_stays(run, tmp_path):
    plant_insight(run, tmp_path / "pictures")
    folder = promote(run, "mine", tmp_path)  # of pictures that are not at hand
    assert not (folder / OPINION_FILE).exists()
    kept = {name: (run / name).read_bytes() for name in (NEIGHBOURS_FILE, OPINION_FILE, PICTURES_FILE)}
    for name in kept:
        shutil.copy(run / name, folder)
    promote(run, "mine", tmp_path, credits={"title": "Ferns"})
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    save_network(run / "model.safetensors", Generator(base_channels=8).eval())
    promote(run, "mine", tmp_path)
    assert not [name for name in kept if (folder / name).exists()]


def test_another_model_in_its_place_inherits_nothing(run, tmp_path):
    promote(run, "mine", tmp_path, credits=MINE)
    (tmp_path / "mine" / "README.md").write_text("## My studio\n\nOpen.\n")
    other = plant(tmp_path / "other", 2, (1, 2))
    shutil.copy(tmp_path / "run" / "config.json", other)
    lines = (other / "history.jsonl").read_text().replace('"loss_g": 1.0', '"loss_g": 2.0')
    (other / "history.jsonl").write_text(lines)
    promote(other, "mine", tmp_path, replace=True)
    assert credits_of(read_json(tmp_path / "mine" / "config.json")) == {}
    assert "My studio" not in (tmp_path / "mine" / "README.md").read_text()


def test_the_card_says_whose_the_pictures_are_and_what_may_be_done(run):
    text = card_text(describe(run, **MINE))
    for words in (
        *("# Moss creatures", "By A. Artist.", "## About\n\nDrawn by hand.\n\nIn ink."),
        *("a folder of pictures, 60 of them. The pictures are by A. Artist.", "was seen about 2 times"),
        *("draw: CC BY 4.0.", "60 pictures: a model of so few paints near-copies"),
    ):
        assert words in text, words
    assert "belong to" not in text
    assert front_matter(text)["license"] == "cc-by-4.0" and "license_name" not in front_matter(text)
    text = card_text(describe(run, license="", author=""))
    assert "belong to their owners" in text and "to play and to study" in text
    assert front_matter(text)["license_name"] == "for-play-and-study"


def test_of_a_known_data_set_the_pictures_stay_their_owners(tmp_path):
    text = card_text(describe(plant(tmp_path / "alpha", 1, (1,)), **MINE))
    assert "By A. Artist." in text and "The pictures belong to their owners; Pokémon is a trademark" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", {"license": "mit"}),
        ("cc-by-nc-4.0", {"license": "cc-by-nc-4.0"}),
        ("CC BY 2.0", {"license": "cc-by-2.0"}),
        ("openrail++", {"license": "openrail++"}),
        ("Ask me first!", {"license": "other", "license_name": "ask-me-first"}),
        ("§", {"license": "other", "license_name": "as-told"}),
    ],
)
def test_the_hub_is_told_a_licence_it_knows_or_a_name(text, expected):
    assert hub_license(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIT",
        "CC BY 4.0",
        "cc_by_4.0",
        "gpl-2.0",
        "bsd-2-clause",
        "cc-by-nc-sa-3.0",
        "ask me first",
        "All rights reserved",
        "proprietary",
    ],
)
def test_a_licence_is_one_that_the_hub_knows_or_words(text):
    assert given({"license": text}).get("license", "") == text


@pytest.mark.parametrize(
    "text, meant",
    [
        ("cc-by-9.0", "cc-by-"),
        ("apache2.0", "apache-2.0"),
        ("cc-by-4", "cc-by-4.0"),
        ("cc0", "cc0-1.0"),
        ("cc-by", "cc-by-4.0"),
    ],
)
def test_a_licence_that_is_nearly_one_is_asked_about(text, meant):
    with pytest.raises(UserError, match=f"did you mean {re.escape(meant)}"):
        given({"license": text})


def test_promoted_again_a_model_keeps_what_was_written_and_says_nothing_twice(run, tmp_path):
    (run / "pictures.json").write_text("{}")
    mine = promote(run, "mine", tmp_path)
    (mine / "pictures.json").write_text("{}")
    (mine / "neighbours.safetensors").write_bytes(b"")
    with (mine / "README.md").open("a") as card:
        card.write("\n## Looking deeper\n\nAs before.\n\n## How I painted them\n\nIn ink.\n")
    promote(run, "mine", tmp_path)
    text = (mine / "README.md").read_text()
    assert text.count("## How I painted them") == 1 and text.count("## Looking deeper") <= 1


def test_the_iteration_is_no_term_of_the_loss(run):
    lines = [json.loads(line) | {"iteration": 104} for line in (run / "history.jsonl").read_text().splitlines()]
    (run / "history.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert "its terms" not in card_text(run)


def test_the_demo_and_a_page_say_whose_it_is(run, tmp_path):
    (model,), _ = load_models([describe(run, **MINE)])
    told = answers(model)
    for words in ("The pictures are by A. Artist.", "Weights and pictures: CC BY 4.0.", "learned from 60 pictures"):
        assert words in told, words
    assert "owners" not in told and "by A. Artist" in whose([model.described])
    assert "title = {Moss creatures, a DCGAN" in bibtex_of(model) and "author = {A. Artist}" in bibtex_of(model)
    write_page(tmp_path / "page", [run])
    text = (tmp_path / "page" / "README.md").read_text()
    assert front_matter(text)["license"] == "cc-by-4.0" and front_matter(text)["title"] == "Moss creatures"
    assert "By A. Artist." in text and "Drawn by hand." in text and "paints near-copies" in text
    facts = json.loads((tmp_path / "page" / "models" / "run" / "page.json").read_text())
    assert facts["learned"] == "The pictures are by A. Artist."


def test_a_card_says_whose_pictures_came_before_its_authors(tmp_path):
    told = {
        "data": {"name": "folder", "pictures": 60, "fingerprint": "0"},
        "author": "A. Artist",
        "license": "cc-by-4.0",
    }
    text = card_text(describe(plant(tmp_path / "alpha", 1, (1,)), **told, learned_before=["pokemon"]))
    assert (
        "by A. Artist; the model's networks had learned from 819 Pokémon pictures from Kaggle before; Pokémon is"
        in text
    )
    assert "cc-by-4.0. Under Data stands whose pictures came before." in text
    assert "came before" not in card_text(describe(tmp_path / "alpha", **told, learned_before=[]))


def test_of_what_is_known_the_page_names_the_owners(tmp_path):
    (model,), _ = load_models([plant(tmp_path / "alpha", 1, (1,))])
    assert "GAME FREAK, who have nothing to do with this page." in answers(model)
    (anime,), _ = load_models([describe(plant(tmp_path / "faces", 2, (1,)), data={"name": "anime", "pictures": 9_000})])
    assert "The pictures belong to the artists who drew them.</p>" in answers(anime)
    described = describe(plant(tmp_path / "after", 3, (1,)), learned_before=["anime"])
    (after,), _ = load_models([described])
    assert "GAME FREAK, who have nothing to do with this page; the model&#x27;s networks had learned" in answers(after)


def test_a_strangers_credits_are_text_or_passed_over(tmp_path):
    data = {"name": "folder", "pictures": 60, "fingerprint": "0"}
    told = {"title": HOSTILE.replace("\n", " "), "author": HOSTILE, "about": HOSTILE}
    folder = describe(plant(tmp_path / "alpha", 1, (1,)), data=data, **told)
    body = card_text(folder).split("---\n", 2)[2]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert not re.search(r"<(?!/?(h1|h2|p|code|pre|table|thead|tbody|tr|th|td|img)\b)", html) and "\x1b" not in body
    assert html.count("<h1>") == 1 and "By " not in body  # an author of several lines is none
    odd = {"title": "x" * 81, "author": ["A"], "license": 5, "about": "  "}
    assert credits_of(odd) == {} and near_copies({"data": {"pictures": "5"}}) == near_copies({"data": 5}) == ""


def test_few_is_told_of_few_alone():
    told = [bool(near_copies({"data": {"pictures": count}})) for count in (0, 1, FEW - 1, FEW)]
    assert told == [False, True, True, False]
    with pytest.raises(ValueError, match="--about has 2,001"):
        checked("about", "x" * 2_001)


def test_a_push_takes_them_and_what_was_written_here_and_on_the_hub(server, run, tmp_path, capsys):
    folder = promote(run, "mine", tmp_path)
    push = ["model", str(folder), "tester/mine"]
    assert publish.main([*push, *FLAGS]) == 0
    assert "near-copies" in capsys.readouterr().out and "\n# Moss creatures\n" in card_on_hub(server)
    (folder / "README.md").write_text((folder / "README.md").read_text() + "\n## My studio\n\nHere.\n")
    assert publish.main(push) == 0 and "## My studio\n\nHere." in card_on_hub(server)
    head = server.repositories["model", "tester/mine"]
    head.commits[head.head]["README.md"] += b"\n## Thanks\n\nTo all.\n"
    assert publish.main([*push, "--title", "Ferns"]) == 0
    text = card_on_hub(server)
    assert "\n# Ferns\n" in text and credits_of(read_json(folder / "config.json")) == MINE | {"title": "Ferns"}
    assert text.endswith("\n## My studio\n\nHere.\n\n## Thanks\n\nTo all.\n")


def test_a_run_that_is_pushed_leaves_credits_and_measurements_on_the_hub_as_they_were(server, run, tmp_path, capsys):
    folder = promote(run, "mine", tmp_path)
    write_metrics(folder, [measurement(3, 50.0)])
    assert publish.main(["model", str(folder), "tester/mine", *FLAGS]) == 0
    describe(run, title="Ferns")
    assert Publisher("tester/mine").finish(run).startswith("pushed to tester/mine")
    repository = server.repositories["model", "tester/mine"]
    files = repository.commits[repository.head]
    assert credits_of(json.loads(files["config.json"])) == MINE | {"title": "Ferns"}
    assert "\nBy A. Artist.\n" in card_on_hub(server) and "cc-by-4.0" in card_on_hub(server)
    assert json.loads(files["metrics.jsonl"])["kid_train"] == 50.0


def test_a_run_that_nobody_measured_is_pushed_again_without_measurements(server, run):
    for _ in range(2):
        assert Publisher("tester/mine").finish(run).startswith("pushed to tester/mine")
    repository = server.repositories["model", "tester/mine"]
    assert "metrics.jsonl" not in repository.commits[repository.head]


def test_another_run_that_is_pushed_to_a_name_in_use_inherits_nothing(server, run, tmp_path):
    folder = promote(run, "mine", tmp_path)
    write_metrics(folder, [measurement(3, 50.0)])
    assert publish.main(["model", str(folder), "tester/mine", *FLAGS]) == 0
    lines = (run / "history.jsonl").read_text().replace('"loss_g": 1.0', '"loss_g": 2.0')
    (run / "history.jsonl").write_text(lines)
    assert Publisher("tester/mine").finish(run).startswith("pushed to tester/mine")
    repository = server.repositories["model", "tester/mine"]
    files = repository.commits[repository.head]
    assert credits_of(json.loads(files["config.json"])) == {} and "metrics.jsonl" not in files


def test_a_download_is_found_again_when_a_run_is_promoted(run, tmp_path, monkeypatch):
    plant_insight(run, tmp_path / "pictures")
    fingerprint = read_pictures(tmp_path / "pictures", 64).fingerprint
    described = read_json(run / "config.json")
    data = {"name": "pokemon", "pictures": 62, "fingerprint": fingerprint}
    describe(run, data=data, train=described["train"] | {"data": ""})
    monkeypatch.setattr("gan.publishing.staging.locate", lambda name, data: tmp_path / "pictures")
    folder = promote(run, "mine", tmp_path)
    assert (folder / NEIGHBOURS_FILE).is_file() and (folder / OPINION_FILE).is_file()


def test_own_sections_hold_no_controls_and_a_link_is_no_card(tmp_path):
    assert own_sections("x\n## Use\ny\n## A\x1b[2J\r\nb\n## Data\nz", "## A[2J\nc\n## D") == "## A[2J\nb\n\n## D"
    assert own_sections("## Own\n\n```x``` is code\n## Data\ny") == "## Own\n\n```x``` is code"
    code = "## Recipe\n\n```sh\n## Data\ncp a b\n```\n~~~~\n## Use\n```\n~~~\n## Use\n~~~~\nDone."
    assert own_sections(f"## Use\n\nx\n\n{code}\n## Data\ny") == code
    (tmp_path / "secret").write_text("## Key\n\nsecret\n")
    (tmp_path / "README.md").symlink_to(tmp_path / "secret")
    assert hand_written(tmp_path) == ""


def test_a_space_lists_its_models_and_is_called_and_licensed_as_told(run, tmp_path, capsys):
    mine = promote(run, "mine", tmp_path, credits=MINE)
    other = plant(tmp_path / "other", 2, (1,))
    out = tmp_path / "space"
    arguments = ["space", "tester/studio", "--checkpoint", str(mine), str(other), "--out", str(out)]
    assert publish.main([*arguments, "--title", "My garden", "--license", "cc0-1.0", "--author", "A. Artist"]) == 0
    assert capsys.readouterr().out.startswith(f"the models that go:\n  {mine}: It learned from 60 pictures: ")
    text = (out / "README.md").read_text()
    assert (front_matter(text)["title"], front_matter(text)["license"]) == ("My garden", "cc0-1.0")
    assert "# My garden\n\nBy A. Artist.\n" in text and r"mine (Moss creatures), other" in text.replace("\\", "")
    assert "https://huggingface.co/spaces/tester/studio/tree/main" in text
    assert credits_of(read_json(out / "checkpoints" / "mine" / "config.json")) == MINE


def test_a_space_with_one_model_is_called_as_that_is(run, tmp_path):
    mine = promote(run, "mine", tmp_path, credits=MINE)
    write_space(tmp_path / "space", "tester/studio", [mine])
    text = (tmp_path / "space" / "README.md").read_text()
    assert (front_matter(text)["title"], front_matter(text)["license"]) == ("Moss creatures", "cc-by-4.0")


def test_a_space_with_one_generator_is_that_ones_also_where_a_network_that_colours_comes_along(run, tmp_path):
    mine = promote(run, "mine", tmp_path, credits=MINE)
    aide = shutil.copytree(ROOT / "checkpoints" / "pokemon-colorize", tmp_path / "aide")
    write_space(tmp_path / "space", "tester/studio", [mine, aide], credits={"license": "cc0-1.0"})
    text = (tmp_path / "space" / "README.md").read_text()
    assert (front_matter(text)["title"], front_matter(text)["license"]) == ("Moss creatures", "cc0-1.0")
    own = [
        read_json(tmp_path / "space" / "checkpoints" / name / "config.json").get("license") for name in ("mine", "aide")
    ]
    assert own == ["cc0-1.0", read_json(aide / "config.json").get("license")]


def test_what_a_space_with_one_model_is_told_its_model_is_told_there_too(run, tmp_path):
    mine = promote(run, "mine", tmp_path, credits=MINE)
    write_space(tmp_path / "space", "tester/studio", [mine], credits={"license": "cc0-1.0"})
    there = tmp_path / "space" / "checkpoints" / "mine"
    assert read_json(there / "config.json")["license"] == "cc0-1.0"
    assert front_matter((there / "README.md").read_text())["license"] == "cc0-1.0"
    assert read_json(mine / "config.json")["license"] == "CC BY 4.0"


def test_what_is_no_credit_is_a_sentence(run, tmp_path, capsys):
    assert command.main([str(run), "mine", "--into", str(tmp_path), "--title", "x" * 81]) == 2
    assert "--title has 81 characters" in capsys.readouterr().err and not (tmp_path / "mine").exists()
    with pytest.raises(UserError, match="--author has several lines"):
        given({"author": "A\nB"})


@pytest.mark.parametrize("image_size", [32, 64, 128])
def test_the_cards_own_lines_load_the_weights_without_this_code(image_size, tmp_path, monkeypatch):
    torch.manual_seed(0)
    generator = Generator(20, 4, image_size)
    generator(torch.randn(16, 20))
    folder = tmp_path / "checkpoints" / "mine"
    folder.mkdir(parents=True)
    save_file(generator.state_dict(), folder / "model.safetensors")
    write_json(folder / "config.json", {"generator": generator.arguments()})
    code = card_text(folder).split("```python\n")[2].split("```")[0]
    assert "gan" not in {word.split(".")[0] for word in re.findall(r"^(?:from|import) (\S+)", code, re.MULTILINE)}
    monkeypatch.chdir(tmp_path)
    made: dict = {}
    exec(compile(code, "card", "exec"), made)
    with torch.inference_mode():
        expected = load_generator(folder)(sample_z([7], 20))
    assert np.allclose(made["picture"].detach().numpy(), expected.numpy(), atol=1e-5)


def test_on_the_hub_the_lines_fetch_the_weights_first(tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1,))
    code = card_text(folder, "tester/mine").split("```python\n")[2].split("```")[0]
    assert 'load_file(hf_hub_download("tester/mine", "model.safetensors"))' in code
    assert "from huggingface_hub import hf_hub_download\n" in code
    write_json(folder / "config.json", {"generator": {"z_dim": "1); import os", "base_channels": 8, "image_size": 64}})
    assert "With torch alone" not in card_text(folder)


@pytest.mark.parametrize("name", ["pokemon", "anime"])
def test_bundled_models_have_a_title(name):
    title = json.loads((ROOT / "checkpoints" / name / "config.json").read_text())["title"]
    assert title == {"pokemon": "Pokémon", "anime": "Anime faces"}[name]
