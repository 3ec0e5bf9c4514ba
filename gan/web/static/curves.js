// Losses and the discriminator's verdicts over epochs, with the epoch of the sample grid marked; a drag chooses another.
// value: {lines: of history.jsonl, pairs: whether the loss compares real with drawn}, another training; {epoch}.
// emit: "epoch" number, the nearest one is meant; "step" how many grids on.
const CHARTS = [
    { title: "Losses", curves: [["loss_d", "Loss_D", "d"], ["loss_g", "Loss_G", "g"]] },
    {
        title: "How real the pictures look to the discriminator", top: 1,
        curves: [["d_real", "D(x)", "d"], ["d_fake_before", "D(G(z)) before", "g"], ["d_fake_after", "D(G(z)) after", "h"]],
    },
];
const COMPETE = "Two networks compete: the generator draws, the discriminator tells drawn from real, and the losses say how badly each is doing. While both wobble and neither runs away, each still learns from the other.";
const ABSOLUTE = "D(x) is how real the real pictures look to the discriminator, D(G(z)) how real the drawn ones do. Close together: it can hardly tell them apart.";
const PAIRED = "This discriminator learned by comparing real with drawn, so only the distance between D(x) and D(G(z)) says something. Close together: it can hardly tell them apart.";
const HEIGHT = 190, LEFT = 40, RIGHT = 12, TOP = 10, BOTTOM = 24, MOST = 600; // points of a curve

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
// Round numbers from at most `low` to at least `high`.
const ticks = (low, high, wanted) => {
    const rough = (high - low || 1) / wanted, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const found = [];
    for (let n = Math.floor(low / step + 1e-6); n <= Math.ceil(high / step - 1e-6); n++) found.push(Number((n * step).toPrecision(12)));
    return found;
};
const say = (value) => (isNumber(value) ? value.toFixed(Math.abs(value) < 10 ? 3 : 1) : "–");

export function mount(root, emit) {
    let lines = [], charts = [], epoch = null;
    const at = () => lines.reduce((best, line) => Math.abs(line.epoch - epoch) < Math.abs(best.epoch - epoch) ? line : best, lines[0]);

    const build = ({ title, top, curves }) => {
        const figure = document.createElement("figure");
        figure.innerHTML = `<figcaption><h2>${title}</h2><span class="at"></span></figcaption>
            <ul class="legend">${curves.map(([, label, kind]) => `<li class="${kind}"><i></i>${label} <b></b></li>`).join("")}</ul>
            <div class="plot" tabindex="0" role="slider"></div>`;
        const plot = figure.querySelector(".plot");
        const first = lines[0].epoch, last = Math.max(lines.at(-1).epoch, first + 1);
        const all = lines.flatMap((line) => curves.map(([key]) => line[key])).filter(isNumber);
        const rules = ticks(top ? 0 : all.reduce((a, b) => Math.min(a, b), 0), top ?? all.reduce((a, b) => Math.max(a, b), 0.1), 4);
        const y = (value) => TOP + (1 - (value - rules[0]) / (rules.at(-1) - rules[0])) * (HEIGHT - TOP - BOTTOM);
        let x = () => 0;
        plot.setAttribute("aria-label", `${title}; arrow keys walk through the epochs`);
        plot.setAttribute("aria-valuemin", first);
        plot.setAttribute("aria-valuemax", lines.at(-1).epoch);
        const point = () => {
            const line = at();
            figure.querySelector(".at").textContent = `epoch ${line.epoch}`;
            figure.querySelectorAll("b").forEach((b, i) => (b.textContent = say(line[curves[i][0]])));
            plot.setAttribute("aria-valuenow", line.epoch);
            plot.setAttribute("aria-valuetext", `epoch ${line.epoch}: ${curves.map(([key, label]) => `${label} ${say(line[key])}`).join(", ")}`);
            plot.querySelector(".cursor")?.setAttribute("transform", `translate(${x(line.epoch)} 0)`);
        };
        const render = () => {
            const width = plot.clientWidth, every = Math.ceil(lines.length / MOST);
            if (!width) return;
            x = (value) => LEFT + ((value - first) / (last - first)) * (width - LEFT - RIGHT);
            const path = (key) => lines.filter((line, i) => i % every === 0 && isNumber(line[key]))
                .map((line, i) => `${i ? "L" : "M"}${x(line.epoch).toFixed(1)} ${y(line[key]).toFixed(1)}`).join("");
            plot.innerHTML = `<svg width="${width}" height="${HEIGHT}" aria-hidden="true">
                ${rules.map((rule) => `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(rule)}" y2="${y(rule)}"/><text x="${LEFT - 8}" y="${y(rule) + 4}" text-anchor="end">${rule}</text>`).join("")}
                ${ticks(first, last, Math.max(2, Math.floor(width / 80))).filter((n) => Number.isInteger(n) && n >= first && n <= last).map((n) => `<text x="${x(n)}" y="${HEIGHT - 6}" text-anchor="middle">${n}</text>`).join("")}
                ${curves.map(([key, , kind]) => `<path class="${kind}" d="${path(key)}"/>`).join("")}
                <line class="cursor" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/></svg>`;
            point();
        };
        const choose = (event) => {
            const across = (event.clientX - plot.getBoundingClientRect().left - LEFT) / (plot.clientWidth - LEFT - RIGHT);
            emit("epoch", first + Math.min(Math.max(across, 0), 1) * (last - first));
        };
        plot.addEventListener("pointerdown", choose);
        plot.addEventListener("pointermove", (event) => event.buttons && choose(event));
        plot.addEventListener("keydown", (event) => {
            const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity };
            if (!steps[event.key]) return;
            event.preventDefault();
            emit("step", steps[event.key]);
        });
        return { figure, point, render };
    };
    new ResizeObserver(() => charts.forEach(({ render }) => render())).observe(root);

    return (value) => {
        if (value.lines) {
            lines = value.lines.filter((line) => isNumber(line.epoch)).sort((a, b) => a.epoch - b.epoch);
            charts = lines.length ? CHARTS.filter(({ curves }) => curves.some(([key]) => lines.some((line) => isNumber(line[key])))).map(build) : [];
            root.innerHTML = charts.length ? `<div class="curves"></div><p class="reading">${COMPETE} ${value.pairs ? PAIRED : ABSOLUTE}</p>`
                : `<p class="empty">No curves: this model came without its history.</p>`;
            root.querySelector(".curves")?.append(...charts.map(({ figure }) => figure));
            charts.forEach(({ render }) => render());
        }
        if (value.epoch === undefined) return;
        epoch = value.epoch;
        charts.forEach(({ point }) => point());
    };
}
