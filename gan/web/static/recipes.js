// What links and saved PNGs say, word for word as the demo of this project says it: either opens the other's.
export const MAX_SEED = 4294967295, MAX_EDIT = 10, MAX_COUNT = 64, MAX_SEEDS = 8, MAX_FRAMES = 480;
export const TABS = ["generate", "explore", "interpolate", "training"];
export const METHODS = ["slerp", "lerp"];

const number = (said, name, low, high, usual, whole = false) => {
    if (said === undefined || said === null || said === "") return usual;
    const value = typeof said === "boolean" ? NaN : Number(said);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw `${name} must be a ${whole ? "whole " : ""}number from ${low} to ${high}, not ${String(said).slice(0, 40)}.`;
};
const truncationIn = (said) => number(said.truncation, "Truncation", 0, 1, 1);
const seedIn = (said) => number(said.seed, "Seed", 0, MAX_SEED, 1, true);

// Read {seed, truncation, d1 ..., z0 ...} into {seed, truncation, edits}; `model` is what page.json says of it.
export function readSpecimen(said, model) {
    const edits = {};
    for (const [name, value] of Object.entries(said)) {
        const [, kind, digits] = /^([dz])(\d{1,4})$/.exec(name) ?? [];
        if (!kind) continue;
        const place = Number(digits) - (kind === "d");
        const count = kind === "d" ? model.directions.length : model.zDim;
        if (place < 0 || place >= count) throw `${name} is none of this model’s ${kind === "d" ? "directions" : "coordinates"}.`;
        const amount = number(value, name, -MAX_EDIT, MAX_EDIT, 0);
        if (amount) edits[kind + Number(digits)] = amount;
    }
    return { seed: seedIn(said), truncation: truncationIn(said), edits };
}

// The recipe of a picture, its edits in one order: directions, then coordinates.
export function recipeOf({ name, weights }, { seed, truncation, edits }) {
    const order = (edit) => (edit[0] === "z" ? 1e5 : 0) + Number(edit.slice(1));
    const sorted = Object.entries(edits).sort(([a], [b]) => order(a) - order(b));
    return { model: name, weights, seed, truncation, ...Object.fromEntries(sorted) };
}

export function readSheet(said) {
    const sheet = { seed: seedIn(said), count: number(said.count, "The number of pictures", 1, MAX_COUNT, 16, true), truncation: truncationIn(said) };
    if (sheet.seed + sheet.count - 1 > MAX_SEED) throw `${sheet.count} pictures from seed ${sheet.seed} on would need seeds above ${MAX_SEED}.`;
    return sheet;
}

export const framesOf = ({ seeds, steps, loop }) => (loop ? seeds.length * steps : (seeds.length - 1) * steps + 1);

export function readWalk(said) {
    const text = String(said.seeds ?? "1-2");
    const seeds = text.split("-").map(Number);
    const good = /^\d+(-\d+)+$/.test(text) && seeds.length <= MAX_SEEDS && seeds.every((seed) => seed <= MAX_SEED);
    if (!good) throw `A link to a morph names 2 to ${MAX_SEEDS} seeds, as in seeds=1-2.`;
    const method = said.method ?? METHODS[0];
    if (!METHODS.includes(method)) throw `The method must be one of ${METHODS.join(", ")}, not ${String(method).slice(0, 40)}.`;
    const walk = {
        seeds, method, steps: number(said.steps, "Frames per leg", 2, 120, 30, true),
        loop: number(said.loop, "Closed loop", 0, 1, 0, true) === 1, truncation: truncationIn(said),
    };
    if (framesOf(walk) > MAX_FRAMES) throw `A morph has at most ${MAX_FRAMES} frames; take fewer of them, or fewer seeds.`;
    return { ...walk, t: number(said.t, "t", 0, MAX_SEEDS, 0) };
}

export function linkOfWalk({ seeds, steps, method, loop, truncation, t }) {
    const place = Number(t.toFixed(4));
    return { seeds: seeds.join("-"), steps, method, loop: Number(loop), truncation, ...(place ? { t: place } : {}) };
}

export const readEpoch = (said) => number(said.epoch, "Epoch", 0, 1e9, null, true);

// Return {listed, remark}: which of the listed models a link or a PNG means, and what is to be said of it.
export function findModel(models, said) {
    const same = models.filter(({ weights }) => said.weights && weights === said.weights);
    const exact = same.find(({ name }) => name === said.model) ?? same[0];
    if (exact) return { listed: exact, remark: "" };
    const named = said.model === undefined ? models[0] : models.find(({ name }) => name === said.model);
    if (!named) throw `This was made by a model called ${String(said.model).slice(0, 40)}, which is not here. There is: ${models.map(({ name }) => name).join(", ")}.`;
    return { listed: named, remark: said.weights ? `This was made with other weights of ${named.name}, so it may look different here.` : "" };
}
