"""The page's queue and files, without a network: turns, the slow line, unread answers, what is left behind."""

import asyncio
import threading

import gradio as gr
import httpx
import pytest
from served import run_async

from gan.ui import blocks, uploads
from gan.ui.animation import SLOW
from gan.ui.arguments import at_field, read_choice
from gan.ui.blocks import Page
from gan.ui.gate import Gate
from gan.ui.projecting import PROJECTING

API = "/gradio_api"


class House:
    """A page with a quick and a slow event, and guests of several addresses; all of it on one event loop."""

    def __init__(self):
        self.may_end = threading.Event()  # events wait for it
        self.drawn = []  # what the events were asked for, in their order

    async def __aenter__(self):
        def work(what):
            self.may_end.wait(20)
            self.drawn.append(what)
            return "x" * 1000

        with Page(analytics_enabled=False) as self.page:
            text = gr.Textbox()
            gr.on([], work, text, text, preprocess=False, api_name="quick")
            gr.on([], work, text, text, preprocess=False, api_name="slow", **SLOW)
            told = at_field(0, lambda said: read_choice(said, "It", ["this"], "this"))
            gr.on([], work, text, text, preprocess=False, api_name="checked", validator=told)
            gr.on([], work, text, text, preprocess=False, api_name="search", **PROJECTING)
        self.page.stand_in_line(concurrency_limit=1)
        self.line = self.page._queue
        self.gate = Gate(self.page.app, self.page)
        await self.ask("10.0.0.1", "GET", "startup-events")
        return self

    async def __aexit__(self, *_):
        self.may_end.set()
        while any(self.line.active_jobs):
            await asyncio.sleep(0.01)
        self.line.close()
        await asyncio.sleep(0.05)

    async def ask(self, guest, method, path, **body):
        transport = httpx.ASGITransport(self.gate, client=(guest, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, f"{API}/{path}", **body)

    async def call(self, guest, event, what=""):
        """Put an event in line; return its id, or the sentence that refuses it."""
        answer = await self.ask(guest, "POST", f"call/{event}", json={"data": [what]})
        assert answer.status_code in (200, 422, 503)
        await asyncio.sleep(0.02)  # so that the first begins
        return answer.json().get("event_id"), answer.json().get("detail")

    async def fetch(self, guest, event, id):
        return (await self.ask(guest, "GET", f"call/{event}/{id}")).text


def test_a_guest_with_many_wishes_waits_behind_one_with_a_single_wish():
    async def story():
        async with House() as house:
            for number in range(5):
                await house.call("10.0.0.1", "quick", f"many {number}")
            id, _ = await house.call("10.0.0.2", "quick", "single")
            house.may_end.set()
            assert "complete" in await house.fetch("10.0.0.2", "quick", id)
            assert house.drawn.index("single") <= 2  # behind the running one and the first that waits

    run_async(story())


def test_one_guest_takes_a_few_places_and_leaves_the_others_theirs():
    async def story():
        async with House() as house:
            answers = [await house.call("10.0.0.1", "quick") for _ in range(blocks.WAITING_EACH + 2)]
            assert [bool(id) for id, _ in answers] == [True] * (blocks.WAITING_EACH + 1) + [False]  # one runs
            assert answers[-1][1].startswith("The queue is full")
            assert (await house.call("10.0.0.2", "quick"))[0] and (await house.call("10.0.0.1", "slow"))[0]

    run_async(story())


def test_a_mistake_is_told_at_its_field_and_takes_no_place_in_line():
    async def story():
        async with House() as house:
            for _ in range(blocks.WAITING_EACH + 5):
                id, (mistake,) = await house.call("10.0.0.1", "checked", "that")
                assert not id and mistake["message"] == "It must be one of this, not 'that'."
            burst = [house.call("10.0.0.1", "checked", "this") for _ in range(3 * blocks.WAITING_EACH)]
            answers = await asyncio.gather(*burst)
            assert sum(bool(id) for id, _ in answers) <= blocks.WAITING_EACH + 1  # one runs
            assert (await house.call("10.0.0.2", "checked", "this"))[0]

    run_async(story())


@pytest.mark.parametrize("name", ["checked", "quick"])
def test_the_number_that_a_guest_gives_an_event_is_not_kept(name):
    async def story():
        async with House() as house:
            number = next(fn._id for fn in house.page.fns.values() if fn.api_name == name)
            for said in ("this", "that"):
                body = {"session_hash": "guest", "fn_index": number, "data": [said], "event_id": "mine"}
                await house.ask("10.0.0.1", "POST", "queue/join", json=body)
            house.may_end.set()
            while any(house.line.active_jobs) or len(house.line):
                await asyncio.sleep(0.01)
            assert "mine" not in house.page.app.iterators

    run_async(story())


def test_a_class_behind_one_address_is_let_in_and_holds_up_nobody_else():
    async def story():
        async with House() as house:
            ids = [(await house.call("10.0.0.1", "quick", f"pupil {number}"))[0] for number in range(30)]
            assert all(ids)
            await house.call("10.0.0.2", "quick", "somebody else")
            house.may_end.set()
            while any(house.line.active_jobs) or len(house.line):
                await asyncio.sleep(0.01)
            assert house.drawn.index("somebody else") <= 2

    run_async(story())


def test_slow_work_has_a_short_line_of_its_own(monkeypatch):
    monkeypatch.setattr(blocks, "SLOW_WAITING", 3)

    async def story():
        async with House() as house:
            mine = [await house.call("10.0.0.1", "slow") for _ in range(3)]
            assert [bool(id) for id, _ in mine] == [True, True, False] and "animations" in mine[-1][1]
            others = [await house.call(f"10.0.0.{number}", "slow") for number in (2, 3)]
            assert [bool(id) for id, _ in others] == [True, False]
            assert (await house.call("10.0.0.3", "quick"))[0]
            searches = [await house.call("10.0.0.1", "search") for _ in range(3)]  # in another line
            assert [bool(id) for id, _ in searches] == [True, True, False] and "redrawn" in searches[-1][1]

    run_async(story())


def test_answers_that_nobody_fetches_are_forgotten_after_a_minute_and_their_work_is_dropped(monkeypatch):
    async def story():
        async with House() as house:
            running, _ = await house.call("10.0.0.1", "quick", "running")
            await house.call("10.0.0.1", "quick", "waiting")
            await house.line.forget_unread()
            assert len(house.line.pending_messages_per_session) == 2
            monkeypatch.setattr(blocks, "UNREAD_SECONDS", 0)
            await house.line.forget_unread()
            house.may_end.set()
            while any(house.line.active_jobs):
                await asyncio.sleep(0.01)
            assert house.drawn == ["running"] and len(house.line) == 0
            assert not house.line.pending_messages_per_session and not house.line.pending_event_ids_session
            assert not house.line.event_ids_to_events
            assert "complete" not in await house.fetch("10.0.0.1", "quick", running)

    run_async(story())


@pytest.mark.parametrize(
    "limit, guests",
    [("UNREAD", [f"10.0.0.{number}" for number in range(6)]), ("UNREAD_EACH", ["10.0.0.9"] * 6)],
)
def test_where_too_much_is_unread_the_oldest_is_forgotten_and_nobody_refused(monkeypatch, limit, guests):
    monkeypatch.setattr(blocks, limit, 10)

    async def story():
        async with House() as house:
            house.may_end.set()
            ids = []
            for guest in guests:
                ids.append((await house.call(guest, "quick"))[0])
                while any(house.line.active_jobs):
                    await asyncio.sleep(0.01)
            await house.line.forget_unread()
            assert len(house.line.pending_messages_per_session) == 6  # each has just asked, and may be about to listen
            monkeypatch.setattr(blocks, "LISTENING_SECONDS", 0)
            await house.line.forget_unread()
            assert sum(messages.qsize() for messages in house.line.pending_messages_per_session.values()) <= 10
            assert all(ids) and "complete" in await house.fetch(guests[5], "quick", ids[5])
            assert "complete" not in await house.fetch(guests[0], "quick", ids[0])

    run_async(story())


def test_a_session_that_asks_again_is_not_taken_for_an_old_one(monkeypatch):
    async def story():
        async with House() as house:
            house.may_end.set()
            body = {"data": [""], "fn_index": 0, "session_hash": "page"}
            await house.ask("10.0.0.1", "POST", "queue/join", json=body)
            await house.ask("10.0.0.1", "GET", "queue/data?session_hash=page")
            house.line.pending_messages_per_session["page"].heard -= 2 * blocks.UNREAD_SECONDS
            await house.ask("10.0.0.1", "POST", "queue/join", json=body)
            await house.line.forget_unread()  # before the page listens
            assert "complete" in (await house.ask("10.0.0.1", "GET", "queue/data?session_hash=page")).text

    run_async(story())


def test_a_file_waits_as_long_as_the_event_in_line_that_names_it(monkeypatch):
    async def story():
        monkeypatch.setattr(uploads, "HELD_SECONDS", 1.5)
        async with House() as house:
            held = house.page.uploads
            named, forgotten = (held.hold(b"x", "10.0.0.1") for _ in range(2))
            await house.call("10.0.0.1", "quick")
            await house.call("10.0.0.1", "quick", {"path": named})
            await asyncio.sleep(3.5)
            assert held.find(named) and not held.find(forgotten)
            house.may_end.set()
            while held.find(named):
                await asyncio.sleep(0.05)

    run_async(story())


def test_sessions_keep_nothing_of_answers_that_were_fetched():
    async def story():
        async with House() as house:
            house.may_end.set()
            for number in range(blocks.SESSIONS_KEPT + 2):
                id, _ = await house.call(f"10.0.0.{number}", "quick")
                await house.fetch(f"10.0.0.{number}", "quick", id)
            for session in house.page.state_holder.session_data.values():
                assert "x" * 1000 not in str(session.config_values)
            assert len(house.line.event_analytics) <= 1

    run_async(story())


@pytest.mark.parametrize("number", [999, -1, None])
def test_an_event_that_does_not_exist_is_a_sentence(number):
    async def story():
        async with House() as house:
            body = {"data": [], "fn_index": number, "session_hash": "x"}
            answer = await house.ask("10.0.0.1", "POST", "queue/join", json=body)
            assert answer.status_code == 400 and answer.json() == {"detail": "There is no such event."}

    run_async(story())


def test_files_for_programs_are_deleted_with_their_folders(tmp_path):
    async def story():
        async with House() as house:
            files = [tmp_path / name / "image.png" for name in ("old", "new", "gone")]
            for file in files:
                file.parent.mkdir()
                file.write_bytes(b"x")
            house.page.temp_file_sets.append({str(file) for file in files})
            files[2].unlink()
            house.page.delete_files(60)
            assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]
            house.page.delete_files(0)
            assert not list(tmp_path.iterdir()) and not house.page.temp_file_sets[-1]

    run_async(story())
