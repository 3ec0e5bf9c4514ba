// A slider and the number that says where it stands; either moves the other.
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// `moved` is told the number at each step, `settled` when it is let go of. Return set(number, label).
export function slider(root, { label, low, high, step, info = "" }, moved, settled = () => {}) {
    root.classList.add("slider");
    root.innerHTML = `<div class="head"><b></b><input type="number" min="${low}" max="${high}" step="any"></div>
        <input type="range" min="${low}" max="${high}" step="${step}">${info && `<p class="info">${escaped(info)}</p>`}`;
    const inputs = [...root.querySelectorAll("input")];
    const name = (text) => {
        root.querySelector("b").textContent = text;
        inputs.forEach((input, k) => input.setAttribute("aria-label", k ? text : `${text}, as a number`));
    };
    const fill = (value, but) =>
        inputs.forEach((input) => {
            if (input !== but) input.value = value;
        });
    let now = low;
    root.addEventListener("input", ({ target }) => {
        if (target.value === "" || !target.validity.valid) return;
        now = Number(target.value);
        fill(now, target);
        moved(now);
    });
    root.addEventListener("change", () => {
        fill(now); // what was typed and is no such number gives way
        settled(now);
    });
    name(label);
    return (value, text) => {
        now = value;
        fill(now, inputs[0].matches(":focus") ? inputs[0] : null);
        if (text) name(text);
    };
}
