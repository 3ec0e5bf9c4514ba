// Reading a model: its weights, what page.json says of it, and who draws with it.
import { readFile, readJson } from "./assets.js";
import { startEngine } from "./engine.js";
import { sampleZ } from "./seeds.js";
import { find, studio } from "./studio.js";
import { readGenerator } from "./weights.js";

// Make a listed model the one that draws; `onChange` is called when the way of drawing has to change.
export async function load(listed, onChange) {
    const state = find("#state");
    state.textContent = `Reading ${listed.title} …`;
    try {
        const { folder } = listed;
        const [facts, weights] = await Promise.all([
            readJson(`${folder}/page.json`),
            readFile(`${folder}/model.safetensors`),
        ]);
        const network = readGenerator(weights),
            { seed, pixels } = facts.proof;
        const bytes = Uint8Array.from(atob(pixels), (sign) => sign.charCodeAt(0));
        const proof = { z: sampleZ(seed, network.zDim), pixels: bytes };
        const wish = new URLSearchParams(location.search).get("way");
        const engine = await startEngine(network, proof, wish, () => {
            tellWay();
            onChange();
        });
        studio.engine?.stop();
        studio.engine = engine;
        for (const tab of Object.keys(studio.spots)) studio.spots[tab] = {};
        studio.model = { ...facts, folder, zDim: network.zDim, side: network.side };
        tellWay();
    } finally {
        state.textContent = "";
        for (const input of find("#model").querySelectorAll("input"))
            input.checked = input.value === studio.model?.name;
    }
}

const tellWay = () => {
    find("#learned").textContent = studio.model.learned;
    find("#way").textContent = `${studio.engine.words}. Weights ${studio.model.weights}.`;
    document.body.dataset.way = studio.engine.way;
};

export const list = (models, chosen) => {
    const room = find("#model .segments");
    room.replaceChildren(
        ...models.map(({ name, title }) => {
            const label = document.createElement("label");
            label.innerHTML = `<input type="radio" name="model"><span></span>`;
            label.firstChild.value = name;
            label.lastChild.textContent = title;
            return label;
        }),
    );
    room.addEventListener("change", ({ target }) => chosen(models.find(({ name }) => name === target.value)));
    find("#model").hidden = models.length < 2;
};
