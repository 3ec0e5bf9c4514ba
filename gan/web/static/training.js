// The Training tab: the film of sample grids and the curves on one scrubber; the stage follows one picture of the grids.
import { addressOf } from "./assets.js";
import { mount as mountCurves } from "./curves.js";
import { decode } from "./pixels.js";
import { mount as mountPlayer } from "./player.js";
import { attempt } from "./say.js";
import { equal, ofSeed, readNumber } from "./specimen.js";
import { find, setSpot, studio, take } from "./studio.js";

const ACROSS = 8,
    CELLS = ACROSS ** 2; // pictures of a sample grid, always of seeds 0 to 63
const FPS = 6;
const COMPETE = `The generator draws and the discriminator tells drawn from real; each loss says how badly one of them is
    doing, and while neither runs away both still learn.`;
const ABSOLUTE = `D(x) is how real the real pictures look to it and D(G(z)) how real the drawn ones do: close together it can
    hardly tell, one near 1 and the other near 0 it has won and the drawing stops getting better.`;
const PAIRED = `This discriminator learned by comparing drawn with real, so only the distance between D(x) and D(G(z)) says
    something: close together it can hardly tell, far apart it has won.`;
const MEASURED = ({ generated, real, floor }) => `KID (the kernel Inception distance) compares
    ${generated.toLocaleString("en")} drawn pictures with ${real.toLocaleString("en")} real ones, lower is better; two
    halves of the real ones have ${floor.kid.toFixed(1)}.`;

const grid = (epoch) => addressOf(`${studio.model.folder}/samples/epoch-${String(epoch).padStart(4, "0")}.webp`);
const place = (epoch) => {
    const { epochs } = studio.model;
    const nearer = (best, other) => (Math.abs(other - epoch) < Math.abs(best - epoch) ? other : best);
    return epochs.indexOf(epochs.reduce(nearer, epochs[0]));
};
const played = (side) => {
    const { model, specimen } = studio,
        { epochs, curves } = model;
    const seen = (epoch) => (curves.seen[epoch] ? `, ${curves.seen[epoch].toLocaleString("en")} pictures seen` : "");
    return {
        image: null,
        grid: true,
        side,
        columns: ACROSS,
        epochs,
        fps: FPS,
        loop: false,
        source: model.weights,
        labels: epochs.map((epoch) => `epoch ${epoch}${seen(epoch)}`),
        cell: equal(specimen, ofSeed(specimen.seed)) && specimen.seed < CELLS ? specimen.seed : null,
        alt: "The 64 pictures of seeds 0 to 63: arrow keys choose the one to follow",
        empty: epochs.length ? "" : "This model came without sample grids; the curves are all there is.",
    };
};
// What the player needs of one frame, which may be missing.
const framed = async (at) => {
    const epoch = studio.model.epochs[at],
        image = grid(epoch);
    try {
        return { side: (await decode(image)).width / ACROSS, sent: { at, image } };
    } catch {
        throw `The sample grid of epoch ${epoch} could not be fetched.`;
    }
};
const player = mountPlayer(find("#film .player"), (event, told) =>
    attempt(async () => {
        if (event === "select") take(ofSeed(told.cell), "open");
        if (event === "release") setSpot("training", { epoch: studio.model.epochs[told.frame] });
        if (event !== "input") return;
        const { side, sent } = await framed(told.frame);
        await player({ ...played(side), frame: sent });
    }),
);
const show = (at, play) =>
    attempt(async () => {
        if (at < 0) return player({ ...played(studio.model.side), at: 0 });
        const { side, sent } = await framed(at);
        await player({ ...played(side), at, play, first: sent });
    });

const readings = ({ pairs, measured }) => ({
    losses: COMPETE,
    verdict: pairs ? PAIRED : ABSOLUTE,
    kid: measured ? MEASURED(measured) : "",
});
const curves = mountCurves(find("#curves .curves"), (_, { epoch }) => {
    const at = place(epoch);
    if (at < 0) return;
    setSpot("training", { epoch: studio.model.epochs[at] });
    show(at, false);
});

export function enter(link) {
    const at = place(readNumber(link.epoch, "Epoch", 0, 1e9, 0, true)),
        { model } = studio;
    setSpot("training", "epoch" in link && at >= 0 ? { epoch: model.epochs[at] } : {});
    curves({ ...model.curves, reading: readings(model.curves) });
    show(at, !("epoch" in link));
}
