"""The Hub through its real client, against a server on this machine: what comes, what goes, what is refused."""

import json
import re
import shutil
import struct
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from hub_server import TOKEN, Handler, Hub
from safetensors.torch import save_file
from served import measurement, plant, tiny_generator

from gan.checkpoints import load_discriminator, load_generator, save_network
from gan.errors import UserError
from gan.folder import write_metrics
from gan.hub import client
from gan.hub.client import Unreachable
from gan.hub.contents import PUBLISHED
from gan.hub.fetching import fetch
from gan.hub.ids import is_id, parse_id
from gan.hub.uploading import check_login, push
from gan.latent import sample_z
from gan.models import Discriminator, Generator


@pytest.fixture(params=["regular", "lfs"])
def mode(request):
    return request.param


@pytest.fixture
def server(mode, monkeypatch, tmp_path):
    """A Hub whose token we have; attempts follow one another at once."""
    server = Hub(mode)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(client, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.chdir(tmp_path)
    yield server
    server.shutdown()
    server.server_close()


only_regular = pytest.mark.parametrize("mode", ["regular"], indirect=True)


@pytest.fixture
def folder(tmp_path):
    """A checkpoint folder, with things in it that must stay here."""
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    save_network(folder / "discriminator.safetensors", Discriminator(base_channels=8))
    (folder / "README.md").write_text("---\nlicense: other\n---\n# alpha\n")
    write_metrics(folder, [measurement(3, 50.0)])
    (folder / "states").mkdir()
    (folder / "states" / "images-000000000120-0123456789abcdef.pt").write_bytes(b"a pickle")
    (folder / "token").write_text(TOKEN)
    return folder


def files_of(folder):
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in names if PUBLISHED.fullmatch(name)}


def publish(folder, hub_id="tester/alpha", **options):
    return push(folder, hub_id, files=files_of(folder), owned=PUBLISHED, message="Publish alpha", **options)


def edit(folder, text):
    (folder / "README.md").write_text(f"---\nlicense: other\n---\n{text}\n")


# --- round trip ----------------------------------------------------------------------------------------------------


def test_what_is_pushed_is_the_checkpoint_folder_and_comes_back_byte_for_byte(server, folder):
    oid = publish(folder, tag="images-120")
    made = server.repositories["model", "tester/alpha"]
    assert made.head == oid and made.tags == {"images-120": oid} and len(made.commits) == 2
    assert set(made.commits[oid]) - {".gitattributes"} == files_of(folder)
    back = fetch("tester/alpha@images-120")
    assert back.as_posix().endswith("tester/alpha")
    for name in files_of(folder):
        assert (back / name).read_bytes() == (folder / name).read_bytes()
    assert bool(server.blobs) == (server.mode == "lfs")


def test_no_pickle_no_token_no_real_picture_goes(server, folder):
    publish(folder)
    files = server.repositories["model", "tester/alpha"].commits
    content = b"".join(content for commit in files.values() for content in commit.values())
    names = {name for commit in files.values() for name in commit}
    assert TOKEN.encode() not in content and b"a pickle" not in content
    assert (folder / "reals.webp").read_bytes() not in content
    assert not [name for name in names if re.search(r"\.(pt|pth|pkl|bin|ckpt)$|reals|token", name)]


def test_the_same_picture_comes_out_of_the_fetched_generator(server, folder):
    publish(folder, tag="images-120")
    z = sample_z([1, 2, 3], 100)
    with torch.inference_mode():
        assert torch.equal(load_generator("tester/alpha@images-120")(z), load_generator(folder)(z))
    assert load_discriminator("tester/alpha").norm == "batch"


def test_the_same_again_makes_no_commit_and_a_change_makes_one(server, folder):
    first = publish(folder, tag="images-120")
    made = server.repositories["model", "tester/alpha"]
    assert publish(folder, tag="images-120") == first and len(made.commits) == 2
    edit(folder, "# better")
    second = publish(folder, tag="images-240")
    assert made.head == second != first and made.tags == {"images-120": first, "images-240": second}
    assert (fetch("tester/alpha@images-120") / "README.md").read_text().endswith("# alpha\n")
    assert (fetch("tester/alpha") / "README.md").read_text().endswith("# better\n")


def test_what_is_no_longer_in_the_folder_goes_but_nothing_of_others(server, folder):
    publish(folder)
    made = server.repositories["model", "tester/alpha"]
    made.commit("by hand", made.commits[made.head] | {"notes.txt": b"mine"})
    (folder / "samples" / "epoch-0001.webp").unlink()
    publish(folder)
    assert "samples/epoch-0001.webp" not in made.commits[made.head] and made.commits[made.head]["notes.txt"] == b"mine"


@only_regular
def test_what_was_fetched_is_not_fetched_again(server, folder):
    publish(folder)
    fetch("tester/alpha")
    server.requests.clear()
    fetch("tester/alpha")
    assert server.requests == [("GET", "/api/models/tester/alpha")]


@only_regular
def test_a_private_repository_is_made_private_and_read_with_the_token_alone(server, folder, monkeypatch):
    publish(folder, private=True)
    assert server.repositories["model", "tester/alpha"].private
    fetch("tester/alpha")
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(UserError, match=r"tester/alpha: is no folder here, .*or private there.*hf auth login"):
        fetch("tester/alpha")


# --- a bad connection ----------------------------------------------------------------------------------------------

STEPS = [
    ("POST", "/create"), ("GET", "/api/models/"), ("POST", "/validate-yaml"),
    ("POST", "/preupload/"), ("POST", "/commit/"), ("GET", "/refs"), ("POST", "/tag/"),
]  # fmt: skip
LFS_STEPS = [("POST", "objects/batch"), ("PUT", "/lfs/"), ("POST", "/lfs/verify")]


@pytest.mark.parametrize("status", [409, 412, 503, None])
def test_a_push_survives_a_fault_at_each_step(status, server, folder):
    publish(folder)
    for number, (method, path) in enumerate(STEPS + LFS_STEPS * (server.mode == "lfs")):
        edit(folder, f"# {number}")
        (folder / "snapshots" / "epoch-0001.safetensors").write_bytes(b"%d" % number)  # a new large file
        server.faults.append((method, path, status))
        oid = publish(folder, tag=f"images-{number}")
        made = server.repositories["model", "tester/alpha"]
        assert server.faults == [] and made.head == oid, (method, path)
        assert made.commits[oid]["README.md"].endswith(b"# %d\n" % number)
        assert made.tags[f"images-{number}"] == oid
    assert len(made.commits) == 3 + number  # one each, and the first two


def test_a_tag_goes_with_the_newest_push_of_its_budget(server, folder):
    first = publish(folder, tag="images-120")
    edit(folder, "# measured")
    second = publish(folder, tag="images-120")
    assert server.repositories["model", "tester/alpha"].tags == {"images-120": second} != {"images-120": first}
    assert (fetch("tester/alpha@images-120") / "README.md").read_text().endswith("# measured\n")


@only_regular
@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_says_nothing_is_given_up(step, server, folder, monkeypatch):
    publish(folder)
    edit(folder, "# again")
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.1)
    server.faults.append((*step, "never"))
    oid = publish(folder, tag="images-1")
    assert server.faults == [] and server.repositories["model", "tester/alpha"].tags == {"images-1": oid}


@only_regular
@pytest.mark.parametrize("answer", [b"{}", b"[]", b"<html>log in to the network</html>", b'"x"'])
def test_an_answer_that_is_not_the_hubs_gets_a_sentence(answer, server, folder):
    publish(folder)
    for method, path in STEPS:
        edit(folder, f"# {path}")
        server.faults[:] = [(method, path, answer)]
        harmless = path == "/tag/" or (path, answer) == ("/validate-yaml", b"{}")  # the model is there by then, or yet
        with nullcontext() if harmless else pytest.raises(UserError, match="proxy"):
            publish(folder, tag=f"images-{len(path)}")
    server.faults[:] = [("GET", "/api/models/", answer)]
    with pytest.raises(UserError, match=r"proxy|holds no model"):
        fetch("tester/alpha")


def test_a_push_that_stops_being_allowed_says_so_at_each_step(server, folder):
    publish(folder)
    for number, (method, path) in enumerate(STEPS[1:] + LFS_STEPS * (server.mode == "lfs")):
        edit(folder, f"# {number}")
        (folder / "snapshots" / "epoch-0001.safetensors").write_bytes(b"%d" % number)
        server.faults[:] = [(method, path, 401)]
        with pytest.raises(UserError, match="hf auth login") as caught:
            publish(folder, tag=f"images-{number}")
        assert server.faults == [] and not isinstance(caught.value, Unreachable), (method, path)
    assert publish(folder) == server.repositories["model", "tester/alpha"].head


def test_a_push_killed_on_the_way_is_made_up_for_by_the_next(server, folder, launch):
    step = ("PUT", "/lfs/") if server.mode == "lfs" else ("POST", "/commit/")
    generator = {"z_dim": 100, "base_channels": 8, "image_size": 64}
    (folder / "config.json").write_text(json.dumps({"generator": generator, "images_seen": 120}))
    server.faults.append((*step, "never"))
    with launch("-m", "gan.publish", "model", folder, "tester/alpha") as launched:
        launched.wait_until(lambda: server.faults == [])
        launched.process.kill()
    made = server.repositories["model", "tester/alpha"]
    assert len(made.commits) == 1
    publish(folder)
    assert len(made.commits) == 2 and files_of(folder) <= set(made.commits[made.head])


@only_regular
def test_a_push_that_is_not_allowed_is_not_tried_again(server, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(UserError, match=r"tester/alpha: .*hf auth login") as caught:
        publish(folder)
    assert not isinstance(caught.value, Unreachable) and len(server.requests) < 4


def test_a_push_gives_up_in_the_end_and_a_rerun_finishes_it(server, folder):
    server.faults += [("POST", "/commit/", 503)] * 40
    with pytest.raises(Unreachable, match=r"busy \(503\)"):
        publish(folder)
    made = server.repositories["model", "tester/alpha"]
    assert len(made.commits) == 1
    server.faults.clear()
    server.requests.clear()
    assert publish(folder) == made.head and len(made.commits) == 2
    assert not [path for method, path in server.requests if method == "PUT"]  # what was uploaded is there


@only_regular
def test_without_a_server_it_says_so(server, folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Unreachable, match="is there a network"):
        fetch("tester/alpha")
    with pytest.raises(Unreachable, match="is there a network"):
        publish(folder)


# --- what the environment says -------------------------------------------------------------------------------------

PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def environment(server, monkeypatch):
    """Return a function that sets a variable, and nothing else of its kind, for a client made anew."""
    from huggingface_hub.utils import close_session

    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    close_session()
    yield monkeypatch.setenv
    close_session()


@only_regular
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://user:password@127.0.0.1:9"),
        ("all_proxy", "socks4://127.0.0.1:9"),
        ("HTTPS_PROXY", "foo://127.0.0.1"),
        ("HTTP_PROXY", "http://127.0.0.1:none"),
        ("SSL_CERT_FILE", "/no/such.pem"),
        ("SSL_CERT_FILE", "/etc/passwd"),
    ],
)
def test_a_variable_that_forbids_any_client_is_named(name, value, environment, folder):
    environment(name, value)
    for ask in (lambda: fetch("tester/alpha"), lambda: publish(folder), lambda: check_login("tester/alpha")):
        with pytest.raises(UserError, match=f"^{name} names") as caught:
            ask()
        assert "password" not in str(caught.value) and not isinstance(caught.value, Unreachable)


@only_regular
def test_a_proxy_is_asked_for_the_hub(server, environment, folder, monkeypatch):
    environment("HTTP_PROXY", server.url)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    publish(folder, tag="images-120")
    assert (fetch("tester/alpha") / "model.safetensors").is_file()


# --- what is refused -----------------------------------------------------------------------------------------------


def test_an_id_is_user_and_name_and_perhaps_a_revision(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_id("user/my.model@images-300") == ("user/my.model", "images-300")
    assert is_id("user/name") and is_id("user/name@main")
    (tmp_path / "runs").mkdir()
    for text in ("runs/mine", "name", "a/b/c", "../x", "a/b.safetensors", "/a/b", "a/b@", "", "a b/c"):
        assert not is_id(text), text
    for text in ("name", "a/b/c", "../x", "a/b@", "a--b/..", "user/na--me", "me/mine.git", "me/x-", "me/.x", "-me/x"):
        with pytest.raises(UserError, match="USER/NAME"):
            parse_id(text)


def test_a_mistyped_folder_is_told_from_a_name_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    with pytest.raises(Unreachable, match=r"There is no folder run/mein here\. Is the folder runs/mine meant\?$"):
        fetch("run/mein")
    with pytest.raises(Unreachable, match=r"There is no folder user/model here\.$"):
        fetch("user/model")


GRIDS = [f"samples/epoch-{i:04d}.webp" for i in range(200)]


def header(length, rest=b""):
    return struct.pack("<Q", length) + rest


def weights(**changes):
    """Return the bytes of a generator's file with some tensors changed; None leaves one out."""
    changes = {name.replace("__", "."): value for name, value in changes.items()}
    tensors = {name: value for name, value in (tiny_generator(1).state_dict() | changes).items() if value is not None}
    path = weights.folder / "made.safetensors"
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    return path.read_bytes()


@only_regular
@pytest.mark.parametrize(
    ("files", "words"),
    [
        (lambda: {"pytorch_model.bin": b"x"}, "only pytorch_model.bin, a pickle"),
        (lambda: {"README.md": b"hello"}, "holds no model.safetensors"),
        (lambda: {"a.safetensors": b"x", "b.safetensors": b"y"}, "holds no model.safetensors"),
        (lambda: {"model.safetensors": b"garbage of some length"}, "claims .* bytes"),
        (lambda: {"model.safetensors": b""}, "damaged or no safetensors"),
        (lambda: {"model.safetensors": header(2**62)}, "claims .* bytes"),
        (lambda: {"model.safetensors": header(50, b"{" * 50)}, "damaged or no safetensors"),
        (lambda: {"model.safetensors": weights(main__3__weight=None)}, "4 convolutions|do not fit|int64"),
        (lambda: {"model.safetensors": weights(main__3__weight=torch.zeros(9, 9, 4, 4))}, "do not fit a Generator"),
        (lambda: {"model.safetensors": weights(extra=torch.zeros(1))}, "do not fit a Generator"),
        (
            lambda: {"model.safetensors": weights(main__0__weight=torch.zeros(1, 2**22, 1, 1))},
            "base_channels is 524,288",
        ),
        (lambda: {"model.safetensors": b"x", "config.json": b" " * 6_000_000}, "config.json is far too large"),
        (lambda: {"model.safetensors": b"x"} | dict.fromkeys(GRIDS, b"x"), "far too many"),
        (lambda: {"\x1b[2J.pth": b"x"}, r"only \\x1b\[2J.pth, a pickle"),
    ],
)
def test_a_repository_of_something_else_gets_a_sentence(files, words, server, tmp_path):
    weights.folder = tmp_path
    server.add("tester/odd", files())
    with pytest.raises(UserError, match=words):
        load_generator("tester/odd")


@only_regular
def test_tricks_with_paths_and_other_files_stay_out(server, folder):
    good = {name: (folder / name).read_bytes() for name in files_of(folder)}
    evil = {"../../evil": b"x", "samples/../../evil": b"x", "gan/__init__.py": b"x", "samples/epoch-0001.webp/x": b"x"}
    server.add("tester/odd", good | evil)
    fetched = fetch("tester/odd")
    there = {path.relative_to(fetched).as_posix() for path in fetched.rglob("*") if path.is_file()}
    assert {name for name in there if not name.startswith(".cache/")} == set(good)


@only_regular
@pytest.mark.parametrize(
    "name", ["*.safetensors", "[a-z]*.safetensors", "?odel.safetensors", ".safetensors", "a b.safetensors"]
)
def test_the_name_of_a_file_is_no_pattern(name, server, folder, tmp_path):
    files = {name: (folder / "model.safetensors").read_bytes(), "x/evil.safetensors": b"x", "evil.bin": b"x"}
    server.add("tester/odd", files)
    with pytest.raises(UserError, match=r"holds no model\.safetensors"):
        fetch("tester/odd")
    files["model.safetensors"] = files[name]
    server.add("tester/both", files)
    fetched = fetch("tester/both")
    assert [path.name for path in fetched.rglob("*")] == ["model.safetensors"]


@only_regular
@pytest.mark.parametrize("said", [1_000, 10**9 - 1, 0])
def test_a_file_that_is_not_as_large_as_was_said_is_not_kept(said, server, folder, tmp_path):
    server.add("tester/odd", {name: (folder / name).read_bytes() for name in files_of(folder)})
    server.said["snapshots/epoch-0003.safetensors"] = said
    with pytest.raises(UserError, match=rf"epoch-0003.safetensors is not the {said:,} bytes"):
        fetch("tester/odd")
    there = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert "epoch-0003.safetensors" not in there and not [name for name in there if "part" in name]


@only_regular
def test_no_more_is_read_than_was_said(server, monkeypatch):
    """A file of 60 MB that claims a thousand bytes is left while the server still sends it."""
    server.add("tester/odd", {"model.safetensors": b"\0" * 60_000_000})
    server.said["model.safetensors"] = 1_000
    hung_up = threading.Event()
    monkeypatch.setattr(server, "handle_error", lambda *_: hung_up.set())
    with pytest.raises(UserError, match="is not the 1,000 bytes"):
        fetch("tester/odd")
    assert hung_up.wait(20)


@only_regular
@pytest.mark.parametrize("sha", ["../../../evil", "", None, "main", "/etc"])
def test_a_commit_is_no_path(sha, server, folder):
    server.add("tester/odd", {"model.safetensors": (folder / "model.safetensors").read_bytes()})
    server.said["sha"] = sha
    with pytest.raises(UserError, match=r"names no commit|proxy"):
        fetch("tester/odd")


@only_regular
@pytest.mark.parametrize("name", [5, None, [], {}])
def test_what_is_no_name_of_a_file_is_passed_over(name, server, folder, monkeypatch):
    content = (folder / "model.safetensors").read_bytes()
    server.add("tester/odd", {"model.safetensors": content})
    reply = Handler.reply

    def with_one_more(handler, status, value=None, **more):
        if value and "siblings" in value:
            value["siblings"].append({"rfilename": name, "size": 2})
        reply(handler, status, value, **more)

    monkeypatch.setattr(Handler, "reply", with_one_more)
    assert (fetch("tester/odd") / "model.safetensors").read_bytes() == content


@only_regular
def test_a_download_that_breaks_off_is_tried_again_and_the_rest_is_there(server, folder):
    publish(folder)
    server.faults += [
        ("GET", "model.safetensors", 503),
        ("GET", "history.jsonl", None),
        ("GET", "epoch-0001.webp", 429),
    ]
    fetched = fetch("tester/alpha")
    assert server.faults == [] and all((fetched / name).is_file() for name in files_of(folder))


@only_regular
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_download_that_is_refused_is_a_sentence(status, server, folder):
    publish(folder)
    server.faults.append(("GET", "resolve/.*/config.json", status))
    with pytest.raises(UserError, match="tester/alpha: "):
        fetch("tester/alpha")


@only_regular
def test_a_lone_file_in_the_layout_of_the_tutorial_loads(server, tmp_path):
    network = Generator(z_dim=9, base_channels=4, image_size=32)
    save_file(network.state_dict(), tmp_path / "netG.safetensors")
    server.add("tester/tutorial", {"netG.safetensors": (tmp_path / "netG.safetensors").read_bytes()})
    assert load_generator("tester/tutorial").z_dim == 9
    assert load_generator("tester/tutorial").image_size == 32  # from the cache, too


@only_regular
def test_a_pair_of_the_tutorial_gives_its_generator(server, tmp_path):
    save_file(Generator(z_dim=9, base_channels=4, image_size=32).state_dict(), tmp_path / "netG.safetensors")
    server.add(
        "tester/pair", {"netG.safetensors": (tmp_path / "netG.safetensors").read_bytes(), "netD.safetensors": b"1"}
    )
    assert load_generator("tester/pair").z_dim == 9


@only_regular
def test_without_a_network_what_was_fetched_last_is_used(server, folder, monkeypatch, capsys):
    oid = publish(folder, tag="images-120")
    fetched = fetch("tester/alpha@images-120")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert fetch("tester/alpha@images-120") == fetched and oid in str(fetched)
    assert "using what was fetched before" in capsys.readouterr().err
    with pytest.raises(Unreachable):
        fetch("tester/alpha")  # under another name nothing was


@only_regular
@pytest.mark.parametrize(
    ("hub_id", "words"),
    [("tester/nobody", "no folder here, and not"), ("tester/alpha@v9", "no such revision")],
)
def test_what_is_not_there_gets_a_sentence(hub_id, words, server, folder):
    publish(folder)
    with pytest.raises(UserError, match=words):
        fetch(hub_id)


@only_regular
def test_an_absurd_config_does_not_hurt_the_weights(server, folder):
    files = {name: (folder / name).read_bytes() for name in files_of(folder)}
    server.add("tester/odd", files | {"config.json": json.dumps({"images_seen": "many", "train": 3}).encode()})
    assert load_generator("tester/odd").base_channels == 8
    shutil.rmtree(fetch("tester/odd"))
