// Draw mine: a picture of the visitor's own is cropped here, sent small, and drawn as near as the network can.
import { read } from "./photo.js";
import { onStyle, paint, whole } from "./pixels.js";

const SENT = 128; // pixels a side
const CLOSEST = 4; // times the size at which the picture fills the square
const OTHERS = "the network’s";
const WAITING = "waiting for its turn";
const STEP = 0.04; // of the square, with an arrow key

export const mount = (root, emit) => {
    root.innerHTML = `<section class="own-picture" aria-labelledby="mine-title" hidden>
            <h3 id="mine-title">Draw mine</h3>
            <p>The network looks for the picture of its own that comes nearest to yours. It knows nothing but what it learned from: of a
                photograph it makes something of its own kind. Your picture is made small here and forgotten after the answer.</p>
            <div class="pair">
                <figure><canvas class="crop" width="400" height="400" tabindex="0" role="img" aria-label="Your picture: drag it, or move it with the arrow keys"></canvas><figcaption>yours: drag it</figcaption></figure>
                <figure><div class="attempt"><canvas></canvas></div><figcaption class="off"></figcaption></figure>
            </div>
            <label class="zoom">Zoom <input type="range" min="0" max="1" step="0.01"></label>
            <p class="mine-row"><button type="button" class="go">Draw it</button><button type="button" class="halt" hidden>Stop here</button>
                <button type="button" class="close">Close</button><progress max="1" hidden></progress></p>
            <p class="said" role="status"></p>
        </section>`;
    const find = (name) => root.querySelector(name);
    const panel = find(".own-picture"),
        crop = find(".crop"),
        zoom = find(".zoom input"),
        go = find(".go"),
        halt = find(".halt");
    const bar = find("progress"),
        said = find(".said"),
        off = find(".off");
    let picture = null,
        centre = { x: 0.5, y: 0.5 },
        pixels = null,
        best = null,
        running = false,
        search = 0, // the number of the last one that was asked for
        asked = false, // whether it goes on for Gradio, stopped or not
        wished = false; // to be asked for as soon as that is over: until then Gradio would drop it

    // --- the crop: `centre` is the point of the picture, 0 to 1, that lies in the middle of the square
    const scale = () => {
        const whole = 1 / Math.max(picture.width, picture.height),
            filled = 1 / Math.min(picture.width, picture.height);
        return whole * ((filled * CLOSEST) / whole) ** Number(zoom.value);
    };
    const render = (canvas) => {
        const context = canvas.getContext("2d"),
            by = scale() * canvas.width;
        context.fillStyle = "#fff";
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.imageSmoothingQuality = "high";
        const [left, top] = [
            canvas.width / 2 - centre.x * picture.width * by,
            canvas.height / 2 - centre.y * picture.height * by,
        ];
        context.drawImage(picture, left, top, picture.width * by, picture.height * by);
    };
    const move = (right, down) => {
        const to = (at, by, side) => Math.min(Math.max(at - by / (side * scale()), 0), 1);
        centre = { x: to(centre.x, right, picture.width), y: to(centre.y, down, picture.height) };
        render(crop);
    };
    let from = null;
    crop.addEventListener("pointerdown", (event) => {
        from = { x: event.clientX, y: event.clientY };
        crop.setPointerCapture(event.pointerId);
    });
    crop.addEventListener("pointermove", (event) => {
        if (!from) return;
        move((event.clientX - from.x) / crop.clientWidth, (event.clientY - from.y) / crop.clientWidth);
        from = { x: event.clientX, y: event.clientY };
    });
    for (const end of ["pointerup", "pointercancel"]) crop.addEventListener(end, () => (from = null));
    crop.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[
            event.key
        ];
        if (!step) return;
        event.preventDefault();
        move(...step);
    });
    zoom.addEventListener("input", () => render(crop));

    // --- a picture that was dropped or chosen
    document.addEventListener("picture", async (event) => {
        event.preventDefault(); // taken
        const file = event.detail;
        if (running) stop();
        try {
            picture = await read(file);
        } catch (problem) {
            const unread = `${file.name} cannot be read as a picture; save it as JPEG or PNG.`;
            const sentence = typeof problem === "string" ? problem : unread;
            return document.dispatchEvent(new CustomEvent("no-picture", { detail: sentence }));
        }
        centre = { x: 0.5, y: 0.5 };
        const [most, least] = [Math.max(picture.width, picture.height), Math.min(picture.width, picture.height)];
        zoom.value = Math.log(most / least) / Math.log((CLOSEST * most) / least); // the middle square
        [pixels, best] = [null, null];
        panel.hidden = false;
        show("", OTHERS);
        render(crop);
        look();
        panel.scrollIntoView({ block: "nearest" });
        go.focus({ preventScroll: true });
    });

    // --- the search
    const show = (sentence, words) => {
        said.textContent = sentence;
        off.textContent = words;
        [go.hidden, halt.hidden, bar.hidden] = [running, !running, !running];
    };
    // The place in the queue stands in words of Gradio's own, out of sight.
    const queue = new MutationObserver(() => {
        const place = document.querySelector("#place").textContent.match(/queue: (\d+)/);
        if (running && !best) off.textContent = place ? `number ${place[1]} in line` : WAITING;
    });
    const look = () => {
        const canvas = find(".attempt canvas");
        canvas.parentElement.classList.toggle("drawn-on", Boolean(pixels));
        if (pixels) paint(canvas, pixels, canvas.parentElement.clientWidth);
        else canvas.width = canvas.height = 0;
    };
    const stop = () => {
        running = wished = false;
        emit("stop", { search });
    };
    const ask = () => {
        [asked, wished] = [true, false];
        search += 1;
        const small = Object.assign(document.createElement("canvas"), { width: SENT, height: SENT });
        render(small);
        emit("input", { picture: small.toDataURL("image/jpeg", 0.92), search });
    };
    go.addEventListener("click", () => {
        running = wished = true;
        [pixels, best] = [null, null];
        bar.removeAttribute("value");
        show("", WAITING);
        look();
        queue.observe(document.querySelector("#place"), { childList: true, characterData: true, subtree: true });
        if (!asked) ask();
    });
    document.addEventListener("search-over", () => {
        asked = false;
        if (wished) ask();
    });
    halt.addEventListener("click", () => {
        stop();
        show(best ? "Stopped there. The picture is in hand." : "Stopped.", best ? off.textContent : OTHERS);
        if (best) emit("select", { recipe: best });
    });
    const close = () => {
        if (running) stop();
        [picture, panel.hidden] = [null, true];
        document.querySelector(".open-picture input")?.focus();
    };
    find(".close").addEventListener("click", close);
    panel.addEventListener("keydown", ({ key }) => key === "Escape" && close());
    onStyle(look);
    new ResizeObserver(look).observe(root);

    return async (value) => {
        const fits = () => running && !wished && value?.search === search;
        if (!fits() || !(value.image || value.sentence)) return;
        if (!value.image) {
            running = false;
            return show(value.sentence, OTHERS);
        }
        const found = await whole(value.image);
        if (!fits()) return;
        pixels = found;
        best = value.recipe;
        bar.value = value.step / value.of;
        running = !value.sentence;
        show(value.sentence ? `${value.sentence} The picture is in hand.` : "", `${value.residual} of 255 off`);
        look();
    };
};
