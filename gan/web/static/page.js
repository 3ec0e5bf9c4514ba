// The page: what is shown is a function of `state`, which links and saved PNGs carry; modules draw it and tell of wishes.
import { mount as mountControls } from "./controls.js";
import { mount as mountCurves } from "./curves.js";
import { mount as mountPlayer } from "./player.js";
import { mount as mountSamples } from "./samples.js";
import { mount as mountSheet } from "./sheet.js";
import { mount as mountStage } from "./stage.js";
import { mount as mountTray } from "./tray.js";
import { startEngine } from "./engine.js";
import { readFile, readJson, isOneFile } from "./files.js";
import { recordFilm } from "./film.js";
import { edit, lerp, slerp, truncate } from "./latents.js";
import { enlarge } from "./pixels.js";
import { readRecipe, writePng, writeZip } from "./png.js";
import {
    MAX_COUNT, MAX_EDIT, MAX_SEED, MAX_SEEDS, METHODS, TABS,
    findModel, framesOf, linkOfWalk, readEpoch, readSheet, readSpecimen, readWalk, recipeOf,
} from "./recipes.js";
import { attempt, copyLink, download, newest, say } from "./say.js";
import { sampleZ } from "./seeds.js";
import { readGenerator } from "./weights.js";

const REACH = 5; // of a slider of Explore
const RANDOM = 10_000; // seeds up to here come up at random: numbers that can be told on the telephone
const DRAG = 8; // how far a direction moves along one side of the large picture
const FPS = 24, LARGE = 8; // of a saved film; times that a large PNG is enlarged
const KEPT = "gan-studio-kept", MOST_KEPT = 60;
const HUB = "https://huggingface.co"; // where a Space's page is a frame, and the address bar is the Hub's
const find = (selector) => document.querySelector(selector);

const state = { tab: TABS[0], sheet: readSheet({}), specimen: null, walk: readWalk({}), epoch: null };
let site, model = null, engine = null; // model: what page.json says of it, with zDim and side

// --- pictures
const zOf = ({ seed, truncation, edits }) => edit(truncate(sampleZ(seed, model.zDim), truncation), model.directions, edits);
const drawSpecimen = (specimen) => engine.draw(zOf(specimen));
const fileName = ({ seed }) => `${model.name.replaceAll("/", "-")}-seed-${seed}`;
const asPng = async (specimen, factor = 1) => writePng(
    enlarge(await drawSpecimen(specimen), model.side, factor), model.side * factor, recipeOf(model, specimen),
);
const another = () => show({ seed: Math.floor(Math.random() * RANDOM), edits: {} });

let plain = { key: "" }; // the picture under the edits, drawn once
const before = async ({ seed, truncation }) => {
    const key = JSON.stringify([model.weights, seed, truncation]);
    if (plain.key !== key) plain = { key, pixels: await drawSpecimen({ seed, truncation, edits: {} }) };
    return plain.pixels;
};
const drawStage = newest(async () => {
    const { specimen } = state, { name, side } = model;
    const edited = Object.keys(specimen.edits).length > 0, pixels = await drawSpecimen(specimen);
    const moved = edited ? ", moved along directions and coordinates" : "";
    stages[state.tab]?.({
        pixels, side, edited, before: edited ? await before(specimen) : null, title: `No. ${specimen.seed}`,
        facts: `${name}, truncation ${specimen.truncation}${edited ? ", edited" : ""}, ${side} × ${side} pixels`,
        label: `Picture made by ${name} from seed ${specimen.seed}${moved}`,
    });
});
let wall = ""; // what the wall shows
const drawWall = newest(async (overtaken) => {
    const { seed, count, truncation } = state.sheet;
    const key = JSON.stringify([model.weights, engine.way, seed, count, truncation]);
    const seeds = Array.from({ length: count }, (_, index) => seed + index);
    sheet({ current: state.specimen.seed });
    if (key === wall) return;
    wall = "";
    sheet({ side: model.side, seeds, current: state.specimen.seed });
    for (const [index, each] of seeds.entries()) {
        const pixels = await drawSpecimen({ seed: each, truncation, edits: {} });
        if (overtaken()) return;
        sheet({ index, pixels });
    }
    wall = key;
});

// Change the picture that Generate and Explore share, and with its seed the wall, which begins with it; one chosen from the
// wall leaves that where it is.
function show(change, fromWall = false) {
    const before = state.specimen.seed;
    const { seed, truncation, edits } = { ...state.specimen, ...change };
    const moved = Object.entries(edits).filter(([, amount]) => amount);
    state.specimen = { seed, truncation, edits: Object.fromEntries(moved) };
    if (seed !== before && !fromWall) state.sheet.seed = Math.min(seed, MAX_SEED - state.sheet.count + 1);
    state.sheet.truncation = truncation;
    draw();
}
function draw() {
    if (!engine) return;
    panels.generate({ values: { ...state.sheet, seed: state.specimen.seed } });
    panels.explore({ values: { ...state.specimen, ...state.specimen.edits } });
    panels.interpolate({ values: state.walk });
    if (state.tab === "generate" || state.tab === "explore") drawStage();
    if (state.tab === "generate") drawWall();
    if (state.tab === "interpolate") drawFrame();
    if (state.tab === "training") drawGrid();
    drawTray();
    writeAddress();
}

// --- Generate and Explore
const TRUNCATION = {
    kind: "number", name: "truncation", label: "Truncation", low: 0, high: 1, step: 0.01,
    hint: "At 0: one safe picture. At 1: all that the network can do, failures included.",
};
const SPEC_OF_GENERATE = [
    { kind: "seed", name: "seed", label: "Seed", hint: "A seed is the picture’s number: the same seed always gives the same picture." },
    { kind: "number", name: "count", label: "Pictures", low: 1, high: MAX_COUNT, step: 1 },
    TRUNCATION,
];
const moving = (name, label) => ({ kind: "number", name, label, low: -REACH, high: REACH, step: 0.05 });
const specOfExplore = () => [
    { kind: "seed", name: "seed", label: "Seed" },
    { kind: "buttons", names: ["Randomise"] },
    ...model.directions.map((_, k) => moving(`d${k + 1}`, `Direction ${k + 1}`)),
    { kind: "drawer", label: `All ${model.zDim} coordinates`, inside: Array.from({ length: model.zDim }, (_, i) => moving(`z${i}`, `z${i}`)) },
    TRUNCATION,
];
const pressed = (what) => {
    if (what === "another") another();
    if (what !== "Randomise") return;
    const random = model.directions.map((_, k) => [`d${k + 1}`, Math.round((Math.random() * 2 - 1) * 60) / 20]);
    show({ edits: Object.fromEntries(random) });
};
const changed = (said) => attempt(() => {
    const { seed, truncation, edits } = state.specimen;
    const specimen = readSpecimen({ seed, truncation, ...edits, ...said }, model);
    if (said.count) Object.assign(state.sheet, readSheet({ ...state.sheet, count: said.count }));
    show(specimen);
});
let start = null; // where directions 1 and 2 were when a drag began
const wishes = {
    drag({ across, down }) {
        const { edits } = state.specimen;
        start ??= [edits.d1 ?? 0, edits.d2 ?? 0];
        const [d1, d2] = [across, down].map((part, k) => {
            const amount = Math.min(Math.max(start[k] + part * DRAG, -MAX_EDIT), MAX_EDIT);
            return Math.round(amount * 20) / 20;
        });
        show({ edits: { ...edits, d1, ...(model.directions.length > 1 ? { d2 } : {}) } });
    },
    dragged: () => (start = null),
    reset: () => show({ edits: {} }),
    link: () => copyLink({ tab: "explore", ...recipeOf(model, state.specimen) }),
    keep: () => keep(recipeOf(model, state.specimen)),
    save: (what) => attempt(async () => {
        const large = what === "large";
        download(`${fileName(state.specimen)}${large ? "-large" : ""}.png`, await asPng(state.specimen, large ? LARGE : 1), "image/png");
    }),
};
const heed = (name, what) => wishes[name](what);
const stages = {
    generate: mountStage(find("#generate .picture-room"), heed),
    explore: mountStage(find("#explore .picture-room"), heed),
};
const sheet = mountSheet(find(".sheet-room"), (_, seed) => show({ seed, edits: {} }, true));

// --- Morph
const frames = new Map(); // frame -> pixels, of the way that is shown
let way = "", frame = 0;
const WAYS = { slerp, lerp };
const drawn = async (wanted) => {
    const { seeds, steps, method, truncation } = state.walk;
    const key = JSON.stringify([model.weights, seeds, steps, method, truncation]);
    if (key !== way) frames.clear();
    way = key;
    if (frames.has(wanted)) return frames.get(wanted);
    const end = (leg) => truncate(sampleZ(seeds[leg % seeds.length], model.zDim), truncation);
    const leg = Math.floor(wanted / steps), step = wanted % steps;
    const pixels = await engine.draw(step ? WAYS[method](end(leg), end(leg + 1), step / steps) : end(leg));
    if (key === way) frames.set(wanted, pixels);
    return pixels;
};
const drawFrame = newest(async () => {
    const { walk } = state, { side } = model, count = framesOf(walk);
    frame = Math.min(frame, count - 1);
    const wanted = frame, pixels = await drawn(wanted);
    const leg = Math.min(Math.floor(wanted / walk.steps), (walk.loop ? walk.seeds.length : walk.seeds.length - 1) - 1);
    const [from, to] = [leg, (leg + 1) % walk.seeds.length];
    const name = (index) => String.fromCharCode(65 + index), t = (wanted / walk.steps - leg).toFixed(2);
    const seeds = `seed ${walk.seeds[from]} to seed ${walk.seeds[to]}`;
    player({
        pixels, side, frame: wanted, frames: count, loop: walk.loop, title: `${name(from)} to ${name(to)}, t = ${t}`,
        facts: `From ${seeds}. Frame ${wanted + 1} of ${count}, ${(count / FPS).toFixed(1)} seconds in all.`,
        label: `Picture made by ${model.name} on the way from ${seeds}, t = ${t}`,
    });
});
const all = async () => {
    const count = framesOf(state.walk), pictures = [];
    for (let n = 0; n < count; n++) {
        pictures.push(await drawn(n));
        if (n % 12 === 0) say(`Drawing frame ${n + 1} of ${count}`);
    }
    return pictures;
};
const player = mountPlayer(find("#interpolate .stage"), (name, what) => attempt(async () => {
    const saved = `${model.name.replaceAll("/", "-")}-seeds-${state.walk.seeds.join("-")}`;
    if (name === "frame") {
        frame = what;
        state.walk.t = frame / state.walk.steps;
        drawFrame();
    } else if (name === "rest") writeAddress();
    else if (name === "link") copyLink({ tab: "interpolate", model: model.name, weights: model.weights, ...linkOfWalk(state.walk) });
    else if (what === "film") {
        const pictures = await all();
        const { blob, kind } = await recordFilm(pictures, model.side, FPS, (n) => n % 12 === 1 && say(`Recording frame ${n} of ${pictures.length}`));
        download(`${saved}.${kind}`, blob, blob.type);
    } else {
        const files = [];
        for (const [n, pixels] of (await all()).entries()) {
            files.push([`frame-${String(n + 1).padStart(4, "0")}.png`, await writePng(pixels, model.side)]);
        }
        download(`${saved}.zip`, writeZip(files), "application/zip");
    }
}));
const SPEC_OF_MORPH = [
    { kind: "seeds", name: "seeds", label: "Seeds on the way", most: MAX_SEEDS },
    { kind: "number", name: "steps", label: "Frames per leg", low: 2, high: 120, step: 1, hint: "How many frames lead from one seed to the next." },
    { kind: "choice", name: "method", label: "Method", options: METHODS, hint: "slerp goes along the arc between two latents, lerp straight through, where pictures grow more alike." },
    { kind: "toggle", name: "loop", label: "Closed loop: back to the first seed" },
    TRUNCATION,
];
const walked = (said) => attempt(() => {
    const wanted = { ...state.walk, ...said };
    state.walk = readWalk({ ...wanted, seeds: wanted.seeds.join("-"), loop: Number(wanted.loop) });
    draw();
});

// --- Training
let history = []; // lines of history.jsonl
const grids = (epoch) => `${model.folder}/samples/epoch-${String(epoch).padStart(4, "0")}.webp`;
// The epochs there is something to see of: those with a grid, else those with a line of history.
const stops = () => (model.epochs.length ? model.epochs : history.map((line) => line.epoch));
const nearest = (epoch) => stops().reduce((best, other) => Math.abs(other - epoch) < Math.abs(best - epoch) ? other : best, stops()[0]);
const drawGrid = newest(async () => {
    if (history.model !== model) await readHistory();
    const epoch = nearest(state.epoch ?? stops().at(-1));
    curves({ epoch });
    if (!model.epochs.length) return samples({ problem: "This model came without sample grids; the curves are all there is." });
    const bitmap = await createImageBitmap(new Blob([await readFile(grids(epoch))], { type: "image/webp" }));
    samples({ bitmap, epoch, seen: history.find((line) => line.epoch === epoch)?.images_seen });
    bitmap.close();
});
const readHistory = async () => {
    const text = model.history ? new TextDecoder().decode(await readFile(`${model.folder}/history.jsonl`)) : "";
    history = text.split("\n").flatMap((line) => {
        try {
            return [JSON.parse(line)];
        } catch {
            return []; // no line, or one with a number that JSON does not know
        }
    });
    history.model = model;
    samples({ epochs: model.epochs, model: model.name });
    curves({ lines: history, pairs: model.pairs });
};
const toEpoch = (name, what) => {
    const at = stops().indexOf(nearest(state.epoch ?? stops().at(-1)));
    state.epoch = name === "epoch" ? nearest(what) : stops()[Math.min(Math.max(at + what, 0), stops().length - 1)];
    drawGrid();
    writeAddress();
};
const samples = mountSamples(find("#training .side"), toEpoch);
const curves = mountCurves(find("#training .stage"), toEpoch);

// --- what is kept: recipes, in this browser alone
const kept = () => {
    try {
        const recipes = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
        return Array.isArray(recipes) ? recipes : [];
    } catch {
        return [];
    }
};
const store = (recipes) => attempt(() => {
    try {
        localStorage.setItem(KEPT, JSON.stringify(recipes.slice(0, MOST_KEPT)));
    } catch {
        throw "This browser stores nothing for this page; save the PNG, it carries its recipe.";
    }
    drawTray();
});
const keep = (recipe) => store([recipe, ...kept().filter((other) => JSON.stringify(other) !== JSON.stringify(recipe))]);
let trayed = "";
const drawTray = newest(async (overtaken) => {
    const recipes = kept(), key = JSON.stringify([recipes, model.weights, engine.way]);
    if (key === trayed) return;
    tray({ recipes, model: model.name });
    for (const [index, recipe] of recipes.entries()) {
        if (recipe.weights !== model.weights) continue; // drawn once its model is chosen
        const pixels = await drawSpecimen(readSpecimen(recipe, model));
        if (overtaken()) return;
        tray({ index, pixels, side: model.side });
    }
    trayed = key;
});
const tray = mountTray(find(".tray"), (name, index) => {
    const recipes = kept();
    if (name === "drop") store(recipes.filter((_, other) => other !== index));
    else attempt(() => restore({ tab: "explore", ...recipes[index] }));
});

// --- tabs, controls, the keyboard
const panels = Object.fromEntries([["generate", changed], ["explore", changed], ["interpolate", walked]].map(([tab, take]) => [
    tab, mountControls(find(`#${tab} .side`), (name, what) => (name === "input" ? take(what) : pressed(what))),
]));
const openTab = (tab) => {
    state.tab = tab;
    for (const name of TABS) {
        const button = find(`#tab-${name}`);
        button.setAttribute("aria-selected", name === tab);
        button.tabIndex = name === tab ? 0 : -1;
        find(`#${name}`).hidden = name !== tab;
    }
    draw();
};
find(".tabs").addEventListener("click", ({ target }) => target.role === "tab" && openTab(target.getAttribute("aria-controls")));
find(".tabs").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    openTab(TABS[(TABS.indexOf(state.tab) + by + TABS.length) % TABS.length]);
    find(`#tab-${state.tab}`).focus();
});
document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || event.target.matches("canvas");
    if (event.key !== " " || !free || !engine || !stages[state.tab]) return;
    event.preventDefault();
    another();
});

// --- links and saved pictures
let writing;
const OURS = /^(tab|model|weights|seeds?|picture|count|truncation|epoch|steps|method|loop|t|[dz]\d+)$/;
function writeAddress() {
    const { sheet: { seed, count, truncation }, specimen, walk, epoch } = state;
    const label = { model: model.name, weights: model.weights }, { edits } = specimen;
    const links = {
        generate: { ...label, seed, count, truncation, ...(specimen.seed === seed ? {} : { picture: specimen.seed }), ...edits },
        explore: recipeOf(model, specimen),
        interpolate: { ...label, ...linkOfWalk(walk) },
        training: { ...label, ...(epoch === null ? {} : { epoch }) },
    };
    clearTimeout(writing); // browsers allow some hundred changes a minute
    writing = setTimeout(() => {
        const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.test(name));
        const query = `${new URLSearchParams([["tab", state.tab], ...Object.entries(links[state.tab]), ...others])}`;
        try {
            window.history.replaceState(null, "", `?${query}${location.hash}`);
        } catch { /* a page that is a file may have no other address: its button still copies the link */ }
        if (window.parent !== window) window.parent.postMessage({ queryString: query, hash: location.hash }, HUB);
    }, 150);
}
// Show what a link or a recipe says.
async function restore(said) {
    const { listed, remark } = findModel(site.models, said);
    const tab = said.tab ?? TABS[0];
    if (!TABS.includes(tab)) throw `This link leads to ${String(tab).slice(0, 40)}, which this page does not have.`;
    if (model?.folder !== listed.folder) await load(listed);
    if (tab === "generate") {
        state.sheet = readSheet(said);
        state.specimen = readSpecimen({ ...said, seed: said.picture ?? said.seed }, model);
    }
    if (tab === "explore") {
        state.specimen = readSpecimen(said, model);
        const { seed, truncation } = state.specimen;
        Object.assign(state.sheet, { seed: Math.min(seed, MAX_SEED - state.sheet.count + 1), truncation });
    }
    if (tab === "interpolate") {
        state.walk = readWalk(said);
        frame = Math.min(Math.round(state.walk.t * state.walk.steps), framesOf(state.walk) - 1);
    }
    if (tab === "training") state.epoch = readEpoch(said);
    openTab(tab);
    if (remark) say(remark);
}
const openFile = (file) => file && attempt(async () => restore({ ...(await readRecipe(file)), tab: "explore" }));
find(".open-picture input").addEventListener("change", ({ target }) => {
    openFile(target.files[0]);
    target.value = "";
});
const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let inside = 0;
for (const [kind, by] of [["dragenter", 1], ["dragleave", -1], ["dragover", 0], ["drop", -Infinity]]) {
    document.addEventListener(kind, (event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        inside = Math.max(0, inside + by);
        find(".drop").hidden = inside === 0;
        if (kind === "drop") openFile(event.dataTransfer.files[0]);
    });
}

// --- models
async function load(listed) {
    find("#state").textContent = `Reading ${listed.name} …`;
    try {
        await takeUp(listed);
    } finally {
        find("#state").textContent = "";
        for (const input of document.querySelectorAll(".models input")) input.checked = input.value === model?.name;
    }
    panels.generate({ spec: SPEC_OF_GENERATE, values: {} });
    panels.explore({ spec: specOfExplore(), values: {} });
    panels.interpolate({ spec: SPEC_OF_MORPH, values: state.walk });
    find("#learned").textContent = model.learned;
    tellWay();
}
// Make a listed model the one that draws.
async function takeUp(listed) {
    const [facts, weights] = await Promise.all([readJson(`${listed.folder}/page.json`), readFile(`${listed.folder}/model.safetensors`)]);
    const network = readGenerator(weights), { seed, pixels } = facts.proof;
    const proof = { z: sampleZ(seed, network.zDim), pixels: Uint8Array.from(atob(pixels), (sign) => sign.charCodeAt(0)) };
    const started = await startEngine(network, proof, new URLSearchParams(location.search).get("way"), () => {
        tellWay();
        draw();
    });
    engine?.stop();
    engine = started;
    model = { ...facts, folder: listed.folder, zDim: network.zDim, side: network.side };
    state.specimen = { seed: state.sheet.seed, truncation: state.sheet.truncation, edits: {} };
    state.epoch = null;
}
function tellWay() {
    find("#way").textContent = `${engine.words}. Weights ${model.weights}.`;
    document.body.dataset.way = engine.way;
}
const listModels = () => {
    const room = find(".models .segments");
    room.replaceChildren(...site.models.map(({ name }) => {
        const label = document.createElement("label");
        label.innerHTML = `<input type="radio" name="model"><span></span>`;
        label.firstChild.value = label.lastChild.textContent = name;
        return label;
    }));
    room.addEventListener("change", ({ target }) => attempt(async () => {
        await load(site.models.find(({ name }) => name === target.value));
        draw();
    }));
    find(".models").hidden = site.models.length < 2;
};

try {
    site = await readJson("site.json");
    document.title = site.title;
    listModels();
    try {
        await restore(Object.fromEntries(new URLSearchParams(location.search)));
    } catch (problem) {
        if (typeof problem !== "string") throw problem;
        say(problem); // a link that means nothing here: the first picture is shown
        await restore({});
    }
    if (!isOneFile() && isSecureContext) navigator.serviceWorker?.register("service.js").catch(() => {}); // off line it is not
} catch (problem) {
    find("#state").textContent = `The page could not start: ${problem.message} Reload it to try again.`;
    throw problem;
}
