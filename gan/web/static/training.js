// The Training tab: the film of sample grids and the curves on one scrubber; the stage follows one picture of the grids.
import { addressOf } from "./assets.js";
import { mount as mountCurves, nearest } from "./curves.js";
import { decode } from "./pixels.js";
import { mount as mountPlayer } from "./player.js";
import { attempt } from "./say.js";
import { equal, ofSeed, readNumber } from "./specimen.js";
import { find, setSpot, studio, take } from "./studio.js";

const ACROSS = 8,
    CELLS = ACROSS ** 2; // pictures of a sample grid, always of seeds 0 to 63
const FPS = 6;

const grid = (model, epoch) => addressOf(`${model.folder}/samples/epoch-${String(epoch).padStart(4, "0")}.webp`);
const place = (epoch) => (studio.model.epochs.length ? nearest(studio.model.epochs, epoch) : -1);
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
// What the player needs of one frame, which may be missing; null where another model has been chosen meanwhile.
const framed = async (at) => {
    const { model } = studio,
        image = grid(model, model.epochs[at]);
    try {
        const side = (await decode(image)).width / ACROSS;
        await studio.staged; // or it would come after the film, and hide it
        return model === studio.model ? { ...played(side), sent: { at, image } } : null;
    } catch {
        throw `The sample grid of epoch ${model.epochs[at]} could not be fetched.`;
    }
};
const player = mountPlayer(find("#film .player"), (event, told) =>
    attempt(async () => {
        if (event === "select") take(ofSeed(told.cell), "open");
        if (event === "release") setSpot("training", { epoch: studio.model.epochs[told.frame] });
        if (event !== "input" || told.of !== studio.model.weights) return; // or asked for by another model's film
        const film = await framed(told.frame);
        if (film) await player({ ...film, frame: film.sent, of: told.of });
    }),
);
let shows = 0; // how often an epoch was asked for: the last one counts, whichever comes first
const show = (at, play) =>
    attempt(async () => {
        const mine = ++shows;
        if (at < 0) return player({ ...played(studio.model.side), at: 0 });
        const film = await framed(at);
        if (film && mine === shows) await player({ ...film, at, play, first: film.sent });
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
    curves(model.curves);
    show(at, !("epoch" in link));
}
