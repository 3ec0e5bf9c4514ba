// What the page's own components share. Each of them is handed this text first; the page has one `studio`.
const studio = (window.ganStudio ??= (() => {
    // An event for which the server has no room (HTTP 503) is sent again until it is taken: what is shown then follows
    // the controls, however many others draw at the same time. Gradio would drop it and leave the picture as it was.
    const PAUSES = [300, 600, 1200, 2500, 5000]; // milliseconds; the last one again and again
    const ask = window.fetch;
    window.fetch = async (address, options) => {
        let answer = await ask(address, options);
        for (let turn = 0; answer.status === 503 && String(address).includes("/queue/join"); turn++) {
            if (turn === 2) handlers.say?.("Many are drawing here just now. Your wish waits its turn.");
            const pause = PAUSES[Math.min(turn, PAUSES.length - 1)];
            await new Promise((done) => setTimeout(done, pause * (0.75 + Math.random() / 2)));
            answer = await ask(address, options);
        }
        return answer;
    };
    const handlers = {}, waiting = {};
    return {
        // A message to a component; one whose tab was never opened gets it when it is drawn.
        send(to, message) {
            if (handlers[to]) handlers[to](message);
            else (waiting[to] ??= []).push(message);
        },
        receive(as, handler) {
            handlers[as] = handler;
            const letters = waiting[as] ?? [];
            delete waiting[as];
            setTimeout(() => letters.forEach(handler)); // a component can trigger events once it is there
        },
        go(tab) {
            document.querySelector(`#tabs [role=tablist] [data-tab-id="${tab}"]`)?.click();
        },
    };
})());

// How large a picture of `pixels` a side may be drawn in `room` CSS pixels so that each of its pixels covers a whole
// number of the screen's. Where not even one fits, it fills the room.
const wholeSize = (pixels, room, most = 8) => {
    const ratio = window.devicePixelRatio || 1;
    const factor = Math.min(Math.floor((room * ratio) / pixels + 0.001), Math.floor(most * ratio));
    return factor >= 1 ? (pixels * factor) / ratio : room;
};

const decode = async (uri) => {
    const image = new Image();
    image.src = uri;
    await image.decode();
    return image;
};

// Draw one picture of a sheet, `side` pixels large, `columns` to a row, onto a canvas.
const cut = (canvas, sheet, side, columns, index) => {
    canvas.width = canvas.height = side;
    const x = (index % columns) * side;
    const y = Math.floor(index / columns) * side;
    canvas.getContext("2d").drawImage(sheet, x, y, side, side, 0, 0, side, side);
};

// The link that rebuilds what a tab shows.
const linkTo = (tab, link) => `${location.origin}${location.pathname}?${new URLSearchParams({ tab, ...link })}`;
const copy = async (text, what) => {
    try {
        await navigator.clipboard.writeText(text);
        studio.send("say", `Copied ${what}`, 4);
    } catch {
        studio.send("say", text); // no clipboard without https or permission: at least it can be seen
    }
};
// A picture's dominant colours as buttons that copy their hexadecimal value.
const swatches = (list, colours) => {
    list.replaceChildren(...colours.map(({ colour, share }) => {
        const item = document.createElement("li");
        item.innerHTML = `<button type="button"><i style="background:${colour}"></i><span>${colour}</span></button>`;
        item.firstChild.setAttribute("aria-label", `Colour ${colour}, ${Math.round(share * 100)} percent: copy`);
        item.firstChild.addEventListener("click", () => copy(colour, colour));
        return item;
    }));
};
// Open a picture in Explore as it is, with every direction and coordinate at 0.
const explore = (seed, truncation) => {
    const edits = (said) => Object.keys(said).filter((name) => /^[dz]\d+$/.test(name));
    const plain = (said) => Object.fromEntries(edits(said).map((name) => [name, 0]));
    studio.send("explore-controls", (said) => ({ ...plain(said), seed, truncation }));
    studio.go("explore");
};
