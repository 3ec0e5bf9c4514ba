// A specimen: what one picture is a function of, beside the weights; read from links and PNGs and written into them word
// for word as the demo does it (gan/ui/specimen.py): {seed, truncation, wildness, latent (text; ""), edits {d1, ..., z0, ...}}.
import { edit, readLatent, tame, truncate } from "./latents.js";
import { sampleZ } from "./seeds.js";

export const MAX_SEED = 4294967295;
const MAX_EDIT = 10;
const EDIT = /^([dz])(\d{1,4})$/;
const show = (said) => String(said).slice(0, 40);

// Return a number between low and high, both included; the usual one where nothing is said.
export const readNumber = (said, name, low, high, usual, whole = false) => {
    if (said === undefined || said === null || said === "") return usual;
    const value = typeof said === "boolean" ? NaN : Number(said);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw `${name} must be a ${whole ? "whole " : ""}number from ${low} to ${high}, not ${show(said)}.`;
};
export const readSeed = (said, usual = 1) => readNumber(said, "Seed", 0, MAX_SEED, usual, true);

export const plainOf = (specimen) => ({ ...specimen, edits: {} });
export const ofSeed = (seed, wildness = 1, truncation = 1) => ({ seed, truncation, wildness, latent: "", edits: {} });
export const isEdited = ({ edits }) => Object.keys(edits).length > 0;
export const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Read what a link or a recipe says; `model` is what page.json says of it.
export function readSpecimen(said, model) {
    const edits = {};
    for (const [name, value] of Object.entries(said)) {
        const [, kind, digits] = EDIT.exec(name) ?? [];
        if (!kind) continue;
        const place = Number(digits) - (kind === "d");
        const count = kind === "d" ? model.directions.length : model.zDim;
        const what = kind === "d" ? "directions" : "coordinates";
        if (place < 0 || place >= count) throw `${name} is none of this model’s ${what}.`;
        const amount = readNumber(value, name, -MAX_EDIT, MAX_EDIT, 0);
        if (amount) edits[kind + Number(digits)] = amount;
    }
    const latent = said.latent ?? "";
    if (latent && !readLatent(latent, model.zDim)) {
        throw `The latent of this picture is damaged: it should be ${model.zDim} numbers, written as this page does.`;
    }
    const order = (edit) => (edit[0] === "z" ? 1e5 : 0) + Number(edit.slice(1));
    return {
        seed: readSeed(said.seed),
        truncation: readNumber(said.truncation, "Truncation", 0, 1, 1),
        wildness: readNumber(said.wildness, "Wildness", 0, 1, 1),
        latent,
        edits: Object.fromEntries(Object.entries(edits).sort(([a], [b]) => order(a) - order(b))),
    };
}

// What is said of another model's picture, without the directions, coordinates and latents that this model does not have.
export const within = (said, model) => {
    const ours = (name) => {
        const [, kind, digits] = EDIT.exec(name) ?? [];
        if (kind) return Number(digits) - (kind === "d") < (kind === "d" ? model.directions.length : model.zDim);
        if (name === "latent") return (said.model ?? model.name) === model.name;
        return ["seed", "truncation", "wildness"].includes(name);
    };
    return Object.fromEntries(Object.entries(said).filter(([name]) => ours(name)));
};

// What a link and a saved PNG say: enough to draw the same picture again.
export function recipeOf(specimen, { name, weights }) {
    const { seed, truncation, wildness, latent, edits } = specimen;
    if (latent) return { model: name, weights, latent, ...edits };
    const tamed = { ...(truncation === 1 ? {} : { truncation }), ...(wildness === 1 ? {} : { wildness }) };
    return { model: name, weights, seed, ...tamed, ...edits };
}

export const zOf = ({ seed, truncation, wildness, latent, edits }, { zDim, directions }) => {
    const z = latent ? readLatent(latent, zDim) : truncate(tame(sampleZ(seed, zDim), wildness), truncation);
    return edit(z, directions, edits);
};

// --- in words
export const titleOf = ({ seed, latent }) => (latent ? "Between the seeds" : `Seed ${seed}`);
const short = (number) => Number(number.toPrecision(6));

export function factsOf({ truncation, wildness, edits }, { title, weights }) {
    const count = Object.keys(edits).length;
    return [
        title,
        ...(wildness === 1 ? [] : [`wildness ${short(wildness)}`]),
        ...(truncation === 1 ? [] : [`truncation ${short(truncation)}`]),
        ...(count ? [`${count} edit${count > 1 ? "s" : ""}`] : []),
        `weights ${weights.slice(0, 8)}`,
    ].join(", ");
}

// What a picture is called on disk, without a suffix.
export function savedName({ seed, latent, edits }, { name }) {
    const moved = Object.entries(edits).filter(([edit]) => edit[0] === "d");
    const amounts = moved.map(([edit, amount]) => `-${edit}${amount > 0 ? "+" : ""}${short(amount)}`).join("");
    const others = Object.keys(edits).length - moved.length;
    return `${name.replaceAll("/", "-")}-${latent ? "between" : `seed-${seed}`}${amounts}${others ? `-${others}-numbers` : ""}`;
}
