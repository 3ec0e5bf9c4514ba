// The Explore tab: sliders along the generator's principal directions, what lies at their ends, every number of z.
import { slider } from "./controls.js";
import { sheetOf } from "./large.js";
import { mount as mountNumbers } from "./numbers.js";
import { attempt, newest, say } from "./say.js";
import { equal, plainOf } from "./specimen.js";
import { drawAll, find, studio, take } from "./studio.js";

const REACH = 3; // of a slider: beyond that pictures fall apart
const DIRECTIONS = 8,
    FIRST = 4; // those that there may be, and those that are seen at first
const MOST_UNDO = 20;

let past = []; // edits, the newest last
const edits = () => studio.specimen.edits;
const change = (changed) => {
    const moved = Object.entries(changed).filter(([, amount]) => amount);
    take({ ...studio.specimen, edits: Object.fromEntries(moved) }, "explore");
};
const remember = () => {
    if (!equal(past.at(-1), edits())) past = [...past, edits()].slice(-MOST_UNDO);
    drawEnds();
};
// Those of one kind, directions or numbers, are others now; directions come first.
const turn = (kind, changed) => {
    const others = Object.fromEntries(Object.entries(edits()).filter(([name]) => name[0] !== kind));
    change(kind === "d" ? { ...changed, ...others } : { ...others, ...changed });
};

const amounts = () => studio.model.directions.map((_, k) => [`d${k + 1}`, edits()[`d${k + 1}`] ?? 0]);
const sliders = Array.from({ length: DIRECTIONS }, (_, k) => {
    const name = `d${k + 1}`,
        row = document.createElement("div");
    Object.assign(row, { id: name, className: "direction" });
    find(k < FIRST ? "#directions .first" : "#directions .others").append(row);
    const moved = (amount) => turn("d", { ...Object.fromEntries(amounts()), [name]: amount });
    return slider(row, { label: name, low: -REACH, high: REACH, step: 0.05 }, moved, remember);
});
const numbers = mountNumbers(find("#numbers .numbers"), (event, told) => {
    turn("z", told);
    if (event === "release") remember();
});
let offsets = null; // what the hundred numbers say: a step of a slider does not move them
const follow = () => {
    const { model } = studio;
    amounts().forEach(([, amount], k) => sliders[k](amount, model.names[k]));
    const moved = Object.fromEntries(Object.entries(edits()).filter(([name]) => name[0] === "z"));
    if (!equal(moved, offsets)) numbers({ count: model.zDim, reach: REACH, offsets: moved });
    offsets = moved;
};
studio.follow.push(() => studio.tab === "explore" && follow());
studio.settled.push(() => studio.tab === "explore" && remember());

// Small pictures at the ends of the sliders, two rows of one sheet.
const drawEnds = newest(async (overtaken) => {
    const { specimen, model } = studio,
        count = model.directions.length;
    const moved = (name, reach) => ({ ...specimen, edits: { ...specimen.edits, [name]: reach } });
    const row = (reach) => Array.from({ length: DIRECTIONS }, (_, k) => moved(`d${Math.min(k, count - 1) + 1}`, reach));
    const drawn = await drawAll([...row(-REACH), ...row(REACH)], overtaken);
    if (drawn)
        find("#directions").style.setProperty("--ends", `url(${sheetOf(drawn, model.side, DIRECTIONS).toDataURL()})`);
});

export function enter() {
    past = [edits()];
    const rows = document.querySelectorAll("#directions .direction");
    rows.forEach((row, k) => (row.hidden = k >= studio.model.directions.length));
    find("#directions details").hidden = studio.model.directions.length <= FIRST;
    offsets = null;
    follow();
    drawEnds();
}

find("#undo").addEventListener("click", () => {
    if (past.length < 2) return say("There is nothing to undo.");
    past.pop();
    change(past.at(-1));
    drawEnds();
});
find("#reset").addEventListener("click", () => {
    take(plainOf(studio.specimen), "explore");
    remember();
});
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
find("#surprise").addEventListener("click", () =>
    attempt(() => {
        const drawn = () => Number(Math.min(Math.max(normal(), -REACH), REACH).toFixed(2));
        change(Object.fromEntries(studio.model.directions.map((_, k) => [`d${k + 1}`, drawn()])));
        remember();
    }),
);
