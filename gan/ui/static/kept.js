// The tray's recipes, in this browser's own storage.
import { storedList } from "./storage.js";

const tray = storedList("gan-studio-tray");

export const stored = () => [tray.read()];

// The inputs of an event whose last one is what is kept.
export const withStored = (...given) => [...given.slice(0, -1), tray.read()];

export const store = (kept) => {
    tray.write(kept);
    return [kept];
};

tray.onChange(() => document.querySelector("#kept-elsewhere")?.click());
