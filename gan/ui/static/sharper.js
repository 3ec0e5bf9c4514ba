// A sharper picture over the smooth one, once it rests: asked for, laid over it, and a wipe between the two.
import { decode, onStyle, style } from "./pixels.js";

const REST = 250; // milliseconds without another picture, where they come one upon the other

export const sharper = (room, ask) => {
    const canvas = Object.assign(document.createElement("canvas"), { className: "sharper", hidden: true });
    const under = Object.assign(document.createElement("div"), { className: "wipe", hidden: true });
    under.innerHTML = `
        <input type="range" min="0" max="100" value="100" aria-label="Share of the picture that is sharper" disabled>
        <p role="status"></p>`;
    room.append(canvas);
    room.parentElement.after(under);
    const wipe = under.querySelector("input");
    let recipe = null,
        resting,
        came = -REST,
        turn = 0;

    const want = (of) => {
        const rest = performance.now() - came < REST ? REST : 0;
        [recipe, came] = [of, performance.now()];
        canvas.hidden = wipe.disabled = true;
        under.hidden = style() !== "sharper"; // else it stays, so that nothing below it moves
        clearTimeout(resting);
        if (recipe && style() === "sharper") resting = setTimeout(() => ask({ recipe, turn: ++turn }), rest);
    };
    wipe.addEventListener("input", () => canvas.style.setProperty("clip-path", `inset(0 0 0 ${100 - wipe.value}%)`));
    onStyle(() => want(recipe));

    const show = async ({ sharper, of, say }) => {
        const stale = () => style() !== "sharper" || JSON.stringify(of) !== JSON.stringify(recipe);
        if (stale()) return;
        const image = sharper && (await decode(sharper));
        if (stale()) return;
        if (image) {
            canvas.width = canvas.height = image.width;
            canvas.getContext("2d").drawImage(image, 0, 0);
        }
        canvas.hidden = wipe.disabled = !image;
        under.querySelector("p").textContent = say;
    };
    return { want, show };
};
