"""From what a visitor or a program sent to values that can be used; anything else is a gr.Error with a sentence.

Events run with `preprocess=False`, so that these functions see everything that is sent and answer all of it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr

from gan.latent import MAX_SEED
from gan.ui.loaded import LoadedModel
from gan.ui.underway import standing

DEFAULT_SEED = 1
DEFAULT_COUNT = 16
MAX_COUNT = 64


def refuse(sentence: str) -> gr.Error:
    """Return the error that shows the sentence to the visitor and prints no traceback on the server."""
    return gr.Error(in_toast(sentence), print_exception=False)


def in_toast(sentence: str) -> str:
    """Return a sentence, which may name what strangers wrote, as it can be shown in a toast of the page: HTML."""
    return sentence.translate(str.maketrans("<>", "‹›"))


def at_field(place: int, read: Callable[[Any], Any]) -> Callable[..., list[dict[str, Any]]]:
    """Return an event's `validator`: what `read` refuses of the input at this place is told at its control."""

    def validate(*given: Any) -> list[dict[str, Any]]:
        sentence = ""
        try:
            read(given[place])
        except gr.Error as error:
            sentence = error.message
        found = [gr.validate(True, "") for _ in given]
        found[place] = gr.validate(not sentence, sentence)
        return found

    return validate


def choose_model(models: Sequence[LoadedModel], name: Any) -> LoadedModel:
    """Return the model of this name, the first where none is named; a run that has no model yet is refused."""
    model = named_model(models, name)
    if not model.weights:
        raise refuse(standing(model))
    return model


def named_model(models: Sequence[LoadedModel], name: Any) -> LoadedModel:
    """Return the model of this name, or the run that will have one; the first where none is named."""
    if name is None:
        return models[0]
    for model in models:
        if model.name == name:
            return model
    raise refuse(f"There is no model called {show(name)}. There is: {', '.join(model.name for model in models)}.")


def find_model(models: Sequence[LoadedModel], link: Mapping[str, Any]) -> tuple[LoadedModel, str]:
    """Return the model that a link or a saved picture means, and what is to be said of it."""
    name, weights = link.get("model"), link.get("weights")
    same = [model for model in models if weights is not None and model.weights == weights]
    for model in (*(model for model in same if model.name == name), *same):
        return model, ""
    for model in models:
        if model.name == name or name is None:
            if weights is None:
                return model, ""
            return model, f"This was made with other weights of {model.name}, so it may look different here."
    names = ", ".join(model.name for model in models)
    raise refuse(f"This was made by a model called {show(name)}, which is not here. There is: {names}.")


def moved_on(models: Sequence[LoadedModel], link: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page's own link without weights that its run has left behind since the page showed them."""
    left_behind = any(model.name == link.get("model") and link.get("weights") in model.earlier for model in models)
    return {key: value for key, value in link.items() if not (left_behind and key == "weights")}


def read_seeds(seed: Any, count: Any) -> range:
    """Return the seeds of `count` pictures from `seed` on."""
    seed = read_whole(seed, "Seed", 0, MAX_SEED, DEFAULT_SEED)
    count = read_whole(count, "The number of pictures", 1, MAX_COUNT, DEFAULT_COUNT)
    if seed + count - 1 > MAX_SEED:
        raise refuse(
            f"{count} pictures from seed {seed:,} on would need seeds above {MAX_SEED:,}. "
            f"Take a seed of at most {MAX_SEED - count + 1:,}, or fewer pictures."
        )
    return range(seed, seed + count)


def read_fields(value: Any) -> Mapping[str, Any]:
    """Return what was sent under names, {} where it is nothing of the kind."""
    return value if isinstance(value, Mapping) else {}


def said(value: Any) -> Mapping[str, Any]:
    """Return what a component said with its event, as it came from the page; {} where that is nothing of the kind."""
    return read_fields(read_fields(value).get("said"))


def read_whole(value: Any, name: str, low: int, high: int, default: int) -> int:
    """Return a whole number between low and high, both included; the default for None."""
    if value is None:
        return default
    if not _is_number(value) or value != int(value):
        raise refuse(f"{name} must be a whole number from {low:,} to {high:,}, not {show(value)}.")
    if not low <= value <= high:
        raise refuse(f"{name} must lie between {low:,} and {high:,}; {show(value)} does not.")
    return int(value)


def read_number(value: Any, name: str, low: float, high: float, default: float) -> float:
    """Return a number between low and high, both included; the default for None."""
    if value is None:
        return default
    if not _is_number(value) or not low <= value <= high:
        raise refuse(f"{name} must be a number from {low:g} to {high:g}, not {show(value)}.")
    return float(value)


def read_fraction(value: Any, name: str, default: float) -> float:
    """Return a number from 0 to 1; the default for None."""
    return read_number(value, name, 0, 1, default)


def read_choice(value: Any, name: str, options: Sequence[str], default: str) -> str:
    """Return one of the options; the default for None."""
    if value is None:
        return default
    if value not in options:
        raise refuse(f"{name} must be one of {', '.join(options)}, not {show(value)}.")
    return value


def read_flag(value: Any, name: str, default: bool) -> bool:
    """Return True or False, which a link writes as 1 or 0; the default for None."""
    if value is None:
        return default
    if not isinstance(value, bool | int) or value not in (0, 1):
        raise refuse(f"{name} must be true or false, not {show(value)}.")
    return bool(value)


def from_link(text: str) -> int | float | str:
    """Return what a link's value stands for: a number where it is one, else the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf


def show(value: Any) -> str:
    """Return what was sent, short, as a sentence says it."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no whole number of more than 4,300 digits
        return "a number that large"
    return text if len(text) <= 40 else f"{text[:37]}..."
