// One picture under the sliders of Explore, and what it was before them.
// props.value: {image (before and after, side by side), side, edited, recipe, link, colours}.
const root = element.querySelector(".explored");
root.innerHTML = `
    <div class="views">
        <figure class="after"><canvas role="img" tabindex="0" aria-label="The picture to come"></canvas><figcaption></figcaption></figure>
        <figure class="before"><canvas role="img" aria-label="The same picture before the sliders moved it"></canvas><figcaption>Before</figcaption></figure>
    </div>
    <p class="note"></p>
    <ul class="swatches" aria-label="Dominant colours"></ul>
    <div class="actions">
        <button type="button" data-save>Save PNG</button>
        <button type="button" data-save="large">Save large</button>
        <button type="button" data-link>Copy link</button>
        <button type="button" data-smooth aria-pressed="false">Smooth</button>
    </div>`;
const [after, before] = root.querySelectorAll("canvas");
const [caption] = root.querySelectorAll("figcaption");
let shown = null, picture = null, latest = 0, smooth = false;

const fit = () => {
    if (!shown || !root.clientWidth) return;
    const narrow = root.clientWidth < 520;
    const most = narrow ? Math.min(root.clientWidth * 0.72, window.innerHeight * 0.36) : Math.min(root.clientWidth - 160, window.innerHeight * 0.7);
    after.style.width = after.style.height = `${wholeSize(shown.side, Math.max(most, shown.side * 2))}px`;
    before.style.width = before.style.height = `${wholeSize(shown.side, narrow ? 96 : 128)}px`;
};
const fill = (canvas, index) => cut(canvas, picture, shown.side, 2, index);

const draw = async () => {
    const value = props.value;
    if (!value?.image) return;
    const turn = ++latest;
    const image = await decode(value.image);
    if (turn !== latest) return;
    [shown, picture] = [value, image];
    fill(before, 0);
    fill(after, 1);
    const { model, seed, truncation } = value.recipe;
    caption.textContent = `${model}, seed ${seed}${value.edited ? ", edited" : ""}`;
    after.setAttribute("aria-label", `Picture made by ${model} from seed ${seed}${value.edited ? ", moved by the sliders" : ""}`);
    before.setAttribute("aria-label", `The same picture before the sliders moved it: seed ${seed}, truncation ${truncation}`);
    root.querySelector(".note").textContent = value.edited
        ? "Press and hold the large picture, or the space bar on it, to see it as it was."
        : "Move a direction and watch what changes.";
    swatches(root.querySelector(".swatches"), value.colours);
    root.dataset.recipe = JSON.stringify(value.recipe);
    studio.send("shown", { tab: "explore", link: value.link });
    fit();
};

const hold = () => shown && fill(after, 0);
const letGo = () => shown && fill(after, 1);
after.addEventListener("pointerdown", hold);
after.addEventListener("pointerup", letGo);
after.addEventListener("pointerleave", letGo);
after.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    hold();
});
after.addEventListener("keyup", letGo);
after.addEventListener("blur", letGo);

root.querySelector(".actions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !shown) return;
    const { save, link } = button.dataset;
    if (save !== undefined) {
        trigger("download", { ...shown.recipe, large: save === "large", enlarge: smooth ? "smooth" : "crisp" });
    }
    if (link !== undefined) copy(linkTo("explore", shown.link), "the link to this picture");
    if (button.hasAttribute("data-smooth")) {
        smooth = !smooth;
        button.setAttribute("aria-pressed", smooth);
        for (const canvas of [after, before]) canvas.classList.toggle("smooth", smooth);
    }
});

new ResizeObserver(fit).observe(root);
watch("value", draw);
draw();
if (!props.value?.image) setTimeout(() => trigger("select")); // asks for the first one, once that can be heard
