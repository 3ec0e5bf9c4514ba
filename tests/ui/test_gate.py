"""The gate before Gradio, without a network: which hosts, routes and bodies come through, who sees real pictures."""

import asyncio
import contextlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio.routes
import pytest
from gradio.utils import get_function_description
from served import EPOCHS, event_of, plant, run_async, scope_of, tiny_model
from starlette.responses import Response
from starlette.testclient import TestClient

from gan.folder import read_history, write_history
from gan.ui import gate
from gan.ui.demo import build_demo
from gan.ui.gate import Gate, Refused, check_body, read_body
from gan.ui.hosts import trusted_hosts
from gan.ui.loaded import load_models

API = gate.API


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    return load_models([plant(folder / "alpha", 1, EPOCHS), plant(folder / "beta", 2, EPOCHS)])[0]


@pytest.fixture(scope="module")
def page(models):
    async def build():  # Gradio opens an event loop of its own where none runs
        return build_demo(models)

    return run_async(build())


@pytest.fixture(scope="module")
def visitor(page):
    """A program on this machine that asks the page; everything it sends goes through the gate."""
    with TestClient(Gate(page.app, page), base_url="http://127.0.0.1:7860", client=("127.0.0.1", 5)) as client:
        assert client.get(f"{API}/startup-events").json() is True
        yield client


# --- whose page it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7860", "127.0.0.1:7860", "127.8.9.1", "[::1]:7860", "localhost."]
)
def test_a_page_on_the_loopback_answers_to_the_loopbacks_names(visitor, host):
    assert visitor.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.1.7",
        "",
        "[",
        "\x1b",
    ],
)
def test_no_other_name_is_answered_so_that_no_page_elsewhere_reads_it(visitor, host):
    for path in ("/", "/config", f"{API}/info"):
        answer = visitor.get(path, headers={"host": host, "origin": "http://evil.example"})
        assert answer.status_code == 403 and len(answer.content) < 300
        assert "--trusted-host" in answer.json()["detail"] and answer.json()["detail"].isprintable()


def test_a_named_host_and_the_shared_address_are_answered(page, visitor, monkeypatch):
    monkeypatch.setattr(page, "trusted_hosts", trusted_hosts("127.0.0.1", ["studio.example"], {}))
    monkeypatch.setattr(page, "share_url", "https://0123abcd.gradio.live")
    for host, status in (("studio.example", 200), ("0123abcd.gradio.live", 200), ("other.gradio.live", 403)):
        assert visitor.get("/robots.txt", headers={"host": host}).status_code == status


# --- real pictures ---------------------------------------------------------------------------------------------------


def answer(tab, visitor, model="alpha", **headers):
    """Return all that the page is told when a tab is opened with a picture of "alpha" in hand."""
    return json.dumps(told(visitor, f"{tab}-tab", "select", [tab, model, {"model": "alpha"}, "generate"], **headers))


def told(visitor, elem_id, trigger, data, **headers):
    """Return what the page is told when a component triggers an event with these data."""
    event = event_of(visitor.get("/config").json(), elem_id, trigger)
    body = {"data": data, "fn_index": event, "session_hash": elem_id}
    assert visitor.post(f"{API}/queue/join", json=body, headers=headers).status_code == 200
    stream = visitor.get(f"{API}/queue/data?session_hash={elem_id}", headers=headers).text
    messages = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line]
    return next(message["output"] for message in messages if message["msg"] == "process_completed")


def test_real_pictures_are_in_no_config_and_shown_at_home_or_where_a_flag_says_so(page, visitor, monkeypatch):
    real = "Some of those it was trained on"
    assert real in answer("training", visitor)
    assert real not in visitor.get("/config").text + visitor.get("/").text
    hidden = "--show-reals"
    away = answer("training", visitor, **{"x-forwarded-for": "9.9.9.9"})
    assert hidden in away and real not in away
    with monkeypatch.context() as shared:
        shared.setattr(page, "share", True)
        assert hidden in answer("training", visitor)
        shared.setattr(page, "show_reals", True)
        assert real in answer("training", visitor)


def test_where_a_model_lies_is_told_at_home_alone(page, visitor, monkeypatch):
    place = "gate0/alpha"  # as the fixture has it
    assert place in answer("about", visitor)
    assert place not in answer("about", visitor, **{"x-forwarded-for": "9.9.9.9"})
    monkeypatch.setattr(page, "share", True)
    assert place not in answer("about", visitor)


def test_a_tab_opened_at_once_after_another_model_was_chosen_shows_that_one(visitor):
    assert "<h2>beta</h2>" in answer("about", visitor, "beta") and "<h2>alpha</h2>" in answer("about", visitor)


def test_a_path_that_is_sent_as_a_file_is_no_file_and_no_word_in_the_log(page, visitor, capsys):
    event = event_of(visitor.get("/config").json(), "save", "click")
    sent = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    body = {"data": [sent], "fn_index": event, "event_data": sent, "session_hash": "file"}
    assert visitor.post(f"{API}/queue/join", json=body).status_code == 200
    stream = visitor.get(f"{API}/queue/data?session_hash=file").text
    assert "process_completed" in stream and "root:" not in stream and capsys.readouterr().err == ""


# --- routes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/config", "/manifest.json", "/favicon.ico", "/robots.txt", "/monitoring/summary"]
    + [f"{API}/{route}" for route in ("app_id", "info", "openapi.json", "startup-events", "queue/status")],
)  # fmt: skip
def test_what_the_page_and_gradio_client_read_is_there(visitor, path):
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize("root", ["/proxy/7860", "/studio", "/gradio"])
@pytest.mark.parametrize("prefixed", [False, True])
def test_behind_a_proxy_the_path_may_come_with_its_prefix_or_without(page, visitor, monkeypatch, root, prefixed):
    monkeypatch.setattr(page, "root_path", root)
    monkeypatch.setattr(page.app, "root_path", root)
    for path in ("/robots.txt", "/studio/page.js", f"{API}/info"):
        assert visitor.get(f"{root if prefixed else ''}{path}").status_code == 200


def test_one_visitor_waits_for_few_previews_at_a_time(page, visitor, monkeypatch):
    async def slow(path, query):
        if path == gate.PREVIEW_AT:
            await asyncio.sleep(0.5)
        return Response(b"drawn", media_type="image/png")

    monkeypatch.setattr(page.front, "answer", slow)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: visitor.get(gate.PREVIEW_AT).status_code, range(6)))
    assert sorted(found) == [200] * gate.PREVIEWS_EACH + [429] * 2
    assert visitor.get(gate.PREVIEW_AT).status_code == 200  # they were answered


def test_what_is_kept_is_stored_without_waiting_for_the_tray_to_be_drawn(visitor):
    (event,) = (event for event in visitor.get("/config").json()["dependencies"] if ".store(" in str(event["js"]))
    assert not event["backend_fn"]


def test_programs_that_name_no_seed_get_the_first_and_not_the_pages_pick():
    async def build():
        return build_demo([tiny_model("alpha", described={"picked": [7, 9]})])

    config = run_async(build()).config
    (event,) = (event for event in config["dependencies"] if event["api_name"] == "generate")
    values = {part["id"]: part["props"].get("value") for part in config["components"]}
    assert [values[part] for part in event["inputs"][1:3]] == [1, 24]


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", f"{API}/upload"),
        ("GET", f"{API}/upload_progress?upload_id=1"),
        ("POST", f"{API}/run/generate"),
        ("POST", f"{API}/api/generate"),
        ("POST", f"{API}/component_server"),
        ("POST", f"{API}/process_recording"),
        ("POST", f"{API}/vibe-edit"),
        ("POST", f"{API}/stream/1"),
        ("GET", f"{API}/proxy=https://a.hf.space/"),
        ("GET", f"{API}/file=https://a.example/x.png"),
        ("GET", f"{API}/dev/reload"),
        ("GET", f"{API}/deep_link"),
        ("GET", "/monitoring"),
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/docs"),
        ("PUT", "/config"),
        ("DELETE", f"{API}/queue/join"),
    ],
)
def test_every_other_route_is_closed(visitor, method, path):
    answer = visitor.request(method, path, content=b"x" * 1000)
    assert answer.status_code == 404 and answer.json() == {"detail": "There is nothing here."}


def test_each_argument_of_a_named_event_is_described_to_assistants(page):
    named = [event for event in page.fns.values() if event.api_visibility == "public"]
    assert len(named) >= 4
    for event in named:
        _, arguments, _ = get_function_description(event.fn)
        assert arguments and all(arguments.values()), (event.api_name, arguments)


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["mcp", "mcp/", "mcp/schema", "mcp/sse", "mcp/messages/"])
def test_assistants_are_let_in_where_the_page_is_offered_to_them_and_nowhere_else(page, visitor, monkeypatch, path):
    method = "POST" if path == "mcp/messages/" else "GET"
    assert visitor.request(method, f"{API}/{path}").status_code == 404
    seen = []

    async def inside(scope, receive, send):
        seen.append(scope["path"])
        await sorry(scope, receive, send)

    monkeypatch.setattr(page, "mcp_server", True)
    assistant = TestClient(Gate(inside, page), base_url="http://127.0.0.1:7860")
    assistant.request(method, f"{API}/{path}")
    assert assistant.get(f"{API}/upload").status_code == assistant.get(f"{API}/mcp/x").status_code == 404
    assert seen == [f"{API}/{path}"]


def chunks(body):
    yield from (body[at : at + 5000] for at in range(0, len(body), 5000))  # without a Content-Length


@pytest.mark.parametrize("sent", [bytes, chunks])
@pytest.mark.parametrize(
    "body, status",
    [
        (b'{"data": [' + b"{}," * 1_900_000 + b"1]}", 413),
        (b'{"data": ["' + b"x" * 64_000 + b'"]}', 413),
        (b'{"data": [' + b"{}," * 5_000 + b"1]}", 413),
        (b'{"data": ' + b"[" * 30 + b"]" * 30 + b"}", 400),
        (b"[" * 3_000, 400),
    ],
)
def test_large_and_deep_bodies_are_refused_before_they_are_read(visitor, body, status, sent):
    answer = visitor.post(f"{API}/call/explore", content=sent(body), headers={"content-type": "application/json"})
    assert answer.status_code == status and "A request" in answer.json()["detail"]


def test_the_largest_body_that_the_page_sends_is_let_in(visitor):
    offsets = {str(z): -0.05 * z for z in range(100)}
    body = {"data": ["alpha", 4294967295, 0.65, [1.25] * 8, offsets | {"a,[{" * 1000: "]" * 1000}]}
    answer = visitor.post(f"{API}/call/explore", json=body)  # what is in texts does not count
    assert answer.status_code == 200
    visitor.get(f"{API}/call/explore/{answer.json()['event_id']}")


def test_no_body_takes_long_to_check():
    start = time.process_time()
    for body in (b'"' + b'\\"' * 31_000, b'"' * 63_999, b'["' + b"\\" * 60_000, b"[]" * 30_000):
        with contextlib.suppress(Refused):
            check_body(body)
    assert time.process_time() - start < 0.5


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_allowed(monkeypatch):
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.01)
    with pytest.raises(Refused, match="within") as refusal:
        run_async(read_body(scope_of(), lambda: asyncio.sleep(60)))
    assert refusal.value.status == 408


# --- junk ------------------------------------------------------------------------------------------------------------

JUNK = (
    b"", b"null", b"[]", b"\xff\x00", b'{"data": 5}', b'{"data": [], "fn_index": 999}', b'{"data": [], "fn_index": -1}',
    b'{"data": [], "fn_index": 0, "session_hash": "\\ud800"}', b'{"event_id": "x", "session_hash": [], "fn_index": {}}',
)  # fmt: skip
TAILS = (
    "", "/", "/generate", "/%00", "/..%2f..%2fetc%2fpasswd", "/\ufffd" + "x" * 3000, "=/etc/passwd", "=%00",
    "?deep_link=%00&session_hash=%00",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_junk_to_every_route_is_told_so_and_leaves_no_traceback(page, visitor, method, capfd):
    source = Path(gradio.routes.__file__).read_text(encoding="utf-8")
    routes = set(re.findall(r'\.(?:get|post|head)\(\s*f?"(/[^"{]*)', source)) - {"/heartbeat/"}  # it never ends
    assert len(routes) > 40
    for path in sorted(prefix + route.rstrip("/=") for route in routes for prefix in ("", API)):
        for tail in TAILS:
            for body in JUNK if method == "POST" and tail in ("", "/generate") else JUNK[:1]:
                headers = {"content-type": "application/json", "origin": "null"}
                answer = visitor.request(method, path + tail, content=body, headers=headers)
                assert answer.status_code < 500, (path, tail, body, answer.text)
                if "There is nothing here." in answer.text:
                    break  # a closed route, where no body is read
    assert "Traceback" not in "".join(capfd.readouterr())


async def broken(scope, receive, send):
    raise RecursionError


async def broken_later(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    raise RecursionError


async def sorry(scope, receive, send):
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"Internal Server Error"})


@pytest.mark.parametrize("app, status", [(broken, 400), (sorry, 400), (broken_later, 400)])
def test_what_gradio_did_not_expect_is_one_line_however_often_it_happens(page, capfd, app, status):
    client = TestClient(Gate(app, page), base_url="http://localhost")
    for number in range(5):
        answer = client.get(f"/?{number}")
        assert answer.status_code == status and "Internal" not in answer.text
    assert capfd.readouterr().err.count("\n") == 1


def test_one_visitor_listens_to_so_many_answers_and_no_more(page, monkeypatch):
    monkeypatch.setattr(gate, "STREAMS_EACH", 0)
    client = TestClient(Gate(page.app, page), base_url="http://localhost")
    assert client.get(f"{API}/queue/data?session_hash=x").status_code == 429
    assert client.get("/robots.txt").status_code == 200


def test_half_a_character_is_refused_and_a_whole_one_is_not():
    for whole in (rb'["\ud83d\ude00"]', rb'["\\ud83d"]', b'["\xf0\x9f\x98\x80"]'):
        check_body(whole)
    for half in (rb'["\ud83d"]', rb'{"\ude00": 1}', rb'["\ude00\ud83d"]'):
        with pytest.raises(Refused, match="half a character"):
            check_body(half)


# --- what a visit changes --------------------------------------------------------------------------------------------


def test_the_tray_keeps_eight_and_the_oldest_makes_room(visitor):
    kept = []
    for seed in range(1, 11):
        (kept,) = told(visitor, "keep", "click", [{"model": "alpha", "seed": seed}, kept])["data"]
    assert [recipe["seed"] for recipe in kept] == list(range(3, 11))


def test_a_run_that_has_gone_on_is_read_again_when_its_training_is_looked_at(visitor, models):
    folder = models[1].folder
    assert "12345" not in answer("training", visitor, "beta")
    last = read_history(folder)[-1]
    write_history(folder, [*read_history(folder), last | {"epoch": 12345}])
    assert "12345" in answer("training", visitor, "beta")
