"""The page's own generator against Python's: latents to the bit, pictures within a level, both ways of drawing."""

import base64
import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from gan.checkpoints import load_generator, save_network
from gan.images import to_uint8
from gan.latent import lerp, principal_directions, sample_z, slerp, tame
from gan.models import Generator
from gan.ui.encode import lossless_uri
from gan.ui.specimen import write_latent

MODULES = """async ({ base, ...asked }) => {
    const module = (name) => import(base + name);
    const [{ sampleZ }, latents, { readGenerator }, { startEngine, isRight }] =
        await Promise.all(["seeds.js", "latents.js", "weights.js", "engine.js"].map(module));
    const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
    %s
}"""
DRAW = """
    const network = readGenerator(bytes(asked.weights).buffer);
    const proof = { z: sampleZ(asked.seeds[0], network.zDim), pixels: bytes(asked.proof) };
    const engine = await startEngine(network, proof, asked.way, () => {});
    const drawn = [];
    for (const seed of asked.seeds) {
        const z = latents.truncate(sampleZ(seed, network.zDim), asked.truncation);
        drawn.push(text((await engine.draw(latents.edit(z, asked.directions, asked.edits))).buffer));
    }
    engine.stop();
    return { way: engine.way, drawn };
"""


@pytest.fixture
def ask(visit, page_site):
    """Return a function that runs a piece of JavaScript with the page's modules and returns what it returns."""
    page = visit(f"{page_site}README.md")

    def run(script, **asked):
        return page.evaluate(MODULES % script, {"base": page_site, **asked})

    return run


def floats(text):
    return np.frombuffer(base64.b64decode(text), np.float32)


def test_ten_thousand_seeds_are_numpys_to_the_bit(ask):
    seeds = [*range(9_990), *range(2**31 - 4, 2**31 + 4), 2**32 - 2, 2**32 - 1]
    script = """
        const all = new Float32Array(asked.seeds.length * 101);
        asked.seeds.forEach((seed, row) => all.set(sampleZ(seed, 101), row * 101));
        return text(all.buffer);
    """
    ours = floats(ask(script, seeds=seeds)).reshape(-1, 101)  # an odd length: the last one drawn is thrown away
    assert np.array_equal(ours, sample_z(seeds, 101).numpy())


@pytest.mark.parametrize("way", [slerp, lerp])
def test_the_ways_between_two_latents_are_pythons(way, ask):
    a, b = sample_z([1, 2], 100)
    script = "return asked.ts.map((t) => text(latents[asked.way](sampleZ(1, 100), sampleZ(2, 100), t).buffer));"
    ts = [0.0, 0.3, 0.5, 0.99, 1.0]
    for t, ours in zip(ts, ask(script, way=way.__name__, ts=ts), strict=True):
        torch.testing.assert_close(torch.from_numpy(floats(ours).copy()), way(a, b, t), rtol=1e-6, atol=1e-6)


def test_taming_is_pythons(ask):
    script = "return asked.all.map((w) => text(latents.tame(sampleZ(4, 100), w).buffer));"
    all = [0.0, 0.1, 0.37, 0.5, 0.7, 0.99, 1.0]
    for wildness, ours in zip(all, ask(script, all=all), strict=True):
        torch.testing.assert_close(
            torch.from_numpy(floats(ours).copy()), tame(sample_z([4], 100)[0], wildness), rtol=1e-6, atol=1e-6
        )


def test_a_latent_is_written_as_python_writes_it_and_read_to_the_bit(ask):
    script = """
        const z = sampleZ(4, asked.length), written = latents.writeLatent(z);
        const read = latents.readLatent(written, asked.length), far = z.map(() => 101);
        return [written, text(read.buffer), latents.readLatent(written.slice(1), asked.length),
            latents.readLatent(latents.writeLatent(far), asked.length),
            latents.readLatent("ü".repeat(written.length), asked.length)];
    """
    for length in (100, 7, 3):
        z = sample_z([4], length)[0]
        written, read, *refused = ask(script, length=length)
        assert written == write_latent(tuple(z.tolist())) and np.array_equal(floats(read), z.numpy())
        assert refused == [None, None, None]


@pytest.mark.parametrize(
    ("way", "taken", "channels", "side", "z_dim"),
    [
        ("webgl", "webgl", 8, 32, 100),
        ("plain", "worker", 8, 32, 100),
        ("webgl", "webgl", 3, 128, 7),  # numbers that are no fours
        ("plain", "worker", 3, 128, 7),
    ],
)
def test_pictures_are_pythons_in_both_ways(way, taken, channels, side, z_dim, ask, tmp_path):
    torch.manual_seed(3)
    made = Generator(z_dim, channels, side)
    with torch.inference_mode():
        for _ in range(20):
            made(torch.randn(16, z_dim))
        made.main[-2].weight.mul_(1500 / channels)
    save_network(tmp_path / "model.safetensors", made.eval())
    generator = load_generator(tmp_path / "model.safetensors")
    directions, _ = principal_directions(generator.main[0].weight, 8)
    seeds, edits = [5, 6, 2**32 - 1], {"d1": 2.5, "d7": -1.15, "z0": 0.35, f"z{z_dim - 1}": -3.0}
    z = 0.7 * sample_z(seeds, z_dim) + 2.5 * directions[0] - 1.15 * directions[6]
    z[:, 0] += 0.35
    z[:, -1] -= 3.0
    with torch.inference_mode():
        proof = to_uint8(generator(sample_z(seeds[:1], z_dim)))[0].permute(1, 2, 0)
        expected = to_uint8(generator(z)).permute(0, 2, 3, 1).numpy()
    answer = ask(
        DRAW, way=way, seeds=seeds, truncation=0.7, directions=directions.tolist(), edits=edits,
        weights=base64.b64encode((tmp_path / "model.safetensors").read_bytes()).decode(),
        proof=base64.b64encode(proof.contiguous().numpy().tobytes()).decode(),
    )  # fmt: skip
    assert answer["way"] == taken
    for theirs, ours in zip(expected, answer["drawn"], strict=True):
        pixels = np.frombuffer(base64.b64decode(ours), np.uint8).reshape(side, side, 4)
        off = np.abs(pixels[..., :3].astype(int) - theirs)
        assert off.max() <= 2 and (off <= 1).mean() >= 0.999
        assert (pixels[..., 3] == 255).all() and theirs.std() > 10


def test_the_processor_draws_the_same_with_four_numbers_at_a_time_and_without(ask, page_models):
    weights = base64.b64encode((page_models[0] / "model.safetensors").read_bytes()).decode()
    script = """
        const network = readGenerator(bytes(asked.weights).buffer), z = sampleZ(1, network.zDim);
        const [{ plainGenerator }, { simdWorkspace }] = await Promise.all(["plain.js", "simd.js"].map(module));
        const [quick, slow] = [true, false].map((quick) => plainGenerator(network, quick).draw(z));
        return [simdWorkspace(16) !== null, Math.max(...quick.map((value, i) => Math.abs(value - slow[i])))];
    """
    can, apart = ask(script, weights=weights)
    assert can and apart <= 1


def test_a_self_test_that_finds_other_pictures_takes_the_plain_way(ask, page_models):
    weights = base64.b64encode((page_models[0] / "model.safetensors").read_bytes()).decode()
    script = """
        const network = readGenerator(bytes(asked.weights).buffer);
        const proof = { z: sampleZ(1, network.zDim), pixels: new Uint8Array(64 * 64 * 3) };
        const engine = await startEngine(network, proof, "webgl", () => {});
        return engine.words;
    """
    said = "Drawn by the processor, in a worker: the graphics here draw other pictures than Python"
    assert ask(script, weights=weights) == said


def test_a_graphics_card_that_is_taken_away_is_stood_in_for(ask, page_models):
    weights = base64.b64encode((page_models[0] / "model.safetensors").read_bytes()).decode()
    script = """
        const network = readGenerator(bytes(asked.weights).buffer);
        const z = sampleZ(1, network.zDim);
        const { plainGenerator } = await module("plain.js");
        const pixels = plainGenerator(network).draw(z).filter((_, i) => i % 4 < 3);
        const changed = new Promise(async (done) => {
            const made = HTMLCanvasElement.prototype.getContext;
            let gl;
            HTMLCanvasElement.prototype.getContext = function (...kind) { return (gl = made.apply(this, kind)); };
            const engine = await startEngine(network, { z, pixels }, "webgl", () => done(engine));
            HTMLCanvasElement.prototype.getContext = made;
            gl.getExtension("WEBGL_lose_context").loseContext();
        });
        const engine = await changed;
        return [engine.words, isRight(await engine.draw(z), pixels)];
    """
    said = "Drawn by the processor, in a worker: this browser took the graphics card away from the page"
    assert ask(script, weights=weights) == [said, True]


def test_where_workers_are_blocked_the_page_itself_draws(ask, page_models):
    weights = base64.b64encode((page_models[0] / "model.safetensors").read_bytes()).decode()
    script = """
        window.Worker = class { constructor() { throw new Error("blocked"); } };
        const network = readGenerator(bytes(asked.weights).buffer);
        const engine = await startEngine(network, { z: sampleZ(1, network.zDim), pixels: [] }, "plain", () => {});
        return [engine.way, (await engine.draw(sampleZ(1, network.zDim))).length];
    """
    assert ask(script, weights=weights) == ["page", 64 * 64 * 4]


# --- what the page's modules do by themselves ------------------------------------------------------------------------


def test_zips_have_names_of_any_alphabet(ask):
    script = """
        const { writeZip } = await module("png.js");
        return text(writeZip(asked.names.map((name) => [name, bytes("aGk=")])).buffer);
    """
    names = ["größer-seed-1.png", "мох.png", "plain.png"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(ask(script, names=names)))) as archive:
        assert archive.namelist() == names and archive.read("мох.png") == b"hi"


def test_a_frame_that_comes_late_does_not_bring_an_earlier_film_back(ask):
    script = """
        const { mount } = await module("player.js");
        const root = document.body.appendChild(document.createElement("div"));
        const wishes = [];
        const update = mount(root, (event, told) => event === "input" && wishes.push(told));
        const film = (source, count) => ({ source, image: null, columns: 1, cell: 0, side: 1, fps: 4, loop: false,
            labels: Array.from({ length: count }, (_, n) => `${source} ${n}`) });
        const image = document.createElement("canvas");
        await update(film("one", 9));
        await new Promise((done) => setTimeout(done, 100));
        const [{ of }] = wishes;
        await update({ ...film("one", 9), frame: { at: 0, image }, of });
        const before = root.querySelector("output").textContent;
        await update({ ...film("two", 3), first: { at: 0, image } });
        await update({ ...film("one", 9), frame: { at: 1, image }, of });
        return [before, root.querySelector("output").textContent, root.querySelector("input").max];
    """
    assert ask(script) == ["one 0", "two 0", "2"]


def test_a_picture_that_did_not_come_is_asked_for_again(visit, page_site):
    page = visit(f"{page_site}README.md")
    image = lossless_uri(Image.new("RGB", (1, 1)))
    script = """async ([base, image]) => {
        const { decode } = await import(`${base}pixels.js`);
        const real = Image.prototype.decode;
        Image.prototype.decode = () => Promise.reject(new Error("no network"));
        const lost = await decode(image).catch((problem) => problem.message);
        Image.prototype.decode = real;
        return [lost, (await decode(image)).width];
    }"""
    assert page.evaluate(script, [page_site, image]) == ["no network", 1]


def test_a_film_is_recorded_in_its_own_time_and_not_behind_another_tab(ask):
    script = """
        const { recordFilm } = await module("film.js");
        const frames = Array.from({ length: 30 }, (_, n) => new Uint8ClampedArray(64 * 64 * 4).fill(8 * n));
        const start = performance.now();
        const { blob } = await recordFilm(frames, 64, 60, () => {});
        const seconds = (performance.now() - start) / 1000;
        Object.defineProperty(document, "hidden", { value: true });
        const sentence = await recordFilm(frames, 64, 60, () => {}).catch((problem) => problem);
        return [blob.size, seconds, sentence];
    """
    size, seconds, sentence = ask(script)
    assert size > 0 and seconds < 2 and "while this page is in sight" in sentence
