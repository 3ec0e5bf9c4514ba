"""Kaggle, by stand-ins: what is fetched, kept and used again, and every way it can fail."""

import http.server
import io
import json
import random
import socket
import sys
import threading
import types
import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan.data import download
from gan.data.download import kaggle_version, locate, own_copy
from gan.data.scan import read_pictures
from gan.errors import UserError
from gan.flags import new_config, resumed_config

SLUG = "kvpratama/pokemon-images-dataset"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder where kagglehub keeps what it fetched."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def kaggle(monkeypatch, cache):
    """Put a function in the place of kagglehub.dataset_download, and no network around it."""

    def offline(*_):
        raise socket.gaierror(-2, "Name or service not known")

    def install(fetch):
        config = types.SimpleNamespace(get_cache_folder=lambda: str(cache))
        monkeypatch.setitem(sys.modules, "kagglehub", types.SimpleNamespace(dataset_download=fetch, config=config))
        monkeypatch.setitem(sys.modules, "kagglehub.config", config)

    monkeypatch.setattr(socket, "create_connection", offline)
    monkeypatch.setattr(download, "getproxies", dict)
    return install


def test_locate_takes_the_jpg_half_of_the_pokemon(tmp_path, kaggle, capsys):
    for folder in ("pokemon/pokemon", "pokemon_jpg/pokemon_jpg"):
        (tmp_path / folder).mkdir(parents=True)
    for path, colour in (("pokemon/pokemon/1.png", "blue"), ("pokemon_jpg/pokemon_jpg/1.jpg", "red")):
        ImageOps.expand(Image.new("RGB", (16, 16), colour), 8, "white").save(tmp_path / path)

    def fetch(slug):
        assert slug == "kvpratama/pokemon-images-dataset"
        print("please upgrade")
        return str(tmp_path)

    kaggle(fetch)
    found = read_pictures(locate("pokemon", None), 32)
    assert found.report.found == 1 and found.images[0, 0].min() > 150
    assert capsys.readouterr().out == ""


def test_locate_takes_the_images_of_anime(tmp_path, kaggle):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").touch()
    kaggle(lambda slug: str(tmp_path) if slug == "splcher/animefacedataset" else "")
    assert locate("anime", "") == tmp_path / "images"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("refused\nTraceback"), "no connection"),
        (TimeoutError("slow"), "no connection"),
        (ValueError("403"), "ValueError"),
    ],
)
def test_a_failed_download_is_one_sentence(kaggle, error, words):
    def fetch(slug):
        raise error

    kaggle(fetch)
    with pytest.raises(UserError, match=words) as caught:
        locate("pokemon", None)
    message = str(caught.value)
    assert "https://www.kaggle.com/datasets/kvpratama/pokemon-images-dataset" in message
    assert "--data" in message and "\n" not in message


def test_a_silent_firewall_does_not_hold_the_download(kaggle, monkeypatch):
    over = threading.Event()

    def silent(address):
        over.wait(60)
        raise TimeoutError

    assert download.CONNECT_SECONDS <= 10
    kaggle(lambda slug: pytest.fail("kagglehub would wait for minutes"))
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.01)
    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(UserError, match="no connection"):
        locate("anime", None)
    over.set()


def test_a_download_without_the_folder(tmp_path, kaggle):
    kaggle(lambda slug: str(tmp_path))
    with pytest.raises(UserError, match="no folder 'images'"):
        locate("anime", None)


def test_a_whole_download_is_used_without_asking_and_half_a_one_is_not(cache, kaggle):
    kept = cache / "datasets" / SLUG
    for version in (9, 10, 11):
        (kept / "versions" / str(version) / "pokemon_jpg" / "pokemon_jpg").mkdir(parents=True)
        (kept / "versions" / str(version) / "pokemon_jpg" / "pokemon_jpg" / "1.jpg").touch()
    for version in (9, 10, 12):  # 11 was cut off, 12 deleted by hand
        (kept / f"{version}.complete").touch()
    kaggle(lambda slug: pytest.fail("it is there"))
    found = locate("pokemon", None)
    assert found == kept / "versions/10/pokemon_jpg"
    assert kaggle_version(found) == f"{SLUG}/versions/10"


@pytest.mark.parametrize("path", ["/data/pictures", "/data/datasets/cats/versions", "datasets/a/b/versions/new"])
def test_other_folders_have_no_version(path):
    assert kaggle_version(path) is None


class Kaggle(http.server.BaseHTTPRequestHandler):
    """As much of Kaggle as kagglehub asks for one data set; the first transfer breaks off."""

    content, asked = b"", []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path.rsplit("/")[-1])
        body = b'{"currentVersionNumber": 7}' if self.path.endswith("GetDataset") else b""
        self.send_response(200 if body else 302)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "/archive")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        begin = int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        first, body = self.asked.count("DownloadDataset") == 1, self.content[begin:]
        self.asked.append(begin)
        self.send_response(206 if begin else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # a client that knows enough hangs up
            self.wfile.write(body[: len(body) * 3 // 4] if first else body)

    def log_message(self, *_):
        pass


def pokemon_archive(count: int) -> bytes:
    """Return a .zip in the layout of the Pokémon data set."""
    buffer, rng = io.BytesIO(), np.random.default_rng(0)
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(count):
            with archive.open(f"pokemon_jpg/pokemon_jpg/{i}.jpg", "w") as file:
                Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(file, "JPEG")
        archive.writestr("pokemon/pokemon/1.png", random.Random(0).randbytes(4_000_000))  # fetched a MB at a time
    return buffer.getvalue()


def test_kagglehub_shows_progress_goes_on_after_a_break_and_keeps_what_it_fetched(tmp_path, cache, monkeypatch, capfd):
    from kagglesdk import kaggle_env

    monkeypatch.setattr(Kaggle, "content", pokemon_archive(12))
    monkeypatch.setattr(Kaggle, "asked", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kaggle)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, url)
    monkeypatch.setattr(download, "_knock", lambda host: None)

    with pytest.raises(UserError, match="broke off; the same command goes on from there"):
        locate("pokemon", None)
    found = locate("pokemon", None)
    assert read_pictures(found, 32).report.used == 12
    assert kaggle_version(found) == f"{SLUG}/versions/7"
    assert Kaggle.asked == ["GetDataset", "DownloadDataset", 0, "GetDataset", "DownloadDataset", 0, 2 * 1024**2]
    said = capfd.readouterr()
    assert said.out == "" and "downloading kvpratama" in said.err and "100%" in said.err

    server.shutdown()
    server.server_close()
    assert locate("pokemon", None) == found


@pytest.mark.parametrize(
    ("dataset", "names", "inner"),
    [
        ("pokemon", ["pokemon/pokemon/1.png", "pokemon_jpg/pokemon_jpg/1.jpg"], "pokemon_jpg"),
        ("anime", ["archive/images/1.jpg", "archive/thumbs/1.jpg"], "archive/images"),
        ("anime", ["train/images/1.jpg", "test/images/2.jpg"], ""),
        ("anime", ["1.jpg"], ""),
        ("folder", ["pokemon/1.png", "pokemon_jpg/1.jpg"], ""),
    ],
)
def test_an_own_copy_of_a_data_set_is_read_as_its_download(tmp_path, dataset, names, inner):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    zipfile.ZipFile(archive).extractall(tmp_path / "unpacked")
    for copy in (archive, tmp_path / "unpacked"):
        flags = {"dataset": dataset, "data": str(copy), "out": str(tmp_path / "run")}
        assert own_copy(dataset, copy) == copy / inner
        assert new_config(flags).data == str(copy / inner)


@pytest.mark.parametrize(("pictures", "inner"), [(13, ""), (12, "pokemon_jpg"), (None, "pokemon_jpg")])
def test_a_run_goes_on_with_the_data_it_began_with(pictures, inner, tmp_path):
    archive = tmp_path / "archive.zip"
    archive.write_bytes(pokemon_archive(12))
    out = tmp_path / "run"
    out.mkdir()
    config = replace(new_config({"dataset": "pokemon", "out": str(out)}), data=str(archive))  # as it was once
    described = {"train": config.to_dict(), "data": {"pictures": pictures}}
    (out / "config.json").write_text(json.dumps(described))
    assert resumed_config({"resume": str(out)}).data == str(archive)
    moved = archive.rename(out / "archive.zip")
    assert resumed_config({"resume": str(out), "data": str(moved)}).data == str(moved)
    renamed = moved.rename(tmp_path / "pokemon.zip")
    assert resumed_config({"resume": str(out), "data": str(renamed)}).data == str(renamed / inner)


def test_missing_kagglehub(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(UserError, match="ModuleNotFoundError"):
        locate("anime", None)


def test_given_data_wins_and_a_folder_needs_it(tmp_path):
    assert locate("anime", str(tmp_path)) == tmp_path
    with pytest.raises(UserError, match="--data"):
        locate("folder", None)
