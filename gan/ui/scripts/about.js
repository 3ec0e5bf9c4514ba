// The chosen model: its card, and beside it what is known of its weights, how to cite and how to call it.
// props.value: {card (HTML that the server made safe), facts, cite, local, remote, link}; all but the card is text.
const root = element.querySelector(".about");
root.innerHTML = `
    <article class="card"></article>
    <div class="beside">
        <section><h2>These weights</h2><dl class="facts"></dl></section>
        <section><h2>Cite</h2><pre class="cite"><code class="language-bibtex"></code></pre></section>
        <section>
            <h2>Call it from Python</h2>
            <p>In a checkout of this repository:</p>
            <pre class="local"><code class="language-python"></code></pre>
            <p>From anywhere that reaches this page:</p>
            <pre class="remote"><code class="language-python"></code></pre>
            <p>Every argument has a default. “Use via API” at the foot of the page lists them all.</p>
        </section>
        <section>
            <h2>This studio</h2>
            <p>GAN Studio trains a small generative adversarial network on a folder of pictures and lets you look inside
                it, all on one machine. For one of your own, 800 pictures and a laptop will do:</p>
            <pre><code class="language-sh">python train.py --dataset folder --data my_pictures
python -m gan.promote runs/folder mine
python app.py</code></pre>
        </section>
    </div>`;
const card = root.querySelector(".card");
const fill = (name, code) => (root.querySelector(`.${name} code`).textContent = code);
const fact = ([name, value]) => {
    const [term, told] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    told.textContent = value;
    return [term, told];
};

// Above a block of code: its language, and a button that takes it as a whole. Wider blocks scroll, by keyboard too.
const equip = (block) => {
    block.tabIndex = 0;
    const frame = document.createElement("div");
    frame.className = "code";
    frame.innerHTML = `<div class="code-head"><span></span><button type="button">Copy</button></div>`;
    frame.querySelector("span").textContent = block.firstChild.className.replace("language-", "");
    frame.querySelector("button").addEventListener("click", () => copy(block.textContent, "the code"));
    block.replaceWith(frame);
    frame.append(block);
};

const draw = () => {
    const value = props.value;
    if (!value?.card) return;
    card.innerHTML = value.card;
    root.querySelector(".facts").replaceChildren(...Object.entries(value.facts).flatMap(fact));
    fill("cite", value.cite);
    fill("local", value.local);
    fill("remote", value.remote.replace("ADDRESS", location.origin + location.pathname));
    card.querySelectorAll("pre").forEach(equip);
    root.dataset.model = value.link.model;
    studio.send("shown", { tab: "about", link: value.link });
};

root.querySelectorAll("pre").forEach(equip);
watch("value", draw);
draw(); // a value that came before the tab was opened
setTimeout(() => trigger("select")); // asks for the first one, once that can be heard
