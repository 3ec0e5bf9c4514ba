"""The page's gr.Blocks: it keeps nothing that visitors send, lets nobody hold up the others, forgets unread answers.

Gradio alone keeps a copy of every value for each session, one line for all that was asked, answers until somebody
fetches them, and the folders of files that it has deleted.
"""

import asyncio
import contextlib
import errno
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import gradio as gr
from gradio import http_server, queueing
from gradio.block_function import BlockFunction
from gradio.data_classes import PredictBodyInternal
from gradio.exceptions import ComponentProcessingError
from gradio.queueing import Event, EventQueue
from gradio.state_holder import SessionState
from gradio.utils import run_coro_in_background
from starlette.requests import Request

from gan.ui.animation import SLOW
from gan.ui.arguments import refuse
from gan.ui.connections import Server, raise_limit
from gan.ui.hosts import Scope, at_home, visitor_of
from gan.ui.projecting import PROJECTING
from gan.ui.surroundings import give_back_memory
from gan.ui.uploads import MAX_FILE, UPLOADS

WAITING = 128  # events in all lines
WAITING_EACH = 32  # of one visitor, which may be a school behind one address; whoever has fewer comes first
SLOW_LINES = {SLOW["concurrency_id"]: "films and animations", PROJECTING["concurrency_id"]: "redrawn pictures"}
SLOW_WAITING = 8  # in each of these lines, where each event takes seconds
SLOW_EACH = 2  # of one visitor, the one being made included
UNREAD = 200  # messages that nobody has fetched; an answer is three or more
UNREAD_EACH = 100  # of one visitor
UNREAD_SECONDS = 60  # that they are kept
LISTENING_SECONDS = 5  # that a client has, from its wish to the moment it listens, however much waits
SESSIONS_KEPT = 16  # of which Gradio keeps something; the page does without
FILE_SECONDS = 600  # that a file for gradio_client is kept
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
SWEEP_SECONDS = 60  # from one look for such files to the next


class Messages(asyncio.Queue):
    """What is to be told one session, and when somebody last listened: while one does, at least every ten seconds."""

    def __init__(self, visitor: str) -> None:
        super().__init__()
        self.visitor = visitor
        self.heard = time.monotonic()

    async def get(self) -> Any:
        self.heard = time.monotonic()
        return await super().get()


class Line(queueing.Queue):
    """Gradio's queue, where visitors take turns, slow work has a short line of its own and unread answers end."""

    blocks: "Page"

    def start(self) -> None:
        super().start()
        run_coro_in_background(self._keep_house)

    async def push(self, body: PredictBodyInternal, request: Request, username: str | None) -> tuple[bool, Any, Any]:
        """Put an event in line; see gradio.queueing.Queue. What is refused gets a sentence and HTTP 4xx or 503."""
        fn = None if body.fn_index is None else self.blocks.fns.get(body.fn_index)
        if fn is None or fn.fn is None:
            return False, "There is no such event.", "error"
        visitor = self._visitor(request.scope)
        reason = self._why_not(visitor, fn)
        if reason:
            return False, reason, "queue_full"
        if mistakes := self._mistakes(fn, body.data):
            return False, mistakes, "validator_error"
        if body.session_hash is None:
            body.session_hash = uuid4().hex
        if body.session_hash not in self.pending_messages_per_session:
            self.pending_messages_per_session[body.session_hash] = Messages(visitor)
        messages = self.pending_messages_per_session[body.session_hash]
        if isinstance(messages, Messages):
            messages.heard = time.monotonic()  # somebody is there
        answer = await super().push(body, request, username)
        if answer[0]:
            self._take_turns(self.event_queue_per_concurrency_id[fn.concurrency_id])
        return answer

    def send_message(self, event: Event, event_message: Any) -> None:
        """Tell a session something, if it is still there."""
        if event.session_hash in self.pending_messages_per_session:
            super().send_message(event, event_message)

    def compute_analytics_summary(self, records: Any) -> dict[str, Any]:
        """Count nothing: Gradio goes through the last ten thousand events at the end of each."""
        return self.cached_event_analytics_summary

    def _visitor(self, scope: Scope) -> str:
        return visitor_of(scope, bool(self.blocks.space_id))

    def _why_not(self, visitor: str, fn: BlockFunction) -> str:
        """Return why a visitor cannot stand in line now; "" where nothing is in the way."""
        slow = fn.concurrency_id if fn.concurrency_id in SLOW_LINES else None
        before = [self._visitor(event.request.scope) for event in self._events(slow)]
        if slow:
            if before.count(visitor) >= SLOW_EACH or len(before) >= SLOW_WAITING:
                return f"The line for {SLOW_LINES[slow]} is full. Try again in a few seconds."
        elif before.count(visitor) >= WAITING_EACH:
            return f"The queue is full: {WAITING_EACH} of your events wait already."
        return ""

    def _mistakes(self, fn: BlockFunction, sent: list[Any]) -> list[dict[str, Any]]:
        """Return what is to be told at the fields of an event where one is wrong; [] where none is."""
        validate = self.blocks.validators.get(fn._id)
        given = [*sent, *[None] * len(fn.inputs)][: len(fn.inputs)]
        found = validate(*given) if validate else []
        return found if any(not field["is_valid"] for field in found) else []

    def _events(self, slow: str | None) -> Iterator[Event]:
        """Yield the events that wait in a slow line, the running one included; None: those in all others."""
        for name, line in self.event_queue_per_concurrency_id.items():
            if name == slow or not (slow or name in SLOW_LINES):
                yield from line.queue
        if slow:
            running = (event for events in self.active_jobs if events for event in events)
            yield from (event for event in running if event.concurrency_id == slow)

    def _take_turns(self, line: EventQueue) -> None:
        """Let every visitor's first event come before anybody's second."""
        turns: Counter[str] = Counter()

        def turn(event: Event) -> int:
            visitor = self._visitor(event.request.scope)
            turns[visitor] += 1
            return turns[visitor]

        line.queue.sort(key=turn)

    # --- what is left behind

    async def _keep_house(self) -> None:
        swept = time.monotonic()
        while not self.stopped:
            await asyncio.sleep(1)
            await self.forget_unread()
            for event in [*self.event_ids_to_events.values()]:
                self.blocks.uploads.renew(event.data and event.data.data)
            self.blocks.uploads.forget_old()
            if time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                await anyio.to_thread.run_sync(self.blocks.delete_files, FILE_SECONDS)
                await anyio.to_thread.run_sync(give_back_memory)

    async def forget_unread(self) -> None:
        """Forget sessions to which nobody listens: after a minute, and the oldest where too much waits for them.

        Whoever has just asked may not listen yet. Nobody is refused for what waits: it may be somebody else's behind
        the same address.
        """
        sessions = self.pending_messages_per_session
        unread: Counter[str] = Counter()
        for messages in sessions.values():
            unread[messages.visitor] += messages.qsize()
        for session, messages in sorted(sessions.items(), key=lambda item: item[1].heard):
            size, visitor = messages.qsize(), messages.visitor
            too_much = unread.total() > UNREAD or unread[visitor] > UNREAD_EACH
            silent = time.monotonic() - messages.heard
            if silent > UNREAD_SECONDS or (too_much and size and silent >= LISTENING_SECONDS):
                unread[visitor] -= size
                del sessions[session]
        for session in [session for session in self.pending_event_ids_session if session not in sessions]:
            await self.clean_events(session_hash=session)
            for event in self.pending_event_ids_session.pop(session, ()):
                self.event_ids_to_events.pop(event, None)


class Passing(dict):
    """What Gradio notes of a session while it makes one answer; a dict from a component's number to the component."""

    def __bool__(self) -> bool:
        return True  # Gradio would make a session of its own in place of an empty one

    def _update_config(self, key: int) -> None: ...

    def _update_value_in_config(self, key: int, value: Any) -> None: ...


class Page(gr.Blocks):
    """Blocks that hand to an event what was sent, as it was sent, and None for what was not; nothing of it is kept.

    Gradio itself keeps a copy of every value, fetches what looks like a file, and fails where an argument is missing.
    What an event gives to a program becomes a file; where that cannot be written, the program is told.
    """

    trusted_hosts: frozenset[str] | None = frozenset()  # see gan.ui.hosts.trusted_hosts
    front: Any = None  # a gan.ui.front.Front, where there are models
    show_reals = False  # to everybody who can open the page
    uploads = UPLOADS

    async def process_api(
        self, block_fn: BlockFunction | int, inputs: list[Any], *arguments: Any, **more: Any
    ) -> dict[str, Any]:
        try:
            return await super().process_api(block_fn, inputs, *arguments, **more)
        except gr.Error as error:
            error.print_exception = False  # told whoever asked; Gradio's own, of what was sent, would fill the log
            raise
        except (OSError, ComponentProcessingError) as error:
            cause = error.__cause__ or error
            if not isinstance(cause, OSError) or cause.errno not in NO_ROOM:
                raise
            raise refuse(
                f"The file could not be written on the server ({cause.strerror}). Whoever runs it can make room in "
                "its folder for temporary files, or start it with another: TMPDIR=FOLDER"
            ) from error
        finally:
            self.uploads.forget(inputs)

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], state: SessionState | None, explicit_call: bool = False
    ) -> list[Any]:
        wanted = len(block_fn.inputs)
        return [*inputs, *[None] * wanted][:wanted]

    async def postprocess_data(self, block_fn: BlockFunction, predictions: Any, state: Any) -> list[Any]:
        session = Passing()  # which has all that Gradio uses here of its SessionState
        return await super().postprocess_data(block_fn, predictions, session)  # type: ignore[arg-type]

    def stand_in_line(self, concurrency_limit: int) -> "Page":
        """Set up the queue, with so many events of one kind at a time; return the page."""
        self.api_open = False
        self._queue = Line(
            live_updates=True, concurrency_count=self.max_threads, update_intervals=1, max_size=WAITING, blocks=self,
            default_concurrency_limit=concurrency_limit,
        )  # fmt: skip
        self._queue.ANALYTICS_MAX_EVENTS = 1
        self.validators: dict[int, Any] = {}  # by an event's number
        # The page shows nothing on components that wait, and Gradio would at each turn of an event copy the whole state
        # of every component that ever was an output, those inside it included: 40 ms of a slider's step.
        for event in self.fns.values():
            if event.show_progress == "hidden":
                event.show_progress_on = []
            # Gradio would ask a validator before an event has its place in line, as many at a time as want to.
            self.validators[event._id], event.validator = event.validator, None
        return self

    def launch(
        self, *arguments: Any, trusted_hosts: frozenset[str] | None = frozenset(), show_reals: bool = False,
        **options: Any,
    ) -> Any:  # fmt: skip
        """Serve the page behind the gate; see gr.Blocks.launch and gan.ui.hosts.trusted_hosts."""
        self.trusted_hosts, self.show_reals = trusted_hosts, show_reals
        raise_limit()
        http_server.Server = Server  # type: ignore[misc]  # Gradio has no argument for it
        options |= {"state_session_capacity": SESSIONS_KEPT, "max_file_size": MAX_FILE}
        return super().launch(*arguments, **options)

    def block_thread(self) -> None:
        """Serve until interrupted; leave no file behind."""
        super().block_thread()
        self.delete_files(0)

    def is_at_home(self, scope: Scope) -> bool:
        """Return whether whoever asks sits at this machine, so that what lies on it is known there."""
        return not self.share and at_home(scope)

    def sees_reals(self, scope: Scope) -> bool:
        """Return whether real pictures may be shown to whoever asks: they stay on this machine."""
        return self.show_reals or self.is_at_home(scope)

    def delete_files(self, age: float) -> None:
        """Delete the files that were made for programs at least so many seconds ago, and their folders."""
        for names in self.temp_file_sets:
            for name in list(names):
                path = Path(name)
                with contextlib.suppress(OSError):
                    if path.exists() and time.time() - path.stat().st_ctime < age:
                        continue
                    path.unlink(missing_ok=True)
                    path.parent.rmdir()  # empty, as a rule: each file has a folder named for its content
                names.discard(name)
