"""What the server answers beside Gradio: the page's own modules, and how a shared link looks before it is opened."""

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import anyio
import gradio as gr
from PIL import Image
from starlette.responses import Response

from gan.images import encode_png
from gan.translation.apply import on_white
from gan.ui import links
from gan.ui.aides import Aides
from gan.ui.arguments import find_model
from gan.ui.drawing import coloured, read_drawing
from gan.ui.encode import enlarge
from gan.ui.gate import PREVIEW_AT
from gan.ui.studio import saved_picture, title_of

STATIC = Path(__file__).parent / "static"
PREVIEW = (1200, 630)  # pixels, as the sites that show links want it
PAPER = (250, 248, 244)
KEPT = 64  # previews in memory
WORDS = "A small network studied a collection of pictures and makes up its own. Change this one, or see another."
META = re.compile(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', re.DOTALL)
HEAD = """
<meta name="description" content="{words}">
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{words}">
<meta property="og:image" content="{image}">
<meta property="og:image:width" content="{width}">
<meta property="og:image:height" content="{height}">
<meta property="og:image:alt" content="{title}">
<meta name="twitter:card" content="summary_large_image">
<link rel="modulepreload" href="{root}/studio/page.js">
<script type="module" src="{root}/studio/page.js"></script>
</head>"""


class Front:
    """Answers for the page: modules by name, previews by what their link says, and the head of the page itself."""

    def __init__(self, models: Any, aides: Aides) -> None:
        self._models, self._aides = models, aides
        self._drawing = anyio.CapacityLimiter(1)

    async def answer(self, path: str, query: bytes) -> Response | None:
        """Return the answer for one of the page's own paths; None for any other."""
        if path.startswith("/studio/"):
            module = STATIC / path.removeprefix("/studio/")
            return Response(module.read_bytes(), media_type="text/javascript") if module.is_file() else None
        if path == PREVIEW_AT:
            link = read_query(query)
            card = await anyio.to_thread.run_sync(self._preview, urlencode(link), limiter=self._drawing)
            return Response(card, media_type="image/png")
        return None

    def with_head(self, page: bytes, query: bytes, root: str) -> bytes:
        """Return the page with a head that says what its address shows; `root` is where it is served."""
        link = read_query(query)
        image = f"{root}{PREVIEW_AT}?{urlencode(link)}" if link else f"{root}{PREVIEW_AT}"
        words = {"title": html.escape(self._title(link)), "words": html.escape(WORDS), "image": html.escape(image)}
        head = HEAD.format(**words, width=PREVIEW[0], height=PREVIEW[1], root=html.escape(root))
        text = META.sub("", page.decode("utf-8"))
        return text.replace("</head>", head, 1).encode()

    def _title(self, link: Mapping[str, str]) -> str:
        try:
            model, specimen = self._meant(link)
        except gr.Error:
            return "GAN Studio"
        if "strokes" in link:
            return "A drawing, coloured by a network"
        return f"{title_of(specimen)}, by {model.title}" if link else f"GAN Studio: {model.title}"

    def _meant(self, link: Mapping[str, str]) -> tuple[Any, Any]:
        said = links.read_link(link)
        model, _ = find_model(self._models, said)
        return model, links.picture_of(model, said)

    def _preview(self, query: str) -> bytes:
        link = dict(parse_qsl(query))
        try:
            weights = self._meant(link)[0].weights
        except gr.Error:
            weights = ""  # a link to what is not here
        return self._drawn(query, weights)

    @lru_cache(KEPT)  # noqa: B019  # the page lives as long as the process
    def _drawn(self, query: str, weights: str) -> bytes:
        """Return the preview; with other weights, of a run that goes on, it is another."""
        card = Image.new("RGB", PREVIEW, PAPER)
        try:
            link = dict(parse_qsl(query))
            model, specimen = self._meant(link)
            aide = self._aides.colourer(model)
            if "strokes" in link and aide:
                large = on_white(coloured(aide, model, read_drawing(links.read_link(link)), PREVIEW[1]))
                card.paste(large, ((PREVIEW[0] - large.width) // 2, 0))
            elif model.weights:
                picture = saved_picture(model, specimen)
                large = enlarge(picture, max(1, PREVIEW[1] // picture.height), smooth=True)
                card.paste(large, ((PREVIEW[0] - large.width) // 2, (PREVIEW[1] - large.height) // 2))
        except gr.Error:
            pass  # a link to what is not here: a sheet of paper
        return encode_png(card)


def read_query(query: bytes) -> dict[str, str]:
    """Return the parameters of an address as far as they say which picture is meant."""
    pairs = parse_qsl(query.decode("latin-1")[: links.MAX_VALUE], keep_blank_values=False)
    meant = re.compile(r"model|weights|seed|truncation|wildness|latent|[dz]\d{1,4}|strokes|palette|lines")
    return {key: value for key, value in pairs if meant.fullmatch(key)}
