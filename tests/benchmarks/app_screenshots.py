"""Take screenshots of every tab of the demo, on a desk and on a phone, light and dark, to be looked at.

python tests/benchmarks/app_screenshots.py --out /tmp/shots
python tests/benchmarks/app_screenshots.py --readme        # writes those that the README shows
"""

import argparse
import io
import sys
import tempfile
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import CHROMIUM, CHROMIUM_FLAGS, ROOT, Server, copy_app

SCREENS = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SEEN = {  # tab -> what is there once it can be looked at
    "generate": "#wall canvas",
    "explore": "#d1",
    "morph": "#stops canvas",
    "draw": "#proposals canvas",
    "training": "#curves svg",
    "compare": "#pairs canvas",
    "about": ".about h3",
}
README = (  # query, screen, scheme
    ("tab=generate&model=pokemon", "desk", "light"),
    ("tab=explore&model=anime&seed=9&d1=2&d3=-2", "desk", "dark"),
    ("tab=draw&model=pokemon&seed=71", "desk", "light"),
    ("tab=training&model=pokemon&seed=20&epoch=200", "desk", "dark"),
)
WIDTH = 900  # of the README's pictures


def tab_of(query: str) -> str:
    """Return the tab that a page's query names."""
    return parse_qs(query)["tab"][0]


def shoot(browser: Browser, url: str, screen: str, scheme: str, whole: bool) -> bytes:
    """Return a PNG of the page at this address: all of it, or what fits the screen."""
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    page.locator(SEEN[tab_of(urlsplit(url).query)]).first.wait_for()
    page.wait_for_timeout(2500)  # what comes after the first picture
    picture = page.screenshot(full_page=whole)
    page.close()
    return picture


def shoot_all(browser: Browser, url: str, out: Path) -> None:
    """Write a PNG of every tab on every screen in both schemes."""
    for tab, screen, scheme in product(SEEN, SCREENS, SCHEMES):
        (out / f"{tab}-{screen}-{scheme}.png").write_bytes(shoot(browser, f"{url}?tab={tab}", screen, scheme, True))


def shoot_readme(browser: Browser, url: str, out: Path) -> None:
    """Write the README's pictures, small."""
    for query, screen, scheme in README:
        picture = Image.open(io.BytesIO(shoot(browser, f"{url}?{query}", screen, scheme, False)))
        small = picture.convert("RGB").resize((WIDTH, round(picture.height * WIDTH / picture.width)))
        small.save(out / f"{tab_of(query)}.webp", quality=82, method=6)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="folder for the PNGs")
    parser.add_argument("--readme", action="store_true", help="write .github/*.webp instead")
    options = parser.parse_args()
    out = ROOT / ".github" if options.readme else options.out
    out.mkdir(parents=True, exist_ok=True)
    models = sorted((path.parent for path in ROOT.glob("checkpoints/*/model.safetensors")), reverse=True)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(copy_app(Path(folder, "app")), "--checkpoint", *models)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
                (shoot_readme if options.readme else shoot_all)(browser, server.url, out)
        finally:
            server.stop()
    print(f"look at them in {out}")


if __name__ == "__main__":
    main()
