// A drawing pad beside what a network makes of it. Strokes stay vectors; the picture that comes back is laid under them.
import { dab, picker } from "./colours.js";
import { layer, photo } from "./photo.js";
import { enlarge, whole } from "./pixels.js";
import { SIDE, brush, mirrored, read, simple, write } from "./strokes.js";

const REST = 500; // milliseconds after the last stroke until proposals are asked for
const LONGEST = 18_000; // characters of strokes that an event may hold, beside a photograph
const MOST = 500; // strokes, as the server takes them (MAX_STROKES)
const STEP = 8; // of the pad, that an arrow key goes
const MEDIUM = 0.5;
const LEFT = "gan-studio-pad"; // what the tab's storage calls the strokes that are on the pad
const TOOLS = { thin: "Thin", thick: "Thick", hint: "Colour", erase: "Rub out" };
const DEEDS = { undo: "Undo", redo: "Redo", mirror: "Mirror", clear: "Clear" };

const fits = (strokes) => strokes.length <= MOST && write(strokes).length <= LONGEST;

// Keep the strokes for a reload, be they too long for the link; without an argument say which were kept.
const left = (strokes) => {
    try {
        if (strokes !== undefined) return sessionStorage.setItem(LEFT, strokes);
        const kept = sessionStorage.getItem(LEFT) ?? "",
            them = read(kept);
        const whole = them.every(
            ({ tool, points, colour }) => points.length && (tool !== "hint" || colour.length === 6),
        );
        return whole && fits(them) && write(them) === kept ? kept : "";
    } catch {
        return ""; // a frame may not be allowed to keep anything, and what is kept may be damaged
    }
};
const large = (pixels) => {
    const shown = pixels.width < SIDE ? enlarge(pixels, SIDE) : pixels;
    const canvas = new OffscreenCanvas(shown.width, shown.height);
    canvas.getContext("2d").putImageData(shown, 0, 0);
    return canvas;
};
const pixelsOf = (canvas) => Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
const buttons = (names, kind) =>
    Object.entries(names)
        .map(([name, label]) => `<button type="button" data-${kind}="${name}">${label}</button>`)
        .join("");

export const mount = (root, emit) => {
    root.innerHTML = `
        <div class="pad-room">
            <div class="paper">
                <canvas class="example" aria-hidden="true"></canvas><canvas class="hints" aria-hidden="true"></canvas>
                <canvas class="ink" tabindex="0" role="img" aria-label="Drawing pad. Draw with mouse, finger or pen; with
                    keys: arrows move, Enter lowers and lifts the pen."></canvas>
                <i class="cursor" hidden></i>
            </div>
            <button type="button" class="result" aria-label="Show the picture large"><canvas></canvas></button>
        </div>
        <div class="pad-words"><p class="pad-says" role="status"></p><p class="pad-copy"></p></div>
        <div class="pad-tools">
            <div role="group" aria-label="Pens">${buttons(TOOLS, "tool")}</div>
            <div role="group" aria-label="Colours" class="colours"></div>
            <div role="group" aria-label="Steps">${buttons(DEEDS, "deed")}</div>
            <div role="group" aria-label="What is shown">
                <button type="button" class="kept" aria-pressed="true">My lines</button>
                <button type="button" class="ghost" aria-pressed="true">Example</button>
                <button type="button" class="sharpen" aria-pressed="false" hidden>Sharper</button>
                <label class="open-drawing"><input type="file" accept="image/*"><span>Open a drawing or a photo</span></label>
            </div>
            <details class="own"><summary>Five colours of your own</summary><div class="five"></div></details>
        </div>`;
    const find = (name) => root.querySelector(name);
    const layers = { ink: find(".ink"), hints: find(".hints"), example: find(".example") };
    const ink = layers.ink,
        result = find(".result canvas"),
        says = find(".pad-says"),
        cursor = find(".cursor");
    let states = [{ strokes: read(left()), under: null, palette: null }], // null: that of the picture in hand
        at = 0; // all steps; the one that is shown
    let tool = "thin",
        chosen = "", // as a colour; "": none so far
        mirror = false,
        keep = true,
        sharper = false,
        ghost = null; // whether the example shows; null: while nothing is drawn
    let example = [],
        examples = "",
        swatches = [],
        painted = "",
        picture = null,
        resting,
        turn = 0,
        asked = 0;
    const now = () => states[at];
    const palette = () => now().palette ?? swatches;
    const colour = () => chosen || palette()[0] || "";

    // --- what is shown
    const draw = () => {
        const side = pixelsOf(ink);
        if (!side) return;
        for (const canvas of Object.values(layers)) canvas.width = canvas.height = side;
        const pen = ink.getContext("2d"),
            dabs = layers.hints.getContext("2d"),
            faint = layers.example.getContext("2d");
        if (now().under) pen.drawImage(now().under.ink, 0, 0, side, side);
        for (const stroke of now().strokes) put(stroke, pen, dabs);
        if (ghostly() && !now().under) for (const stroke of example) brush(faint, stroke);
        find(".ghost").setAttribute("aria-pressed", ghostly());
        for (const name of ["undo", "redo"])
            find(`[data-deed=${name}]`).disabled = name === "undo" ? !at : at === states.length - 1;
        if (painted !== `${palette()}`) paints();
        look();
    };
    const put = (stroke, pen, dabs, from) => {
        if (stroke.tool !== "hint") brush(pen, stroke, from);
        if (stroke.tool === "hint" || stroke.tool === "erase") brush(dabs, stroke, from);
    };
    const look = () => {
        const side = picture ? Math.min(pixelsOf(result) || SIDE, 2 * SIDE) : 1;
        result.width = result.height = side;
        const context = result.getContext("2d");
        if (!picture) return;
        context.imageSmoothingQuality = "high";
        context.drawImage(picture, 0, 0, side, side);
        if (keep) context.drawImage(drawn(side), 0, 0);
    };
    const drawn = (side) => {
        const canvas = new OffscreenCanvas(side, side),
            pen = canvas.getContext("2d");
        if (now().under) pen.drawImage(now().under.ink, 0, 0, side, side);
        for (const stroke of blank() ? shownExample() : now().strokes) if (stroke.tool !== "hint") brush(pen, stroke);
        return canvas;
    };
    const blank = () => !now().strokes.length && !now().under;
    const ghostly = () => ghost ?? blank();
    const shownExample = () => (ghostly() ? example : []);
    const say = (sentence) => (says.textContent = sentence);

    // --- what is said
    const wish = () => {
        clearTimeout(resting);
        resting = setTimeout(() => emit("release", said()), REST);
        emit("input", said());
        find(".pad-copy").textContent = ""; // it was said of another drawing
    };
    const said = () => {
        const strokes = blank() ? (ghostly() ? examples : "") : write(now().strokes);
        return {
            strokes,
            under: now().under?.uri ?? null,
            palette: palette(),
            lines: keep,
            sharper,
            example: blank(),
            turn: ++asked,
        };
    };
    const step = (state) => {
        if (!fits(state.strokes)) return draw(say("The pad is full. Undo something, or save it and clear the pad."));
        states = [...states.slice(0, at + 1), state];
        at = states.length - 1;
        left(write(state.strokes));
        draw();
        wish();
    };
    const add = (strokes) => step({ ...now(), strokes: [...now().strokes, ...strokes] });

    // --- mouse, finger, pen
    let stroke = null,
        pointer = null;
    const place = (event) => {
        const box = ink.getBoundingClientRect();
        const within = (value, size) => Math.min(Math.max((value / size) * SIDE, 0), SIDE);
        const pressure = event.pointerType === "pen" ? event.pressure || MEDIUM : MEDIUM;
        return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height), pressure];
    };
    const go = (points) => {
        const from = stroke.points.length;
        stroke.points.push(...points);
        const pen = ink.getContext("2d"),
            dabs = layers.hints.getContext("2d");
        put(stroke, pen, dabs, from);
        if (mirror) put(mirrored(stroke), pen, dabs, from);
    };
    const begin = (point) => {
        stroke = { tool, points: [], colour: tool === "hint" ? colour() : "" };
        go([point]);
    };
    const colourless = () => tool === "hint" && !colour(); // the colours are on their way
    const end = () => {
        const [made] = read(write([{ ...stroke, points: simple(stroke.points) }])); // as a link will have it
        stroke = pointer = null;
        add(mirror ? [made, mirrored(made)] : [made]);
    };
    // Lift a pen that a key has lowered.
    const lift = () => {
        if (stroke && pointer === null) end();
        cursor.classList.remove("down");
    };
    ink.addEventListener("pointerdown", (event) => {
        lift();
        if (event.button || stroke || colourless()) return;
        event.preventDefault();
        pointer = event.pointerId;
        ink.setPointerCapture(pointer);
        begin(place(event));
    });
    ink.addEventListener("pointermove", (event) => {
        if (!stroke || event.pointerId !== pointer) return;
        const between = event.getCoalescedEvents?.() ?? [];
        go((between.length ? between : [event]).map(place));
    });
    ink.addEventListener("pointerup", (event) => event.pointerId === pointer && end());
    ink.addEventListener("pointercancel", (event) => {
        if (event.pointerId !== pointer) return;
        stroke = pointer = null;
        draw();
    });

    // --- keys
    let spot = null;
    ink.addEventListener("keydown", (event) => {
        const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        const way = ways[event.key];
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z")
            deeds[event.shiftKey ? "redo" : "undo"]();
        else if (way) {
            spot = (spot ?? [SIDE / 2, SIDE / 2]).map((value, axis) =>
                Math.min(Math.max(value + way[axis] * STEP, 0), SIDE),
            );
            if (stroke) go([[...spot, MEDIUM]]);
        } else if (event.key === "Enter" || event.key === " ") {
            spot ??= [SIDE / 2, SIDE / 2];
            if (stroke) end();
            else if (!colourless()) begin([...spot, MEDIUM]);
        } else return;
        event.preventDefault();
        event.stopPropagation();
        cursor.hidden = !spot;
        if (spot) [cursor.style.left, cursor.style.top] = spot.map((value) => `${(value / SIDE) * 100}%`);
        cursor.classList.toggle("down", Boolean(stroke));
    });
    ink.addEventListener("blur", () => {
        lift();
        cursor.hidden = true;
    });

    // --- tools
    const choose = (name) => {
        tool = name;
        for (const button of root.querySelectorAll("[data-tool]"))
            button.setAttribute("aria-pressed", button.dataset.tool === tool);
        for (const button of root.querySelectorAll(".colours button"))
            button.setAttribute("aria-pressed", tool === "hint" && button.dataset.colour === colour());
        find(".colours input")?.toggleAttribute("data-chosen", tool === "hint" && !palette().includes(colour()));
    };
    const walk = (to) => {
        if (to < 0 || to >= states.length) return;
        at = to;
        left(write(now().strokes));
        draw();
        wish();
    };
    const deeds = {
        undo: () => walk(at - 1),
        redo: () => walk(at + 1),
        clear: () => blank() || step({ ...now(), strokes: [], under: null }),
        mirror: () => {
            mirror = !mirror;
            find("[data-deed=mirror]").setAttribute("aria-pressed", mirror);
            find(".paper").classList.toggle("mirrored", mirror);
        },
    };
    const narrow = matchMedia("(max-width: 900px)"); // only one of them is large
    const fit = () => (find(".result").disabled = !narrow.matches);
    narrow.addEventListener("change", fit);
    fit();
    const swap = () => {
        if (!narrow.matches) return;
        const swapped = find(".pad-room").classList.toggle("swapped");
        find(".result").setAttribute("aria-label", swapped ? "Show the pad large" : "Show the picture large");
    };
    const swapped = () => find(".pad-room").classList.contains("swapped");
    const showPad = () => swapped() && swap();
    find(".paper").addEventListener("click", showPad);
    root.addEventListener("click", ({ target }) => {
        const button = target.closest("button");
        if (!button) return;
        if (button.dataset.tool || button.dataset.colour) showPad();
        if (button.dataset.tool) choose(button.dataset.tool);
        if (button.dataset.deed) deeds[button.dataset.deed]();
        if (button.dataset.colour) {
            chosen = button.dataset.colour;
            choose("hint");
        }
        if (button.matches(".kept")) {
            keep = !keep;
            button.setAttribute("aria-pressed", keep);
            look();
            wish();
        }
        if (button.matches(".sharpen")) {
            sharper = !sharper;
            button.setAttribute("aria-pressed", sharper);
            wish();
        }
        if (button.matches(".ghost")) {
            ghost = !ghostly();
            draw();
            if (blank()) wish();
        }
        if (button.matches(".result")) swap();
    });
    const own = Array.from({ length: 5 }, (_, i) =>
        picker(`Colour ${i + 1} of five`, "#888888", () => {
            const five = [...find(".five").querySelectorAll("input")].map((input) => input.value.slice(1));
            step({ ...now(), palette: five });
        }),
    );
    find(".five").replaceChildren(...own);
    const paints = () => {
        const shown = palette();
        painted = `${shown}`;
        find(".colours").replaceChildren(
            ...shown.map((one) => dab(one)),
            picker("Another colour", `#${colour()}`, (picked) => {
                chosen = picked;
                showPad(); // to draw with it
                choose("hint");
            }),
        );
        for (const [i, input] of [...find(".five").querySelectorAll("input")].entries())
            input.value = `#${shown[i % shown.length] ?? "888888"}`;
        choose(tool);
    };

    // --- a drawing or a photograph of one
    const open = async (file) => {
        say("Looking for the lines …");
        try {
            emit("upload", { file: await photo(file), turn: ++asked });
        } catch (problem) {
            say(typeof problem === "string" ? problem : "This is no picture that a browser can read.");
        }
    };
    find(".open-drawing input").addEventListener("change", ({ target }) => {
        if (target.files[0]) open(target.files[0]);
        target.value = "";
    });
    document.addEventListener("paste", (event) => {
        const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
        if (file && root.checkVisibility()) open(file);
    });

    new ResizeObserver(draw).observe(ink);
    new ResizeObserver(look).observe(result.parentElement);
    choose(tool);

    return async (value) => {
        if (!value) return;
        if (value.swatches) swatches = value.swatches;
        if (value.sharpens !== undefined) find(".sharpen").hidden = !value.sharpens;
        if (value.example !== undefined) [examples, example] = [value.example, read(value.example)];
        const given = value.palette?.length ? value.palette : now().palette;
        if (value.lines !== undefined) keep = value.lines;
        find(".kept").setAttribute("aria-pressed", keep);
        if (value.say !== undefined) say(value.say);
        if (value.copy !== undefined) find(".pad-copy").textContent = value.copy;
        if (value.picture !== undefined) {
            const mine = ++turn;
            const image = value.picture && (await whole(value.picture));
            if (mine === turn) picture = image && large(image);
            look();
            root.dataset.shown = value.of ?? "";
        }
        if (value.under) return step({ strokes: [], under: await layer(value.under), palette: given });
        if (value.strokes !== undefined && value.strokes !== write(now().strokes)) {
            if (value.linked && !swapped()) swap(); // who opens a link wants to see its picture
            return step({ strokes: read(value.strokes), under: null, palette: given });
        }
        if (value.ask && !value.swatches) return step({ ...now(), palette: given });
        states[at] = { ...now(), palette: given };
        if (painted !== `${palette()}`) paints();
        if (value.ask) {
            draw();
            wish();
        }
    };
};
