// What all tabs share: the model that draws, the picture in hand and the stage it is on, the page's address.
import { enlarged, sheetOf } from "./large.js";
import { keepAddress } from "./page.js";
import { writePng, writeZip } from "./png.js";
import { attempt, handOut, newest } from "./say.js";
import {
    equal,
    factsOf,
    isEdited,
    plainOf,
    readSpecimen,
    recipeOf,
    savedName,
    titleOf,
    within,
    zOf,
} from "./specimen.js";
import { mount as mountStage } from "./stage.js";

export const find = (selector) => document.querySelector(selector);
export const RANDOM = 10_000; // seeds up to here come up at random: numbers that can be told on the telephone
export const rolled = () => Math.floor(Math.random() * RANDOM);
const LARGE = 8; // times, of a large PNG

// model: what page.json says of it, with zDim and side; by: what made the picture in hand what it is; spots: what links say
// of a tab beside the picture; staged: waits until the picture in hand is on the stage; follow: called when another picture is
// in hand; settled: when a drag has made it another.
export const studio = {
    models: [],
    model: null,
    engine: null,
    specimen: null,
    by: "address",
    tab: "generate",
    spots: { generate: {}, morph: {}, training: {} },
    staged: null,
    follow: [],
    settled: [],
};

export const draw = (specimen) => studio.engine.draw(zOf(specimen, studio.model));
export const drawAll = async (specimens, overtaken = () => false) => {
    const pictures = [];
    for (const specimen of specimens) {
        pictures.push(await draw(specimen));
        if (overtaken()) return null;
    }
    return pictures;
};
export const read = (said) => readSpecimen(within(said, studio.model), studio.model);

// --- the stage
let beside = null; // the picture without edits that the stage has
const show = newest(async () => {
    const { model, specimen } = studio,
        plain = plainOf(specimen),
        edited = isEdited(specimen);
    const pictures = [await draw(specimen)];
    const known = equal(beside, [model.weights, plain]);
    if (edited && !known) pictures.push(await draw(plain));
    beside = [model.weights, plain];
    const title = titleOf(specimen);
    await stage({
        image: sheetOf(pictures, model.side, 2),
        side: model.side,
        pictures: pictures.length,
        edited,
        recipe: recipeOf(specimen, model),
        title,
        facts: factsOf(specimen, model),
        alt: `A picture by ${model.title}, ${title.toLowerCase()}. Drag or arrow keys change it.`,
    });
});
const stage = mountStage(find("#stage .stage"), (event, told) => {
    if (event === "input") attempt(() => take(read(told), "drag"));
    if (event === "select") for (const settled of studio.settled) settled();
});

// Put a picture in hand and onto the stage; from the first on there is something to press buttons for.
export function take(specimen, by) {
    if (!studio.specimen) for (const part of document.querySelectorAll("[inert]")) part.inert = false;
    Object.assign(studio, { specimen, by });
    studio.staged = show();
    for (const follow of studio.follow) follow();
    noteAddress();
}
export const choose = (recipe) => attempt(() => take(read(recipe), "open"));

// --- the address: written once all that a wish changes has changed
let due = false;
export function noteAddress() {
    if (due) return;
    due = true;
    queueMicrotask(() => {
        due = false;
        const { model, specimen, by, tab, spots } = studio;
        try {
            keepAddress(Object.keys(spots), { ...recipeOf(specimen, model), by }, tab, ...Object.values(spots));
        } catch {
            /* a page that is a file may not have another address in every browser */
        }
    });
}
export function setSpot(tab, spot) {
    studio.spots[tab] = spot;
    noteAddress();
}

// --- files
const asPng = async (specimen, factor = 1) => {
    const { side } = studio.model,
        pixels = enlarged(await draw(specimen), side, factor);
    return writePng(pixels, side * factor, recipeOf(specimen, studio.model));
};
export const save = (large) =>
    attempt(async () => {
        const { specimen, model } = studio;
        handOut(
            `${savedName(specimen, model)}${large ? "-large" : ""}.png`,
            await asPng(specimen, large ? LARGE : 1),
            "image/png",
        );
    });
export const saveZip = async (name, specimens) => {
    const files = [],
        taken = {};
    for (const specimen of specimens) {
        const base = savedName(specimen, studio.model);
        taken[base] = (taken[base] ?? 0) + 1; // what several are called is numbered
        files.push([`${base}${taken[base] > 1 ? `-${taken[base]}` : ""}.png`, await asPng(specimen)]);
    }
    handOut(name, writeZip(files), "application/zip");
};
