"""app.py as people and programs use it: a process of its own, gradio_client, and a real Chromium."""

import signal
import socket
import subprocess
import sys
import time

import pytest
from served import ROOT, Server, copy_app, plant, run_app, wait_for_seeds

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


def test_a_checkpoint_that_does_not_exist_is_one_sentence(tmp_path):
    status, out, err = run_app("--checkpoint", tmp_path / "nowhere")
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and "nowhere" in err and "model.safetensors" in err


def test_a_busy_port_is_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, err = run_app("--port", port)
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and str(port) in err and "--port" in err


@pytest.mark.parametrize("arguments", [("--port", "99999"), ("--port", "x"), ("--host", "no.such.host.invalid")])
def test_bad_addresses_end_with_status_2_and_no_traceback(arguments):
    status, _, err = run_app(*arguments)
    assert status == 2 and "Traceback" not in err


# --- programs ----------------------------------------------------------------------------------------------------


def test_the_named_events_can_be_called_without_arguments(client):
    events = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {"/generate", "/explore", "/history"} <= set(events)
    for name, event in events.items():
        assert all(parameter["parameter_has_default"] for parameter in event["parameters"]), name
        client.predict(api_name=name)


# --- people ------------------------------------------------------------------------------------------------------


def test_a_damaged_checkpoint_is_named_and_the_others_work(visit, server):
    page = visit(server.url)
    note = page.locator(".problems")
    note.wait_for()
    assert "damaged/model.safetensors" in note.inner_text().replace("\\", "/")
    assert page.get_by_label("damaged").count() == 0
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
        assert "Traceback" not in server.log.read_text()
        page.close()
    finally:
        server.stop()


def test_one_folder_named_is_shown_alone_and_ctrl_c_ends_it(visit, tmp_path):
    folder = copy_app(tmp_path / "app")
    plant(folder / "checkpoints" / "published", 1)
    server = Server(folder, "--checkpoint", plant(tmp_path / "runs" / "2024", 2))
    try:
        page = visit(f"{server.url}?model=2024&seed=5")  # a name in a link, though it looks like a number
        wait_for_seeds(page, "5-20")
        assert page.locator("#model label").all_inner_texts() == ["2024"]
        page.close()  # lest it complain of requests that the end cuts off
        server.process.send_signal(signal.SIGINT)
        server.process.wait(10)
        assert "Traceback" not in server.log.read_text()
    finally:
        server.stop()
