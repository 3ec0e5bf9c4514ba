// The tray's recipes, in this browser's own storage: they are read before each change, as another tab may have kept more.
const KEY = "gan-studio-tray";
let here = null; // what is kept, where the browser stores nothing for this page

const read = () => {
    if (here) return here;
    try {
        const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
        return Array.isArray(kept) ? kept : [];
    } catch {
        return []; // storage may be forbidden, as in a frame, and what is stored may be damaged
    }
};

export const stored = () => [read()];

// The inputs of an event whose last one is what is kept.
export const withStored = (...given) => [...given.slice(0, -1), read()];

export const store = (kept) => {
    try {
        localStorage.setItem(KEY, JSON.stringify(kept));
        here = null;
    } catch {
        here = kept; // until the page is left
    }
    return [kept];
};

addEventListener("storage", ({ key }) => key === KEY && document.querySelector("#kept-elsewhere")?.click());
