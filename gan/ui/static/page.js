// The page as a whole: its address and the way back, wishes that are asked again, keys, sharing.
const OURS =
    /^(tab|model|weights|against|seeds?|stops|count|wall|truncation|wildness|latent|epoch|steps|method|loop|t|strokes|palette|lines|coloured|[dz]\d+)$/;
const HUB = "https://huggingface.co"; // where a Space's page is a frame, and the address bar is the Hub's
const GESTURE = 1200; // milliseconds after which a slider that moves again is a new step of the history
const PAUSES = [300, 600, 1200, 2500, 5000]; // milliseconds until a wish is sent again; the last one again and again
const LATEST = 4000; // milliseconds after which the page is shown, wherever a link leads
const SLOW = 300; // milliseconds after which pictures that are no longer right look so

// --- a link to a tab: until it is there, nothing else is shown
const tabIn = (search) => new URLSearchParams(search).get("tab") || "generate";
export const arrived = () => document.documentElement.classList.remove("arriving");
if (tabIn(location.search) !== "generate") {
    document.documentElement.classList.add("arriving");
    setTimeout(arrived, LATEST);
}

// --- the address: the picture in hand and the place where it is looked at
let before = location.search,
    by = "",
    at = 0,
    writing,
    returning = false;
// Where the models have less room than they take, the one that is chosen comes into sight.
let revealed = "";
const revealModel = () => {
    const row = document.querySelector("#model"),
        chosen = row?.querySelector("label.selected, label:has(input:checked)")?.getBoundingClientRect();
    if (!chosen) return;
    const { left, width } = row.getBoundingClientRect();
    row.scrollLeft += chosen.left + chosen.width / 2 - left - width / 2;
};
export const keepAddress = (named, hand, tab, ...spots) => {
    document.querySelector("#studio").dataset.tab = tab; // inside of what Gradio lets styles for small screens reach
    if (!hand?.model) return;
    if (hand.model !== revealed) requestAnimationFrame(revealModel);
    revealed = hand.model;
    document.dispatchEvent(new CustomEvent("hand", { detail: hand }));
    const place = { tab, ...spots[named.indexOf(tab)] };
    const { by: now, ...picture } = hand;
    const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.test(name));
    const link = Object.entries({ ...picture, ...place, model: hand.model }).filter(
        ([, value]) => value !== null && value !== undefined,
    );
    const search = `?${new URLSearchParams([...link, ...others])}`;
    returning &&= now === "address"; // the browser's own step: the address is there already
    if (search === before || returning) {
        before = search;
        return;
    }
    const there = tab === tabIn(before);
    const gesture = there && ["explore", "drag"].includes(now) && now === by && Date.now() - at < GESTURE;
    const known = now === "address" && there; // it came from there
    [by, at, before] = [now, Date.now(), search];
    clearTimeout(writing);
    const write = (replace) => {
        history[replace ? "replaceState" : "pushState"](null, "", `${search}${location.hash}`);
        if (window.parent !== window)
            window.parent.postMessage(
                { queryString: search.slice(1).replace(/&?__\w+=[^&]*/g, ""), hash: location.hash },
                HUB,
            );
    };
    if (gesture)
        writing = setTimeout(() => write(true), 150); // browsers allow some hundred changes a minute
    else write(known || now === "lost" || (there && tab === "draw")); // a stroke is no step of the history: the pad has its own
};

// The tab that is open now, before the values of what else a step to it is told.
export const arriving = (_, ...place) => [
    document.querySelector("#tabs [role=tab][aria-selected=true]").id.replace(/-tab-button$/, ""),
    ...place,
];

// Back and forward: tell the server of the address that is there now.
window.addEventListener("popstate", () => {
    returning = true;
    document.querySelector("#back")?.click();
});
// What comes after the visitor's own next gesture is a step of its own.
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => (returning = false), true);
export const address = () => [Object.fromEntries(new URLSearchParams(location.search))];

// --- sharing
const HERE = ["127.0.0.1", "localhost", "[::1]"];
export const share = async () => {
    const link = location.href;
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url: link }).catch(() => {});
        return [""];
    }
    const copying = navigator.clipboard?.writeText(link) ?? Promise.reject(); // there is none on a page without https
    const copied = await copying.then(() => true).catch(() => false);
    const reach = HERE.includes(location.hostname) ? " It opens on this computer alone." : "";
    return [
        copied
            ? `Link copied.${reach}`
            : `This browser does not let it be copied. The link is the page’s address.${reach}`,
    ];
};

const NO_LINK =
    "A link cannot hold this drawing: it is too long or too little, or lies over a picture from a file. Save it, and send that.";
export const shareDrawing = async (_, linked, drawing) => {
    const holds = drawing.example || linked.strokes;
    return [...(holds ? await share() : [NO_LINK]), linked, drawing];
};

// --- how pictures are enlarged
export const enlarge = (style) => {
    document.documentElement.dataset.enlarge = style.toLowerCase();
    document.dispatchEvent(new Event("enlarge"));
    return [];
};

// --- the space bar, where it means nothing else
document.addEventListener("keydown", (event) => {
    if (
        event.code !== "Space" ||
        event.target.closest("button, input, textarea, select, summary, a, [role=slider], [role=tab]")
    )
        return;
    event.preventDefault();
    document.querySelector("#another")?.click();
});

// --- wishes: one for which there is no room (HTTP 503) is sent again until it is taken, so that what is shown follows the
// controls however many others draw at the same time; Gradio would drop it. While the picture in hand waits for its
// successor, pictures look so.
const wishes = new Map(); // without an answer so far, by what Gradio calls them -> when made, and whether for a picture
const answered = new Set(); // before it was known what they are called
const ask = window.fetch;
const told = (sentence) => {
    const place = document.querySelector("#nobody");
    if (place) [place.textContent, place.hidden] = [sentence, !sentence];
};
const look = () => {
    const late = [...wishes.values()].some(({ made, shown }) => shown && Date.now() - made >= SLOW);
    document.documentElement.classList.toggle("waiting", late);
};
const end = (wish) => {
    if (!wishes.delete(wish)) answered.add(wish);
    if (!wishes.size) answered.clear();
    look();
};
const changesPicture = (body) => {
    const { components, dependencies } = window.gradio_config;
    const pictures = components.filter(({ props }) => ["stage", "pad"].includes(props.elem_id)).map(({ id }) => id);
    const { fn_index: asked } = JSON.parse(body);
    return dependencies.find(({ id }) => id === asked)?.outputs.some((id) => pictures.includes(id));
};

const join = async (...given) => {
    const wish = Symbol("wish"),
        about = { made: Date.now(), shown: changesPicture(given[1].body) };
    wishes.set(wish, about);
    setTimeout(look, SLOW);
    try {
        let answer = await ask(...given);
        for (let turn = 0; answer.status === 503; turn++) {
            if (turn === 2) told("Many are drawing here just now. Your wish waits its turn.");
            await new Promise((done) =>
                setTimeout(done, PAUSES[Math.min(turn, PAUSES.length - 1)] * (0.75 + Math.random() / 2)),
            );
            answer = await ask(...given);
        }
        told("");
        const { event_id: name } = answer.ok ? await answer.clone().json() : {};
        if (name && !answered.delete(name)) wishes.set(name, about);
        listen();
        return answer;
    } catch (error) {
        told(
            "Nobody answers: the page’s server cannot be reached. What you kept is safe here; reload when it is back.",
        );
        throw error;
    } finally {
        wishes.delete(wish);
        look();
    }
};

// --- answers: the server ends their stream when all are told, and Gradio forgets a wish made before it has read that.
// So what Gradio reads never ends; the server is listened to for as long as an answer is missing.
let answers, // how they are asked for, and where Gradio reads them
    listening = false;
const listen = async () => {
    if (listening || !answers) return;
    listening = true;
    const { request, reader } = answers;
    try {
        while ([...wishes.keys()].some((name) => typeof name === "string")) await tell(await ask(request), reader);
    } catch (error) {
        if (answers.reader === reader) answers = undefined;
        wishes.clear(); // nobody will answer them
        look();
        if (request.signal?.aborted)
            reader.close(); // the page is being left
        else reader.error(error);
    }
    listening = false;
    if (answers?.reader !== reader) listen();
};
const tell = async (answer, reader) => {
    let rest = "",
        ended = false;
    const write = (part) => {
        const events = (rest + part).split("\n\n");
        rest = events.pop();
        for (const event of events) {
            ended ||= event.includes('"close_stream"');
            if (!ended) reader.enqueue(new TextEncoder().encode(`${event}\n\n`));
            const name = /"event_id": ?"(\w+)"/.exec(event)?.[1];
            if (event.includes('"process_completed"')) end(name);
            else if (event.includes('"process_generating"') && wishes.has(name)) {
                wishes.get(name).shown = false; // it is seen at work
                look();
            }
        }
    };
    await answer.body.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write }));
    if (!ended) throw new TypeError("the stream of answers broke");
};
const answersTo = (request) => {
    const start = (reader) => {
        answers = { request, reader };
    };
    const read = new Response(new ReadableStream({ start }), { headers: { "Content-Type": "text/event-stream" } });
    listen();
    return read;
};

window.fetch = async (...given) => {
    const address = String(given[0].url ?? given[0]);
    if (address.includes("/queue/join")) return join(...given);
    return address.includes("/queue/data") ? answersTo(given[0]) : ask(...given);
};
