"""The page without a server, opened in a browser; its first model as the demo has it."""

import pytest
from served import tiny_model, wait_for_picture

from gan.checkpoints import load_generator, weights_digest


@pytest.fixture
def opened(visit, page_site):
    """Return a function that opens the page with a link's query and waits for its first picture."""

    def open_page(query="", *screen, **more):
        page = visit(f"{page_site}?{query}", *screen, **more)
        page.wait_for_function("document.body.dataset.way")
        wait_for_picture(page)
        return page

    return open_page


@pytest.fixture
def alpha(page_models):
    """The first model as the demo has it."""
    model = tiny_model("alpha", 1)
    model.generator.load_state_dict(load_generator(page_models[0]).state_dict())
    object.__setattr__(model, "weights", weights_digest(page_models[0] / "model.safetensors"))
    return model
