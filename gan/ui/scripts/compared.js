// Pairs of pictures, one per seed: the left by the chosen model, the right by the other. A click opens one in Explore.
// props.value: {left, right: {image, side, model, weights, facts, remark}, columns, seeds, truncation, remark, link}.
const root = element.querySelector(".compared");
root.innerHTML = `
    <div class="versus"></div>
    <p class="note"></p>
    <div class="names" aria-hidden="true"></div>
    <ol class="pairs" aria-label="Pairs of pictures"></ol>`;
const list = root.querySelector(".pairs");
const names = root.querySelector(".names");
const SIDES = ["left", "right"];
const MOST_COLUMNS = 3, INNER = 4; // columns of pairs; pixels between the two of a pair
let shown = null, latest = 0;

const text = (tag, content) => Object.assign(document.createElement(tag), { textContent: content });
const parts = (tag, children) => {
    const part = document.createElement(tag);
    part.append(...children);
    return part;
};

// As few columns as bring all pairs onto the screen, so that the pictures are large; else as many as there can be.
const fit = () => {
    const room = list.clientWidth;
    if (!shown || !room) return;
    const side = Math.max(shown.left.side, shown.right.side); // sides are powers of two: whole for one, whole for both
    const gap = 28;
    const sizeFor = (columns) => wholeSize(side, ((room - (columns - 1) * gap) / columns - INNER) / 2);
    const height = Math.max(window.innerHeight - 330, 400);
    const fits = (columns) => Math.ceil(shown.seeds.length / columns) * (sizeFor(columns) + 38) <= height;
    let columns = 1;
    while (columns < MOST_COLUMNS && !fits(columns) && sizeFor(columns + 1) >= 96) columns += 1;
    root.style.setProperty("--columns", columns);
    root.style.setProperty("--size", `${sizeFor(columns)}px`);
    const pair = () => parts("p", SIDES.map((side) => text("span", shown[side].model)));
    names.replaceChildren(...Array.from({ length: Math.min(columns, shown.seeds.length) }, pair));
};

const heading = ({ model, facts, remark }) =>
    parts("section", [text("h2", model), text("p", facts), ...(remark ? [text("p", remark)] : [])]);

const makePair = () => {
    const item = document.createElement("li");
    item.innerHTML = `<div class="pair"><a><canvas></canvas></a><a><canvas></canvas></a></div><p></p>`;
    return item;
};

const draw = async () => {
    const value = props.value;
    if (!value?.left) return;
    const turn = ++latest;
    const images = await Promise.all(SIDES.map((side) => decode(value[side].image)));
    if (turn !== latest) return;
    shown = value;
    root.querySelector(".versus").replaceChildren(...SIDES.map((side) => heading(value[side])));
    root.querySelector(".note").textContent = value.remark;
    while (list.children.length > value.seeds.length) list.lastChild.remove();
    while (list.children.length < value.seeds.length) list.append(makePair());
    value.seeds.forEach((seed, index) => {
        const item = list.children[index];
        item.lastChild.textContent = `seed ${seed}`;
        SIDES.forEach((side, at) => {
            const { model, weights, side: pixels } = value[side];
            const link = item.firstChild.children[at];
            cut(link.firstChild, images[at], pixels, value.columns, index);
            link.href = linkTo("explore", { model, weights, seed, truncation: value.truncation });
            link.setAttribute("aria-label", `Seed ${seed} by ${model}: open in Explore`);
            link.dataset.model = model;
            link.dataset.seed = seed;
        });
    });
    Object.assign(root.dataset, { left: value.left.model, right: value.right.model, truncation: value.truncation });
    root.dataset.seeds = `${value.seeds[0]}-${value.seeds.at(-1)}`;
    studio.send("shown", { tab: "models", link: value.link });
    fit();
};

// Explore draws with the page's model, so that is chosen first. A click that asks for a new window is the browser's.
list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { model, seed } = link.dataset;
    [...document.querySelectorAll("#model input")].find((input) => input.value === model)?.click();
    explore(Number(seed), shown.truncation);
});

new ResizeObserver(fit).observe(list);
watch("value", draw);
draw(); // a value that came before the tab was opened
setTimeout(() => trigger("select")); // asks for the first one, once that can be heard
