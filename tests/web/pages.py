"""What tests of the page without a server ask of it."""

from urllib.parse import parse_qs, urlsplit

import numpy as np

from gan.images import to_pil


def address(page, **expected):
    """Return what the page's link says, once it says this."""
    for name, value in expected.items():
        page.wait_for_function(
            "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[name, str(value)]
        )
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def python_draws(model, z):
    return np.array(to_pil(model.draw(z[None])[0]))


def close_to(ours, theirs):
    return np.abs(ours.astype(int) - theirs.astype(int)).max() <= 2
