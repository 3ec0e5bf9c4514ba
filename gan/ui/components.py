"""What the page draws itself: gr.HTML with a module of its own, static/NAME.js, that knows nothing of Gradio.

A module exports `mount(root, emit)`, which returns `update(value)`; `emit(event, detail)` becomes an event of the
component, whose value is then what was said. Gradio's own image components write a file per picture and blur pixels.
"""

from typing import Any, TypedDict

import gradio as gr
from gradio import component_meta

component_meta.create_or_modify_pyi = lambda *_: None  # Gradio would write a .pyi beside this file at each import

MODULES = "studio"  # where the page is served, its modules are

# Of events that belong to the page alone. Handlers see all that is sent, as it was sent, and answer it themselves.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "preprocess": False}
NETWORKS: dict[str, Any] = {"concurrency_id": "networks"}  # of events for which a network draws
LAST_WINS: dict[str, Any] = {"trigger_mode": "always_last", **NETWORKS, **PRIVATE}  # no stale answer comes after it

ON_LOAD = """
const base = `${window.gradio_config?.root ?? "."}/%s`;
import(`${base}/%s.js`).then(({ mount }) => {
    const say = (event, detail) => {
        props.value = { said: detail }; // an event's data would be that of the first of those that wait
        trigger(event);
    };
    const update = mount(element.querySelector(".drawn"), say);
    const show = () => props.value?.said === undefined && update(props.value);
    watch("value", show);
    show();
});
"""


def call(function: str, module: str = "page") -> str:
    """Return the `js=` line that calls a function of a module with an event's inputs."""
    address = f"`${{window.gradio_config.root}}/{MODULES}/{module}.js`"
    return f"async (...given) => (await import({address})).{function}(...given)"


def wishes(component: "Drawn", event: Any) -> gr.JSON:
    """Return a component that holds what was said last with an event, and changes with it.

    For events whose answer is the component's own new value: it would take the place of the wish that waits.
    """
    wish = gr.JSON({}, visible="hidden")
    event(None, component, wish, js="(value) => value.said ?? {}", show_progress="hidden")
    return wish


class Drawn(gr.HTML):
    """A component that static/SCRIPT.js draws from its value."""

    script: str

    def __init__(self, value: Any = None, label: str = "", elem_id: str = "", **options: Any) -> None:
        super().__init__(
            value,
            label=label,
            html_template=f"<div class='drawn {self.script}'></div>",
            js_on_load=ON_LOAD % (MODULES, self.script),
            apply_default_css=False,
            elem_id=elem_id or self.script,
            **options,
        )


class Cell(TypedDict, total=False):
    """One picture of a sheet: what stands beneath it, what it is to who cannot see it, what it is made of."""

    label: str
    alt: str
    recipe: dict[str, Any]


class SheetValue(TypedDict, total=False):
    """Pictures in one lossless image, `side` pixels large, `columns` to a row of it; `chosen` is a cell's number."""

    image: str | None
    side: int
    columns: int
    cells: list[Cell]
    chosen: int | None
    tools: list[str]  # of each cell: "earlier", "later", "remove"
    empty: str  # the sentence where there are no cells
    places: int  # that are drawn empty where there are fewer cells
    asks: bool  # whether `release` tells {"turn"} once the sheet is still, to be answered by the next two alone
    turn: int
    near: list[int]  # cells that are marked as near a training picture


class Sheet(Drawn):
    """A wall of pictures; `select` tells {"index", "recipe"}, `input` {"index", "tool"}. Value: SheetValue."""

    script = "sheet"


class StageValue(TypedDict, total=False):
    """The picture in hand; where it was edited, the unedited one beside it, unless that has come before."""

    image: str | None
    side: int
    pictures: int  # in the image
    edited: bool
    recipe: dict[str, Any]
    title: str
    facts: str
    alt: str
    colours: list[dict[str, Any]]
    problem: str


class SharperValue(TypedDict):
    """The same picture, sharper, and which one it is `of`; None and a sentence where there is none."""

    sharper: str | None
    of: dict[str, Any]
    say: str


class Stage(Drawn):
    """The one large picture; `input` tells the recipe that a drag across it makes of it. Value: StageValue.

    `select` tells the {"recipe"} at which a drag ended, `release` that of a picture at rest, to be answered by a
    SharperValue.
    """

    script = "stage"


class PlayerValue(TypedDict, total=False):
    """Frames to play: all in one `image`, or one at a time, which `input` asks for by {"frame", "of"}."""

    image: str | None
    side: int
    columns: int
    title: str  # of its frames on the stage; without one they are the picture in hand's own
    labels: list[str]
    at: int
    fps: float
    loop: bool
    play: bool  # by itself
    returns: bool  # at its end to where it began, as nobody has asked for another picture in hand
    source: str  # of the same source, frames that have come are kept
    cell: int | None  # the picture of a frame that the stage shows
    epochs: list[int]
    grid: bool  # each frame is a grid of pictures, and is shown as one
    first: dict[str, Any]  # {"at", "image"} of a frame that comes along
    frame: dict[str, Any]  # {"at", "image"} of the frame that was asked for; nothing else has changed
    of: Any  # the source that was shown when it was asked for
    alt: str
    empty: str


class Player(Drawn):
    """Play, scrub and step through frames; `release` tells {"frame"} where it comes to rest. Value: PlayerValue."""

    script = "player"


class Curves(Drawn):
    """The curves of a training; `select` tells {"epoch"} of a click."""

    script = "curves"


class Numbers(Drawn):
    """Every number of a latent on a small slider; `input` and `release` tell those that are moved, {"z17": 0.5}.

    Value: {"count", "reach", "offsets"}.
    """

    script = "numbers"


class Files(Drawn):
    """Files that the server made and the browser saves; pictures dropped onto the page, whose recipe `upload` tells.

    Value: {"name", "mime", "data"}, or {"done", "of", "what"} while one is made.
    """

    script = "files"


class PadValue(TypedDict, total=False):
    """What has changed: a picture that was made `of` these strokes, strokes or a drawing to go on with, colours.

    With `ask`, the pad says again what it holds. Of `linked` strokes, a link's or kept ones, the picture is looked at
    first.
    """

    picture: str | None
    of: str
    say: str
    copy: str  # whether it is one
    example: str  # strokes, drawn faintly
    strokes: str
    under: str
    swatches: list[str]
    sharpens: bool  # whether it can be made sharper
    palette: list[str]
    lines: bool
    linked: bool
    ask: bool


class Pad(Drawn):
    """A drawing pad beside its picture; `input` and `release` tell what gan.ui.tabs.draw reads, such as "strokes".

    `upload` tells a {"file"} of the visitor's. Value: PadValue.
    """

    script = "pad"


class LooksValue(TypedDict, total=False):
    """What is known of the picture of a recipe: is it a copy, what does the critic think; None where nobody knows."""

    recipe: dict[str, Any]
    copy: dict[str, Any] | None
    critic: dict[str, Any] | None


class Looks(Drawn):
    """What is known of the picture in hand; `input` tells {"recipe", "open"} once it is still. Value: LooksValue."""

    script = "looks"


class MineValue(TypedDict, total=False):
    """The nearest picture so far to a visitor's own, at `step` of `of`; the last one comes with a sentence.

    Each says the number of its `search`, as `input` had told it.
    """

    step: int
    of: int
    residual: float
    image: str
    recipe: dict[str, Any]
    sentence: str
    search: int


class Mine(Drawn):
    """A visitor's own picture, to be cropped; `input` tells {"picture", "search"}, a data URI and a number.

    `select` tells {"recipe"} of an attempt, `stop` {"search"}, the one to end. Value: MineValue.
    """

    script = "mine"
