// Real pictures, where the folder is a run on this machine and whoever looks is there, too. They are asked for once the
// sample grid shows another model. props.value: {image (null: none to be seen), model, hidden (there are some)} or {}.
const NONE = "They are never part of a published model; to see them, open the run itself:", OPEN = "app.py --checkpoint RUN";
const HIDDEN = "They are shown on the machine that has them, and elsewhere only where it says so:", SHOW = "app.py --show-reals";
const root = element.querySelector(".reals");
let asked;
const draw = () => {
    const { image, model, hidden } = props.value ?? {};
    if (!model) return;
    const [reason, command] = hidden ? [HIDDEN, SHOW] : [NONE, OPEN];
    root.innerHTML = `<h2>Real pictures, for comparison</h2>` + (image
        ? `<img><p class="note">Some of those it was trained on. They stay on this machine.</p>`
        : `<p class="note">${reason}
            <code>python ${command}</code></p>`);
    if (!image) return;
    const picture = root.querySelector("img");
    picture.src = image;
    picture.alt = `Some of the real pictures that ${model} was trained on`;
};
studio.receive("reals", (model) => {
    if (model === asked) return;
    asked = model;
    trigger("select");
});
watch("value", draw);
draw();
