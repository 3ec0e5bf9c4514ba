// The wall: a button per picture with its seed; a click makes it the large one, arrow keys walk.
// value: {side, seeds, current: the seed that is shown large}, a new wall; {index, pixels}, one of its pictures;
// {current}, another one is shown large.
// emit: "choose" seed.
import { paint, wholeSize } from "./pixels.js";

export function mount(root, emit) {
    root.innerHTML = `<ul class="sheet" aria-label="Pictures"></ul>`;
    const sheet = root.firstElementChild;
    const tiles = () => [...sheet.querySelectorAll("button")];
    let shown = null;

    const fit = () => {
        if (!shown || !sheet.clientWidth) return;
        const room = sheet.clientWidth, columns = Math.max(4, Math.floor(room / 136));
        sheet.style.setProperty("--size", `${Math.min(wholeSize(shown.side, (room - (columns - 1) * 8) / columns), 128)}px`);
    };
    const mark = (current) => tiles().forEach((tile, index) => {
        tile.setAttribute("aria-current", shown.seeds[index] === current);
        tile.tabIndex = index === Math.max(0, shown.seeds.indexOf(current)) ? 0 : -1; // the others are reached from there
    });
    const choose = (index) => {
        tiles()[index].focus();
        emit("choose", shown.seeds[index]);
    };
    sheet.addEventListener("click", ({ target }) => {
        const tile = target.closest("button");
        if (tile) choose(tiles().indexOf(tile));
    });
    sheet.addEventListener("keydown", (event) => {
        const all = tiles(), at = all.indexOf(event.target);
        const columns = getComputedStyle(sheet).gridTemplateColumns.split(" ").length;
        const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
        const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + steps[event.key];
        if (at < 0 || !all[to]) return;
        event.preventDefault();
        choose(to);
    });
    new ResizeObserver(fit).observe(sheet);

    return ({ side, seeds, current, index, pixels }) => {
        if (pixels) paint(tiles()[index].firstChild, pixels, shown.side);
        if (seeds) {
            shown = { side, seeds };
            while (sheet.children.length > seeds.length) sheet.lastChild.remove();
            while (sheet.children.length < seeds.length) {
                const item = document.createElement("li");
                item.innerHTML = `<button type="button"><canvas></canvas><span></span></button>`;
                sheet.append(item);
            }
            tiles().forEach((tile, place) => {
                tile.lastChild.textContent = seeds[place];
                tile.setAttribute("aria-label", `Seed ${seeds[place]}: show it large`);
            });
            fit();
        }
        if (current !== undefined && shown) mark(current);
    };
}
