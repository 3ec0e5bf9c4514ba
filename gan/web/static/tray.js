// What was kept: recipes alone, in this browser's own storage; their pictures are drawn again.
// value: {recipes, model: the one that draws now}; {index, pixels, side}, one of their pictures.
// emit: "open" index, "drop" index.
import { paint } from "./pixels.js";

export function mount(root, emit) {
    root.innerHTML = `<h2 id="tray-title">Kept</h2><p></p><ul></ul>`;
    const list = root.querySelector("ul");
    list.addEventListener("click", ({ target }) => {
        const button = target.closest("button");
        if (button) emit(button.dataset.do, [...list.children].indexOf(button.closest("li")));
    });
    return ({ recipes, model, index, pixels, side }) => {
        if (pixels) return paint(list.children[index].querySelector("canvas"), pixels, side);
        root.querySelector("p").textContent = recipes.length
            ? "Only their recipes are stored, in this browser." : "Nothing yet. Keep a picture and it waits here, in this browser.";
        list.replaceChildren(...recipes.map((recipe) => {
            const item = document.createElement("li");
            item.innerHTML = `<button type="button" class="show" data-do="open"><canvas width="1" height="1"></canvas><span></span></button>
                <button type="button" class="drop-it" data-do="drop">×</button>`;
            const what = `seed ${recipe.seed}${Object.keys(recipe).some((name) => /^[dz]\d/.test(name)) ? ", edited" : ""}`;
            item.querySelector("span").textContent = recipe.model === model ? what : `${recipe.model}, ${what}`;
            const [show, drop] = item.querySelectorAll("button");
            show.setAttribute("aria-label", `Open ${recipe.model}, ${what}`);
            drop.setAttribute("aria-label", `Drop ${recipe.model}, ${what}`);
            return item;
        }));
    };
}
