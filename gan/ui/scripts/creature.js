// One seed through training: its picture by each earlier generator and by the model itself.
// props.value: {image (side by side), side, stages: [{epoch, images_seen}], missing, seed, model}, or {} at first. It is
// asked for once the sample grid shows another seed or model: the grids of a film play without drawing it anew.
const MOST = 4_294_967_295, REACH = 10_000;
const ACROSS = 3; // pictures in a row
const root = element.querySelector(".creature");
root.innerHTML = `
    <h2>One creature through training</h2>
    <div class="control creature-seed">
        <label for="creature-seed">Seed</label>
        <input type="number" id="creature-seed" min="0" max="${MOST}" step="1">
        <button type="button" class="roll">Roll</button>
    </div>
    <ol class="stages"></ol>
    <p class="note"></p>`;
const field = root.querySelector("input");
const list = root.querySelector(".stages");
let latest = 0, shown = null, asked = "";

const follow = (seed) => studio.send("training-controls", { seed });
field.addEventListener("input", () => field.value !== "" && follow(Number(field.value)));
field.addEventListener("blur", () => {
    if (!shown || (field.value !== "" && field.validity.valid)) return;
    field.value = shown.seed; // what cannot be a seed is gone with the sentence about it
    follow(shown.seed);
});
root.querySelector(".roll").addEventListener("click", () => follow(Math.floor(Math.random() * REACH)));

const fit = () => {
    if (!shown || !root.clientWidth) return;
    list.style.setProperty("--across", ACROSS);
    list.style.setProperty("--size", `${wholeSize(shown.side, (root.clientWidth - 8 * (ACROSS - 1)) / ACROSS, 2)}px`);
};
const draw = async () => {
    const value = props.value;
    if (!value?.image) return;
    const turn = ++latest;
    const sheet = await decode(value.image);
    if (turn !== latest) return;
    shown = value;
    if (document.activeElement !== field) field.value = value.seed; // else it is ahead, or just what was typed
    list.replaceChildren(...value.stages.map(({ epoch, images_seen: seen }, index) => {
        const item = document.createElement("li");
        item.innerHTML = `<canvas role="img"></canvas><strong></strong><span></span>`;
        const [canvas, name, count] = item.children;
        cut(canvas, sheet, value.side, value.stages.length, index);
        name.textContent = epoch === null ? "As it is now" : `Epoch ${epoch}`;
        count.textContent = seen == null ? "" : `${seen.toLocaleString("en")} seen`;
        canvas.setAttribute("aria-label", `Seed ${value.seed} drawn by ${value.model}, ${name.textContent.toLowerCase()}`);
        return item;
    }));
    const epochs = value.missing.join(", ");
    const lost = epochs && ` What was kept of epoch ${epochs} cannot be read and is left out.`;
    root.querySelector(".note").textContent = (value.stages.length > 1
        ? "The same seed, drawn by the network as it was then. Choose a picture in the grid to follow that one."
        : "This folder holds no earlier snapshots, so there is only the picture as it is now.") + lost;
    root.dataset.seed = value.seed;
    fit();
};

studio.receive("creature", ({ model, weights, seed }) => {
    const wanted = JSON.stringify([model, weights, seed]);
    if (wanted === asked) return;
    asked = wanted;
    trigger("load");
});
studio.receive("creature-look", () => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    root.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
});
new ResizeObserver(fit).observe(root);
watch("value", draw);
draw();
