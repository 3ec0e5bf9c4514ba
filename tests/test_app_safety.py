"""What nobody sends by the page: junk for every event, a hundred calls at once, huge bodies and huge pictures."""

import json
import math
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import differ, memory, open_tab, picture_in_hand, pixels, png, slider, wait_for_picture, wait_for_seeds

API = "/gradio_api"
BATCH = 100  # calls at the same time
MUST_ANSWER = 30  # seconds
NEED_A_PICTURE = {"project"}  # of all events' arguments the only ones without a default
DRAW_MOST = ("generate", "interpolate", "upscale")


class Wire:
    """The app as a program without gradio_client sees it: HTTP and JSON."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, timeout=MUST_ANSWER)
        self.events = [event for event in self.http.get("config").json()["dependencies"] if event["backend_fn"]]
        self.named = [event for event in self.events if event["api_visibility"] == "public"]
        self.private = [event for event in self.events if event["api_visibility"] == "private"]

    def post(self, path, body):
        """Post what JSON cannot always say: NaN, infinities, numbers of 400 digits."""
        return self.http.post(API + path, content=json.dumps(body), headers={"content-type": "application/json"})

    def call(self, event, arguments):
        """Call a named event; return ("complete", its outputs) or ("error", {"error": a sentence})."""
        joined = self.post(f"/call/{event['api_name']}", {"data": arguments})
        assert joined.status_code == 200, joined.text
        return read_answer(self.http.get(f"{API}/call/{event['api_name']}/{joined.json()['event_id']}").text)

    def join(self, event, arguments, told=None, query=""):
        """Send an event of the page itself; return whether it succeeded, and its output."""
        session = uuid.uuid4().hex
        body = {"data": arguments, "fn_index": event["id"], "session_hash": session, "event_data": told}
        joined = self.post(f"/queue/join{query}", body)
        if joined.status_code == 422:  # a mistake, told at its field
            (mistake,) = [field for field in joined.json()["detail"] if not field["is_valid"]]
            return False, {"error": mistake["message"]}
        assert joined.status_code == 200, joined.text
        with self.http.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {}
                if message.get("msg") == "process_completed":
                    return message["success"], message["output"]
        raise AssertionError("the stream ended without an answer")


def read_answer(stream):
    """Return the last (event, data) of a stream of server-sent events."""
    event, data = stream.strip().split("\n\n")[-1].split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def check_sentence(answer):
    """Fail where a refusal is not a sentence for people."""
    sentence = answer["error"]
    assert isinstance(sentence, str) and len(sentence) < 500, answer
    assert sentence.endswith(".") and "Traceback" not in sentence and "Error" not in sentence, sentence


@pytest.fixture(scope="module")
def wire(server):
    wire = Wire(server.url)
    yield wire
    assert server.process.poll() is None, "the server died"
    assert wire.http.get("config").status_code == 200
    wire.http.close()


# --- junk ----------------------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
    [0, -0.0, 1, -1, 0.5, 65, 2**32, -(2**63), 10**400, 1e308, 5e-324, math.nan, math.inf, -math.inf]
)
FILE = {"path": "/etc/passwd", "url": "http://127.0.0.1:9/x.png", "meta": {"_type": "gradio.FileData"}}
KEYS = st.sampled_from(
    [
        "seed",
        "seeds",
        "count",
        "truncation",
        "d1",
        "d99",
        "z0",
        "z99999",
        "recipe",
        "said",
        "frame",
        "tool",
        "latent",
        "wildness",
        "stops",
        "steps",
        "path",
        "strokes",
        "palette",
        "under",
        "lines",
        "points",
        "file",
        "epoch",
        "t",
        "against",
    ]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.integers(), st.floats(), st.text(max_size=8), st.just("alpha"), st.just(FILE)
)
JUNK = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.dictionaries(st.one_of(KEYS, st.text(max_size=4)), inside, max_size=4),
    ),
    max_leaves=6,
)
ARGUMENTS = st.lists(st.one_of(st.none(), JUNK), max_size=8)  # fewer than there are, or more
QUERIES = st.dictionaries(
    st.one_of(KEYS, st.sampled_from(["tab", "model", "weights"])), st.text(max_size=12), max_size=4
)
thoroughly = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@thoroughly
@given(data=st.data())
def test_named_events_answer_junk_with_a_result_or_a_sentence(wire, data):
    event = data.draw(st.sampled_from(wire.named))
    outcome, answer = wire.call(event, data.draw(ARGUMENTS))
    assert outcome in ("complete", "error")
    if outcome == "error":
        check_sentence(answer)


@thoroughly
@given(data=st.data())
def test_the_pages_own_events_answer_junk_with_a_result_or_a_sentence(wire, data):
    event = data.draw(st.sampled_from(wire.private))
    told = JUNK.filter(lambda told: "gradio.FileData" not in json.dumps(told))  # Gradio refuses those by itself
    success, answer = wire.join(event, data.draw(ARGUMENTS), data.draw(told))
    if not success:
        check_sentence(answer)


@settings(thoroughly, max_examples=40)
@given(query=QUERIES)
def test_any_address_opens_the_page(wire, query):
    load = next(event for event in wire.private if event["targets"][0][1] == "load")
    success, _ = wire.join(load, [], query="?" + str(httpx.QueryParams(query)))
    assert success


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"data": 5}', '{"data": [' + "9" * 5000 + "]}", "[" * 100_000]
)
def test_what_is_no_call_is_refused(wire, body):
    for path in ("/call/generate", "/queue/join"):
        answer = wire.http.post(API + path, content=body, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500 and "Traceback" not in answer.text


def test_the_direct_route_is_closed(wire):
    for event in wire.events:
        for route in ("run", "api"):
            name = event["api_name"] or "predict"
            body = {"data": [None] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "direct"}
            answer = wire.post(f"/{route}/{name}", body)
            assert answer.status_code in (404, 422), (name, answer.text)


# --- many at once ----------------------------------------------------------------------------------------------------


def call_at_once(url, names):
    """Call these named events at the same time; return how often what happened to which."""

    def one(name):
        # Threads that share a client may close each other's connections; one that loads no certificates starts fast.
        with httpx.Client(base_url=url, timeout=120, verify=False) as http:
            joined = http.post(f"{API}/call/{name}", json={"data": []})
            if joined.status_code == 503:
                return name, "busy" if "full" in joined.text else joined.text
            return name, read_answer(http.get(f"{API}/call/{name}/{joined.json()['event_id']}").text)[0]

    with ThreadPoolExecutor(BATCH) as callers:
        return Counter(callers.map(one, names))


def test_a_hundred_calls_at_once_are_answered_or_told_to_wait_and_memory_stays(wire, server):
    def flood(*names):
        outcomes = call_at_once(server.url, islice(cycle(names), BATCH))
        assert {outcome for _, outcome in outcomes} <= {"complete", "busy"}, outcomes
        assert outcomes.total() == BATCH
        for name in names:
            assert outcomes[name, "complete"] >= 2, outcomes  # of one visitor two animations at a time

    names = [event["api_name"] for event in wire.named]
    flood(*(name for name in names if name not in {*NEED_A_PICTURE, *DRAW_MOST}))
    for name in DRAW_MOST:  # threads and allocators take what they need
        flood(name)
    before = memory(server.process.pid)
    for name in DRAW_MOST:
        flood(name)
    assert memory(server.process.pid) - before < 60e6


def test_two_thousand_steps_of_a_slider_leave_no_file(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    open_tab(page, "Explore")
    kept = server.temporary
    before = {path for path in kept.rglob("*") if path.is_file()}
    asked = []
    page.on("request", lambda request: "queue/join" in request.url and asked.append(request.url))
    slider(page, "d1").evaluate(
        """async slider => {
            for (let step = 0; step < 2000; step++) {
                slider.value = ((step % 200) - 100) / 40;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                if (step % 4 === 0) await new Promise((done) => setTimeout(done));
            }
        }"""
    )
    wait_for_picture(page, seed=1, d1=2.5)
    shown = picture_in_hand(page)
    assert len(asked) > 20
    assert {path for path in kept.rglob("*") if path.is_file()} == before
    assert differ(shown, pixels(client.predict(seed=1, directions=[2.5], api_name="/explore"))) <= 1


# --- large things ----------------------------------------------------------------------------------------------------


def test_no_large_file_can_be_uploaded(wire, server):
    before = memory(server.process.pid)
    answer = wire.http.post(f"{API}/upload", files={"files": ("a.png", bytes(60_000_000), "image/png")})
    assert answer.status_code == 413
    assert memory(server.process.pid) - before < 30e6
    assert not [path for path in server.temporary.rglob("*") if path.stat().st_size > 5_000_000]


def test_a_large_request_is_refused(wire, server):
    before = memory(server.process.pid)
    answer = wire.post("/call/generate", {"data": ["x" * 60_000_000]})
    assert answer.status_code == 413
    assert memory(server.process.pid) - before < 30e6


def test_a_picture_of_13000_pixels_a_side_is_decoded_by_no_event(wire, server, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(size=(13_000, 13_000)))
    file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
    before = memory(server.process.pid)
    for event in wire.named:
        _, answer = wire.call(event, [file] * len(event["inputs"]))
        check_sentence(answer)
    for event in wire.private:
        wire.join(event, [file] * len(event["inputs"]))
    assert memory(server.process.pid) - before < 100e6
