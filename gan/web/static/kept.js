// The tray of kept pictures under all tabs: their recipes alone, in this browser's own storage.
import { sheetOf } from "./large.js";
import { attempt, newest, say } from "./say.js";
import { mount as mountSheet } from "./sheet.js";
import { equal, recipeOf, titleOf } from "./specimen.js";
import { storedList } from "./storage.js";
import { draw, find, read, saveZip, studio } from "./studio.js";

const PLACES = 8;
const tray = storedList("gan-studio-kept");
const drawn = new Map(); // recipe -> its pixels, and their side

export const kept = () =>
    tray
        .read()
        .filter((recipe) => recipe && typeof recipe === "object")
        .slice(0, PLACES);
const store = (recipes) => {
    if (!tray.write(recipes)) say("This browser stores nothing for this page; save the PNG, it carries its recipe.");
    drawTray();
};
export const mine = () => kept().filter(({ model }) => model === studio.model.name);

// A picture of another model is drawn once that one is chosen; until then its place says whose it is.
const tile = async (recipe, side) => {
    const key = JSON.stringify(recipe);
    if (recipe.weights === studio.model.weights && !drawn.has(key))
        drawn.set(key, { pixels: await draw(read(recipe)), side });
    return drawn.get(key);
};
export const drawTray = newest(async () => {
    const recipes = kept(),
        { side, name } = studio.model,
        image = sheetOf(
            recipes.map(() => null),
            side,
            PLACES,
        );
    const pen = image.getContext("2d");
    for (const [k, recipe] of recipes.entries()) {
        const made = await tile(recipe, side);
        if (made) pen.drawImage(sheetOf([made.pixels], made.side, 1), k * side, 0, side, side);
        else pen.fillText(recipe.model, k * side + 4, side / 2, side - 8);
    }
    const alt = (recipe) => `${titleOf(recipe)} by ${recipe.model === name ? studio.model.title : recipe.model}`;
    await sheet({
        image,
        side,
        columns: PLACES,
        places: PLACES,
        tools: ["remove"],
        cells: recipes.map((recipe) => ({ label: titleOf(recipe), alt: alt(recipe), recipe })),
    });
});

let open = () => {};
export const onOpen = (opened) => (open = opened);
const sheet = mountSheet(find("#kept .sheet"), (event, { recipe }) => {
    if (event === "select") open(recipe);
    if (event === "input") store(kept().filter((other) => !equal(other, recipe))); // another tab may have kept more
});
tray.onChange(() => studio.model && drawTray());
find("#keep").addEventListener("click", () => {
    const recipe = recipeOf(studio.specimen, studio.model),
        recipes = kept();
    if (recipes.some((other) => equal(other, recipe))) return;
    if (recipes.length >= PLACES) say("The tray is full: the oldest picture makes room.");
    store([...recipes, recipe].slice(-PLACES));
});
find("#save-kept").addEventListener("click", () =>
    attempt(() => {
        if (!mine().length) throw "No picture of this model is kept yet. Keep puts the one in hand here.";
        return saveZip("kept.zip", mine().map(read));
    }),
);
