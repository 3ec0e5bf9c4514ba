// Who draws: a self-test at the start picks WebGL where its pictures are right and come promptly, else the plain way (which
// is quicker than graphics that are a program themselves), and says which way it took and why.
import { plainGenerator } from "./plain.js";
import { webglGenerator } from "./webgl.js";

const PROMPT = 6e-7; // milliseconds a multiplication, 60 a picture: WebGL is to be no slower; processors take 15 to 80
const PATIENCE = 15_000; // milliseconds that a worker has to start
const NEARLY_ALL = 0.999;

// Whether `pixels` (RGBA) are `proof` (RGB, Python's): within 1 of 255 for nearly all values, within 2 for all.
export function isRight(pixels, proof) {
    let near = 0;
    for (let i = 0; i < proof.length; i++) {
        const off = Math.abs(pixels[Math.floor(i / 3) * 4 + (i % 3)] - proof[i]);
        if (off > 2) return false;
        near += off <= 1;
    }
    return near >= NEARLY_ALL * proof.length;
}

// The plain generator in a worker: {draw(z) -> promise of pixels, stop()}. Rejects where no worker can start.
const startWorker = (network) =>
    new Promise((resolve, reject) => {
        const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
        const waiting = new Map();
        let last = 0,
            stopped = false;
        const draw = (z) =>
            new Promise((done, fail) => {
                waiting.set(++last, { done, fail });
                worker.postMessage({ id: last, z });
            });
        const rest = () => stopped && !waiting.size && worker.terminate(); // whoever waits for a picture still gets it
        const stop = () => {
            stopped = true;
            rest();
        };
        const late = setTimeout(() => reject(new Error("it did not start")), PATIENCE);
        worker.onerror = (event) => {
            const problem = new Error(event.message || "the worker may not start");
            reject(problem);
            waiting.forEach(({ fail }) => fail(problem));
            waiting.clear();
        };
        worker.onmessage = ({ data: { id, pixels } }) => {
            clearTimeout(late);
            if (!id) return resolve({ draw, stop });
            waiting.get(id).done(pixels);
            waiting.delete(id);
            rest();
        };
        worker.postMessage({ network });
    });

// How many multiplications a picture takes.
const workOf = ({ layers }) =>
    layers.reduce(
        (sum, { inputs, outputs, side, stride }) => sum + inputs * outputs * side ** 2 * (stride === 1 ? 1 : 4),
        0,
    );

// Return {draw(z) -> promise of RGBA pixels, way: "webgl", "worker" or "page", words: what a visitor is told, renderer,
// stop()} for what readGenerator returned. `proof` is {z, pixels}: a latent and what Python draws of it. `wish` is a way
// to take whatever the test would pick, "webgl" or "plain", or null. `onChange` is called when the way has to change.
export async function startEngine(network, proof, wish, onChange) {
    const engine = {};
    const take = (way, words, { draw, renderer = "", stop = () => {} }) =>
        Object.assign(engine, { way, words, draw, renderer, stop });

    const takePlain = async (why) => {
        try {
            const worker = await startWorker(network);
            take("worker", `Drawn by the processor, in a worker: ${why}`, worker);
        } catch {
            const plain = plainGenerator(network);
            take("page", `Drawn by the processor, on the page itself as workers are blocked here: ${why}`, {
                draw: async (z) => plain.draw(z),
            });
        }
    };
    const lost = async () => {
        if (engine.way !== "webgl") return;
        await takePlain("this browser took the graphics card away from the page");
        onChange();
    };

    let graphics,
        problem = "the address asks for it";
    if (wish !== "plain") {
        try {
            graphics = webglGenerator(network, wish === "webgl", lost);
            if (!isRight(await graphics.draw(proof.z), proof.pixels))
                throw new Error("the graphics here draw other pictures than Python");
            const start = performance.now();
            await graphics.draw(proof.z); // not the first one, which waits for the shaders to be compiled
            const took = performance.now() - start;
            const slow = took > PROMPT * workOf(network) && wish !== "webgl";
            if (slow) throw new Error(`the graphics here take ${Math.round(took)} ms for a picture`);
            return take("webgl", `Drawn by WebGL on ${graphics.renderer}`, graphics);
        } catch (error) {
            graphics?.stop();
            problem = error.message;
        }
    }
    await takePlain(problem);
    return engine;
}
