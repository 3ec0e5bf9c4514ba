// One epoch's sample grid: 64 pictures, always of the same 64 seeds, enlarged by whole factors where there is room.
// props.value: {image (null: there is none), epoch, last, model, images_seen}. Tells the curves which epoch it shows.
const root = element.querySelector(".samples");
root.innerHTML = `
    <figure>
        <div class="samples-room"><img alt="" hidden></div>
        <p class="empty" hidden></p>
        <figcaption><strong></strong><span></span></figcaption>
    </figure>`;
const room = root.querySelector(".samples-room");
const image = root.querySelector("img");
const empty = root.querySelector(".empty");
let latest = 0;

const fit = () => {
    if (!image.naturalWidth || !room.clientWidth) return;
    const size = wholeSize(image.naturalWidth, room.clientWidth, 1.5);
    image.style.width = `${size}px`;
    image.classList.toggle("whole", size * (window.devicePixelRatio || 1) >= image.naturalWidth);
};

const draw = async () => {
    const value = props.value;
    if (!value) return;
    const turn = ++latest;
    let problem = "";
    if (value.image) {
        const next = new Image();
        next.src = value.image;
        try {
            await next.decode();
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
    image.hidden = Boolean(problem);
    empty.hidden = !problem;
    empty.textContent = problem;
    const seen = value.images_seen === null ? "" : `${value.images_seen.toLocaleString("en")} pictures seen`;
    root.querySelector("strong").textContent = value.epoch === null ? "" : `Epoch ${value.epoch} of ${value.last}`;
    root.querySelector("span").textContent = seen;
    root.dataset.epoch = value.epoch ?? "";
    await image.decode().catch(() => {});
    fit();
    document.dispatchEvent(new CustomEvent("gan:epoch", { detail: value.epoch }));
};

new ResizeObserver(fit).observe(room);
watch("value", draw);
draw();
