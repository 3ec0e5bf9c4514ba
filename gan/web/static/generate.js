// The Generate tab: a wall of pictures, one of which is in hand; seed, count and wildness.
import { slider } from "./controls.js";
import { sheetOf } from "./large.js";
import { attempt, newest, sayAt } from "./say.js";
import { mount as mountSheet } from "./sheet.js";
import { equal, MAX_SEED, ofSeed, readNumber, readSeed, recipeOf } from "./specimen.js";
import { choose, drawAll, find, saveZip, setSpot, studio, take } from "./studio.js";

const WALL = 24,
    MAX_COUNT = 64,
    COLUMNS = 8;
export const BY_HAND = "picked"; // in place of a wall's first seed

// The seeds of a wall: those that somebody picked by hand, or `count` from the first one on.
export function seedsOf({ picked }, first, said) {
    const count = readNumber(said, "The number of pictures", 1, MAX_COUNT, WALL, true);
    if (first === BY_HAND && picked.length) return picked.slice(0, count);
    const seed = readSeed(first === BY_HAND ? 1 : first);
    if (seed + count - 1 > MAX_SEED) throw `${count} pictures from seed ${seed} on would need seeds above ${MAX_SEED}.`;
    return Array.from({ length: count }, (_, index) => seed + index);
}

let pictures = []; // of the wall
const wall = mountSheet(find("#wall .sheet"), (event, told) => event === "select" && choose(told.recipe));
const drawWall = newest(async (overtaken) => {
    const { model, specimen } = studio;
    const drawn = await drawAll(pictures, overtaken);
    if (!drawn || model !== studio.model) return;
    const chosen = pictures.findIndex((picture) => equal(picture, specimen));
    const cell = (one) => ({
        label: `${one.seed}`,
        alt: `Seed ${one.seed}: take this picture`,
        recipe: recipeOf(one, model),
    });
    await wall({
        image: sheetOf(drawn, model.side, COLUMNS),
        side: model.side,
        columns: COLUMNS,
        chosen: chosen < 0 ? null : chosen,
        cells: pictures.map(cell),
    });
});

export function enter(link) {
    const { model, specimen } = studio;
    const first = link.wall ?? ("seed" in link && "count" in link ? specimen.seed : BY_HAND); // as links were before the wall
    const seeds = seedsOf(model, first, link.count),
        byHand = equal(seeds, model.picked.slice(0, seeds.length));
    find("#wall-note").textContent = byHand
        ? "Picked by hand, to begin with. What Another gives is not."
        : `Seeds ${seeds[0]} to ${seeds.at(-1)}: nobody chose these.`;
    pictures = seeds.map((seed) => ofSeed(seed, specimen.wildness, specimen.truncation));
    setSpot("generate", { wall: byHand ? BY_HAND : seeds[0], count: seeds.length });
    setCount(seeds.length);
    drawWall();
}

const seed = find("#seed");
const shownSeed = () => (studio.specimen.latent ? "" : studio.specimen.seed); // a picture between seeds has none
const ask = (change) =>
    attempt(() => {
        const { specimen, spots, model } = studio,
            wildness = change.wildness ?? specimen.wildness,
            count = change.count ?? spots.generate.count;
        const picture = "seed" in change ? ofSeed(readSeed(change.seed), wildness) : { ...specimen, wildness };
        const wall = picture.latent ? spots.generate.wall : Math.min(picture.seed, MAX_SEED - count + 1);
        seedsOf(model, wall, count);
        take(picture, "explore");
        enter({ wall, count });
    });
const WRONG = `Seed must be a whole number from 0 to ${MAX_SEED.toLocaleString("en")}.`;
seed.addEventListener("input", () => {
    const { valid } = seed.validity;
    sayAt(seed, valid ? "" : WRONG);
    if (valid && seed.value !== "") ask({ seed: seed.value });
});
seed.addEventListener("change", () => {
    if (seed.validity.valid) seed.value = shownSeed();
});
const setCount = slider(find("#count"), { label: "Pictures on the wall", low: 1, high: MAX_COUNT, step: 1 }, (count) =>
    ask({ count: Math.round(count) }),
);
const setWildness = slider(
    find("#wildness"),
    {
        label: "Wildness",
        low: 0,
        high: 1,
        step: 0.01,
        info: "The truncation trick: lower is tamer and more alike, 1 is all that the network can do.",
    },
    (wildness) => ask({ wildness }),
);
studio.follow.push(() => {
    if (seed !== document.activeElement) {
        seed.value = shownSeed();
        sayAt(seed, "");
    }
    setWildness(studio.specimen.wildness);
});
find("#save-wall").addEventListener("click", () =>
    attempt(() => {
        const name = studio.model.name.replaceAll("/", "-");
        return saveZip(`${name}-seeds-${pictures[0].seed}-to-${pictures.at(-1).seed}.zip`, pictures);
    }),
);
