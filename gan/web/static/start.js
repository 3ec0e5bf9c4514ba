// The page: the picture in hand, the tabs through which it is seen, the pictures that were kept. Links and saved PNGs say
// what is shown; the modules that draw it are those of this project's demo.
import * as explore from "./explore.js";
import * as generate from "./generate.js";
import * as morph from "./morph.js";
import * as training from "./training.js";
import { isOneFile, readJson } from "./assets.js";
import { mount as mountFiles } from "./files.js";
import { drawTray, mine, onOpen } from "./kept.js";
import { findModel, findTab, TABS } from "./links.js";
import { list, load } from "./models.js";
import { address, enlarge, share } from "./page.js";
import { attempt, say } from "./say.js";
import { ofSeed, readSpecimen } from "./specimen.js";
import { find, noteAddress, read, rolled, save, studio, take } from "./studio.js";

const LENSES = { generate, explore, morph, training };
const enter = (link) => LENSES[studio.tab].enter(link);
const beginning = () => generate.seedsOf(studio.model, generate.BY_HAND)[0];

// --- tabs
const openTab = (tab) => {
    studio.tab = tab;
    for (const name of TABS) {
        const button = find(`#tab-${name}`);
        button.setAttribute("aria-selected", name === tab);
        button.tabIndex = name === tab ? 0 : -1;
        find(`#${name}`).hidden = name !== tab;
    }
};
const goTo = (tab, link) =>
    attempt(() => {
        if (tab === studio.tab && !link) return;
        openTab(tab);
        studio.by = "tab";
        enter(link ?? studio.spots[tab] ?? {});
        noteAddress();
    });
find("#tabs").addEventListener(
    "click",
    ({ target }) => target.role === "tab" && goTo(target.getAttribute("aria-controls")),
);
find("#tabs").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    goTo(TABS[(TABS.indexOf(studio.tab) + by + TABS.length) % TABS.length]);
    find(`#tab-${studio.tab}`).focus();
});
for (const tab of ["explore", "training"]) find(`#to-${tab}`).addEventListener("click", () => goTo(tab));
find("#to-morph").addEventListener("click", () => goTo("morph", {})); // from the picture in hand, whichever it showed before

// --- links, saved pictures, the way back
async function restore(said, by) {
    const tab = findTab(said),
        { listed, remark } = findModel(studio.models, said);
    if (studio.model?.folder !== listed.folder) await change(listed);
    const specimen = readSpecimen(said, studio.model);
    if (!("seed" in said || "latent" in said)) specimen.seed = beginning(); // it names no picture
    openTab(tab);
    take(specimen, by);
    enter(said);
    if (remark) say(remark);
}
let last = Promise.resolve(); // the change of model before
const change = (listed) => {
    const read = () => load(listed, () => studio.specimen && take(studio.specimen, studio.by));
    last = last.then(read, read);
    return last.then(drawTray);
};
const open = (recipe) => attempt(() => restore({ ...recipe, tab: "explore" }, "open"));
mountFiles(find("#files"), (_, recipe) => open(recipe));
find("#files .drop p").textContent = "Drop a PNG saved here: it brings its picture back.";
document.addEventListener("picture", (event) => {
    event.preventDefault(); // taken
    say(`${event.detail.name} carries no recipe. Only PNGs saved on a page like this one do.`);
});
const openHere = (recipe) =>
    attempt(() => {
        take(read(recipe), "open");
        enter(studio.tab === "morph" ? {} : studio.spots[studio.tab]);
    });
onOpen((recipe) => (recipe.model === studio.model.name ? openHere(recipe) : open(recipe)));
find("#back").addEventListener("click", () => attempt(() => restore(address()[0], "address"))); // page.js presses it

// --- what can be done with the picture in hand
find("#another").addEventListener("click", () =>
    attempt(() => {
        if (!studio.specimen) return; // pressed by the space bar
        const picture = ofSeed(rolled(), studio.specimen.wildness),
            spot = studio.spots[studio.tab] ?? {};
        take(picture, "roll");
        enter({ generate: { ...spot, wall: picture.seed }, morph: {} }[studio.tab] ?? spot);
    }),
);
find("#share").addEventListener("click", () =>
    attempt(async () => {
        const [sentence] = await share();
        if (sentence) say(sentence, 4);
    }),
);
find("#save").addEventListener("click", () => save(false));
find("#save-large").addEventListener("click", () => save(true));
find("#style").addEventListener("change", ({ target }) => enlarge(target.value));
find("#morph-kept").addEventListener("click", () =>
    attempt(() => {
        if (mine().length < 2)
            throw `Keep two pictures by ${studio.model.title} or more, then this morphs through them.`;
        openTab("morph");
        studio.by = "tab";
        morph.through(mine());
    }),
);
const another = (listed) =>
    attempt(async () => {
        await change(listed);
        const { seed, latent, truncation, wildness } = studio.specimen ?? ofSeed(1);
        const picked = studio.tab === "generate" && studio.model.picked.length;
        take(picked ? ofSeed(beginning()) : ofSeed(latent ? 1 : seed, wildness, truncation), "model");
        enter(studio.tab === "generate" ? { wall: generate.BY_HAND } : {});
    });

try {
    const site = await readJson("site.json");
    studio.models = site.models;
    document.title = find(".masthead h1").textContent = site.title;
    list(site.models, another);
    try {
        await restore(address()[0], "address");
    } catch (problem) {
        if (typeof problem !== "string") throw problem;
        say(problem); // a link that means nothing here: the first picture is shown
        await restore({}, "address");
    }
    if (!isOneFile() && isSecureContext) navigator.serviceWorker?.register("service.js").catch(() => {}); // off line it is not
} catch (problem) {
    find("#state").textContent = `The page could not start: ${problem.message} Reload it to try again.`;
    throw problem;
}
