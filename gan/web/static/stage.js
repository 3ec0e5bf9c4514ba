// One large picture: drag on it, or the arrow keys, to walk along two directions; what it is, and what can be done with it.
// value: {pixels, before (the same picture without edits, or null), side, title, facts, label, edited}.
// emit: "drag" {across, down} since the pointer went down, in sides of the picture; "dragged" when it is let go of;
// "another", "reset", "save" "small" or "large", "link", "keep".
import { paint, setSize, wholeSize } from "./pixels.js";

const STEP = 0.05; // of an arrow key, in sides of the picture

export function mount(root, emit) {
    root.innerHTML = `
        <div class="stage-picture">
            <canvas class="large" role="img" tabindex="0" aria-label="The first picture is on its way"></canvas>
            <div class="words">
                <figure class="before"><canvas role="img" aria-label="The same picture before it was moved"></canvas><figcaption>Before</figcaption></figure>
                <h2></h2>
                <p class="facts"></p>
                <div class="actions">
                    <button type="button" data-do="save" data-what="small">Save PNG</button>
                    <button type="button" data-do="save" data-what="large">Save large</button>
                    <button type="button" data-do="link">Copy link</button>
                    <button type="button" data-do="keep">Keep</button>
                    <button type="button" data-do="reset">Reset</button>
                </div>
                <p class="hint">Drag on the picture to walk along directions 1 and 2.<span class="keys"> So do the arrow keys on it; the space bar brings another picture.</span></p>
            </div>
        </div>`;
    const place = root.firstElementChild;
    const [large, before] = root.querySelectorAll("canvas");
    let shown = null;

    const fit = () => {
        if (!shown || !place.clientWidth) return;
        const wide = place.clientWidth > 560;
        const room = wide ? Math.min(place.clientWidth - 240, window.innerHeight * 0.52) : Math.min(place.clientWidth, window.innerHeight * 0.42);
        setSize(large, wholeSize(shown.side, Math.max(room, shown.side)));
        setSize(before, wholeSize(shown.side, 128));
    };
    let from = null;
    const drag = (event) => emit("drag", {
        across: (event.clientX - from.x) / large.clientWidth, down: (event.clientY - from.y) / large.clientHeight,
    });
    large.addEventListener("pointerdown", (event) => {
        large.setPointerCapture(event.pointerId);
        from = { x: event.clientX, y: event.clientY };
    });
    large.addEventListener("pointermove", (event) => from && drag(event));
    const letGo = () => {
        if (from) emit("dragged");
        from = null;
    };
    large.addEventListener("pointerup", letGo);
    large.addEventListener("pointercancel", letGo);
    large.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
        if (!steps[event.key]) return;
        event.preventDefault();
        const [across, down] = steps[event.key];
        emit("drag", { across, down });
        emit("dragged");
    });
    root.querySelector(".actions").addEventListener("click", ({ target }) => target.dataset.do && emit(target.dataset.do, target.dataset.what));
    new ResizeObserver(fit).observe(place);

    return (value) => {
        const resized = shown?.side !== value.side;
        shown = value;
        paint(large, value.pixels, value.side);
        large.setAttribute("aria-label", value.label);
        root.querySelector(".before").hidden = !value.before;
        if (value.before) paint(before, value.before, value.side);
        root.querySelector("h2").textContent = value.title;
        root.querySelector(".facts").textContent = value.facts;
        root.querySelector("[data-do=reset]").disabled = !value.edited;
        place.dataset.drawn = value.label;
        if (resized) fit();
    };
}
