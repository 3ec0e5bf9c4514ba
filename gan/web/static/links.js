// Links and saved pictures: which model and which tab they mean.
export const TABS = ["generate", "explore", "morph", "training"];
const EARLIER = { interpolate: "morph" }; // what a tab was called in links made before

// Return {listed, remark}: which of the listed models a link or a PNG means, and what is to be said of it.
export function findModel(models, said) {
    const same = models.filter(({ weights }) => said.weights && weights === said.weights);
    const exact = same.find(({ name }) => name === said.model) ?? same[0];
    if (exact) return { listed: exact, remark: "" };
    const named = said.model === undefined ? models[0] : models.find(({ name }) => name === said.model);
    if (!named) {
        const names = models.map(({ name }) => name).join(", ");
        throw `This was made by a model called ${String(said.model).slice(0, 40)}, which is not here. There is: ${names}.`;
    }
    const remark = `This was made with other weights of ${named.name}, so it may look different here.`;
    return { listed: named, remark: said.weights ? remark : "" };
}

// Return the tab that a link means.
export function findTab(said) {
    if ("strokes" in said) {
        throw "This is a drawing, coloured by a second network. This page has none: open it in the demo of this project.";
    }
    const tab = said.tab ?? TABS[0];
    if (TABS.includes(EARLIER[tab] ?? tab)) return EARLIER[tab] ?? tab;
    throw `This link leads to ${String(tab).slice(0, 40)}, which this page does not have.`;
}
