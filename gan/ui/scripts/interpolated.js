// The way from seed to seed: one large frame, a scrubber, a player and a strip of frames. The server sends all frames
// as one image whenever the way changes; scrubbing and playing cut them out of it and ask for nothing.
// props.value: {image, side, columns, frames, legs, t, recipe, link}, {problem: why there is no such way}, or {} while
// the tab has never been open.
const SPEEDS = [12, 24, 30];
const MOST_STOPS = 11, GAP = 4; // of the strip: its pictures in a row, the pixels between them at least
const root = element.querySelector(".interpolated");
root.innerHTML = `
    <p class="problem" role="status" hidden></p>
    <div class="viewer">
        <canvas role="img"></canvas>
        <p class="where"><strong></strong><span class="t"></span><span class="facts"></span></p>
        <div class="control scrub"><input type="range" min="0" step="1" aria-label="Position on the way"></div>
        <ol class="strip" aria-label="Frames on the way"></ol>
        <div class="player control choice">
            <button type="button" class="play">Play</button>
            <fieldset><legend>Frames a second</legend><div class="segments">${SPEEDS.map((each) =>
                `<label><input type="radio" name="interpolated-speed" value="${each}"><span>${each}</span></label>`).join("")}</div></fieldset>
        </div>
        <div class="actions">
            <button type="button" data-save="mp4">Save MP4</button>
            <button type="button" data-save="webp">Save WebP</button>
            <button type="button" data-link>Copy link</button>
        </div>
    </div>`;
const problem = root.querySelector(".problem");
const canvas = root.querySelector("canvas");
const play = root.querySelector(".play");
const scrub = root.querySelector(".scrub input");
const strip = root.querySelector(".strip");
const speeds = root.querySelector(".segments");
let shown = null, picture = null, latest = 0;
let position = 0; // how far along the way, in legs
let linked; // the position that a link asked for last
let fps = speed;
let playing = false, before = 0;

const name = (index) => String.fromCharCode(65 + (index % shown.recipe.seeds.length));
const seedAt = (frame) => shown.recipe.seeds[frame / shown.recipe.steps]; // undefined between two seeds
const current = () => {
    const frame = Math.round(position * shown.recipe.steps);
    return shown.recipe.loop ? frame % shown.frames : Math.min(frame, shown.frames - 1);
};
// Which leg a frame is on, between which seeds, and its t there.
const place = (frame) => {
    const { seeds, steps } = shown.recipe;
    const leg = Math.min(Math.floor(frame / steps), shown.legs - 1);
    return {
        leg: `${name(leg)} to ${name(leg + 1)}`,
        seeds: `seed ${seeds[leg]} to seed ${seeds[(leg + 1) % seeds.length]}`,
        t: (frame / steps - leg).toFixed(2),
    };
};
const link = () => {
    const t = Number((current() / shown.recipe.steps).toFixed(4));
    return t ? { ...shown.link, t } : shown.link;
};
const tellLink = () => studio.send("shown", { tab: "interpolate", link: link() });

const look = () => {
    const frame = current();
    const { leg, seeds, t } = place(frame);
    cut(canvas, picture, shown.side, shown.columns, frame);
    canvas.setAttribute("aria-label", `Picture made by ${shown.recipe.model} on the way from ${seeds}, t = ${t}`);
    root.querySelector("strong").textContent = leg;
    root.querySelector(".t").textContent = `t = ${t}`;
    root.querySelector(".facts").textContent =
        `From ${seeds}. Frame ${frame + 1} of ${shown.frames}, ${(shown.frames / fps).toFixed(1)} seconds in all.`;
    scrub.value = frame;
    scrub.setAttribute("aria-valuetext", `${leg}, t = ${t}`);
    mark(frame);
    root.dataset.frame = frame;
};
const go = (frame) => {
    pause();
    position = frame / shown.recipe.steps;
    look();
    tellLink();
};

// --- the strip: every seed and what fits between them, both ends always
const distance = (button, frame) => Math.abs(button.dataset.frame - frame);
const buttons = () => [...strip.querySelectorAll("button")];
const mark = (frame) => {
    const nearest = buttons().reduce((best, other) => (distance(other, frame) < distance(best, frame) ? other : best));
    for (const button of buttons()) {
        button.tabIndex = button === nearest ? 0 : -1; // one is reached with Tab, the others from there
        button.setAttribute("aria-current", button === nearest);
    }
};
const stops = (room) => {
    const { steps } = shown.recipe;
    const perLeg = Math.max(1, Math.min(steps, Math.floor((room - 1) / shown.legs)));
    const every = Array.from({ length: shown.legs * perLeg }, (_, index) => Math.round((index * steps) / perLeg));
    return [...new Set([...every, shown.frames - 1])];
};
const drawStrip = () => {
    const size = wholeSize(shown.side, 72);
    const room = Math.min(MOST_STOPS, Math.floor((strip.clientWidth + GAP) / (size + GAP)));
    const frames = stops(room);
    strip.style.setProperty("--size", `${size}px`);
    strip.style.setProperty("--columns", Math.min(room, frames.length));
    strip.replaceChildren(...frames.map((frame) => {
        const { leg, t } = place(frame);
        const seed = seedAt(frame);
        const item = document.createElement("li");
        item.innerHTML = `<button type="button" data-frame="${frame}"><canvas></canvas><span></span></button>`;
        cut(item.querySelector("canvas"), picture, shown.side, shown.columns, frame);
        item.querySelector("span").textContent = seed === undefined ? t : `${name(frame / shown.recipe.steps)} · ${seed}`;
        item.firstChild.setAttribute("aria-label", seed === undefined
            ? `Go to ${leg}, t = ${t}` : `Go to ${name(frame / shown.recipe.steps)}, seed ${seed}`);
        return item;
    }));
};

// --- the player: an open way ends at its end, a closed one goes round
const pause = () => {
    if (!playing) return;
    playing = false;
    play.textContent = "Play";
    tellLink();
};
const tick = (now) => {
    if (!playing) return;
    if (!root.clientWidth) return pause(); // another tab is open
    position += (Math.min(now - before, 250) / 1000) * (fps / shown.recipe.steps); // nothing is made up for after a halt
    before = now;
    const end = (shown.frames - 1) / shown.recipe.steps;
    if (shown.recipe.loop) position %= shown.legs;
    else if (position >= end) {
        position = end;
        pause();
    }
    look();
    requestAnimationFrame(tick);
};
const toggle = () => {
    if (playing) return pause();
    if (!shown) return;
    if (!shown.recipe.loop && current() === shown.frames - 1) position = 0;
    playing = true;
    before = performance.now();
    play.textContent = "Pause";
    requestAnimationFrame(tick);
};

// --- the whole
const fit = () => {
    if (!shown || !root.clientWidth) return;
    const wide = root.clientWidth > 620;
    const room = wide ? Math.min(root.clientWidth - 270, window.innerHeight * 0.58) : Math.min(root.clientWidth, window.innerHeight * 0.5);
    canvas.style.width = canvas.style.height = `${wholeSize(shown.side, Math.max(room, shown.side * 2))}px`;
    root.classList.toggle("wide", wide);
    drawStrip();
    look();
};
const draw = async () => {
    const value = props.value;
    const turn = ++latest;
    problem.hidden = !value.problem;
    problem.textContent = value.problem ?? "";
    if (value.problem) return; // the frames stay as they are
    const image = await decode(value.image);
    if (turn !== latest) return;
    [shown, picture] = [value, image];
    if (value.t !== linked) position = linked = value.t;
    position = Math.min(position, value.legs);
    scrub.max = value.frames - 1;
    root.dataset.recipe = JSON.stringify(value.recipe);
    fit();
    if (!playing) tellLink();
};

play.addEventListener("click", toggle);
canvas.addEventListener("click", toggle);
scrub.addEventListener("input", () => shown && go(Number(scrub.value)));
speeds.querySelector(`[value="${fps}"]`).checked = true;
speeds.addEventListener("change", (event) => {
    fps = Number(event.target.value);
    if (shown) look();
});
strip.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) go(Number(button.dataset.frame));
});
strip.addEventListener("keydown", (event) => {
    const all = buttons();
    const to = all[all.indexOf(event.target) + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? NaN)];
    if (!to) return;
    event.preventDefault();
    to.focus();
    go(Number(to.dataset.frame));
});
root.querySelector(".actions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !shown) return;
    if (button.dataset.save) trigger("download", { ...shown.recipe, format: button.dataset.save, fps });
    else copy(linkTo("interpolate", link()), "the link to this frame");
});

let width = 0;
new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    fit();
}).observe(root);
watch("value", draw);
setTimeout(() => trigger("select")); // asks for the first frames, once that can be heard
