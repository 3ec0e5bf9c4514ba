// Losses, D(x) and D(G(z)), and KID over epochs, as SVG in the page's own colours. Pointer, touch and arrow keys read
// values off, a click goes to that epoch; else the readout follows the frame that the player shows.
const CHARTS = {
    losses: {
        title: "Losses",
        curves: [
            ["loss_d", "Loss_D", "d"],
            ["loss_g", "Loss_G", "g"],
        ],
    },
    verdict: {
        title: "How real the pictures look to the discriminator",
        top: 1,
        curves: [
            ["d_real", "D(x)", "d"],
            ["d_fake_before", "D(G(z)) before", "g"],
            ["d_fake_after", "D(G(z)) after", "g2"],
        ],
    },
    kid: {
        title: "How far the drawn pictures are from the real ones, measured",
        sparse: true, // single epochs, joined by a line
        curves: [["kid", "KID × 1000", "g"]],
    },
};
const HEIGHT = 180,
    LEFT = 38,
    RIGHT = 12,
    TOP = 18,
    BOTTOM = 24; // pixels
const SNAP = 6; // pixels on either side of a mark

export const nearest = (epochs, epoch) =>
    epochs.reduce((best, other, i) => (Math.abs(other - epoch) < Math.abs(epochs[best] - epoch) ? i : best), 0);
// Round numbers from at most `low` to at least `high`.
const ticks = (low, high, wanted) => {
    const rough = (high - low || 1) / wanted,
        power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const first = Math.floor(low / step + 1e-6),
        last = Math.ceil(high / step - 1e-6);
    return Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toPrecision(12)));
};
const say = (number) => (number === null || number === undefined ? "–" : number.toFixed(Math.abs(number) < 10 ? 3 : 1));
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const add = (parent, tag, content, name = "") =>
    parent.appendChild(Object.assign(document.createElement(tag), { textContent: content, className: name }));

export const mount = (root, emit) => {
    let charts = [],
        hover = null,
        pinned = null;
    const pointAll = () => charts.forEach(({ point }) => point());
    const hoverAt = (index) => {
        hover = index;
        pointAll();
    };

    const build = (name, value) => {
        const { title, top, sparse, curves } = CHARTS[name];
        const figure = root.appendChild(document.createElement("figure"));
        figure.innerHTML = `<figcaption><h3>${title}</h3><span class="at"></span></figcaption><p class="reading"></p>
            <ul class="legend">${curves.map(([, label, colour]) => `<li class="${colour}"><i></i>${label} <b></b></li>`).join("")}</ul>
            <div class="plot" tabindex="0" role="slider"></div>`;
        const plot = figure.querySelector(".plot");
        figure.querySelector(".reading").textContent = value.reading[name] ?? "";
        const epochs = value.epoch,
            first = epochs[0],
            last = Math.max(epochs.at(-1), first + 1);
        const all = curves.flatMap(([key]) => value[key]).filter((y) => y !== null);
        const rules = ticks(top ? 0 : Math.min(0, ...all), top ?? Math.max(0.1, ...all), 4);
        const low = rules[0],
            high = rules.at(-1);
        const known = ([key, label]) => {
            const values = value[key].filter((y) => y !== null);
            return `${label} from ${say(values[0])} to ${say(values.at(-1))}`;
        };
        plot.setAttribute(
            "aria-label",
            `${title}: ${curves.map(known).join("; ")}. Arrow keys read the values, Enter goes there.`,
        );
        plot.setAttribute("aria-valuemin", first);
        plot.setAttribute("aria-valuemax", epochs.at(-1));
        const x = (epoch) => LEFT + ((epoch - first) / (last - first)) * (plot.clientWidth - LEFT - RIGHT);
        const y = (height) => TOP + (1 - (height - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
        const current = () => hover ?? (pinned === null ? epochs.length - 1 : nearest(epochs, pinned));

        const point = () => {
            const index = current();
            const event = value.marks.find(({ epoch }) => epoch === epochs[index]);
            const at = `epoch ${epochs[index]}`;
            figure.querySelector(".at").textContent = at; // what happened then stands in the list below
            figure.querySelectorAll(".legend b").forEach((b, i) => (b.textContent = say(value[curves[i][0]][index])));
            plot.setAttribute("aria-valuenow", epochs[index]);
            plot.setAttribute(
                "aria-valuetext",
                [at, event?.text, ...curves.map(([key, label]) => `${label} ${say(value[key][index])}`)]
                    .filter(Boolean)
                    .join(", "),
            );
            plot.querySelector(".cursor")?.setAttribute("transform", `translate(${x(epochs[index])} 0)`);
            plot.querySelectorAll(".dot").forEach((dot, i) => {
                const height = value[curves[i][0]][index];
                dot.style.display = height === null ? "none" : "";
                if (height !== null) dot.setAttribute("cy", y(height));
            });
        };
        const path = (key) => {
            let pen = "M";
            return epochs
                .map((epoch, i) => {
                    if (value[key][i] === null) {
                        if (!sparse) pen = "M";
                        return "";
                    }
                    const piece = `${pen}${x(epoch).toFixed(1)} ${y(value[key][i]).toFixed(1)}`;
                    pen = "L";
                    return piece;
                })
                .join("");
        };
        const spots = (key, colour) =>
            epochs
                .map((epoch, i) =>
                    value[key][i] === null
                        ? ""
                        : `<circle class="spot ${colour}" r="3" cx="${x(epoch)}" cy="${y(value[key][i])}"/>`,
                )
                .join("");
        const marks = (width) => {
            let taken = -100;
            return value.marks
                .map(({ epoch, text }) => {
                    const at = x(epoch),
                        room = at - taken > 70 && width - at > 60;
                    if (room) taken = at;
                    const label = room
                        ? `<text x="${at + 4}" y="${TOP - 6}">${escaped(text.split(/:| from /)[0].slice(0, 14))}</text>`
                        : "";
                    return `<g class="mark"><line x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>${label}</g>`;
                })
                .join("");
        };
        const render = () => {
            const width = plot.clientWidth;
            if (!width) return;
            const rule = (at) => `<g class="rule"><line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(at)}" y2="${y(at)}"/>
                <text x="${LEFT - 8}" y="${y(at) + 4}" text-anchor="end">${at}</text></g>`;
            const whole = (n) => Number.isInteger(n) && n >= first && n <= last;
            const across = ticks(first, epochs.at(-1), Math.max(2, Math.floor(width / 64))).filter(whole);
            plot.innerHTML = `<svg width="${width}" height="${HEIGHT}" aria-hidden="true">${rules.map(rule).join("")}
                ${across.map((epoch) => `<text class="tick" x="${x(epoch)}" y="${HEIGHT - 6}" text-anchor="middle">${epoch}</text>`).join("")}
                ${marks(width)}${curves.map(([key, , colour]) => `<path class="${colour}" d="${path(key)}"/>`).join("")}
                ${sparse ? curves.map(([key, , colour]) => spots(key, colour)).join("") : ""}
                <g class="cursor"><line y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
                    ${curves.map(([, , colour]) => `<circle class="dot ${colour}" r="3.5"/>`).join("")}</g></svg>`;
            point();
        };
        const under = ({ clientX }) => {
            const across = clientX - plot.getBoundingClientRect().left;
            const mark = value.marks.find(({ epoch }) => Math.abs(x(epoch) - across) <= SNAP);
            const epoch = first + ((across - LEFT) / (plot.clientWidth - LEFT - RIGHT)) * (last - first);
            return nearest(epochs, mark ? mark.epoch : epoch);
        };
        plot.addEventListener("pointermove", (event) => hoverAt(under(event)));
        plot.addEventListener("click", (event) => emit("select", { epoch: epochs[under(event)] }));
        for (const end of ["pointerleave", "blur"]) plot.addEventListener(end, () => hoverAt(null));
        plot.addEventListener("keydown", (event) => {
            if (event.key === "Enter") return emit("select", { epoch: epochs[current()] });
            const steps = {
                ArrowLeft: -1,
                ArrowDown: -1,
                ArrowRight: 1,
                ArrowUp: 1,
                PageDown: -10,
                PageUp: 10,
                Home: -Infinity,
                End: Infinity,
            };
            if (!steps[event.key]) return;
            event.preventDefault();
            hoverAt(Math.min(Math.max(current() + steps[event.key], 0), epochs.length - 1));
        });
        charts.push({ render, point });
    };

    // What happened when, in words; a click goes there.
    const events = ({ epoch: epochs, marks }) => {
        if (!marks.length) return;
        const list = add(root, "ul", "", "events");
        list.setAttribute("aria-label", "Events");
        for (const { epoch, text } of marks) {
            const button = add(add(list, "li", ""), "button", `Epoch ${epoch}: ${text}`);
            button.type = "button";
            button.addEventListener("click", () => emit("select", { epoch }));
            for (const kind of ["pointerenter", "focus"])
                button.addEventListener(kind, () => hoverAt(nearest(epochs, epoch)));
            for (const kind of ["pointerleave", "blur"]) button.addEventListener(kind, () => hoverAt(null));
        }
    };
    new ResizeObserver(() => charts.forEach(({ render }) => render())).observe(root);
    document.addEventListener("epoch", ({ detail }) => {
        pinned = detail;
        pointAll();
    });

    return (value) => {
        [charts, hover] = [[], null];
        root.replaceChildren();
        if (!value) return;
        add(root, "p", value.standing ?? "", "standing");
        if (!value.epoch?.length)
            return void add(root, "p", "No curves: this model came without its history.jsonl.", "empty");
        for (const name of Object.keys(CHARTS))
            if (CHARTS[name].curves.some(([key]) => value[key].some((y) => y !== null))) build(name, value);
        events(value);
        charts.forEach(({ render }) => render());
    };
};
