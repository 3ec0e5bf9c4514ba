// A way through pictures: from stop to stop, frame by frame (gan/ui/way.py): {stops, steps, method, loop}.
import { lerp, slerp, writeLatent } from "./latents.js";
import { equal, ofSeed, readNumber, readSpecimen, recipeOf, titleOf, within, zOf } from "./specimen.js";

export const MAX_STOPS = 8;
const MAX_FRAMES = 480;
const METHODS = { slerp, lerp };

// Return the stops that a link names, as seeds or as recipes; none where it names none.
export function readStops(said, model) {
    if (said.seeds !== undefined) {
        const seeds = String(said.seeds);
        const truncation = readNumber(said.truncation, "Truncation", 0, 1, 1);
        if (/^\d+(-\d+)+$/.test(seeds))
            return seeds.split("-").map((seed) => readSpecimen({ seed, truncation }, model));
        throw `A link to a morph names 2 to ${MAX_STOPS} seeds, as in seeds=1-2.`;
    }
    if (said.stops === undefined) return [];
    let listed = null;
    try {
        listed = JSON.parse(said.stops);
    } catch {
        /* said below */
    }
    const fine = Array.isArray(listed) && listed.every((stop) => stop && typeof stop === "object");
    if (!fine) throw "The stops in this link are damaged.";
    return listed.map((stop) => readSpecimen(within(stop, model), model));
}

// Return the way through 2 to 8 stops; what is not said takes its default.
export function readWay(stops, said) {
    if (stops.length < 2 || stops.length > MAX_STOPS) throw `A morph leads through 2 to ${MAX_STOPS} pictures.`;
    const method = said.method ?? "slerp";
    if (!Object.hasOwn(METHODS, method)) {
        throw `The method must be one of ${Object.keys(METHODS).join(", ")}, not ${String(method).slice(0, 40)}.`;
    }
    const way = {
        stops,
        method,
        steps: readNumber(said.steps, "Frames per leg", 2, 120, 30, true),
        loop: readNumber(said.loop, "Closed loop", 0, 1, 0, true) === 1,
    };
    if (framesOf(way) > MAX_FRAMES)
        throw `A morph has at most ${MAX_FRAMES} frames; take fewer of them, or fewer pictures.`;
    return way;
}

export const framesOf = ({ stops, steps, loop }) => (loop ? stops.length * steps : (stops.length - 1) * steps + 1);

// Return the latent of a frame: a stop's own, or one between two.
export function latentAt({ stops, steps, method }, frame, model) {
    const leg = Math.floor(frame / steps),
        step = frame % steps;
    const end = (place) => zOf(stops[place % stops.length], model);
    return step ? METHODS[method](end(leg), end(leg + 1), step / steps) : end(leg);
}

// Return the picture of a frame: a stop, or one between stops, which has a latent of its own.
export function specimenAt(way, frame, model) {
    if (frame % way.steps === 0) return way.stops[(frame / way.steps) % way.stops.length];
    return { ...ofSeed(1), latent: writeLatent(latentAt(way, frame, model)) };
}

// Return what a link says of a way.
export function linkOf({ stops, steps, method, loop }, model) {
    const bare = (stop) => ({ ...recipeOf(stop, model), model: undefined, weights: undefined }); // which JSON leaves out
    const plain = stops.every((stop) => equal(stop, ofSeed(stop.seed)));
    const named = plain
        ? { seeds: stops.map(({ seed }) => seed).join("-") }
        : { stops: JSON.stringify(stops.map(bare)) };
    return { ...named, steps, method, loop: Number(loop) };
}

// --- in words
export const letter = (place) => String.fromCharCode(65 + place);
export function labelOf({ stops, steps }, frame) {
    const leg = Math.floor(frame / steps),
        step = frame % steps;
    const [from, to] = [leg, leg + 1].map((place) => place % stops.length);
    if (!step) return `${letter(from)}, ${titleOf(stops[from]).toLowerCase()}`;
    return `${letter(from)} to ${letter(to)}, t = ${(step / steps).toFixed(2)}`;
}
