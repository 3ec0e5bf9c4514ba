// Every number of a latent, each on a small slider of its own.
export const mount = (root, emit) => {
    root.innerHTML = `<div class="numbers-list"></div>`;
    const list = root.firstChild;
    const ranges = () => [...list.querySelectorAll("input")];
    let offsets = {}; // as they are: a slider reaches less far, in steps
    list.addEventListener("input", ({ target }) => {
        const moved = Object.entries({ ...offsets, [target.name]: Number(target.value) }).filter(([, value]) => value);
        offsets = Object.fromEntries(moved.sort(([one], [other]) => one.slice(1) - other.slice(1)));
        target.nextElementSibling.textContent = target.value;
        emit("input", offsets);
    });
    list.addEventListener("change", () => emit("release", offsets));
    return (value) => {
        if (!value) return;
        offsets = { ...value.offsets };
        if (ranges().length !== value.count)
            list.innerHTML = Array.from(
                { length: value.count },
                (_, i) =>
                    `<label>z${i}<input type="range" name="z${i}" min="${-value.reach}" max="${value.reach}" step="0.05"><output></output></label>`,
            ).join("");
        for (const range of ranges()) {
            if (range === document.activeElement && range.matches(":active")) continue;
            range.value = offsets[range.name] ?? 0;
            range.nextElementSibling.textContent = offsets[range.name] ?? 0;
        }
    };
};
