// The controls of a tab, from a list of what they are:
// {kind: "seed" | "number" | "choice" | "toggle" | "seeds" | "buttons" | "drawer", name, label, hint, ...}.
// value: {spec, values}, controls anew; {values}, what they show. emit: "input" {name: value}; "press" name.
const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const hint = (control) => (control.hint ? `<p class="hint">${escape(control.hint)}</p>` : "");
let ids = 0;

const HTML = {
    seed: (control, id) => `<div class="control"><label for="${id}">${control.label}</label>
        <div class="seed-row"><input type="number" id="${id}" min="0" max="4294967295" step="1" data-name="${control.name}">
        <button type="button" class="main" data-press="another">Another</button></div>${hint(control)}</div>`,
    number: ({ name, label, low, high, step, ...control }, id) => `<div class="control"><div class="head"><label for="${id}">${label}</label>
        <input type="number" id="${id}" min="${low}" max="${high}" step="any" data-name="${name}"></div>
        <input type="range" min="${low}" max="${high}" step="${step}" data-name="${name}" aria-label="${label}">${hint(control)}</div>`,
    choice: (control, id) => `<fieldset class="control"><legend>${control.label}</legend><div class="segments">${control.options.map((option) =>
        `<label><input type="radio" name="${id}" value="${option}" data-name="${control.name}"><span>${option}</span></label>`).join("")}</div>${hint(control)}</fieldset>`,
    toggle: (control) => `<label class="control toggle"><input type="checkbox" data-name="${control.name}"><span>${control.label}</span></label>`,
    seeds: (control) => `<fieldset class="control seeds" data-seeds="${control.name}" data-most="${control.most}"><legend>${control.label}</legend><ol></ol>
        <button type="button" class="quiet" data-add>Add a seed</button></fieldset>`,
    buttons: (control) => `<div class="actions">${control.names.map((name) => `<button type="button" data-press="${name}">${name}</button>`).join("")}</div>`,
    drawer: (control) => `<details class="drawer"><summary>${control.label}</summary><div>${control.inside.map(draw).join("")}</div></details>`,
};
const draw = (control) => HTML[control.kind](control, `control-${++ids}`);

const listSeeds = (field, seeds) => {
    const list = field.querySelector("ol");
    const letter = (index) => String.fromCharCode(65 + index);
    if (list.children.length !== seeds.length) {
        list.innerHTML = seeds.map((_, index) => `<li><b>${letter(index)}</b><input type="number" min="0" max="4294967295" step="1" aria-label="Seed ${letter(index)}">
            <button type="button" class="quiet" data-remove="${index}" aria-label="Remove seed ${letter(index)}">×</button></li>`).join("");
    }
    list.querySelectorAll("input").forEach((input, index) => input !== document.activeElement && (input.value = seeds[index]));
    list.querySelectorAll("[data-remove]").forEach((button) => (button.hidden = seeds.length <= 2));
    field.querySelector("[data-add]").hidden = seeds.length >= Number(field.dataset.most);
};

export function mount(root, emit) {
    root.classList.add("controls");
    const seedsIn = (field) => [...field.querySelectorAll("ol input")].map((input) => (input.value === "" || !input.validity.valid ? null : Number(input.value)));
    const tellSeeds = (field, seeds) => seeds.every((seed) => seed !== null) && emit("input", { [field.dataset.seeds]: seeds });

    root.addEventListener("input", ({ target }) => {
        const field = target.closest("[data-seeds]");
        if (field) return tellSeeds(field, seedsIn(field));
        const { name } = target.dataset;
        if (target.type === "checkbox") emit("input", { [name]: target.checked });
        else if (target.type === "radio") emit("input", { [name]: target.value });
        else if (target.value !== "" && target.validity.valid) emit("input", { [name]: Number(target.value) });
    });
    root.addEventListener("click", ({ target }) => {
        const field = target.closest("[data-seeds]");
        if (target.dataset.press) emit("press", target.dataset.press);
        if (field && "add" in target.dataset) tellSeeds(field, [...seedsIn(field), Math.floor(Math.random() * 10_000)]);
        if (field && "remove" in target.dataset) tellSeeds(field, seedsIn(field).filter((_, index) => index !== Number(target.dataset.remove)));
    });

    let shown = {};
    const fill = () => {
        const values = shown;
        for (const input of root.querySelectorAll("[data-name]")) {
            const value = values[input.dataset.name] ?? 0;
            if (input.type === "checkbox") input.checked = value;
            else if (input.type === "radio") input.checked = input.value === value;
            else if (input !== document.activeElement || input.type === "range") input.value = value;
        }
        for (const field of root.querySelectorAll("[data-seeds]")) listSeeds(field, values[field.dataset.seeds]);
    };
    root.addEventListener("focusout", () => setTimeout(fill)); // what was typed and is no number gives way to what is shown

    return ({ spec, values }) => {
        shown = values;
        if (spec) root.innerHTML = spec.map(draw).join("");
        fill();
    };
}
