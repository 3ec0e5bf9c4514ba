// The generator by the processor alone: what draws where no graphics card does, and what its pictures are compared with.
import { simdWorkspace } from "./simd.js";

// Every output pixel of a transposed convolution of kernel 4 and stride 2 sees 2 x 2 input pixels through 2 x 2 of the 16
// weights; which ones depends on whether its row and its column are even. So a layer is four small convolutions, one
// per parity, each worked out for four output channels and four pixels at a time: 16 sums, the first 16 floats of all.

const relu = (sum) => Math.max(sum, 0);
const level = (sum) => (Math.tanh(sum) + 1) * 127.5; // a Uint8ClampedArray rounds it, halves to the even number, as torch does
const upToFours = (channels) => 4 * Math.ceil(channels / 4);

// Return {floats, add}: `add(input, weights, channels)` adds to each of the 16 sums, four output channels of four pixels,
// the products of a pixel's channels, which lie from `input` on, one pixel after the other, and of four weights a channel.
const workspace = (count) => {
    const floats = new Float32Array(count);
    const add = (input, weights, channels) => {
        let [s0, s1, s2, s3, t0, t1, t2, t3, u0, u1, u2, u3, v0, v1, v2, v3] = floats;
        for (let i = input, w = weights; i < input + channels; i++, w += 4) {
            const w0 = floats[w],
                w1 = floats[w + 1],
                w2 = floats[w + 2],
                w3 = floats[w + 3];
            const s = floats[i],
                t = floats[i + channels],
                u = floats[i + 2 * channels],
                v = floats[i + 3 * channels];
            s0 += s * w0;
            s1 += s * w1;
            s2 += s * w2;
            s3 += s * w3;
            t0 += t * w0;
            t1 += t * w1;
            t2 += t * w2;
            t3 += t * w3;
            u0 += u * w0;
            u1 += u * w1;
            u2 += u * w2;
            u3 += u * w3;
            v0 += v * w0;
            v1 += v * w1;
            v2 += v * w2;
            v3 += v * w3;
        }
        floats.set([s0, s1, s2, s3, t0, t1, t2, t3, u0, u1, u2, u3, v0, v1, v2, v3]);
    };
    return { floats, add };
};

// Put a layer's weights into `packed` in the order in which they are used: [parity][4 output channels][tap][input][4].
const pack = ({ inputs, outputs, weights }, packed) => {
    for (let parity = 0, at = 0; parity < 4; parity++) {
        for (let block = 0; block < outputs; block += 4) {
            for (let tap = 0; tap < 4; tap++) {
                const ky = 3 - 2 * (tap >> 1) - (parity >> 1),
                    kx = 3 - 2 * (tap & 1) - (parity & 1);
                for (let i = 0; i < upToFours(inputs); i++) {
                    for (let o = block; o < block + 4; o++, at++) {
                        if (i < inputs && o < outputs) packed[at] = weights[(i * outputs + o) * 16 + ky * 4 + kx];
                    }
                }
            }
        }
    }
};

// z (1 pixel) -> maps of 4 x 4 pixels, each a sum over z. Maps have a border of zeros; a pixel's channels lie together.
const open = ({ inputs, outputs, weights, bias }, z, maps) => {
    const size = 16 * outputs,
        sums = new Float64Array(size);
    for (let i = 0; i < inputs; i++) {
        for (let at = 0; at < size; at++) sums[at] += z[i] * weights[i * size + at];
    }
    for (let at = 0; at < size; at++) {
        const o = at >> 4,
            y = (at >> 2) & 3,
            x = at & 3;
        maps[((y + 1) * 6 + x + 1) * upToFours(outputs) + o] = relu(sums[at] + bias[o]);
    }
};

// Maps of side / 2, from `maps` on, -> maps of side in `output`, with a frame `border` wide; `end` is done to each sum.
const double = ({ floats, add }, { inputs, outputs, side, bias }, maps, packed, output, border, end) => {
    const from = upToFours(inputs),
        to = upToFours(outputs);
    const half = side / 2,
        inRow = (half + 2) * from,
        outRow = side + 2 * border;
    for (let parity = 0; parity < 4; parity++) {
        const down = parity >> 1,
            right = parity & 1;
        for (let o = 0; o < to; o += 4) {
            for (let y = 0; y < half; y++) {
                for (let x = 0; x < half; x += 4) {
                    for (let sum = 0; sum < 16; sum++) floats[sum] = bias[o + (sum & 3)] ?? 0;
                    for (let tap = 0; tap < 4; tap++) {
                        const input = maps + (y + down + (tap >> 1)) * inRow + (x + right + (tap & 1)) * from;
                        add(input, packed + ((parity * to + o) * 4 + tap * 4) * from, from);
                    }
                    const place = ((2 * y + down + border) * outRow + 2 * x + right + border) * to + o;
                    for (let sum = 0; sum < 16; sum++)
                        output[place + 2 * to * (sum >> 2) + (sum & 3)] = end(floats[sum]);
                }
            }
        }
    }
};

// Return {draw(z) -> RGBA pixels, Uint8ClampedArray(side x side x 4)} for what readGenerator returned. `quick`: with four
// numbers at a time where this browser can.
export function plainGenerator({ side, layers: [first, ...others] }, quick = true) {
    let count = 16; // of floats: the sums, then all weights and maps
    const room = (size) => {
        count += size;
        return count - size;
    };
    const packed = others.map(({ inputs, outputs }) => room(16 * upToFours(inputs) * upToFours(outputs)));
    const sizes = [first, ...others.slice(0, -1)].map((layer) => (layer.side + 2) ** 2 * upToFours(layer.outputs));
    const maps = sizes.map(room);
    const space = (quick && simdWorkspace(count)) || workspace(count);
    const views = maps.map((at, n) => space.floats.subarray(at, at + sizes[n]));
    others.forEach((layer, n) => pack(layer, space.floats.subarray(packed[n])));
    return {
        draw(z) {
            const pixels = new Uint8ClampedArray(side * side * 4);
            open(first, z, views[0]);
            others.forEach((layer, n) => {
                const last = n === others.length - 1;
                double(
                    space,
                    layer,
                    maps[n],
                    packed[n],
                    last ? pixels : views[n + 1],
                    last ? 0 : 1,
                    last ? level : relu,
                );
            });
            for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
            return pixels;
        },
    };
}
