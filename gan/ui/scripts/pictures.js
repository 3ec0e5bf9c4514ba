// The sheet of pictures: one button per picture with its seed; a click or Enter opens it as a specimen. Arrow keys walk.
// props.value: {image, side, columns, seeds, model, weights, truncation, link}, or {problem}. One image holds all pictures; each is
// cut out of it onto a canvas once it is decoded, so that the sheet changes at once and never flickers.
const root = element.querySelector(".pictures");
root.innerHTML = `
    <div class="sheet-head"><p></p><button type="button" class="quiet" data-zip>Save all as zip</button></div>
    <ul class="sheet" aria-label="Pictures"></ul>
    <dialog class="specimen" aria-labelledby="specimen-title">
        <div class="specimen-picture"><canvas role="img"></canvas></div>
        <div class="specimen-text">
            <p class="number">Specimen</p>
            <h2 id="specimen-title"></h2>
            <p class="facts"></p>
            <ul class="swatches" aria-label="Dominant colours"></ul>
            <div class="specimen-actions">
                <button type="button" data-go="explore">Explore</button>
                <button type="button" data-go="A">Interpolate from here</button>
                <button type="button" data-go="B">Interpolate to here</button>
            </div>
            <div class="specimen-actions">
                <button type="button" data-save>Save PNG</button>
                <button type="button" data-save="large">Save large</button>
                <button type="button" data-link>Copy link</button>
                <button type="button" data-smooth aria-pressed="false">Smooth</button>
            </div>
            <div class="specimen-walk">
                <button type="button" data-step="-1" aria-label="Previous picture">←</button>
                <button type="button" data-step="1" aria-label="Next picture">→</button>
                <button type="button" data-close>Close</button>
            </div>
        </div>
    </dialog>`;
const sheet = root.querySelector(".sheet");
const dialog = root.querySelector("dialog");
const large = dialog.querySelector("canvas");
let shown = null; // the value on screen
let picture = null; // its decoded image
let latest = 0;
let open = 0; // index of the picture in the dialog
let smooth = false;

const makeTile = () => {
    const item = document.createElement("li");
    item.innerHTML = `<button type="button" class="tile"><canvas></canvas><span></span></button>`;
    return item;
};

const fit = () => {
    const room = sheet.clientWidth;
    if (!shown || !room) return;
    const gap = room < 500 ? 8 : 12; // at least; what is left over is spread between the columns
    const count = shown.seeds.length;
    const sizeFor = (columns) => wholeSize(shown.side, (room - (columns - 1) * gap) / columns);
    let columns = Math.ceil(Math.sqrt(count));
    while (columns > 1 && sizeFor(columns) < 90) columns -= 1;
    const rows = Math.ceil(count / columns);
    const height = Math.max(window.innerHeight * 0.8, 400) / rows;
    const size = rows > 2 ? sizeFor(columns) : Math.min(sizeFor(columns), wholeSize(shown.side, height));
    sheet.style.setProperty("--size", `${size}px`);
    sheet.style.setProperty("--columns", columns);
    const spread = columns > 2 ? (room - columns * size) / (columns - 1) : gap;
    sheet.style.setProperty("--gap", `${Math.min(Math.floor(spread), 48)}px`);
};

// What links, saved files and other tabs need to know of the picture in the dialog.
const recipe = () => ({
    model: shown.model, weights: shown.weights, seed: shown.seeds[open], truncation: shown.truncation,
});
const fillDialog = () => {
    open = Math.min(Math.max(open, 0), shown.seeds.length - 1);
    const seed = shown.seeds[open];
    cut(large, picture, shown.side, shown.columns, open);
    const wide = window.innerWidth > 760;
    const room = Math.min(window.innerWidth - (wide ? 420 : 64), window.innerHeight - (wide ? 96 : 380));
    const size = wholeSize(shown.side, Math.max(room, shown.side * 2));
    large.style.width = large.style.height = `${size}px`;
    large.classList.toggle("smooth", smooth);
    large.setAttribute("aria-label", `Picture made by ${shown.model} from seed ${seed}`);
    dialog.querySelector("h2").textContent = `No. ${seed}`;
    dialog.querySelector(".facts").textContent =
        `${shown.model}, truncation ${shown.truncation}, ${shown.side} × ${shown.side} pixels`;
    dialog.querySelector("[data-step='-1']").disabled = open === 0;
    dialog.querySelector("[data-step='1']").disabled = open === shown.seeds.length - 1;
    dialog.querySelector(".swatches").replaceChildren();
    trigger("select", recipe());
};
studio.receive("specimen", ({ model, seed, truncation, colours }) => {
    const same = shown && model === shown.model && seed === shown.seeds[open] && truncation === shown.truncation;
    if (same) swatches(dialog.querySelector(".swatches"), colours);
});

const draw = async () => {
    const value = props.value;
    if (!value) return;
    const turn = ++latest;
    root.querySelector("[data-zip]").hidden = Boolean(value.problem);
    if (value.problem) {
        root.querySelector(".sheet-head p").textContent = value.problem;
        sheet.replaceChildren();
    }
    if (!value.image) return;
    const image = await decode(value.image);
    if (turn !== latest) return;
    [shown, picture] = [value, image];
    while (sheet.children.length > value.seeds.length) sheet.lastChild.remove();
    while (sheet.children.length < value.seeds.length) sheet.append(makeTile());
    value.seeds.forEach((seed, index) => {
        const tile = sheet.children[index].firstChild;
        cut(tile.firstChild, image, value.side, value.columns, index);
        tile.lastChild.textContent = `seed ${seed}`;
        tile.setAttribute("aria-label", `Seed ${seed}: open this picture`);
        tile.tabIndex = index === 0 ? 0 : -1;
    });
    sheet.classList.toggle("small", value.seeds.length > 16);
    root.dataset.seeds = `${value.seeds[0]}-${value.seeds.at(-1)}`;
    root.dataset.model = value.model;
    root.dataset.truncation = value.truncation;
    const [from, to] = [value.seeds[0], value.seeds.at(-1)];
    root.querySelector(".sheet-head p").textContent =
        value.seeds.length > 1 ? `${value.seeds.length} pictures, seeds ${from} to ${to}` : `1 picture, seed ${from}`;
    studio.send("shown", { tab: "generate", link: value.link });
    fit();
    if (dialog.open) fillDialog();
};

const tiles = () => [...sheet.querySelectorAll(".tile")];
// One picture of the sheet is reached with Tab, the others from there.
const focusTile = (index) => {
    tiles().forEach((tile, other) => (tile.tabIndex = other === index ? 0 : -1));
    tiles()[index]?.focus();
};
sheet.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    open = tiles().indexOf(tile);
    fillDialog();
    dialog.showModal();
});
sheet.addEventListener("keydown", (event) => {
    const all = tiles();
    const at = all.indexOf(event.target);
    const columns = Number(sheet.style.getPropertyValue("--columns"));
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + steps[event.key];
    if (at < 0 || !all[to]) return;
    event.preventDefault();
    focusTile(to);
});
const step = (by) => {
    open += by;
    fillDialog();
};
dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
});
dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target === dialog || button?.hasAttribute("data-close")) dialog.close();
    if (!button) return;
    const { step: by, go, save, link } = button.dataset;
    const { seed, truncation } = recipe();
    if (by) step(Number(by));
    if (go) dialog.close();
    if (go === "explore") explore(seed, truncation);
    else if (go) {
        const end = ([first, ...rest]) => (go === "A" ? [seed, ...rest] : [first, ...rest.slice(0, -1), seed]);
        studio.send("interpolate-controls", ({ seeds }) => ({ seeds: end(seeds), truncation }));
        studio.go("interpolate");
    }
    if (save !== undefined) trigger("download", { ...recipe(), large: save === "large", enlarge: smooth ? "smooth" : "crisp" });
    if (link !== undefined) copy(linkTo("explore", recipe()), "the link to this picture");
    if (button.hasAttribute("data-smooth")) {
        smooth = !smooth;
        button.setAttribute("aria-pressed", smooth);
        large.classList.toggle("smooth", smooth);
    }
});
root.querySelector("[data-zip]").addEventListener("click", () => trigger("submit"));
dialog.addEventListener("close", () => focusTile(open));

new ResizeObserver(fit).observe(sheet);
watch("value", draw);
draw();
