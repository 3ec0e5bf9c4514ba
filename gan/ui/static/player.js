// Frames to play, scrub and step through. They are drawn where large pictures are: a "frame" event says which.
import { decode } from "./pixels.js";

const LEAD = 3; // frames asked for ahead of the one that is shown
const PATIENCE = 3000; // milliseconds

export const mount = (root, emit) => {
    root.innerHTML = `
        <div class="player-row">
            <button type="button" class="play">Play</button>
            <input type="range" min="0" step="1" aria-label="Frame">
            <output></output>
        </div>
        <div class="frame-room" tabindex="0" role="slider" aria-valuemin="0" aria-valuenow="0" hidden><img alt=""><i></i></div>
        <p class="empty" hidden></p>`;
    const find = (name) => root.querySelector(name);
    const grid = find(".frame-room"),
        mark = find(".frame-room i");
    const play = find(".play"),
        scrub = find("input"),
        told = find("output"),
        empty = find(".empty");
    let shown = null,
        at = 0,
        playing = false,
        from = 0,
        last = 0,
        visible = false,
        chose = false, // whether the stage is about to show the chosen picture as it is today, not as of this frame
        asked = 0;
    let frames = new Map(); // of a source that sends them one at a time: frame -> image
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const count = () => shown?.labels?.length ?? 0;

    const show = () => {
        if (!count() || !visible) return;
        const image = shown.image ?? frames.get(at);
        scrub.value = at;
        scrub.setAttribute("aria-valuetext", shown.labels[at]);
        told.textContent = shown.labels[at];
        root.dataset.frame = at;
        document.dispatchEvent(new CustomEvent("epoch", { detail: shown.epochs?.[at] ?? null }));
        if (!image) return ask(at);
        if (!shown.image) ask(Math.min(at + LEAD, count() - 1));
        const index = shown.image ? at : shown.cell;
        const columns = shown.columns;
        if (index !== null && index !== undefined)
            document.dispatchEvent(
                new CustomEvent("frame", {
                    detail: { image, side: shown.side, columns, index, title: shown.title, label: shown.labels[at] },
                }),
            );
        if (!shown.grid) return;
        if (find("img").src !== image) find("img").src = image;
        chosen();
    };
    // Of a frame that is a grid of pictures, the one that the stage shows; a click or arrow keys choose another.
    const chosen = () => {
        const known = Number.isInteger(shown.cell);
        mark.hidden = !known;
        const cell = known ? shown.cell : 0;
        const share = 100 / shown.columns;
        Object.assign(mark.style, {
            left: `${(cell % shown.columns) * share}%`,
            top: `${Math.floor(cell / shown.columns) * share}%`,
            width: `${share}%`,
        });
        grid.setAttribute("aria-valuenow", cell);
        grid.setAttribute("aria-valuemax", shown.columns ** 2 - 1);
        grid.setAttribute("aria-valuetext", known ? `seed ${cell}` : "none of these");
    };
    const choose = (cell) => {
        if (cell < 0 || cell >= shown.columns ** 2) return;
        shown.cell = cell;
        chose = true;
        show();
        emit("select", { cell });
    };
    document.addEventListener("staged", ({ detail }) => {
        if (!chose || detail?.seed !== shown.cell) return; // of several in a row the last one counts
        chose = false;
        show();
    });
    grid.addEventListener("click", ({ offsetX, offsetY }) => {
        const size = grid.clientWidth / shown.columns;
        choose(Math.floor(offsetY / size) * shown.columns + Math.floor(offsetX / size));
    });
    grid.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -shown.columns, ArrowDown: shown.columns }[event.key];
        if (!step) return;
        event.preventDefault();
        choose((shown.cell ?? -1) + step);
    });
    // Ask for the first frame that is missing on the way to one, one at a time; an answer that does not come is asked again.
    const ask = (frame) => {
        if (Date.now() - asked < PATIENCE) return;
        for (let next = Math.min(at, frame); next <= frame; next++)
            if (!frames.has(next)) {
                asked = Date.now();
                return emit("input", { frame: next, at: asked, of: shown.source });
            }
    };
    const rest = () => visible && count() && emit("release", { frame: at });
    const pause = () => {
        playing = false;
        play.textContent = "Play";
    };
    const tick = (now) => {
        if (!playing || !visible) return;
        if (now - last >= 1000 / shown.fps) {
            last = now;
            const next = at + 1;
            if (next >= count() && !shown.loop) {
                pause();
                if (!shown.returns) return rest();
                at = from;
                return show();
            }
            const wanted = next % count();
            if (shown.image || frames.has(wanted)) {
                at = wanted;
                show();
            } else ask(wanted);
        }
        requestAnimationFrame(tick);
    };
    const start = () => {
        if (count() < 2) return;
        if (at === count() - 1 && !shown.loop) at = 0;
        from = at;
        playing = true;
        play.textContent = "Pause";
        show();
        requestAnimationFrame(tick);
    };
    play.addEventListener("click", () => {
        if (!playing) return start();
        pause();
        rest();
    });
    scrub.addEventListener("input", () => {
        pause();
        at = Number(scrub.value);
        show();
    });
    scrub.addEventListener("change", rest);
    new ResizeObserver(() => {
        const displayed = root.offsetParent !== null;
        if (visible === displayed) return;
        visible = displayed;
        if (visible) {
            show();
            if (shown?.play && !still.matches) start();
        } else {
            pause();
            document.dispatchEvent(new CustomEvent("frame", { detail: null }));
        }
    }).observe(root);

    return async (value) => {
        if (!value) return;
        if (value.frame && value.of !== shown?.source) return; // asked for when another film was shown
        if (value.source !== shown?.source) frames = new Map();
        asked = 0;
        for (const sent of [value.frame, value.first]) if (sent?.image) frames.set(sent.at, sent.image);
        if (value.image) await decode(value.image);
        const moved = value.frame === undefined;
        shown = moved ? value : { ...value, cell: shown.cell }; // which may have been chosen since the frame was asked for
        if (moved) at = Math.min(value.at ?? 0, Math.max(count() - 1, 0));
        scrub.max = Math.max(count() - 1, 0);
        find(".player-row").hidden = count() < 1;
        grid.hidden = count() < 1 || !value.grid;
        grid.setAttribute("aria-label", value.alt ?? "");
        empty.hidden = !value.empty;
        empty.textContent = value.empty ?? "";
        if (moved) pause();
        show();
        if (moved && visible && value.play && !still.matches) start();
    };
};
