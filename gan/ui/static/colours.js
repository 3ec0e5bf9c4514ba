// Colours to choose: one that is there, as a dab; any other, by the browser's own picker.
export const dab = (colour) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button" });
    button.dataset.colour = colour;
    button.style.background = `#${colour}`;
    button.setAttribute("aria-label", `Hint in #${colour}`);
    return button;
};
export const picker = (label, value, chosen) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "color", value });
    input.setAttribute("aria-label", label);
    input.addEventListener("change", () => chosen(input.value.slice(1)));
    return input;
};
