// Real pictures, where the folder is a run on this machine. props.value: {image (null: there are none), model}.
const root = element.querySelector(".reals");
const draw = () => {
    const { image, model } = props.value;
    root.innerHTML = image
        ? `<h3>Real pictures, for comparison</h3><img><p class="note">64 of those it was trained on. They stay on this machine.</p>`
        : `<h3>Real pictures, for comparison</h3><p class="empty">They are never part of a published model. Open the run
            itself to see them: <code>python app.py --checkpoint runs/NAME</code></p>`;
    if (!image) return;
    const picture = root.querySelector("img");
    picture.src = image;
    picture.alt = `64 of the real pictures that ${model} was trained on`;
};
watch("value", draw);
draw();
