// Under the large picture: is it a copy, and what the critic looks at. Asked once the picture in hand has been still.
import { cut, decode, onStyle, paint } from "./pixels.js";

const STILL = 400; // milliseconds
const WIDTH = 400,
    HEIGHT = 64; // of the histogram, in its own units

export const mount = (root, emit) => {
    root.innerHTML = `
        <p class="looks-line" hidden><button type="button" class="copy" aria-expanded="false"><strong>Is it a copy?</strong> <span></span></button></p>
        <div class="looks-more copy-more" hidden>
            <figure><svg viewBox="0 -12 ${WIDTH} ${HEIGHT + 28}" role="img"></svg></figure>
            <p class="number"></p><div class="reals" hidden></div><p class="hint"></p><p class="misses"></p>
        </div>
        <p class="looks-line" hidden><button type="button" class="critic" aria-pressed="false">What the critic looks at</button> <span class="rank"></span></p>
        <div class="looks-more critic-more" hidden><p class="sum"></p><p class="why"></p></div>`;
    const find = (name) => root.querySelector(name);
    const copy = find(".copy"),
        critic = find(".critic"),
        reals = find(".reals");
    let hand = null,
        shown = null,
        playing = false,
        timer = 0,
        strip = [];
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const opened = () => copy.getAttribute("aria-expanded") === "true";
    const pressed = () => critic.getAttribute("aria-pressed") === "true";

    const ask = () => hand?.weights && emit("input", { recipe: hand, open: opened() });
    const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(ask, STILL);
    };
    const overlay = () => {
        const cells = pressed() && !playing && same(shown?.recipe, hand) ? shown.critic?.cells : null;
        document.dispatchEvent(new CustomEvent("overlay", { detail: cells ? heat(cells) : null }));
    };
    document.addEventListener("hand", ({ detail }) => {
        const { by, ...recipe } = detail;
        if (same(recipe, hand)) return;
        hand = recipe;
        root.classList.add("stale");
        overlay();
        wait();
    });
    document.addEventListener("frame", ({ detail }) => {
        playing = Boolean(detail); // the stage shows another picture than the one in hand
        root.classList.toggle("stale", playing);
        overlay();
    });
    copy.addEventListener("click", () => {
        copy.setAttribute("aria-expanded", !opened());
        find(".copy-more").hidden = !opened();
        if (opened()) ask();
    });
    critic.addEventListener("click", () => {
        critic.setAttribute("aria-pressed", !pressed());
        find(".critic-more").hidden = !pressed();
        overlay();
        if (pressed()) document.querySelector(".stage-room")?.scrollIntoView({ block: "nearest" });
    });

    const lookAtReals = () => {
        [...reals.querySelectorAll("canvas")].forEach(
            (canvas, index) => strip[index] && paint(canvas, strip[index], canvas.parentElement.clientWidth),
        );
    };
    let turn = 0;
    const drawReals = async (value) => {
        const mine = ++turn;
        reals.hidden = !value;
        if (!value) return reals.replaceChildren();
        const image = await decode(value.image);
        if (mine !== turn) return;
        strip = value.labels.map((_, index) => cut(image, value.side, value.labels.length, index));
        reals.innerHTML = value.labels
            .map((label) => `<figure><canvas></canvas><figcaption>${label}</figcaption></figure>`)
            .join("");
        lookAtReals();
    };
    onStyle(lookAtReals);
    new ResizeObserver(lookAtReals).observe(root);

    return (value) => {
        if (!value?.recipe) return;
        if (hand === null && value.copy === undefined) {
            hand = value.recipe; // what the page begins with: nobody has looked at it yet
            return wait();
        }
        if (!same(value.recipe, hand)) return; // of a picture before
        shown = value;
        root.classList.remove("stale");
        copy.parentElement.hidden = !value.copy;
        find(".copy-more").hidden = !value.copy || !opened();
        critic.parentElement.hidden = !value.critic;
        find(".critic-more").hidden = !value.critic || !pressed();
        if (value.copy) {
            const { line, near, number, misses, hint } = value.copy;
            root.dataset.near = near;
            copy.querySelector("span").textContent = line;
            Object.entries({ number, misses, hint }).forEach(([name, text]) => (find(`.${name}`).textContent = text));
            find("svg").innerHTML = histogram(value.copy);
            find("svg").setAttribute(
                "aria-label",
                `${line} The picture is marked at ${value.copy.closeness.toFixed(2)}, where 0 is a copy and 1 no nearer than others.`,
            );
            drawReals(value.copy.reals);
        }
        if (value.critic) {
            find(".rank").textContent = value.critic.line;
            find(".sum").textContent = value.critic.sum;
            find(".why").textContent = value.critic.why;
        }
        overlay();
    };
};

// How close training pictures are to their nearest, and where this one stands.
const histogram = ({ bins, closeness }) => {
    const most = Math.max(...bins, 1),
        wide = WIDTH / bins.length;
    const bars = bins.map(
        (count, i) =>
            `<rect x="${i * wide}" width="${wide - 1}" y="${HEIGHT - (count / most) * HEIGHT}" height="${(count / most) * HEIGHT}"/>`,
    );
    const at = Math.min(Math.max(closeness, 0.004), 0.996) * WIDTH;
    const side = closeness > 0.8 ? "end" : closeness < 0.2 ? "start" : "middle";
    return `${bars.join("")}<line x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/>
        <g class="tick"><line x1="${at}" x2="${at}" y1="0" y2="${HEIGHT + 3}"/><text x="${at}" y="-3" text-anchor="${side}">this picture</text></g>
        <text x="0" y="${HEIGHT + 13}">a copy</text><text x="${WIDTH}" y="${HEIGHT + 13}" text-anchor="end">no nearer than others</text>`;
};

// 16 cells over the picture: orange speaks most for it, blue least.
const heat = (cells) => {
    const mean = cells.reduce((sum, cell) => sum + cell, 0) / cells.length;
    const most = Math.max(...cells.map((cell) => Math.abs(cell - mean)), 1e-6);
    const sheet = document.createElement("div");
    sheet.className = "heat";
    sheet.setAttribute("aria-hidden", true);
    sheet.append(
        ...cells.map((cell) => {
            const part = document.createElement("span");
            const strength = (cell - mean) / most;
            part.textContent = cell.toFixed(2);
            part.style.background = `rgb(${strength > 0 ? "233 93 28" : "47 111 175"} / ${(Math.abs(strength) * 0.6).toFixed(2)})`;
            return part;
        }),
    );
    return sheet;
};
