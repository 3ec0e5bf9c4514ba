"""What leads from one picture, tab or model to another: a roll, a drag, a link, the way back, a saved picture."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from gan.ui import links, tray
from gan.ui.arguments import find_model, moved_on, read_fields, read_fraction, said
from gan.ui.lens import Guest, Lens, guest_of
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen, roll, within
from gan.ui.studio import Studio, on_stage
from gan.ui.tabs.generate import BY_HAND


class Visit:
    """The steps of a visit. Each returns what the components show then; `every` lists those that a step may change.

    Steps are told the values of [model, hand, current, *spots] where they depend on the tab that is open.
    """

    def __init__(self, studio: Studio, lenses: Sequence[Lens], begin: Mapping[str, Any]) -> None:
        self.studio, self.models, self.lenses = studio, studio.models, lenses
        self.first, self.begin = studio.models[0], begin
        self.spots = [lens.spot for lens in lenses if lens.spot is not None]
        self.places = [lens.id for lens in lenses if lens.spot is not None]
        own = [studio.hand, studio.stage, studio.model, studio.current]
        # The tabs come last: what is in the one that opens is set by then.
        self.every = list(dict.fromkeys([*own, *(shown for lens in lenses for shown in lens.outputs), studio.tabs]))

    # --- where one is

    def enter(
        self, name: Any, chosen: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest
    ) -> dict[Any, Any]:
        """Return what a tab shows of a picture."""
        lens = next((lens for lens in self.lenses if lens.id == name), None)
        if lens is None or not (chosen.weights or name == "training"):  # which says how far the run is
            return {}
        return lens.enter(chosen, specimen, link, guest)

    def arrive(
        self, request: gr.Request, name: Any, chosen_name: Any, in_hand: Any, tab: Any, *given: Any
    ) -> dict[Any, Any]:
        """Take the step to a tab. It is one event for all tabs, so that no slow one is answered after the next."""
        if name == tab:  # whatever led here has drawn the tab already
            return gr.skip()
        lens = links.find_lens(self.lenses, {"tab": str(name)})
        current = {self.studio.current: lens.id}
        try:
            chosen, held = self.studio.named(chosen_name), read_fields(in_hand)
            if held.get("model", chosen.name) == chosen.name:
                specimen = read_specimen(chosen, within(chosen, held))
            else:  # the model has just been chosen, and its first picture is still on its way
                specimen = _first_of(chosen, held, tab)
            spot = self._spot_of(lens.id, chosen, given)
            return current | self.enter(lens.id, chosen, specimen, spot, guest_of(request))
        except gr.Error as error:  # Gradio would forget a step to another tab that waits for this one
            gr.Warning(error.message)
            return current

    def _spot_of(self, name: str, chosen: LoadedModel, given: Sequence[Any]) -> Mapping[str, Any]:
        """Return where a tab was left; of pictures of another model, that is nowhere."""
        spot = read_fields(given[self.places.index(name)]) if name in self.places else {}
        return spot if spot.get("model", chosen.name) == chosen.name else {}

    # --- another picture

    def choose_model(self, request: gr.Request, name: Any, in_hand: Any, tab: Any) -> dict[Any, Any]:
        """Take the picture that another model makes of the same seed; on the first tab the first of its own."""
        self.models.refresh()
        chosen, studio = self.studio.named(name), self.studio
        if not chosen.weights:
            return {studio.hand: {"model": name, "by": "model"}, studio.stage: on_stage(chosen, Specimen())}
        plain = _first_of(chosen, read_fields(in_hand), tab)
        fresh = {"wall": BY_HAND} if tab == "generate" else {}
        return studio.take(chosen, plain, "model") | self.enter(tab, chosen, plain, fresh, guest_of(request))

    def roll(self, request: gr.Request, name: Any, in_hand: Any, tab: Any, *given: Any) -> dict[Any, Any]:
        """Take a picture that nobody chose."""
        chosen = self.models[0] if name is None else self.studio.named(name)
        wildness = read_fraction(read_fields(in_hand).get("wildness"), "Wildness", 1.0)
        specimen = Specimen(roll(), wildness=wildness)
        spot = dict(self._spot_of(tab, chosen, given)) | ({"wall": specimen.seed} if tab == "generate" else {})
        if tab == "morph":
            spot = {}
        taken = self.studio.take(chosen, specimen, "roll")
        return taken | self.enter(tab, chosen, specimen, spot, guest_of(request))

    def drag(self, told: Any) -> dict[Any, Any]:
        """Take what the picture has become under the pointer."""
        return self.studio.take(*self.studio.in_hand(told), "drag") if told else gr.skip()

    def again(self, request: gr.Request, in_hand: Any, tab: Any, *given: Any) -> dict[Any, Any]:
        """Show the picture that has come into hand in the tab that is open; a morph stays as it was arranged."""
        if tab == "morph":
            return gr.skip()
        chosen, specimen = self.studio.in_hand(in_hand)
        return self.enter(tab, chosen, specimen, self._spot_of(tab, chosen, given), guest_of(request)) or gr.skip()

    def morph_from(self, request: gr.Request, in_hand: Any) -> dict[Any, Any]:
        """Go to the morph from the picture in hand, whichever it showed before."""
        chosen, specimen = self.studio.in_hand(in_hand)
        return self.enter("morph", chosen, specimen, {}, guest_of(request)) | self._opened("morph")

    def _opened(self, name: str) -> dict[Any, Any]:
        return {self.studio.current: name, self.studio.tabs: gr.Tabs(selected=name)}

    def morph_through(self, request: gr.Request, in_hand: Any, recipes: Any) -> dict[Any, Any]:
        """Go to the morph through the kept pictures of the model in hand."""
        chosen, _ = self.studio.in_hand(in_hand)
        kept = [recipe for recipe in tray.recipes_in(recipes) if "strokes" not in recipe]
        mine = [recipe for recipe in kept if self._is_by(chosen, recipe)]
        if len(mine) < 2:
            gr.Info(f"Keep two pictures by {chosen.title} or more, then this morphs through them.")
            return gr.skip()
        _, first = self.studio.in_hand(mine[0])
        taken = self.studio.take(chosen, first, "open")
        spot = {"stops": json.dumps(mine)}
        return taken | self.enter("morph", chosen, first, spot, guest_of(request)) | self._opened("morph")

    def _is_by(self, chosen: LoadedModel, recipe: Mapping[str, Any]) -> bool:
        try:
            return self.studio.in_hand(recipe)[0] is chosen
        except gr.Error:  # it is not here
            return False

    # --- back to what was

    def restore(self, link: Mapping[str, Any], by: str, guest: Guest) -> dict[Any, Any]:
        """Return to what a link says."""
        chosen, remark = find_model(self.models, link)
        lens = links.find_lens(self.lenses, link)
        specimen = links.picture_of(chosen, link)
        links.say(links.remark_on(chosen, remark))
        studio = self.studio
        links.say(links.remark_on_colours(studio.aides.colourer(chosen), link))
        held = {**studio.take(chosen, specimen, by), studio.model: chosen.name}
        return held | self.enter(lens.id, chosen, specimen, link, guest) | self._opened(lens.id)

    def from_address(self, request: gr.Request) -> dict[Any, Any]:
        """Return to what the address says, when the page opens."""
        self.models.refresh()
        link = moved_on(self.models, links.read_link(dict(request.query_params)))
        known = {key: value for key, value in link.items() if not key.startswith("__")}
        if not known and self.models[0].weights == self.first.weights:
            links.say(links.remark_on(self.models[0], ""))
            return gr.skip()
        try:
            return self.restore(known, "address", guest_of(request))
        except gr.Error as error:  # the page stays as it was built, and its address says so
            gr.Warning(error.message)
            return {self.studio.hand: {**self.begin, "by": "lost"}}

    def from_history(self, request: gr.Request, query: Any) -> dict[Any, Any]:
        """Return to what the address says after the browser's own step back or forward."""
        link = links.read_link(read_fields(query))
        return self.restore(moved_on(self.models, link), "address", guest_of(request))

    def from_picture(self, request: gr.Request, told: Any) -> dict[Any, Any]:
        """Return to what a saved picture says."""
        if not said(told).keys() - {"sharper"}:  # what was made of a program's own picture says no more
            raise links.refuse("There is no recipe in this picture.")
        drawn = "strokes" in said(told)
        if drawn and all(lens.id != "draw" for lens in self.lenses):
            raise links.refuse("This is a drawing, and no network here colours drawings.")
        return self.restore({**said(told), "tab": "draw" if drawn else "explore"}, "open", guest_of(request))

    def from_tray(self, request: gr.Request, told: Any, tab: Any, *given: Any) -> dict[Any, Any]:
        """Return to a kept picture, seen in the tab that is open, or to a kept drawing."""
        recipe = read_fields(said(told).get("recipe"))
        if "strokes" in recipe:
            return self.restore({**recipe, "tab": "draw"}, "open", guest_of(request))
        chosen, specimen = self.studio.in_hand(recipe)
        spot = {} if tab == "morph" else self._spot_of(tab, chosen, given)
        taken = self.studio.take_of_any(chosen, specimen)
        return taken | self.enter(tab, chosen, specimen, spot, guest_of(request))


def _first_of(chosen: LoadedModel, held: Mapping[str, Any], tab: Any) -> Specimen:
    """Return the picture in hand when another model is chosen."""
    if tab == "generate" and chosen.picked:
        return Specimen(chosen.picked[0])
    return read_specimen(chosen, {key: held[key] for key in ("seed", "wildness", "truncation") if key in held})
