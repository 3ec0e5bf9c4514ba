// The one large picture. A drag across it asks for another picture; while something plays, it shows the frames.
import { cut, decode, onStyle, paint } from "./pixels.js";
import { sharper } from "./sharper.js";

const REACH = 4; // how far along a direction a drag across the whole picture leads
const KEY_STEP = 0.25;
const SHAKE = 4; // pixels: a click, or the beginning of a scroll, is no drag

export const mount = (root, emit) => {
    root.innerHTML = `
        <figure>
            <div class="stage-frame">
                <div class="stage-room" tabindex="0" role="img">
                    <canvas class="large"></canvas>
                    <div class="stage-over"></div>
                    <p class="stage-hint" aria-hidden="true" hidden>Drag across it: it becomes another</p>
                    <div class="true-size" aria-hidden="true" hidden><canvas></canvas><span>real size</span></div>
                </div>
                <button type="button" class="before" aria-pressed="false" hidden>Before</button>
            </div>
            <p class="problem" role="status" hidden></p>
            <figcaption><strong></strong><span></span><ul class="swatches"></ul></figcaption>
        </figure>`;
    const find = (name) => root.querySelector(name);
    const room = find(".stage-room"),
        large = find(".large"),
        small = find(".true-size canvas"),
        before = find(".before");
    const sharp = sharper(room, (wish) => emit("release", wish));
    let shown = null,
        sheet = null,
        pixels = null,
        turn = 0, // of what is shown, frames too; a frame is overtaken by whatever comes after it
        taken = 0, // of pictures, which no frame overtakes
        arriving = null, // the newest picture, while it is decoded: what a frame waits for that came after it
        comparing = false;
    let plain = null,
        plainOf = ""; // the picture without edits, and whose it is

    const look = () => {
        if (!pixels || !room.clientWidth) return;
        paint(large, pixels, room.clientWidth);
        small.width = small.height = pixels.width;
        small.getContext("2d").putImageData(pixels, 0, 0);
        for (const name of [".stage-hint", ".true-size"]) find(name).hidden = false;
    };
    const own = () => {
        if (!sheet) return;
        pixels = comparing ? plain : cut(sheet, shown.side, 2, 0);
        look();
        sharp.want(comparing ? null : shown.recipe);
    };
    const keepPlain = () => {
        const of = JSON.stringify(Object.entries(shown.recipe ?? {}).filter(([name]) => !/^[dz]\d+$/.test(name)));
        const at = shown.pictures - 1; // where it comes along; alone, if there are no edits
        if (sheet && (at > 0 || !shown.edited)) plain = cut(sheet, shown.side, 2, at);
        else if (of !== plainOf) plain = null;
        plainOf = of;
    };
    const tell = () => {
        find("strong").textContent = shown.title;
        find("figcaption span").textContent = shown.facts;
        room.setAttribute("aria-label", shown.alt);
        find(".swatches").replaceChildren(...(shown.colours ?? []).map(swatch));
    };

    // --- a drag, or arrow keys: along the two strongest directions
    let from = null,
        asked = null,
        latest = null; // what was asked for last, until it is shown: the next step goes on from there
    const moved = (base, right, down) => {
        const step = (name, by) => Math.round(Math.min(Math.max((base[name] ?? 0) + by, -REACH), REACH) * 100) / 100;
        asked = latest = { ...base, d1: step("d1", right), d2: step("d2", down) };
        emit("input", asked);
    };
    const settle = () => {
        if (asked) emit("select", { recipe: asked });
        from = asked = null;
    };
    room.addEventListener("pointerdown", (event) => {
        if (event.button || !shown?.recipe) return;
        from = { x: event.clientX, y: event.clientY, base: latest ?? shown.recipe };
        room.setPointerCapture(event.pointerId);
    });
    room.addEventListener("pointermove", (event) => {
        if (!from) return;
        const [right, down] = [event.clientX - from.x, event.clientY - from.y];
        if (!asked && Math.hypot(right, down) < SHAKE) return;
        root.classList.add("touched");
        moved(from.base, (right / room.clientWidth) * REACH, (down / room.clientWidth) * REACH);
    });
    for (const end of ["pointerup", "keyup"]) room.addEventListener(end, settle);
    room.addEventListener("pointercancel", () => {
        if (from && asked) {
            latest = from.base; // the browser scrolls: it was no drag
            emit("input", latest);
        }
        from = asked = null;
    });
    document.addEventListener("hand", ({ detail }) => {
        if (detail.by !== "drag") latest = null; // another picture is in hand
        if (["explore", "morph"].includes(detail.by)) root.classList.add("touched"); // whoever changes it needs no hint
    });
    room.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        const step = steps[event.key];
        if (!step || !shown?.recipe || event.target !== room) return;
        event.preventDefault();
        moved(latest ?? shown.recipe, step[0] * KEY_STEP, step[1] * KEY_STEP);
    });
    before.addEventListener("click", () => {
        comparing = !comparing;
        before.setAttribute("aria-pressed", comparing);
        own();
    });

    // --- frames that a player shows here; null: the picture itself again
    document.addEventListener("frame", async ({ detail }) => {
        const mine = ++turn;
        await arriving;
        if (mine !== turn || !shown) return;
        if (!detail) {
            tell();
            return own();
        }
        const image = await decode(detail.image);
        if (mine !== turn) return;
        pixels = cut(image, detail.side, detail.columns, detail.index);
        look();
        find("strong").textContent = detail.title ?? shown.title;
        sharp.want(null);
        find("figcaption span").textContent = detail.label;
    });
    // --- what is drawn over it; null: nothing
    document.addEventListener("overlay", ({ detail }) =>
        find(".stage-over").replaceChildren(...(detail ? [detail] : [])),
    );
    onStyle(look);
    new ResizeObserver(look).observe(room);

    const showPicture = async (value) => {
        const mine = ++taken;
        const image = value.image ? await decode(value.image) : null;
        if (mine !== taken) return;
        [shown, sheet, comparing] = [value, image, false];
        if (latest && ["d1", "d2"].every((name) => (latest[name] ?? 0) === (value.recipe?.[name] ?? 0))) latest = null;
        room.parentElement.hidden = !image;
        find(".problem").hidden = !value.problem;
        find(".problem").textContent = value.problem ?? "";
        keepPlain();
        before.hidden = !value.edited || !plain;
        before.setAttribute("aria-pressed", false);
        tell();
        own();
        root.dataset.recipe = JSON.stringify(value.recipe ?? {});
        document.dispatchEvent(new CustomEvent("staged", { detail: value.recipe ?? null }));
    };
    return async (value) => {
        if (!value) return;
        if (value.sharper !== undefined) return sharp.show(value);
        turn++;
        const showing = showPicture(value);
        arriving = showing.catch(() => {});
        return showing;
    };
};

// A colour of the picture, as a button that copies it.
const swatch = ({ colour, share }) => {
    const item = document.createElement("li");
    item.innerHTML = `<button type="button"><i></i><span></span></button>`;
    item.querySelector("i").style.background = colour;
    item.querySelector("span").textContent = colour;
    item.firstChild.setAttribute("aria-label", `Colour ${colour}, ${Math.round(share * 100)} percent: copy`);
    item.firstChild.addEventListener("click", () => navigator.clipboard?.writeText(colour));
    return item;
};
