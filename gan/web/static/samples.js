// The sample grids of a training, an epoch a step of the scrubber, played like a film.
// value: {epochs, model}, another training; {bitmap, epoch, seen}, the grid of an epoch; {problem}, why there is none.
// emit: "epoch" number, wanted next.
import { wholeSize } from "./pixels.js";

const PAUSE = 180; // milliseconds between two grids of the film at least

export function mount(root, emit) {
    root.innerHTML = `
        <div class="samples">
            <p class="empty" hidden></p>
            <div class="grid" hidden>
                <figure><canvas role="img" aria-label="The grid is on its way"></canvas><figcaption><strong></strong><span></span></figcaption></figure>
                <div class="row"><button type="button" class="quiet">Play</button>
                    <input type="range" min="0" step="1" aria-label="Epoch"></div>
            </div>
        </div>`;
    const canvas = root.querySelector("canvas"), scrub = root.querySelector("input"), play = root.querySelector("button");
    let epochs = [], model = "", playing = false;

    const fit = () => {
        const room = root.clientWidth;
        if (room && canvas.width) canvas.style.width = `${wholeSize(canvas.width, Math.min(room, 768), 2)}px`;
    };
    const pause = () => {
        playing = false;
        play.textContent = "Play";
    };
    play.addEventListener("click", () => {
        if (playing) return pause();
        playing = true;
        play.textContent = "Pause";
        const at = Number(scrub.value);
        emit("epoch", epochs[at === epochs.length - 1 ? 0 : at + 1]);
    });
    scrub.addEventListener("input", () => {
        pause();
        emit("epoch", epochs[scrub.value]);
    });
    new ResizeObserver(fit).observe(root);

    return (value) => {
        if (value.epochs) [epochs, model, playing] = [value.epochs, value.model, false];
        root.querySelector(".empty").hidden = !value.problem;
        root.querySelector(".empty").textContent = value.problem ?? "";
        root.querySelector(".grid").hidden = Boolean(value.problem) || !epochs.length;
        if (!value.bitmap) return;
        const { bitmap, epoch, seen } = value, at = epochs.indexOf(epoch);
        [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        canvas.setAttribute("aria-label", `64 pictures drawn by ${model} after epoch ${epoch}, always from the same 64 seeds`);
        root.querySelector("strong").textContent = `Epoch ${epoch} of ${epochs.at(-1)}`;
        root.querySelector("figcaption span").textContent = seen ? `${seen.toLocaleString("en")} pictures seen` : "";
        [scrub.max, scrub.value] = [epochs.length - 1, at];
        scrub.setAttribute("aria-valuetext", `epoch ${epoch}`);
        root.dataset.epoch = epoch;
        fit();
        if (!playing) return;
        if (at === epochs.length - 1) return pause();
        setTimeout(() => playing && root.clientWidth && emit("epoch", epochs[at + 1]), PAUSE);
    };
}
