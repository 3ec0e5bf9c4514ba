"""Under the large picture, through its events and as people use it: is it a copy, what the critic looks at."""

import json

import pytest
from gradio_client.exceptions import AppError
from served import model_button, open_tab, recipe_of, wait_for_picture, wait_for_seeds

# --- programs ----------------------------------------------------------------------------------------------------


def test_programs_are_told_how_near_a_picture_is(client):
    near = client.predict(seed=3, api_name="/neighbours")
    assert near["near"] and near["numbers"][0] == 1 and near["among"] == 62
    assert near["sentence"].startswith("Near a training picture, which stands out")
    far = client.predict(recipe={"seed": 900, "d1": 1.5}, api_name="/neighbours")
    assert not far["near"] and 0 < far["rank"] <= 1 and "blurred" in far["misses"]
    assert far["picture"] == "Seed 900" and far["numbers"] != near["numbers"]


def test_programs_are_told_what_the_critic_thinks(client):
    told = client.predict(seed=3, api_name="/opinion")
    cells = [cell for row in told["cells"] for cell in row]
    assert len(cells) == 16 and sum(cells) + told["varied"] == pytest.approx(told["logit"], abs=1e-4)
    assert 0 <= told["rank"]["real"] <= told["rank"]["generated"] <= 1
    assert "no percentage" in told["why"] and "1,000 generated" in told["sentence"]
    assert client.predict(recipe={"seed": 3}, api_name="/opinion") == told
    assert client.predict(recipe={"seed": 3, "z5": 1}, api_name="/opinion")["logit"] != told["logit"]


@pytest.mark.parametrize("event", ["/neighbours", "/opinion"])
@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"seed": -1}, "Seed must lie between"),
        ({"seed": "x"}, "Seed must be a whole number"),
        ({"recipe": [1]}, "A recipe is what a saved PNG says"),
        ({"recipe": "seed 3"}, "A recipe is what a saved PNG says"),
        ({"recipe": {"model": "alpha", "strokes": "t0-0"}}, "A recipe is what a saved PNG says"),
        ({"recipe": {"sharper": "0" * 16}}, "A recipe is what a saved PNG says"),
        ({"recipe": {"model": "gamma", "seed": 3}}, "a model called 'gamma', which is not here"),
        ({"recipe": {"model": "alpha", "weights": "0" * 16, "seed": 3}}, "made with other weights of alpha"),
        ({"recipe": {"model": "bare", "seed": 3}}, "bare came without "),
        ({"recipe": {"d99": 1}}, "d99 is none of this model’s directions"),
        ({"recipe": {"latent": "x"}}, "The latent of this picture is damaged"),
        ({"recipe": {"wildness": {}}}, "Wildness must be a number"),
        ({"model": "gamma"}, "There is no model called"),
        ({"model": "bare"}, "bare came without "),
    ],
)
def test_bad_arguments_get_a_sentence(client, event, arguments, says):
    with pytest.raises(AppError) as refused:
        client.predict(api_name=event, **arguments)
    assert says in str(refused.value)


# --- people ------------------------------------------------------------------------------------------------------


def copy_line(page):
    return page.get_by_role("button", name="Is it a copy?")


def critic_button(page):
    return page.get_by_role("button", name="What the critic looks at")


def test_the_verdict_stands_under_the_picture_and_opens(visit, server):
    page = visit(f"{server.url}?seed=3&tab=generate")
    wait_for_picture(page, seed=3)
    copy_line(page).filter(has_text="Near a training picture").click()
    assert copy_line(page).get_attribute("aria-expanded") == "true"
    page.get_by_role("img", name="Near a training picture").wait_for()  # the histogram
    page.get_by_text("of 62 training pictures is number 1 by name").wait_for()
    page.get_by_text("It misses most that are blurred").wait_for()
    page.locator("figcaption", has_text="number 1").first.wait_for()  # this machine has the pictures
    assert page.locator(".reals canvas").count() == 4
    page.locator("#wall .tile").nth(6).click()
    wait_for_picture(page, seed=7)
    copy_line(page).filter(has_text="No sign of a copy").wait_for()
    assert "original" not in page.locator("#deeper").inner_text().lower()


def test_the_cells_lie_over_the_picture_on_demand_and_leave_with_it(visit, server):
    page = visit(f"{server.url}?seed=7&tab=explore")
    wait_for_picture(page, seed=7)
    critic_button(page).click()
    cells = page.locator(".stage-room .heat span")
    cells.nth(15).wait_for()
    numbers = [float(cell) for cell in cells.all_inner_texts()]
    told = page.get_by_text("The discriminator’s logit").inner_text()
    assert sum(numbers) == pytest.approx(float(told.split(",")[1]), abs=0.1)
    page.get_by_text("It is a rank and no percentage").wait_for()
    page.locator("#another").click()
    page.wait_for_function("JSON.parse(document.querySelector('.stage').dataset.recipe).seed !== 7")
    cells.nth(15).wait_for()  # of the new one
    critic_button(page).click()
    assert cells.count() == 0


MOVE_ON = """async (recipe) => {
    for (let d1 = 1; d1 <= 3; d1 += 0.1) {
        document.dispatchEvent(new CustomEvent("hand", { detail: { ...recipe, d1, by: "explore" } }));
        await new Promise((done) => setTimeout(done, 50));
    }
}"""


def test_it_is_asked_at_rest_and_not_at_every_step(visit, server):
    page = visit(f"{server.url}?seed=7&tab=explore")
    copy_line(page).wait_for()
    config = page.request.get(f"{server.url}config").json()
    look = event_of_looks(config)
    asked = []
    page.on(
        "request",
        lambda sent: "/queue/join" in sent.url and asked.append(json.loads(sent.post_data or "{}").get("fn_index")),
    )
    page.evaluate(MOVE_ON, recipe_of(page))
    page.wait_for_function("!document.querySelector('.looks').classList.contains('stale')")
    assert asked == [look]


def event_of_looks(config):
    """Return the number of the event that looks at the picture: the one whose only output is what it found."""
    looks = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "looks")
    return next(event["id"] for event in config["dependencies"] if event["outputs"] == [looks] and event["backend_fn"])


def test_a_model_without_a_critic_says_nothing(visit, server):
    page = visit(f"{server.url}?seed=3&tab=explore")
    copy_line(page).wait_for()
    model_button(page, "bare").check()
    wait_for_picture(page, model="bare")
    copy_line(page).wait_for(state="hidden")
    critic_button(page).wait_for(state="hidden")


def test_the_wall_marks_the_near_ones(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    near = page.get_by_role("button", name="Near a training picture")
    near.nth(1).wait_for()
    seeds = [tile.inner_text() for tile in near.all()]
    assert seeds[:2] == ["3", "4"] and len(seeds) <= 4  # of 24; it learned from those of seeds 3 and 4


def test_training_tells_how_the_opinion_changed(visit, server):
    page = visit(f"{server.url}?seed=7&tab=training")
    page.get_by_text("What the critic says of this picture").wait_for()
    assert page.locator(".ranks dt").all_inner_texts() == ["epoch 1", "epoch 3", "epoch 6"]
    model_button(page, "bare").check()
    wait_for_picture(page, model="bare")
    open_tab(page, "Training")
    page.get_by_text("What the critic says of this picture").wait_for(state="hidden")
