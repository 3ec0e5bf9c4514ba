// Files that the server made are saved; of pictures that come by drop or choice, PNGs saved here tell their recipe, and
// any other is handed to whoever takes "picture".
const SAVED_BYTES = 5_000_000; // at most, of a picture saved here; nothing of it is sent but its recipe
const MOST_BYTES = 40_000_000,
    MOST_SIDE = 8192; // of any other: what a camera makes
const WAIT = 100, // milliseconds
    MOST_ASKED = 300;
const RECIPE = "gan-studio";

export const checkSides = ({ name }, width, height) => {
    if (Math.max(width, height) > MOST_SIDE)
        throw `${name} is ${width} × ${height} pixels; ${MOST_SIDE} a side are the most.`;
};

// Read the recipe out of a PNG's text chunks; only its head is looked at, nothing is decoded. null: there is none.
export const recipeOf = async (file) => {
    if (file.size > MOST_BYTES) throw `${file.name} is larger than 40 MB.`;
    const view = new DataView(await file.slice(0, SAVED_BYTES).arrayBuffer());
    const text = (from, length) => new TextDecoder("latin1").decode(new Uint8Array(view.buffer, from, length));
    if (view.byteLength < 33 || text(1, 3) !== "PNG" || text(12, 4) !== "IHDR") return null;
    const [width, height] = [view.getUint32(16), view.getUint32(20)];
    checkSides(file, width, height);
    for (let at = 8; at + 12 <= view.byteLength; ) {
        const length = view.getUint32(at);
        if (at + 12 + length > view.byteLength) break;
        if (text(at + 4, 4) === "tEXt") {
            const [key, value] = text(at + 8, length).split("\0");
            if (key === RECIPE) return read(value, file.name);
        }
        at += 12 + length;
    }
    return null;
};
const read = (text, name) => {
    let recipe;
    try {
        recipe = JSON.parse(text);
    } catch {
        recipe = null;
    }
    if (!recipe || typeof recipe !== "object" || Object.values(recipe).includes(Infinity))
        throw `The recipe in ${name} is damaged.`;
    return recipe;
};

export const download = (name, content, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

// Hand a picture to whoever takes it, who may still be loading.
const handOn = async (file) => {
    const taken = () => !document.dispatchEvent(new CustomEvent("picture", { detail: file, cancelable: true }));
    for (let asked = 0; !taken(); asked++) {
        if (asked === MOST_ASKED) throw "This page has not loaded whole; load it again.";
        await new Promise((again) => setTimeout(again, WAIT));
    }
};

export const mount = (root, emit) => {
    root.innerHTML = `
        <label class="open-picture"><input type="file" accept="image/*"><span>Open a picture</span></label>
        <div class="drop" hidden><p>A picture saved here comes back. Of any other the network draws its nearest.</p></div>
        <p class="making" role="status" hidden><span></span><progress max="1"></progress></p>
        <p class="problem" role="status" hidden></p>`;
    const find = (name) => root.querySelector(name);
    const drop = find(".drop"),
        making = find(".making"),
        problem = find(".problem");
    const open = async (file) => {
        problem.hidden = true;
        try {
            const recipe = await recipeOf(file);
            if (recipe) emit("upload", recipe);
            else await handOn(file);
        } catch (sentence) {
            refuse(sentence);
        }
    };
    const refuse = (sentence) => {
        problem.textContent = sentence;
        problem.hidden = false;
        problem.scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("no-picture", ({ detail }) => refuse(detail)); // says whoever was handed it
    const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    let inside = 0;
    const over = (by) => (event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        inside = Math.max(0, inside + by);
        drop.hidden = inside === 0;
    };
    document.addEventListener("dragenter", over(1));
    document.addEventListener("dragleave", over(-1));
    document.addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        inside = 0;
        drop.hidden = true;
        if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
    });
    find("input").addEventListener("change", ({ target }) => {
        if (target.files[0]) open(target.files[0]);
        target.value = "";
    });

    return (value) => {
        if (!value) return;
        making.hidden = Boolean(value.data);
        if (!value.data) {
            making.querySelector("span").textContent = value.what;
            making.querySelector("progress").value = value.done / value.of;
            return;
        }
        const bytes = Uint8Array.from(atob(value.data), (sign) => sign.charCodeAt(0));
        download(value.name, bytes, value.mime);
    };
};
