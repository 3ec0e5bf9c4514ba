"""A page without a server, written into a folder or pushed as a static Space."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gan.errors import UserError
from gan.hub.uploading import STATIC, push
from gan.publishing.credits import credits_for
from gan.publishing.space import gather
from gan.scratch import Scratch, names_in, require_empty, whole
from gan.words import counted


def write_page(
    out: str | Path,
    checkpoints: Sequence[str | Path],
    title: str = "GAN Studio",
    single_file: bool = False,
    credits: Mapping[str, str] | None = None,
) -> list[str]:
    """Write a page that draws in the visitor's browser into a new or empty folder; return its files' names.

    With `single_file` all of it is in index.html. The `credits` are the page's; of a single model, its own; without a
    title it is called `title`. Raises UserError for what is no checkpoint of a generator.
    """
    from gan.checkpoints import read_described, task_of
    from gan.web import site

    out = Path(out)
    require_empty(out)  # before anything is downloaded
    models = gather(checkpoints)
    described = [read_described(folder) for folder, _ in models.values()]
    for (folder, _), config in zip(models.values(), described, strict=True):
        if task_of(config) != "generate":
            raise UserError(f"{folder}: is no generator of pictures, and the page draws nothing else; leave it out")
    if not models:
        raise UserError("there is no model to make a page of; name one: --checkpoint FOLDER")
    with whole(out, "gan-page-") as staged:
        site.write_page(staged, {"title": title, **credits_for(described, credits)}, models, single_file)
    return names_in(out)


def publish_page(
    hub_id: str,
    checkpoints: Sequence[str | Path],
    single_file: bool,
    private: bool = False,
    credits: Mapping[str, str] | None = None,
) -> str:
    """Build such a page and push it as a static Space; return the commit's id."""
    from gan.web.site import OWNED

    with Scratch("gan-page-") as place:
        files = write_page(place / "page", checkpoints, hub_id.split("/")[1], single_file, credits)
        return push(
            place / "page",
            hub_id,
            files=files,
            owned=OWNED,
            message=f"Publish the page with {counted(len(checkpoints), 'model')}",
            private=private,
            space=STATIC,
        )
