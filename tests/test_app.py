"""app.py as people and programs use it: a process of its own, gradio_client, and a real Chromium."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import gradio as gr
import httpx
import pytest
from gradio_client.exceptions import AppError
from PIL import Image
from served import (
    EPOCHS,
    ROOT,
    Server,
    copy_app,
    model_button,
    plant,
    run_app,
    run_async,
    wait_for_picture,
    wait_for_seeds,
)

from gan.errors import UserError
from gan.files import LOCK_FILE
from gan.ui.demo import Page, build_demo
from gan.ui.hosts import trusted_hosts
from gan.ui.surroundings import address, alone, host_in, make_temporary_folder, with_brackets, without_brackets

# --- the command line ------------------------------------------------------------------------------------------


def test_help_imports_neither_torch_nor_gradio():
    script = (
        "import runpy, sys\n"
        "sys.argv = ['app.py', '--help']\n"
        "try:\n    runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as leaving:\n    assert leaving.code == 0\n"
        "assert not {'torch', 'gradio', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--checkpoint" in done.stdout


@pytest.mark.parametrize("name", ["nowhere", 300 * "a"])
def test_a_checkpoint_that_does_not_exist_is_one_sentence(name, tmp_path):
    status, out, err = run_app("--checkpoint", tmp_path / name)
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and name in err and "model.safetensors" in err


def test_without_the_package_for_assistants_a_sentence_names_it():
    script = (
        "import importlib.util, runpy, sys\n"
        "there = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'mcp' else there(name, *more)\n"
        "sys.argv = ['app.py', '--mcp']\n"
        "runpy.run_path('app.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and 'pip install "gradio[mcp]"' in done.stderr


def test_a_busy_port_is_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, err = run_app("--port", port)
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and str(port) in err and "--port" in err


@pytest.mark.parametrize(
    "arguments",
    [("--port", "99999"), ("--port", "x"), ("--host", "no.such.host.invalid"), ("--trusted-host", "*.example")],
)
def test_bad_addresses_end_with_status_2_and_no_traceback(arguments):
    status, _, err = run_app(*arguments)
    assert status == 2 and "Traceback" not in err


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("studio.example", "studio.example"),
        ("http://studio.example", "studio.example"),
        ("https://Studio.Example:8443/page/?x=1", "studio.example"),
        ("studio.example:7860", "studio.example"),
        ("studio.example/", "studio.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.168.1.7", "192.168.1.7"),
        ("fe80::1", "[fe80::1]"),
        ("http://[fe80::1]:7860/", "[fe80::1]"),
    ],
)
def test_a_host_is_trusted_as_people_write_it(given, host):
    assert host_in(given) == host
    assert trusted_hosts("127.0.0.1", [host_in(given)], {}) == {host.strip("[]")}


@pytest.mark.parametrize("given", ["", "http://", "*", "*.example", "a b", "http://[x", "a..b", "studio.example,other"])
def test_what_is_no_host_is_refused_as_one_to_trust(given):
    with pytest.raises(ValueError):
        host_in(given)


def test_an_ipv6_address_is_taken_as_people_and_as_links_write_it():
    assert without_brackets("[::1]") == without_brackets("::1") == "::1"
    assert with_brackets("::1") == "[::1]" and with_brackets("localhost") == "localhost"


@pytest.mark.parametrize(
    "host, link",
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host, link):
    assert address(host, 80) == link


def test_what_the_environment_says_of_the_way_to_elsewhere_is_hidden_and_comes_back(monkeypatch):
    said = {"NO_PROXY": "firm.example", "HTTPS_PROXY": "http://firm.example:3128", "SSL_CERT_FILE": "/no/such.pem"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with alone():
        assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "*" and "SSL_CERT_FILE" not in os.environ
        assert not httpx._utils.get_environment_proxies()  # as Gradio's own client reads them
    assert said.items() <= os.environ.items() and "no_proxy" not in os.environ


def test_gradio_is_imported_without_reading_the_sources_of_its_components():
    script = (
        "import ast, inspect\n"
        "from gan.ui.surroundings import without_stubs\n"
        "read, ast.get_source_segment = [], lambda *given: read.append(given)\n"
        "with without_stubs():\n    import gradio\n"
        "assert not read and inspect.getfile(gradio.Slider).endswith('slider.py')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_threads_share_heaps_so_that_a_flood_leaves_little():
    script = (
        "import ctypes, threading\n"
        "from gan.ui.surroundings import share_heaps\n"
        "share_heaps()\n"
        "libc, all_there = ctypes.CDLL(None), threading.Barrier(12)\n"
        "work = lambda: (all_there.wait(), libc.malloc(100), all_there.wait())\n"
        "threads = [threading.Thread(target=work) for _ in range(12)]\n"
        "[thread.start() for thread in threads], [thread.join() for thread in threads]\n"
        "libc.malloc_stats()"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.count("Arena ") == 2, done.stderr


@pytest.mark.parametrize("variable", ["TMPDIR", "GRADIO_TEMP_DIR"])
def test_without_a_folder_for_temporary_files_a_sentence_says_what_to_do(tmp_path, monkeypatch, variable):
    file = tmp_path / "file"  # in which nobody can make a folder, the superuser included
    file.touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(file / "sub") if variable == "GRADIO_TEMP_DIR" else "")
    monkeypatch.setattr(tempfile, "tempdir", str(file))
    with pytest.raises(UserError, match=f"cannot be written to.* {variable}=FOLDER"):
        make_temporary_folder()


def test_what_a_killed_demo_left_behind_is_swept_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "gan-studio-abcd1234"
    left.mkdir()
    (left / LOCK_FILE).touch()
    os.utime(left, (1, 1))
    clear_up = make_temporary_folder()
    (folder,) = tmp_path.iterdir()
    assert folder != left and str(folder) == os.environ["GRADIO_TEMP_DIR"]
    clear_up()
    assert not folder.exists()


# --- programs ----------------------------------------------------------------------------------------------------


def test_the_named_events_can_be_called_without_arguments(client):
    events = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {"/generate", "/explore", "/history"} <= set(events)
    for name, event in events.items():
        assert all(parameter["parameter_has_default"] for parameter in event["parameters"]), name
        if name == "/project":  # of a picture, and nobody else has one
            with pytest.raises(AppError, match="must be an image file"):
                client.predict(api_name=name)
        else:
            client.predict(api_name=name)


def into_a_full_disk():
    with open("/dev/full", "wb", 0) as file:
        file.write(b"x")


@pytest.mark.parametrize("draw", [into_a_full_disk, lambda: Image.new("RGB", (8, 8))])
def test_a_program_is_told_that_its_file_cannot_be_written(draw, monkeypatch):
    async def ask():
        with Page() as page:
            gr.on([], draw, None, gr.Image(visible=False), api_name="draw")
        await page.process_api(page.fns[0], [])

    monkeypatch.setenv("GRADIO_TEMP_DIR", "/sys/nobody-may")
    with pytest.raises(gr.Error, match=r"could not be written on the server .* TMPDIR=FOLDER"):
        run_async(ask())


def test_a_name_of_any_bytes_in_a_problem_leaves_a_page_that_can_be_sent():
    async def config():
        return build_demo((), ["caf\udce9: cannot be read"]).get_config_file()

    text = json.dumps(run_async(config()), ensure_ascii=False).encode()
    assert rb"caf\\udce9: cannot be read" in text


# --- people ------------------------------------------------------------------------------------------------------


def test_a_damaged_checkpoint_is_named_and_the_others_work(visit, server):
    page = visit(server.url)
    note = page.locator(".problems")
    note.wait_for()
    assert "damaged/model.safetensors" in note.inner_text().replace("\\", "/")
    assert page.locator("#model").get_by_label("damaged").count() == 0
    assert "damaged" in server.log.read_text()
    assert "Nintendo" in page.locator(".colophon").inner_text()  # of alpha, whose config names its pictures


def test_without_a_checkpoint_the_page_says_how_to_train_one_and_sigterm_ends_it(visit, tmp_path):
    server = Server(copy_app(tmp_path / "empty"))
    try:
        page = visit(server.url)
        page.get_by_text("python train.py --dataset pokemon").wait_for()
        page.get_by_text("python -m gan.promote RUN NAME").wait_for()
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(10)
        assert time.monotonic() - started < 2
        assert status == 143
        assert list(server.temporary.iterdir()) == []
        assert "Traceback" not in server.log.read_text()
        page.close()
    finally:
        server.stop()


def test_folders_named_are_shown_alone_a_run_just_begun_included_and_ctrl_c_ends_it(visit, tmp_path):
    folder = copy_app(tmp_path / "app")
    plant(folder / "checkpoints" / "published", 1)
    begun = tmp_path / "runs" / "begun"
    begun.mkdir(parents=True)
    (begun / LOCK_FILE).touch()
    server = Server(folder, "--checkpoint", begun, plant(tmp_path / "runs" / "2024", 2))
    try:
        page = visit(f"{server.url}?model=2024&seed=5")  # a name in a link, though it looks like a number
        wait_for_picture(page, model="2024", seed=5)
        assert page.locator("#model label").all_inner_texts() == ["begun", "2024"]
        model_button(page, "begun").check()
        page.locator(".stage .problem").get_by_text("begun: nothing to show").wait_for()
        page.get_by_role("tab", name="Training").click()
        page.locator("#film .empty").get_by_text("begun: nothing to show").wait_for()
        shutil.copytree(plant(tmp_path / "later", 3, EPOCHS), begun, dirs_exist_ok=True)
        page.close()
        page = visit(server.url)  # the first since there is a model
        wait_for_seeds(page, 1, 24)
        page.get_by_role("tab", name="Training").click()
        page.locator("#film output", has_text="epoch 6").wait_for()
        page.get_by_text("The run was stopped at epoch 6 of 7500.").wait_for()
        page.close()  # lest it complain of requests that the end cuts off
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 128 + signal.SIGINT  # as at any moment before
        assert "Traceback" not in server.log.read_text()
    finally:
        server.stop()
