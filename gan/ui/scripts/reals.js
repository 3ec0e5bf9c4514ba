// Real pictures, where the folder is a run on this machine. props.value: {image (null: there are none), model}.
const root = element.querySelector(".reals");
const draw = () => {
    const { image, model } = props.value;
    root.innerHTML = `<h2>Real pictures, for comparison</h2>` + (image
        ? `<img><p class="note">Some of those it was trained on. They stay on this machine.</p>`
        : `<p class="note">They are never part of a published model; to see them, open the run itself:
            <code>python app.py --checkpoint RUN</code></p>`);
    if (!image) return;
    const picture = root.querySelector("img");
    picture.src = image;
    picture.alt = `Some of the real pictures that ${model} was trained on`;
};
watch("value", draw);
draw();
