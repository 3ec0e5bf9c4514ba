// What is done to latents, each step rounded to float32 as gan/latent.py has it: taming, edits, the ways between two.
const PARALLEL = 0.9995; // |cosine| above which the arc between two latents is not defined well enough to follow
const MOST = 100; // furthest that a number of a latent may lie from 0
const round = Math.fround;

// z times psi in [0, 1].
export const truncate = (z, psi) => z.map((value) => value * round(psi));

// z clamped to [-c, c] with c = w / (1 - w), w in [0, 1], and given back its length; 1: z itself.
export function tame(z, wildness) {
    if (wildness === 1) return z;
    const limit = round(Math.max(wildness / (1 - wildness), 1e-3));
    const length = (x) => round(Math.sqrt(x.reduce((sum, value) => sum + value * value, 0)));
    const clamped = z.map((value) => Math.min(Math.max(value, -limit), limit));
    const grown = round(length(z) / length(clamped));
    return clamped.map((value) => value * grown);
}

// z + sum of amounts along the directions + offsets; edits are {d1: amount, ..., z0: amount, ...}.
export function edit(z, directions, edits) {
    const edited = z.slice();
    const along = new Float64Array(z.length);
    for (const [name, amount] of Object.entries(edits)) {
        if (name[0] === "d") directions[name.slice(1) - 1].forEach((value, i) => (along[i] += round(amount) * value));
    }
    along.forEach((value, i) => (edited[i] += round(value)));
    for (const [name, amount] of Object.entries(edits)) {
        if (name[0] === "z") edited[name.slice(1)] += round(amount);
    }
    return edited;
}

// The straight line from a to b at t in [0, 1].
export const lerp = (a, b, t) => a.map((value, i) => round(value * round(1 - t)) + round(b[i] * round(t)));

// The arc from a to b at t in [0, 1] (Shoemake 1985); where none is defined, the straight line.
export function slerp(a, b, t) {
    if (t === 0 || t === 1) return (t ? b : a).slice();
    const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    if (!(Math.abs(cosine) <= PARALLEL)) return lerp(a, b, t); // of a latent of zeros there is no cosine either
    const angle = Math.acos(cosine);
    const [from, to, whole] = [(1 - t) * angle, t * angle, angle].map((part) => round(Math.sin(part)));
    return a.map((value, i) => round(round(from * value) + round(to * b[i])) / whole);
}

// A latent as text that a link can hold: its float32 in base64, URLs' kind.
export const writeLatent = (z) =>
    btoa(String.fromCharCode(...new Uint8Array(z.buffer)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");

// The latent that a text holds; null where it holds none of this length.
export function readLatent(text, length) {
    if (typeof text !== "string" || !/^[\w-]*$/.test(text) || text.length !== Math.ceil((length * 16) / 3)) return null;
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
    const z = new Float32Array(bytes.buffer);
    return z.every((value) => Math.abs(value) <= MOST) ? z : null;
}
