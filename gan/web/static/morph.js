// The Morph tab: the way from picture to picture (interpolation), to play, to scrub through and to save.
import { slider } from "./controls.js";
import { recordFilm } from "./film.js";
import { sheetOf } from "./large.js";
import { mount as mountPlayer } from "./player.js";
import { writePng, writeZip } from "./png.js";
import { attempt, handOut, newest, say, sayAt } from "./say.js";
import { mount as mountSheet } from "./sheet.js";
import { ofSeed, readNumber, readSeed, recipeOf, titleOf } from "./specimen.js";
import { choose, drawAll, find, rolled, setSpot, studio, take } from "./studio.js";
import { framesOf, labelOf, latentAt, letter, linkOf, MAX_STOPS, readStops, readWay, specimenAt } from "./way.js";

const FPS = 24;
let way = null,
    fps = FPS;

const drawFrame = (frame) => studio.engine.draw(latentAt(way, frame, studio.model));
const played = () => ({
    image: null,
    side: studio.model.side,
    columns: 1,
    cell: 0,
    fps,
    loop: way.loop,
    returns: true,
    title: "On the way",
    labels: Array.from({ length: framesOf(way) }, (_, frame) => labelOf(way, frame)),
    source: JSON.stringify([studio.model.weights, way]),
});
const framed = async (at) => ({ at, image: sheetOf([await drawFrame(at)], studio.model.side, 1) });
const player = mountPlayer(find("#player .player"), (event, { frame, of }) =>
    attempt(async () => {
        if (event === "release") rest(frame);
        const asked = way;
        const drawn = event === "input" && (await framed(frame));
        if (drawn && asked === way) await player({ ...played(), frame: drawn, of });
    }),
);
const rest = (frame) => {
    take(specimenAt(way, frame, studio.model), "morph");
    setSpot("morph", { ...linkOf(way, studio.model), t: Number((frame / way.steps).toFixed(4)) });
};

const sheet = mountSheet(find("#stops .sheet"), (event, told) =>
    event === "select" ? choose(told.recipe) : arrange(told),
);
const drawStops = newest(async (overtaken) => {
    const { model } = studio,
        { stops } = way;
    const drawn = await drawAll(stops, overtaken);
    if (!drawn) return;
    await sheet({
        image: sheetOf(drawn, model.side, MAX_STOPS),
        side: model.side,
        columns: MAX_STOPS,
        tools: stops.length > 2 ? ["earlier", "later", "remove"] : ["earlier", "later"],
        cells: stops.map((stop, k) => ({
            label: `${letter(k)} · ${stop.latent ? "between" : stop.seed}`,
            alt: `Stop ${letter(k)}, ${titleOf(stop).toLowerCase()}`,
            recipe: recipeOf(stop, model),
        })),
    });
});

// Show a way from a frame on, and play it if it is to be.
const show = async (changed, at = 0, play = true) => {
    way = changed;
    setSpot("morph", linkOf(way, studio.model));
    setSteps(way.steps);
    find(`[name=method][value=${way.method}]`).checked = true;
    find("#loop").checked = way.loop;
    drawStops();
    const first = await framed(at);
    await studio.staged; // or it would come after the frame, and hide it
    if (way === changed) await player({ ...played(), at, play, first });
};
const redraw = (change) =>
    attempt(() => show(readWay(change.stops ?? way.stops, { ...way, loop: Number(way.loop), ...change })));
const arrange = ({ index, tool }) => {
    const stops = [...way.stops],
        [moved] = stops.splice(index, 1);
    if (tool !== "remove") stops.splice(tool === "earlier" ? Math.max(0, index - 1) : index + 1, 0, moved);
    redraw({ stops });
};
const add = (stop) =>
    attempt(() => {
        if (way.stops.length >= MAX_STOPS) throw `A way has at most ${MAX_STOPS} stops. Take one out first.`;
        redraw({ stops: [...way.stops, stop] });
    });

export function enter(link) {
    const { model, specimen } = studio,
        stops = readStops(link, model);
    const linked = readWay(stops.length ? stops : [specimen, ofSeed(rolled())], link);
    const at = Math.min(Math.round(readNumber(link.t, "t", 0, MAX_STOPS, 0) * linked.steps), framesOf(linked) - 1);
    attempt(() => show(linked, at, !("t" in link)));
    if ("t" in link) setSpot("morph", { ...linkOf(linked, model), t: readNumber(link.t, "t", 0, MAX_STOPS, 0) });
}
// Morph through these pictures.
export const through = (stops) => enter({ stops: JSON.stringify(stops) });

const still = () => {}; // a way is drawn once its slider is let go of
const setSteps = slider(find("#steps"), { label: "Frames per leg", low: 2, high: 120, step: 1 }, still, (steps) =>
    redraw({ steps: Math.round(steps) }),
);
slider(find("#fps"), { label: "Frames a second", low: 4, high: 60, step: 1 }, still, (value) => {
    fps = value;
    redraw({});
})(FPS);
find("#method").addEventListener("change", ({ target }) => redraw({ method: target.value }));
find("#loop").addEventListener("change", ({ target }) => redraw({ loop: Number(target.checked) }));
const stop = find("#stop");
find("#add").addEventListener("submit", (event) => {
    event.preventDefault();
    let seed;
    try {
        seed = stop.value.trim() === "" ? rolled() : readSeed(stop.value.trim());
    } catch (sentence) {
        return sayAt(stop, sentence);
    }
    sayAt(stop, "");
    attempt(() => add(ofSeed(seed)));
});
find("#add-hand").addEventListener("click", () => add(studio.specimen));

// --- saved
const told = (what, frame, count) => frame % 12 === 0 && say(`${what} frame ${frame} of ${count}`);
const all = async () => {
    const count = framesOf(way),
        pictures = [];
    for (let frame = 0; frame < count; frame++) {
        pictures.push(await drawFrame(frame));
        told("Drawing", frame + 1, count);
    }
    return pictures;
};
const name = () => {
    const stops = way.stops.map(({ latent, seed }) => (latent ? "between" : seed)).join("-");
    return `${studio.model.name.replaceAll("/", "-")}-seeds-${stops}`;
};
find("#save-film").addEventListener("click", () =>
    attempt(async () => {
        const saved = name(),
            pictures = await all(),
            tell = (frame) => told("Recording", frame, pictures.length);
        const { blob, kind } = await recordFilm(pictures, studio.model.side, fps, tell);
        handOut(`${saved}.${kind}`, blob, blob.type);
    }),
);
find("#save-frames").addEventListener("click", () =>
    attempt(async () => {
        const saved = name(),
            files = [];
        for (const [n, pixels] of (await all()).entries()) {
            files.push([`frame-${String(n + 1).padStart(4, "0")}.png`, await writePng(pixels, studio.model.side)]);
        }
        handOut(`${saved}.zip`, writeZip(files), "application/zip");
    }),
);
