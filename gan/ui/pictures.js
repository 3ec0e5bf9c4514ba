// The sheet of pictures: one button per picture with its seed; a click or Enter opens it large. Arrow keys walk.
// props.value: {image, side, columns, seeds, model, truncation}. One image holds all pictures; each is cut out of it
// onto a canvas once it is decoded, so that the sheet changes at once and never flickers.
const root = element.querySelector(".pictures");
root.innerHTML = `
    <ul class="sheet" aria-label="Pictures"></ul>
    <dialog class="specimen" aria-labelledby="specimen-title">
        <div class="specimen-picture"><canvas role="img"></canvas></div>
        <div class="specimen-text">
            <h2 id="specimen-title"></h2>
            <p></p>
        </div>
        <div class="specimen-actions">
            <button type="button" data-step="-1" aria-label="Previous picture">←</button>
            <button type="button" data-step="1" aria-label="Next picture">→</button>
            <button type="button" data-save>Save PNG</button>
            <button type="button" data-close>Close</button>
        </div>
    </dialog>`;
const sheet = root.querySelector(".sheet");
const dialog = root.querySelector("dialog");
const large = dialog.querySelector("canvas");
let shown = null; // the value on screen
let picture = null; // its decoded image
let latest = 0;
let open = 0; // index of the picture in the dialog

const cut = (canvas, index) => {
    const side = shown.side;
    canvas.width = canvas.height = side;
    const x = (index % shown.columns) * side;
    const y = Math.floor(index / shown.columns) * side;
    canvas.getContext("2d").drawImage(picture, x, y, side, side, 0, 0, side, side);
};

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

const fillDialog = () => {
    open = Math.min(Math.max(open, 0), shown.seeds.length - 1);
    const seed = shown.seeds[open];
    cut(large, open);
    const room = Math.min(window.innerWidth - 64, window.innerHeight - 240);
    const size = wholeSize(shown.side, room);
    large.style.width = large.style.height = `${size}px`;
    large.setAttribute("aria-label", `Picture made by ${shown.model} from seed ${seed}`);
    dialog.querySelector("h2").textContent = `seed ${seed}`;
    const how = shown.truncation < 1 ? `, truncation ${shown.truncation}` : "";
    dialog.querySelector("p").textContent = `${shown.model}${how}, ${shown.side} × ${shown.side} pixels`;
    dialog.querySelector("[data-step='-1']").disabled = open === 0;
    dialog.querySelector("[data-step='1']").disabled = open === shown.seeds.length - 1;
};

const draw = async () => {
    const value = props.value;
    if (!value || !value.image) return;
    const turn = ++latest;
    const image = new Image();
    image.src = value.image;
    await image.decode();
    if (turn !== latest) return;
    [shown, picture] = [value, image];
    while (sheet.children.length > value.seeds.length) sheet.lastChild.remove();
    while (sheet.children.length < value.seeds.length) sheet.append(makeTile());
    value.seeds.forEach((seed, index) => {
        const tile = sheet.children[index].firstChild;
        cut(tile.firstChild, index);
        tile.lastChild.textContent = `seed ${seed}`;
        tile.setAttribute("aria-label", `Seed ${seed}: open this picture`);
        tile.tabIndex = index === 0 ? 0 : -1;
    });
    sheet.classList.toggle("small", value.seeds.length > 16);
    root.dataset.seeds = `${value.seeds[0]}-${value.seeds.at(-1)}`;
    root.dataset.model = value.model;
    root.dataset.truncation = value.truncation;
    fit();
    if (dialog.open) fillDialog();
};

const tiles = () => [...sheet.querySelectorAll(".tile")];
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
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
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
    else if (button?.dataset.step) step(Number(button.dataset.step));
    else if (button?.hasAttribute("data-save")) {
        const link = document.createElement("a");
        link.download = `${shown.model.replaceAll("/", "-")}-seed-${shown.seeds[open]}.png`;
        link.href = large.toDataURL("image/png");
        link.click();
    }
});
dialog.addEventListener("close", () => tiles()[open]?.focus());

new ResizeObserver(fit).observe(sheet);
watch("value", draw);
draw();
