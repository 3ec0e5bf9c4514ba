"""What a page without a server is made of: files that go as they are, nobody else's address, a size, a static Space."""

import base64
import json
import re
import shutil

import pytest
from hub_server import TOKEN, Hub
from served import EPOCHS, plant, tiny_generator

from gan.checkpoints import save_network, weights_digest
from gan.errors import UserError
from gan.files import write_json
from gan.folder import write_history
from gan.hub import client
from gan.images import to_uint8
from gan.latent import principal_directions, sample_z
from gan.publish import main
from gan.publishing.page import write_page
from gan.told import PAIRED
from gan.translation.networks import Colorizer
from gan.web import site
from gan.web.facts import facts_of
from gan.web.site import DEMO, INDEX, MODULES, OWNED, STATIC, STYLE, STYLES

SCRIPTS = sorted([*(path.name for path in STATIC.glob("*.js")), *MODULES])


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_page_holds_its_models_as_they_are_and_what_is_asked_for(page_models, tmp_path):
    files = write_page(tmp_path / "page", page_models, "Mine")
    grids = [f"models/alpha/samples/epoch-{epoch:04d}.webp" for epoch in EPOCHS]
    model = [f"models/{name}/{file}" for name in ("alpha", "beta") for file in ("model.safetensors", "page.json")]
    program = ["README.md", "index.html", "page.css", "site.json", *SCRIPTS]
    assert files == sorted([*program, *grids, *model]) and all(OWNED.fullmatch(name) for name in files)
    for folder in page_models:
        there = tmp_path / "page" / "models" / folder.name / "model.safetensors"
        assert there.read_bytes() == (folder / "model.safetensors").read_bytes()
    listed = read(tmp_path / "page" / "site.json")
    digests = [weights_digest(folder / "model.safetensors") for folder in page_models]
    assert listed["title"] == "Mine" and [model["weights"] for model in listed["models"]] == digests
    assert set(listed["files"]) == set(files) - {"README.md"}
    front = (tmp_path / "page" / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert "sdk: static\napp_file: index.html\n" in front and 'title: "Mine"\n' in front


def test_the_demos_modules_and_styles_are_its_own(page_models, tmp_path):
    write_page(tmp_path / "page", page_models)
    for name in MODULES:
        assert (tmp_path / "page" / name).read_bytes() == (DEMO / "static" / name).read_bytes()
    style = (tmp_path / "page" / STYLE).read_text(encoding="utf-8")
    assert all((DEMO / "styles" / name).read_text(encoding="utf-8") in style for name in STYLES)
    for path in (tmp_path / "page").glob("*.js"):  # whatever a module names is there
        named = re.findall(r'"\./(\w+\.js)"', path.read_text(encoding="utf-8"))
        assert all((tmp_path / "page" / name).is_file() for name in named), path.name


def test_the_page_is_told_of_directions_and_of_a_picture_to_compare_with(page_models, tmp_path):
    write_page(tmp_path / "page", page_models)
    facts = read(tmp_path / "page" / "models" / "alpha" / "page.json")
    generator = tiny_generator(1)
    directions, _ = principal_directions(generator.half().float().main[0].weight, 8)
    assert facts["directions"] == [[float(value) for value in row] for row in directions]
    picture = to_uint8(generator(sample_z([facts["proof"]["seed"]], 100)))[0].permute(1, 2, 0)
    proof = base64.b64decode(facts["proof"]["pixels"])
    assert (
        len(proof) == 64 * 64 * 3
        and sum(abs(a - b) for a, b in zip(proof, picture.flatten().tolist(), strict=True)) < 200
    )
    curves = facts["curves"]
    assert (facts["epochs"], curves["epoch"]) == (list(EPOCHS), list(range(1, EPOCHS[-1] + 1)))
    assert (curves["loss_d"][0], curves["seen"]["3"], curves["kid"][0]) == (1, 120, None)
    assert curves["reading"]["verdict"] == PAIRED
    assert (facts["title"], facts["picked"], facts["names"][7]) == ("alpha", [], "Direction 8")
    assert facts["learned"].startswith("The pictures belong to their owners; Pokémon is a trademark of")


def test_what_people_wrote_about_a_model_comes_along_and_what_is_none_of_that_does_not(page_models, tmp_path):
    folder = shutil.copytree(page_models[0], tmp_path / "gamma")
    described = read(folder / "config.json")
    written = {"title": "Mine", "picked": [5, 2**32 - 1], "directions": ["Thin to round", 7, "\x1b[31m"]}
    write_json(folder / "config.json", described | written | {"images_before": 1000})
    write_history(
        folder, [{"epoch": 1, "images_seen": 40, "loss_d": None, "lr": 1.0}, {"epoch": 2, "event": "rolled back"}]
    )
    facts = facts_of("gamma", folder, folder)
    assert (facts["title"], facts["picked"], facts["names"][:2]) == (
        "Mine",
        [5, 2**32 - 1],
        ["Thin to round", "Direction 2"],
    )
    assert "\x1b" not in facts["names"][2] and facts["curves"]["loss_d"] == [None, None]
    assert facts["curves"]["seen"] == {1: 1040} and facts["curves"]["marks"] == [{"epoch": 2, "text": "rolled back"}]
    write_json(folder / "config.json", described | {"title": 7, "picked": [-1], "directions": "no list", "train": None})
    facts = facts_of("gamma", folder, folder)
    assert (facts["title"], facts["picked"], facts["names"][0]) == ("gamma", [], "Direction 1")


def test_nothing_of_the_page_comes_from_elsewhere_and_every_address_is_relative():
    for path in [*STATIC.iterdir(), *(DEMO / "static" / name for name in MODULES)]:
        text = path.read_text(encoding="utf-8")
        foreign = set(re.findall(r"https?://[^\s\"'`]+", text)) - {
            "https://huggingface.co",
            "http://www.w3.org/2000/svg",
        }
        assert not foreign, path.name
        assert not re.findall(r'(?:src|href)="/', text) and not re.findall(r'(?:from |import\(|fetch\()"/', text)


def test_the_generator_in_webgl_stays_short():
    lines = (STATIC / "webgl.js").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250 and sum(line.lstrip().startswith("//") for line in lines) >= 20


@pytest.mark.parametrize(("single_file", "kept"), [(False, 3), (True, 1)])
def test_grids_make_room_where_a_model_would_be_too_large(single_file, kept, page_models, tmp_path, monkeypatch):
    size = sum(path.stat().st_size for path in write_and_list(tmp_path / "whole", page_models[:1]))
    monkeypatch.setattr(site, "MOST_BYTES", size + 500)
    write_page(tmp_path / "page", page_models[:1], single_file=single_file)
    if single_file:
        assert (tmp_path / "page" / INDEX).read_text(encoding="utf-8").count('id="file:models/alpha/samples/') == kept
    else:
        assert len(list((tmp_path / "page").rglob("*.webp"))) == kept


def write_and_list(out, page_models):
    write_page(out, page_models)
    return [path for path in (out / "models").rglob("*") if path.is_file()]


def test_one_file_names_no_other(page_models, tmp_path):
    write_page(tmp_path / "page", page_models, single_file=True)
    page = (tmp_path / "page" / INDEX).read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page) and '"./' not in page
    assert page.count("<script") == page.count("</script>")


def test_a_name_that_no_address_holds_gets_a_number(tmp_path):
    write_page(tmp_path / "page", [plant(tmp_path / "größer & mehr", 1)])
    [model] = read(tmp_path / "page" / "site.json")["models"]
    assert (model["name"], model["folder"]) == ("größer & mehr", "models/1")


def test_what_is_no_generator_or_no_room_for_a_page_is_refused(page_models, tmp_path, capsys):
    save_network(tmp_path / "colors" / "model.safetensors", Colorizer(4, 32))
    write_json(tmp_path / "colors" / "config.json", {"task": "colorize"})
    for arguments, words in (
        ([str(page_models[0].parent)], "holds something already"),
        ([str(tmp_path / "new"), "--checkpoint", str(tmp_path / "nowhere")], "has no model.safetensors"),
        ([str(tmp_path / "new"), "--checkpoint", str(tmp_path / "colors")], "is no generator of pictures"),
        ([str(tmp_path / "new"), "--private", "--checkpoint", str(page_models[0])], "is a folder here"),
    ):
        assert main(["page", *arguments, *(["--checkpoint", str(page_models[0])] if len(arguments) == 1 else [])]) == 2
        said = capsys.readouterr().err
        assert words in said and said.count("\n") == 1
    with pytest.raises(UserError, match="there is no model"):
        write_page(tmp_path / "new", [])
    assert not (tmp_path / "new").exists()


def test_a_folder_is_written_and_a_name_on_the_hub_is_pushed_to(page_models, tmp_path, monkeypatch, capsys):
    server = Hub()
    for name, value in (("HF_ENDPOINT", server.url), ("HF_TOKEN", TOKEN), ("XDG_CACHE_HOME", str(tmp_path / "cache"))):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "WAIT_SECONDS", 0.01)
    monkeypatch.chdir(tmp_path)
    chosen = ["--checkpoint", str(page_models[0])]
    assert main(["page", "site", *chosen]) == 0
    assert "site: 0." in capsys.readouterr().out and (tmp_path / "site" / INDEX).is_file()
    assert main(["page", "tester/page", *chosen]) == 0
    pushed = server.repositories["space", "tester/page"]
    written = {
        path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()
    }
    assert pushed.sdk == "static" and set(pushed.commits[pushed.head]) == {".gitattributes", *written}
    assert main(["page", "tester/page", "--single-file", *chosen]) == 0
    assert set(pushed.commits[pushed.head]) == {".gitattributes", "README.md", "index.html"}
    server.shutdown()
    server.server_close()


def test_a_page_that_holds_something_else_has_another_worker_which_keeps_it(page_models, tmp_path):
    for name, models in (("one", page_models), ("same", page_models), ("other", page_models[:1])):
        write_page(tmp_path / name, models)
    one, same, other = ((tmp_path / name / "service.js").read_text() for name in ("one", "same", "other"))
    assert one == same != other and one.startswith('const VERSION = "')
    assert one.partition("\n")[2] == (STATIC / "service.js").read_text()
