// The controls of a tab, from spec (see controls.py). What they say is props.value, {name: value}; every change
// of it is an `input` event. A value that comes from the server is taken over and told of in the same way.
const root = element.querySelector(".controls");
const said = { ...props.value };
const setters = {}; // name -> shows a value without telling of it
const ranges = {}; // name -> [low, high, step]
const id = (name) => `${elementId}-${name}`;

const tell = () => {
    props.value = { ...said };
    trigger("input");
};
const say = (name, value) => {
    said[name] = value;
    tell();
};
// Whether a field holds a seed; where it does not, say what a seed is.
const isSeed = (field, label) => {
    if (field.value === "") return false;
    const fine = field.checkValidity();
    field.setAttribute("aria-invalid", !fine);
    if (!fine) studio.send("say", `${label} must be a whole number from 0 to ${Number(field.max).toLocaleString("en")}.`);
    return fine;
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const dice = (reach, old) => {
    const seed = Math.floor(Math.random() * reach);
    return seed < old ? seed : seed + 1;
};
// A standard normal number (Box and Muller), for "random".
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

const make = (html) => {
    const holder = document.createElement("div");
    holder.innerHTML = html.trim();
    return holder.firstElementChild;
};
const hint = (control) => (control.hint ? `<p class="hint" id="${id(control.name)}-hint">${control.hint}</p>` : "");
const described = (control) => (control.hint ? `aria-describedby="${id(control.name)}-hint"` : "");

const KINDS = {
    seed(control) {
        const { name, label, reach, most } = control;
        const part = make(`<div class="control seed">
            <label for="${id(name)}">${label}</label>
            <div class="seed-row">
                <input type="number" id="${id(name)}" name="${name}" min="0" max="${most}" step="1" ${described(control)}>
                <button type="button" class="roll">Roll</button>
            </div>
            <input type="range" aria-label="${label}, by slider" min="0" max="${reach}" step="1">
            ${hint(control)}</div>`);
        const [field, slider] = part.querySelectorAll("input");
        const follow = (seed) => {
            let end = reach; // a seed beyond the slider's end lengthens it by a decimal place
            while (end < seed && end < most) end = Math.min(end * 10 + 9, most);
            slider.max = end;
            slider.value = seed;
        };
        const set = (setters[name] = (seed) => {
            field.value = seed;
            follow(seed);
        });
        field.addEventListener("input", () => {
            if (!isSeed(field, label)) return;
            follow(Number(field.value));
            say(name, Number(field.value));
        });
        field.addEventListener("blur", () => set(said[name]));
        slider.addEventListener("input", () => {
            field.value = slider.value;
            say(name, Number(slider.value));
        });
        part.querySelector(".roll").addEventListener("click", () => {
            set(dice(reach, said[name]));
            say(name, Number(field.value));
        });
        return part;
    },

    number(control) {
        const { name, label, low, high, step } = control;
        ranges[name] = [low, high, step];
        const bounds = `min="${low}" max="${high}" step="${step}"`;
        const part = make(`<div class="control number">
            <div class="head"><label for="${id(name)}">${label}</label>
                <input type="number" aria-label="${label}, as a number" ${bounds}></div>
            <input type="range" id="${id(name)}" name="${name}" ${bounds} ${described(control)}>
            ${hint(control)}</div>`);
        const [field, slider] = part.querySelectorAll("input");
        setters[name] = (value) => {
            field.value = Number(Number(value).toFixed(2));
            slider.value = value;
        };
        slider.addEventListener("input", () => {
            field.value = slider.value;
            say(name, Number(slider.value));
        });
        field.addEventListener("input", () => {
            if (field.value === "") return;
            const value = Number.isInteger(step) ? Math.round(field.value) : Number(field.value);
            slider.value = value;
            say(name, clamp(value, low, high));
        });
        field.addEventListener("blur", () => setters[name](said[name]));
        return part;
    },

    choice(control) {
        const { name, label, options } = control;
        const segment = `<label><input type="radio" name="${id(name)}"><span></span></label>`;
        const part = make(`<fieldset class="control choice"><legend>${label}</legend>
            <div class="segments">${segment.repeat(options.length)}</div>
            ${hint(control)}</fieldset>`);
        part.querySelectorAll("label").forEach((segment, index) => {
            segment.firstChild.value = segment.lastChild.textContent = options[index]; // names of folders may hold any sign
        });
        setters[name] = (value) => part.querySelectorAll("input").forEach((input) => (input.checked = input.value === value));
        part.addEventListener("change", (event) => say(name, event.target.value));
        return part;
    },

    toggle({ name, label }) {
        const part = make(`<label class="control toggle"><input type="checkbox" name="${name}"><span>${label}</span></label>`);
        const box = part.querySelector("input");
        setters[name] = (value) => (box.checked = Boolean(value));
        box.addEventListener("change", () => say(name, box.checked));
        return part;
    },

    seeds({ name, label, reach, top, most }) {
        const part = make(`<fieldset class="control seeds"><legend>${label}</legend><ol></ol>
            <button type="button" class="quiet add">Add a seed</button></fieldset>`);
        const list = part.querySelector("ol"), add = part.querySelector(".add");
        const replace = (index, seed) => say(name, said[name].map((other, i) => (i === index ? seed : other)));
        const draw = (setters[name] = (seeds) => {
            list.replaceChildren(...seeds.map((seed, index) => {
                const letter = String.fromCharCode(65 + index);
                const item = make(`<li><span class="letter" aria-hidden="true">${letter}</span>
                    <input type="number" aria-label="Seed ${letter}" min="0" max="${top}" step="1" value="${seed}">
                    <button type="button" class="roll" aria-label="Roll seed ${letter}">Roll</button>
                    <button type="button" class="quiet remove" aria-label="Remove seed ${letter}">×</button></li>`);
                const field = item.querySelector("input");
                field.addEventListener("input", () => isSeed(field, `Seed ${letter}`) && replace(index, Number(field.value)));
                field.addEventListener("blur", () => (field.value = said[name][index]));
                item.querySelector(".roll").addEventListener("click", () => {
                    field.value = dice(reach, said[name][index]);
                    replace(index, Number(field.value));
                });
                const remove = item.querySelector(".remove");
                remove.hidden = seeds.length <= 2;
                remove.addEventListener("click", () => {
                    say(name, said[name].filter((_, i) => i !== index));
                    draw(said[name]);
                    add.focus();
                });
                return item;
            }));
            add.hidden = seeds.length >= most;
        });
        add.addEventListener("click", () => {
            say(name, [...said[name], dice(reach, -1)]);
            draw(said[name]);
            list.lastElementChild.querySelector("input").focus();
        });
        return part;
    },

    track({ name, label, choices }) {
        const part = make(`<div class="control track">
            <button type="button" class="quiet play" aria-label="Play">Play</button>
            <label for="${id(name)}">${label}</label>
            <input type="range" id="${id(name)}" name="${name}" min="0" step="1"></div>`);
        const [play, , slider] = part.children;
        let playing = false;
        const list = () => said[choices] ?? [];
        const set = (setters[name] = (value) => {
            part.hidden = list().length < 2;
            slider.max = Math.max(list().length - 1, 1);
            slider.value = list().findLastIndex((other) => other <= value);
            slider.setAttribute("aria-valuetext", `${label} ${value}`);
        });
        const move = (index) => {
            set(list()[index]);
            say(name, list()[index]);
        };
        const run = (on) => {
            playing = on;
            play.textContent = on ? "Pause" : "Play";
            play.setAttribute("aria-label", play.textContent);
        };
        slider.addEventListener("input", () => {
            run(false);
            move(Number(slider.value));
        });
        play.addEventListener("click", () => {
            run(!playing);
            const at = Number(slider.value);
            if (playing) move(at === list().length - 1 ? 0 : at + 1);
        });
        let next;
        studio.receive(`${elementId}-drawn`, () => {
            clearTimeout(next); // one step at a time, whatever was drawn in between
            next = setTimeout(() => {
                if (!playing || !part.clientWidth) return run(false); // paused, or another tab is open
                const at = Number(slider.value);
                if (at === list().length - 1) run(false);
                else move(at + 1);
            }, 200);
        });
        return part;
    },

    buttons({ actions }) {
        const part = make(`<div class="control buttons">${actions.map(({ label }) =>
            `<button type="button" class="quiet">${label}</button>`).join("")}</div>`);
        part.querySelectorAll("button").forEach((button, index) => button.addEventListener("click", () => {
            const { set, names } = actions[index];
            for (const name of names) {
                const [low, high, step] = ranges[name];
                const value = set === "random" ? clamp(normal() * 2, low, high) : first[name];
                said[name] = Number((Math.round(value / step) * step).toFixed(4));
                setters[name](said[name]);
            }
            tell();
        }));
        return part;
    },

    drawer({ label, inside }) {
        const part = make(`<details class="control drawer"><summary>${label}</summary><div class="inside"></div></details>`);
        part.querySelector(".inside").append(...inside.map(build));
        return part;
    },
};
const build = (control) => KINDS[control.kind](control);
const start = (controls) => controls.reduce((found, control) => ({
    ...found, ...(control.inside ? start(control.inside) : {}), ...(control.choices ? { [control.choices]: control.values } : {}),
    ...(control.name ? { [control.name]: control.value } : {}),
}), {});
const first = start(spec);

const show = () => Object.entries(setters).forEach(([name, set]) => set(said[name]));
root.append(...spec.map(build));
show();
// A link set them before this tab was first opened.
if (JSON.stringify(said) !== JSON.stringify(first)) setTimeout(() => trigger("input"));
watch("value", () => {
    if (!props.value) return;
    Object.assign(said, props.value);
    show();
    trigger("input");
});
// Other components set some of the values by message, say {seed: 7}.
studio.receive(elementId, (values) => {
    Object.assign(said, typeof values === "function" ? values(said) : values);
    show();
    tell();
});
