"""How the page looks: colours, system fonts (nothing is fetched), styles/. In Gradio 6 `launch()` takes all that."""

from pathlib import Path

import gradio as gr

SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "Liberation Mono", "monospace")

STYLES = Path(__file__).parent / "styles"  # one file per part of the page

PAPER = gr.themes.Color(
    c50="#faf8f4", c100="#f3f0e9", c200="#e5e0d5", c300="#d2cbbd", c400="#a39b8b", c500="#776f61", c600="#5a5449",
    c700="#3d3932", c800="#26231f", c900="#1b1916", c950="#121110", name="paper",
)  # fmt: skip
EMBER = gr.themes.Color(
    c50="#fff4ed", c100="#ffe5d4", c200="#ffc7a8", c300="#ffa071", c400="#fb7c41", c500="#e95d1c", c600="#bf4310",
    c700="#9c350e", c800="#7c2b10", c900="#5f2410", c950="#341006", name="ember",
)  # fmt: skip


def build_theme() -> gr.themes.Base:
    """Return the theme: paper and ink, one warm accent, light and dark."""
    return gr.themes.Base(
        primary_hue=EMBER,
        secondary_hue=EMBER,
        neutral_hue=PAPER,
        radius_size=gr.themes.sizes.radius_sm,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_padding="0px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_background_fill="transparent",
        block_title_background_fill_dark="transparent",
        block_title_text_weight="600",
        block_title_text_color="*neutral_900",
        block_title_text_color_dark="*neutral_100",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_500",
        input_border_color_dark="*neutral_500",
        input_border_width="1px",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_800",
        border_color_accent="*primary_600",
        border_color_accent_dark="*primary_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_900",
        color_accent="*primary_600",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="white",
        button_primary_text_color_dark="*neutral_950",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
    )


def launch_look() -> dict[str, object]:
    """Return the arguments of `launch()` that make up the look."""
    return {
        "theme": build_theme(),
        "css": "".join(path.read_text(encoding="utf-8") for path in sorted(STYLES.glob("*.css"))),
        "footer_links": ["api"],
    }
