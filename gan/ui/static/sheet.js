// A wall of small pictures. One can be reached with Tab, the others from there with arrow keys.
import { cut, decode, onStyle, paint } from "./pixels.js";

const STILL = 400; // milliseconds after which a sheet that asks does so
const TOOLS = { earlier: ["‹", "Move earlier"], later: ["›", "Move later"], remove: ["×", "Take out"] };

const NEAR = "Near a training picture";

export const mount = (root, emit) => {
    root.innerHTML = `<p class="empty" hidden></p><ol></ol>`;
    const empty = root.querySelector(".empty"),
        list = root.querySelector("ol");
    let shown = null,
        pixels = [],
        turn = 0,
        timer = 0,
        acted = null; // the tool that was used, until what comes of it is shown
    const tiles = () => [...list.querySelectorAll(".tile")];

    const look = () => {
        tiles().forEach((tile, index) => {
            const room = tile.clientWidth;
            if (room && pixels[index]) paint(tile.querySelector("canvas"), pixels[index], room);
        });
    };
    const reach = (index) => tiles().forEach((tile, other) => (tile.tabIndex = other === index ? 0 : -1));
    const make = (cell, index) => {
        const item = document.createElement("li");
        item.innerHTML = `<button type="button" class="tile"><canvas></canvas><span></span></button>`;
        const tile = item.firstChild;
        tile.querySelector("span").textContent = cell.label ?? "";
        tile.setAttribute("aria-label", cell.alt ?? cell.label);
        if (shown.chosen !== undefined) tile.setAttribute("aria-pressed", shown.chosen === index);
        for (const tool of shown.tools ?? []) {
            const button = document.createElement("button");
            const [sign, name] = TOOLS[tool];
            Object.assign(button, { type: "button", className: `tool ${tool}`, textContent: sign });
            button.dataset.tool = tool;
            button.setAttribute("aria-label", `${name}: ${cell.alt ?? cell.label}`);
            item.append(button);
        }
        return item;
    };
    const place = () => Object.assign(document.createElement("li"), { className: "place" });

    list.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        const index = [...list.children].indexOf(button.closest("li"));
        acted = button.dataset.tool ?? null;
        if (acted) emit("input", { index, tool: acted, recipe: shown.cells[index].recipe });
        else {
            tiles().forEach(
                (tile, other) => shown.chosen !== undefined && tile.setAttribute("aria-pressed", other === index),
            );
            reach(index);
            emit("select", { index, recipe: shown.cells[index].recipe });
        }
    });
    list.addEventListener("keydown", (event) => {
        const all = tiles(),
            at = all.indexOf(event.target);
        if (at < 0) return;
        const across = all.filter((tile) => tile.offsetTop === all[0].offsetTop).length;
        const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
        const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + steps[event.key];
        if (!all[to]) return;
        event.preventDefault();
        reach(to);
        all[to].focus();
    });
    list.addEventListener("focusout", () => (acted = null));
    onStyle(look);
    new ResizeObserver(look).observe(list);
    document.addEventListener("hand", ({ detail: { by, ...recipe } }) => {
        if (shown?.chosen === undefined || !shown.cells[0]?.recipe?.model) return; // it does not show which is in hand
        const at = JSON.stringify(recipe);
        tiles().forEach((tile, index) =>
            tile.setAttribute("aria-pressed", JSON.stringify(shown.cells[index].recipe) === at),
        );
    });

    const mark = (near) => {
        for (const index of near) {
            const tile = tiles()[index];
            tile.classList.add("near");
            tile.title = NEAR;
            tile.setAttribute("aria-label", `${tile.getAttribute("aria-label")}. ${NEAR}`);
        }
    };

    return async (value) => {
        if (value?.near) return value.turn === turn && mark(value.near);
        const mine = ++turn;
        const cells = value?.cells ?? [];
        const image = value?.image && cells.length ? await decode(value.image) : null;
        if (mine !== turn) return;
        const focused = document.activeElement;
        const at = [...list.children].indexOf(focused?.closest("li")),
            tool = focused?.dataset.tool,
            step = { earlier: -1, later: 1 }[acted] ?? 0;
        const more = cells.length > (shown?.cells?.length ?? 0);
        shown = value ?? {};
        pixels = image ? cells.map((_, index) => cut(image, value.side, value.columns, index)) : [];
        empty.textContent = shown.empty ?? "";
        empty.hidden = cells.length > 0 || !shown.empty;
        list.replaceChildren(
            ...cells.map(make),
            ...Array.from({ length: Math.max(0, (shown.places ?? 0) - cells.length) }, place),
        );
        list.hidden = list.children.length === 0;
        const right = (element) => element.getBoundingClientRect().right;
        if (more) list.scrollLeft += Math.max(0, right(tiles().at(-1)) - right(list)); // the newest is in sight
        root.dataset.labels = cells.map((cell) => cell.label).join(" ");
        reach(shown.chosen ?? 0);
        if (at >= 0) {
            const to = Math.max(0, Math.min(at + step, cells.length - 1));
            const item = list.children[to];
            (item?.querySelector(`[data-tool="${tool}"]`) ?? item?.querySelector(".tile"))?.focus({
                preventScroll: true,
            });
        }
        acted = null;
        look();
        clearTimeout(timer);
        if (shown.asks) timer = setTimeout(() => emit("release", { turn: mine }), STILL);
    };
};
