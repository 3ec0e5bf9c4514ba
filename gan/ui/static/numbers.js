// Every number of a latent, each on a small slider of its own.
export const mount = (root, emit) => {
    root.innerHTML = `<div class="numbers-list"></div>`;
    const list = root.firstChild;
    const ranges = () => [...list.querySelectorAll("input")];
    const moved = () =>
        Object.fromEntries(
            ranges()
                .filter(({ value }) => Number(value))
                .map(({ name, value }) => [name, Number(value)]),
        );
    list.addEventListener("input", ({ target }) => {
        target.nextElementSibling.textContent = target.value;
        emit("input", moved());
    });
    list.addEventListener("change", () => emit("release", moved()));
    return (value) => {
        if (!value) return;
        if (ranges().length !== value.count)
            list.innerHTML = Array.from(
                { length: value.count },
                (_, i) =>
                    `<label>z${i}<input type="range" name="z${i}" min="${-value.reach}" max="${value.reach}" step="0.05"><output></output></label>`,
            ).join("");
        for (const range of ranges()) {
            if (range === document.activeElement && range.matches(":active")) continue;
            range.value = value.offsets[range.name] ?? 0;
            range.nextElementSibling.textContent = range.value;
        }
    };
};
