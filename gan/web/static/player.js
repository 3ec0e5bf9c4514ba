// The way from seed to seed: one large frame, a button to play, a scrubber.
// value: {pixels, side, frame, frames, loop, title, facts, label}. It plays as quickly as frames come, at most as asked.
// emit: "frame" number, wanted next; "rest" when it stands still; "save" "film" or "frames", "link".
import { paint, setSize, wholeSize } from "./pixels.js";

const FPS = 24;

export function mount(root, emit) {
    root.innerHTML = `
        <div class="player">
            <canvas class="large" role="img" aria-label="The first frame is on its way"></canvas>
            <div><h2></h2><p class="facts"></p></div>
            <input type="range" min="0" step="1" value="0" aria-label="Position on the way">
            <div class="row"><button type="button" class="main">Play</button>
                <div class="actions">
                    <button type="button" data-do="save" data-what="film">Save film</button>
                    <button type="button" data-do="save" data-what="frames">Save frames, PNG</button>
                    <button type="button" data-do="link">Copy link</button>
                </div></div>
        </div>`;
    const canvas = root.querySelector("canvas"), scrub = root.querySelector("input"), play = root.querySelector(".main");
    let shown = null, playing = false, position = 0, before = 0, due = true; // due: the frame asked for last has come

    const fit = () => {
        if (!shown || !root.clientWidth) return;
        setSize(canvas, wholeSize(shown.side, Math.max(Math.min(root.clientWidth, window.innerHeight * 0.55), shown.side)));
    };
    const pause = () => {
        if (!playing) return;
        playing = false;
        play.textContent = "Play";
        emit("rest");
    };
    const tick = (now) => {
        if (!playing) return;
        if (!root.clientWidth) return pause(); // another tab is open
        position += (Math.min(now - before, 250) / 1000) * FPS; // nothing is made up for after a halt
        before = now;
        if (shown.loop) position %= shown.frames;
        else if (position >= shown.frames - 1) position = shown.frames - 1;
        if (due && Math.floor(position) !== shown.frame) {
            due = false;
            emit("frame", Math.floor(position));
        }
        if (!shown.loop && shown.frame === shown.frames - 1 && due) return pause();
        requestAnimationFrame(tick);
    };
    const toggle = () => {
        if (playing) return pause();
        if (!shown) return;
        position = !shown.loop && shown.frame === shown.frames - 1 ? 0 : shown.frame;
        playing = true;
        due = true;
        before = performance.now();
        play.textContent = "Pause";
        requestAnimationFrame(tick);
    };
    play.addEventListener("click", toggle);
    canvas.addEventListener("click", toggle);
    scrub.addEventListener("input", () => {
        pause();
        emit("frame", Number(scrub.value));
    });
    scrub.addEventListener("change", () => emit("rest"));
    root.querySelector(".actions").addEventListener("click", ({ target }) => target.dataset.do && emit(target.dataset.do, target.dataset.what));
    new ResizeObserver(fit).observe(root);

    return (value) => {
        const resized = shown?.side !== value.side;
        shown = value;
        due = true;
        paint(canvas, value.pixels, value.side);
        canvas.setAttribute("aria-label", value.label);
        root.querySelector("h2").textContent = value.title;
        root.querySelector(".facts").textContent = value.facts;
        scrub.max = value.frames - 1;
        if (document.activeElement !== scrub || playing) scrub.value = value.frame;
        scrub.setAttribute("aria-valuetext", value.title);
        root.dataset.frame = value.frame;
        if (resized) fit();
    };
}
