// Loss_D and Loss_G, D(x) and D(G(z)) over epochs, as SVG in the page's own colours. Pointer, touch and arrow keys
// read the values off; without them the readout follows the epoch of the sample grid. Events are marked in the plots and
// listed below them; the pointer snaps to a mark, and an item of the list points at its own.
// props.value: {epoch: [...], loss_d: [...], ..., standing (of a run: how far it is), marks: [{epoch, text}],
// reading: [sentences]}, null where a value is missing.
const root = element.querySelector(".curves");
const CHARTS = [
    {
        title: "Losses",
        curves: [["loss_d", "Loss_D", "d"], ["loss_g", "Loss_G", "g"]],
    },
    {
        title: "How real the pictures look to the discriminator",
        top: 1,
        curves: [["d_real", "D(x)", "d"], ["d_fake_before", "D(G(z)) before", "g"], ["d_fake_after", "D(G(z)) after", "g2"]],
    },
    {
        title: "How far the drawn pictures are from the real ones, measured",
        sparse: true, // single epochs, joined by a line
        curves: [["kid", "KID × 1000", "g"]],
    },
];
const HEIGHT = 190;
const SNAP = 6; // pixels on either side of a mark
const LEFT = 38, RIGHT = 12, TOP = 18, BOTTOM = 24;
let hover = null; // index of the epoch under the pointer
let pinned = null; // the epoch of the sample grid
let redraw = [];
const pointAll = () => redraw.forEach(({ point }) => point());
const hoverAt = (index) => {
    hover = index;
    pointAll();
};
const nearest = (epochs, epoch) => epochs.reduce((best, other, i) =>
    Math.abs(other - epoch) < Math.abs(epochs[best] - epoch) ? i : best, 0);

// Round numbers from at most `low` to at least `high`.
const ticks = (low, high, wanted) => {
    const rough = (high - low || 1) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const found = [];
    for (let n = Math.floor(low / step + 1e-6); n <= Math.ceil(high / step - 1e-6); n++) found.push(Number((n * step).toPrecision(12)));
    return found;
};
const say = (number) => (number === null || number === undefined ? "–" : number.toFixed(Math.abs(number) < 10 ? 3 : 1));
const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const build = (chart, value) => {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption><h2>${chart.title}</h2><span class="at"></span></figcaption>
        <ul class="legend">${chart.curves.map(([, label, colour]) =>
            `<li class="${colour}"><i></i>${label} <b></b></li>`).join("")}</ul>
        <div class="plot" tabindex="0" role="slider"></div>`;
    const plot = figure.querySelector(".plot");
    const epochs = value.epoch;
    const first = epochs[0], last = Math.max(epochs.at(-1), first + 1);
    const all = chart.curves.flatMap(([key]) => value[key]).filter((y) => y !== null);
    const rules = ticks(
        chart.top ? 0 : all.reduce((least, y) => Math.min(least, y), 0),
        chart.top ?? all.reduce((most, y) => Math.max(most, y), 0.1),
        4,
    );
    const low = rules[0], high = rules.at(-1);
    const lines = chart.curves.map(([key, label]) => {
        const known = value[key].filter((y) => y !== null);
        return `${label} from ${say(known[0])} to ${say(known.at(-1))}`;
    });
    plot.setAttribute("aria-label", `${chart.title}: ${lines.join("; ")}. Arrow keys read the values.`);
    plot.setAttribute("aria-valuemin", first);
    plot.setAttribute("aria-valuemax", epochs.at(-1));
    let x = () => 0;

    const current = () => hover ?? (pinned === null ? epochs.length - 1 : nearest(epochs, pinned));
    const point = () => {
        const index = current();
        const event = value.marks.find(({ epoch }) => epoch === epochs[index]);
        const at = `epoch ${epochs[index]}${event ? `, ${event.text}` : ""}`;
        figure.querySelector(".at").textContent = at;
        figure.querySelectorAll(".legend b").forEach((b, i) => (b.textContent = say(value[chart.curves[i][0]][index])));
        plot.setAttribute("aria-valuenow", epochs[index]);
        plot.setAttribute("aria-valuetext", [at, ...chart.curves.map(([key, label]) => `${label} ${say(value[key][index])}`)].join(", "));
        const cursor = plot.querySelector(".cursor");
        if (!cursor) return;
        cursor.setAttribute("transform", `translate(${x(epochs[index])} 0)`);
        plot.querySelectorAll(".dot").forEach((dot, i) => {
            const y = value[chart.curves[i][0]][index];
            dot.style.display = y === null ? "none" : "";
            if (y !== null) dot.setAttribute("cy", scaleY(y));
        });
    };
    const scaleY = (y) => TOP + (1 - (y - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const render = () => {
        const width = plot.clientWidth;
        if (!width) return;
        x = (epoch) => LEFT + ((epoch - first) / (last - first)) * (width - LEFT - RIGHT);
        const path = (key) => {
            let pen = "M";
            return epochs.map((epoch, i) => {
                if (value[key][i] === null) {
                    if (!chart.sparse) pen = "M";
                    return "";
                }
                const piece = `${pen}${x(epoch).toFixed(1)} ${scaleY(value[key][i]).toFixed(1)}`;
                pen = "L";
                return piece;
            }).join("");
        };
        let taken = -100;
        const marks = value.marks.map(({ epoch, text }) => {
            const at = x(epoch);
            const label = text.split(/:| from /)[0].slice(0, 14);
            const room = at - taken > 70 && width - at > 60;
            if (room) taken = at;
            return `<g class="mark">
                <line x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
                ${room ? `<text x="${at + 4}" y="${TOP - 6}">${escape(label)}</text>` : ""}</g>`;
        });
        plot.innerHTML = `<svg width="${width}" height="${HEIGHT}" aria-hidden="true">
            ${rules.map((y) => `<g class="rule"><line x1="${LEFT}" x2="${width - RIGHT}" y1="${scaleY(y)}" y2="${scaleY(y)}"/>
                <text x="${LEFT - 8}" y="${scaleY(y) + 4}" text-anchor="end">${y}</text></g>`).join("")}
            ${ticks(first, epochs.at(-1), Math.max(2, Math.floor(width / 64))).filter((n) => Number.isInteger(n) && n >= first && n <= last).map((epoch) =>
                `<text class="tick" x="${x(epoch)}" y="${HEIGHT - 6}" text-anchor="middle">${epoch}</text>`).join("")}
            ${marks.join("")}
            ${chart.curves.map(([key, , colour]) => `<path class="${colour}" d="${path(key)}"/>`).join("")}
            ${chart.sparse ? chart.curves.map(([key, , colour]) => epochs.map((epoch, i) => value[key][i] === null ? "" :
                `<circle class="spot ${colour}" r="3" cx="${x(epoch)}" cy="${scaleY(value[key][i])}"/>`).join("")).join("") : ""}
            <g class="cursor"><line y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
                ${chart.curves.map(([, , colour]) => `<circle class="dot ${colour}" r="3.5"/>`).join("")}</g>
        </svg>`;
        point();
    };
    plot.addEventListener("pointermove", (event) => {
        const across = event.clientX - plot.getBoundingClientRect().left;
        const mark = value.marks.find(({ epoch }) => Math.abs(x(epoch) - across) <= SNAP);
        const epoch = first + ((across - LEFT) / (plot.clientWidth - LEFT - RIGHT)) * (last - first);
        hoverAt(nearest(epochs, mark ? mark.epoch : epoch));
    });
    plot.addEventListener("pointerleave", () => hoverAt(null));
    plot.addEventListener("blur", () => hoverAt(null));
    plot.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        hoverAt(Math.min(Math.max(current() + step, 0), epochs.length - 1));
    });
    redraw.push({ render, point });
    return figure;
};

// What happened when, in words; to point at one is to point at its epoch in the plots.
const events = ({ epoch: epochs, marks }) => {
    const list = document.createElement("ul");
    list.className = "events";
    list.hidden = !marks.length;
    list.setAttribute("aria-label", "Events");
    list.append(...marks.map(({ epoch, text }) => {
        const item = document.createElement("li"), button = document.createElement("button");
        button.type = "button";
        button.textContent = `Epoch ${epoch}: ${text}`;
        for (const kind of ["pointerenter", "focus"]) button.addEventListener(kind, () => hoverAt(nearest(epochs, epoch)));
        for (const kind of ["pointerleave", "blur"]) button.addEventListener(kind, () => hoverAt(null));
        item.append(button);
        return item;
    }));
    return list;
};
const reading = (sentences) => {
    const text = document.createElement("div");
    text.className = "reading";
    text.append(...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })));
    return text;
};

const draw = () => {
    const value = props.value;
    redraw = [];
    hover = null;
    if (!value || !value.epoch.length) {
        root.innerHTML = `<p class="empty"></p>`;
        root.firstChild.textContent = value?.standing || "No curves: this model came without its history.jsonl.";
        return;
    }
    const charts = CHARTS.filter(({ curves }) => curves.some(([key]) => value[key].some((y) => y !== null)));
    const standing = Object.assign(document.createElement("p"), { className: "standing", textContent: value.standing });
    root.replaceChildren(standing, ...charts.map((chart) => build(chart, value)), events(value), reading(value.reading));
    redraw.forEach(({ render }) => render());
};

new ResizeObserver(() => redraw.forEach(({ render }) => render())).observe(root);
document.addEventListener("gan:epoch", ({ detail }) => {
    pinned = detail;
    pointAll();
});
watch("value", draw);
draw();
