// What is done to latents, each step rounded to float32 as gan/latent.py has it: truncation, edits, the ways between two.
const PARALLEL = 0.9995; // |cosine| above which the arc between two latents is not defined well enough to follow
const round = Math.fround;

// z times psi in [0, 1].
export const truncate = (z, psi) => z.map((value) => value * round(psi));

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
