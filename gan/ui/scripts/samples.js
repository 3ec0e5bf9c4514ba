// One epoch's sample grid: 64 pictures, always of seeds 0 to 63, enlarged by whole factors where there is room. On each
// lies a button that chooses the seed whose way through training is shown below; arrow keys walk.
// props.value: {image (null: there is none), epoch, last, standing, model, images_seen, film, seed, link}. A run goes on:
// whenever the tab is opened, the page asks how far it is.
const ACROSS = 8;
const root = element.querySelector(".samples");
root.innerHTML = `
    <figure>
        <div class="samples-room">
            <img alt="" hidden>
            <div class="cells" role="group" aria-label="The 64 pictures: choose one to follow through training"></div>
        </div>
        <p class="empty" hidden></p>
        <figcaption><strong></strong><span></span></figcaption>
    </figure>
    <div class="actions">
        <button type="button" data-film="mp4">Save film, MP4</button>
        <button type="button" data-film="webp">Save film, WebP</button>
    </div>`;
const room = root.querySelector(".samples-room");
const image = root.querySelector("img");
const empty = root.querySelector(".empty");
const cells = root.querySelector(".cells");
const films = root.querySelector(".actions");
let latest = 0, drawnEpoch;

cells.append(...Array.from({ length: ACROSS * ACROSS }, (_, seed) => {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.setAttribute("aria-label", `Seed ${seed}`);
    return cell;
}));
const all = [...cells.children];

const fit = () => {
    if (!image.naturalWidth || !room.clientWidth) return;
    const size = wholeSize(image.naturalWidth, room.clientWidth, 1.5);
    image.style.width = cells.style.width = cells.style.height = `${size}px`;
    image.classList.toggle("whole", size * (window.devicePixelRatio || 1) >= image.naturalWidth);
};
// One cell can be reached with Tab, the others from there.
const reach = (seed) => all.forEach((cell, index) => (cell.tabIndex = index === seed ? 0 : -1));
const mark = (seed) => {
    all.forEach((cell, index) => cell.setAttribute("aria-pressed", index === seed));
    reach(all[seed] ? seed : 0);
};

const draw = async () => {
    const value = props.value;
    if (!value) return;
    const turn = ++latest;
    let problem = "";
    if (value.image) {
        try {
            await decode(value.image);
        } catch {
            problem = `The sample grid of epoch ${value.epoch} is damaged.`;
        }
        if (turn !== latest) return;
    } else if (value.epoch === null) {
        problem = value.standing || "This model came without a record of its training. A run of train.py writes one: samples/ with a "
            + "grid per epoch, and history.jsonl.";
    } else {
        problem = "This model came without sample grids; the curves are all there is.";
    }
    if (!problem) image.src = value.image;
    image.alt = `64 pictures drawn by ${value.model} after epoch ${value.epoch}, always from the same 64 seeds`;
    image.hidden = cells.hidden = Boolean(problem);
    films.hidden = !value.film;
    empty.hidden = !problem;
    empty.textContent = problem;
    const seen = value.images_seen === null ? "" : `${value.images_seen.toLocaleString("en")} pictures seen`;
    root.querySelector("strong").textContent = value.epoch === null ? "" : `Epoch ${value.epoch} of ${value.last}`;
    root.querySelector("span").textContent = seen;
    root.dataset.epoch = value.epoch ?? "";
    mark(value.seed);
    await image.decode().catch(() => {});
    if (turn !== latest) return;
    fit();
    document.dispatchEvent(new CustomEvent("gan:epoch", { detail: value.epoch }));
    studio.send("shown", { tab: "training", link: value.link });
    studio.send("reals", value.model);
    studio.send("creature", { model: value.model, weights: value.link.weights, seed: value.seed });
    if (drawnEpoch !== value.epoch) studio.send("training-controls-drawn"); // the player goes on; another seed is no step
    drawnEpoch = value.epoch;
};

cells.addEventListener("click", (event) => {
    const seed = all.indexOf(event.target);
    if (seed < 0) return;
    studio.send("training-controls", { seed });
    studio.send("creature-look");
});
cells.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ACROSS, ArrowDown: ACROSS };
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + steps[event.key];
    if (at < 0 || !all[to]) return;
    event.preventDefault();
    reach(to);
    all[to].focus();
});
films.addEventListener("click", (event) => {
    const { film } = event.target.dataset;
    if (film) trigger("download", { model: props.value.model, format: film });
});

let open = false;
new ResizeObserver(() => {
    const opened = !open && room.clientWidth > 0;
    open = room.clientWidth > 0;
    if (opened) setTimeout(() => trigger("select"));
    fit();
}).observe(room);
watch("value", draw);
draw();
