// What the page says and hands out: sentences and files; and work done for a visitor that may go wrong.

import { download } from "./files.js";

let quiet;
export const say = (sentence, seconds = 8) => {
    const toast = document.querySelector(".toast");
    toast.firstElementChild.textContent = sentence;
    toast.classList.add("said");
    clearTimeout(quiet);
    quiet = setTimeout(() => toast.classList.remove("said"), seconds * 1000);
};
// Do something on a visitor's behalf; what goes wrong is said in a sentence.
export const attempt = async (work) => {
    try {
        return await work();
    } catch (problem) {
        say(typeof problem === "string" ? problem : `That did not work: ${problem.message}`);
    }
};
// Say under a field what is wrong with it; "": nothing is.
export const sayAt = (field, sentence) => {
    let place = field.parentElement.querySelector(".mistake");
    if (!place) {
        field.insertAdjacentHTML("afterend", '<p class="mistake" role="alert"></p>');
        place = field.nextElementSibling;
    }
    place.textContent = sentence;
    field.setAttribute("aria-invalid", Boolean(sentence));
};
export const handOut = (name, content, type) => {
    download(name, content, type);
    say(`Saved ${name}`, 4);
};

// Return a function that works on the newest wish alone: what came in between is passed over. `work` is given whether
// another wish has come meanwhile; the promise waits until no wish is left.
export const newest = (work) => {
    let wished = false,
        busy = false,
        working = null;
    const run = async () => {
        while (wished) {
            wished = false;
            await attempt(() => work(() => wished));
        }
        busy = false;
    };
    return () => {
        wished = true;
        if (busy) return working;
        busy = true;
        working = run();
        return working;
    };
};
