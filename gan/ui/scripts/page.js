// The page as a whole: the address bar says what is shown, PNGs saved here can be dropped anywhere, files that the
// server made are saved, and sentences are said in one place.
const MOST_BYTES = 5_000_000, MOST_SIDE = 4096; // of a dropped picture; nothing of it is sent but its recipe
const RECIPE = "gan-studio";
const root = element.querySelector(".page");
root.innerHTML = `
    <label class="open-picture"><input type="file" accept="image/png"><span>Open a saved picture</span></label>
    <div class="drop" hidden><p>Drop a PNG saved here: it brings its picture back.</p></div>
    <div class="toast" role="status" popover="manual"><p></p><progress max="1" hidden></progress></div>`;
const drop = root.querySelector(".drop");
const toast = root.querySelector(".toast");
const bar = toast.querySelector("progress");

// --- sentences and progress
let quiet;
const say = (sentence, seconds = 8) => {
    toast.hidePopover();
    toast.showPopover(); // as the latest of the top layer it lies above an open dialog, too
    bar.hidden = true;
    toast.querySelector("p").textContent = sentence;
    clearTimeout(quiet);
    if (seconds) quiet = setTimeout(() => toast.hidePopover(), seconds * 1000);
};
studio.receive("say", say);

// --- files
studio.receive("download", ({ name, mime, data, done, of, what }) => {
    if (!data) {
        say(what, 0);
        bar.hidden = false;
        bar.value = done / of;
        return;
    }
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved ${name}`, 4);
});

// --- the address bar
// What links of this page are made of. Any other parameter is somebody else's, such as Gradio's __theme, and stays.
const OURS = /^(tab|model|weights|against|seeds?|count|truncation|epoch|steps|method|loop|t|[dz]\d+)$/;
const HUB = "https://huggingface.co"; // where a Space's page is a frame, and the address bar is the Hub's
const links = {}; // tab -> what it shows
let tab = "generate";
let ready = false; // not before the server has read the address
let writing;
const address = () => {
    if (!ready || !links[tab]) return;
    const link = Object.entries({ tab, ...links[tab] });
    clearTimeout(writing); // browsers allow some hundred changes a minute
    writing = setTimeout(() => {
        const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.test(name));
        history.replaceState(null, "", `?${new URLSearchParams([...link, ...others])}${location.hash}`);
        if (window.parent === window) return;
        const shared = others.filter(([name]) => !name.startsWith("__")); // those are the frame's alone
        window.parent.postMessage({ queryString: `${new URLSearchParams([...link, ...shared])}`, hash: location.hash }, HUB);
    }, 150);
};
let expected = null; // {tab, model} of a link, until the tab shows it
studio.receive("shown", ({ tab: shown, link }) => {
    if (expected?.tab === shown && expected.model !== link.model) return;
    expected = null;
    links[shown] = link;
    address();
});
studio.receive("tab", (name) => {
    tab = name;
    address();
});
studio.receive("page", ({ remark, tab: restored, model }) => {
    if (restored && ready) document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close()); // a dropped PNG
    ready = true;
    if (remark) say(remark);
    if (!restored) return address();
    tab = restored; // it tells of itself once it shows what was asked for
    expected = { tab, model };
});

// --- saved pictures
// Read the recipe out of a PNG's text chunks; only its head is looked at, nothing is decoded.
const recipeOf = async (file) => {
    if (file.size > MOST_BYTES) throw `${file.name} is larger than 5 MB; pictures saved here are not.`;
    const view = new DataView(await file.arrayBuffer());
    const text = (from, length) => new TextDecoder("latin1").decode(new Uint8Array(view.buffer, from, length));
    if (view.byteLength < 33 || text(1, 3) !== "PNG" || text(12, 4) !== "IHDR") throw `${file.name} is no PNG.`;
    const [width, height] = [view.getUint32(16), view.getUint32(20)];
    if (Math.max(width, height) > MOST_SIDE) throw `${file.name} is ${width} × ${height} pixels; pictures saved here are smaller.`;
    for (let at = 8; at + 12 <= view.byteLength; ) {
        const length = view.getUint32(at);
        if (at + 12 + length > view.byteLength) break;
        if (text(at + 4, 4) === "tEXt") {
            const [key, value] = text(at + 8, length).split("\0");
            if (key === RECIPE) {
                const recipe = JSON.parse(value);
                if (Object.values(recipe).includes(Infinity)) throw `The recipe in ${file.name} is damaged.`;
                return recipe;
            }
        }
        at += 12 + length;
    }
    throw `${file.name} carries no recipe. Only PNGs saved on a page like this one do.`;
};
const open = async (file) => {
    try {
        props.value = { recipe: await recipeOf(file) };
        trigger("upload");
    } catch (problem) {
        say(typeof problem === "string" ? problem : `The recipe in ${file.name} is damaged.`);
    }
};
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
const chooser = root.querySelector("input");
chooser.addEventListener("change", () => {
    if (chooser.files[0]) open(chooser.files[0]);
    chooser.value = "";
});
