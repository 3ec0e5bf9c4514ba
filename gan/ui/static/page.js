// The page as a whole: its address and the way back, wishes that are asked again, keys, sharing.
const OURS =
    /^(tab|model|weights|against|seeds?|stops|count|wall|truncation|wildness|latent|epoch|steps|method|loop|t|strokes|palette|lines|[dz]\d+)$/;
const HUB = "https://huggingface.co"; // where a Space's page is a frame, and the address bar is the Hub's
const GESTURE = 1200; // milliseconds after which a slider that moves again is a new step of the history
const PAUSES = [300, 600, 1200, 2500, 5000]; // milliseconds until a wish is sent again; the last one again and again
const SLOW = 300; // milliseconds after which pictures that are no longer right look so

// --- the address: the picture in hand and the place where it is looked at
let before = location.search,
    by = "",
    at = 0,
    writing,
    returning = false;
export const keepAddress = (named, hand, tab, ...spots) => {
    document.querySelector("#studio").dataset.tab = tab; // inside of what Gradio lets styles for small screens reach
    if (!hand?.model) return;
    document.dispatchEvent(new CustomEvent("hand", { detail: hand }));
    const place = { tab, ...spots[named.indexOf(tab)] };
    const { by: now, ...picture } = hand;
    const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.test(name));
    const link = Object.entries({ ...picture, ...place }).filter(([, value]) => value !== null && value !== undefined);
    const search = `?${new URLSearchParams([...link, ...others])}`;
    returning &&= now === "address"; // the browser's own step: the address is there already
    if (search === before || returning) {
        before = search;
        return;
    }
    const gesture = ["explore", "drag"].includes(now) && now === by && Date.now() - at < GESTURE;
    const known = now === "address"; // it came from there
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
    else write(known || tab === "draw"); // a stroke is no step of the history: the pad has its own
};

// Back and forward: tell the server of the address that is there now.
window.addEventListener("popstate", () => {
    returning = true;
    document.querySelector("#back")?.click();
});
export const address = () => [Object.fromEntries(new URLSearchParams(location.search))];

// --- sharing
export const share = async () => {
    const link = location.href;
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url: link }).catch(() => {});
        return [""];
    }
    return [
        await navigator.clipboard.writeText(link).then(
            () => "Link copied",
            () => link,
        ),
    ];
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
const wishes = new Map(); // for another picture in hand, by what Gradio calls them -> when each was made
const answered = new Set(); // before it was known what they are called
const ask = window.fetch;
const told = (sentence) => {
    const place = document.querySelector("#nobody");
    if (place) [place.textContent, place.hidden] = [sentence, !sentence];
};
const look = () => {
    const late = [...wishes.values()].some((made) => Date.now() - made >= SLOW);
    document.documentElement.classList.toggle("waiting", late);
};
const end = (wish) => {
    if (!wishes.delete(wish)) answered.add(wish);
    if (!wishes.size) answered.clear();
    look();
};
const changesPicture = (body) => {
    const { components, dependencies } = window.gradio_config;
    const stage = components.find(({ props }) => props.elem_id === "stage")?.id;
    const { fn_index: asked } = JSON.parse(body);
    return dependencies.find(({ id }) => id === asked)?.outputs.includes(stage);
};

const join = async (...given) => {
    const wish = Symbol("wish");
    if (changesPicture(given[1].body)) wishes.set(wish, Date.now());
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
        if (name && wishes.has(wish) && !answered.has(name)) wishes.set(name, wishes.get(wish));
        answered.delete(name);
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

const follow = (answers) => {
    let rest = "";
    const write = (part) => {
        const lines = (rest + part).split("\n");
        rest = lines.pop();
        for (const line of lines.filter((line) => line.includes('"process_completed"')))
            end(/"event_id": ?"(\w+)"/.exec(line)?.[1]);
    };
    return answers.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write }));
};

window.fetch = async (...given) => {
    const address = String(given[0].url ?? given[0]);
    if (address.includes("/queue/join")) return join(...given);
    const answer = await ask(...given);
    if (address.includes("/queue/data"))
        follow(answer.clone().body)
            .catch(() => {}) // Gradio itself is told, by its own copy
            .finally(() => {
                wishes.clear(); // nobody will answer them
                look();
            });
    return answer;
};
