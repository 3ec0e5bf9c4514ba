// One epoch's sample grid: 64 pictures, always of seeds 0 to 63, enlarged by whole factors where there is room. A click
// (or arrow keys and Enter) chooses the seed whose way through training is shown below.
// props.value: {image (null: there is none), epoch, last, model, images_seen, film, seed, link}.
const ACROSS = 8;
const root = element.querySelector(".samples");
root.innerHTML = `
    <figure>
        <div class="samples-room">
            <img alt="" hidden>
            <button type="button" class="cells"><i class="chosen"></i><i class="aim"></i></button>
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
let latest = 0;
let aim = 0; // the cell that Enter would choose

const fit = () => {
    if (!image.naturalWidth || !room.clientWidth) return;
    const size = wholeSize(image.naturalWidth, room.clientWidth, 1.5);
    image.style.width = cells.style.width = cells.style.height = `${size}px`;
    image.classList.toggle("whole", size * (window.devicePixelRatio || 1) >= image.naturalWidth);
};
const mark = (sign, cell) => {
    sign.hidden = cell >= ACROSS * ACROSS;
    sign.style.left = `${((cell % ACROSS) * 100) / ACROSS}%`;
    sign.style.top = `${(Math.floor(cell / ACROSS) * 100) / ACROSS}%`;
};
const label = () => {
    mark(cells.querySelector(".aim"), aim);
    cells.setAttribute("aria-label", `Follow seed ${aim} through training; arrow keys choose another of the 64 pictures`);
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
        problem = "This model came without a record of its training. A run of train.py writes one: samples/ with a "
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
    mark(cells.querySelector(".chosen"), value.seed);
    label();
    await image.decode().catch(() => {});
    fit();
    document.dispatchEvent(new CustomEvent("gan:epoch", { detail: value.epoch }));
    studio.send("shown", { tab: "training", link: value.link });
    studio.send("training-controls-drawn");
};

const choose = () => studio.send("training-controls", { seed: aim });
cells.addEventListener("pointermove", (event) => {
    const box = cells.getBoundingClientRect();
    const at = (from, length) => Math.min(Math.max(Math.floor((from / length) * ACROSS), 0), ACROSS - 1);
    aim = at(event.clientY - box.top, box.height) * ACROSS + at(event.clientX - box.left, box.width);
    label();
});
cells.addEventListener("click", choose);
cells.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ACROSS, ArrowDown: ACROSS }[event.key];
    if (!by || aim + by < 0 || aim + by >= ACROSS * ACROSS) return;
    event.preventDefault();
    aim += by;
    label();
});
films.addEventListener("click", (event) => {
    const { film } = event.target.dataset;
    if (film) trigger("download", { model: props.value.model, format: film });
});

new ResizeObserver(fit).observe(room);
watch("value", draw);
draw();
