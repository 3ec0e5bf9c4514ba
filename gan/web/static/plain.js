// The generator in plain JavaScript: slower than a graphics card, and what the pictures drawn there are compared with.

// Every output pixel of a transposed convolution of kernel 4 and stride 2 sees 2 x 2 input pixels through 2 x 2 of the 16
// weights; which ones depends on whether its row and its column are even. So a layer is four small convolutions, one
// per parity, each worked out for four output channels and four pixels at a time: 16 sums stay in registers.

const relu = (sum) => (sum > 0 ? sum : 0);
const level = (sum) => (Math.tanh(sum) + 1) * 127.5; // a Uint8ClampedArray rounds it, halves to the even number, as torch does
const upToFours = (channels) => 4 * Math.ceil(channels / 4);

// A layer with its weights in the order in which they are used: [parity][4 output channels][tap][input][4].
const arrange = ({ inputs, outputs, weights, bias, side }) => {
    const [from, to] = [inputs, outputs].map(upToFours);
    const packed = new Float32Array(from * to * 16);
    for (let parity = 0, at = 0; parity < 4; parity++) {
        for (let block = 0; block < to; block += 4) {
            for (let tap = 0; tap < 4; tap++) {
                const ky = 3 - 2 * (tap >> 1) - (parity >> 1), kx = 3 - 2 * (tap & 1) - (parity & 1);
                for (let i = 0; i < from; i++) {
                    for (let o = block; o < block + 4; o++, at++) {
                        if (i < inputs && o < outputs) packed[at] = weights[(i * outputs + o) * 16 + ky * 4 + kx];
                    }
                }
            }
        }
    }
    const padded = new Float32Array(to);
    padded.set(bias);
    return { inputs: from, outputs: to, packed, bias: padded, side };
};

// z (1 pixel) -> maps of 4 x 4 pixels, each a sum over z. Maps have a border of zeros; a pixel's channels lie together.
const open = ({ inputs, outputs, weights, bias }, z, maps) => {
    for (let pixel = 0; pixel < 16; pixel++) {
        const at = (((pixel >> 2) + 1) * 6 + (pixel & 3) + 1) * upToFours(outputs);
        for (let o = 0; o < outputs; o++) {
            let sum = bias[o];
            for (let i = 0; i < inputs; i++) sum += z[i] * weights[(i * outputs + o) * 16 + pixel];
            maps[at + o] = relu(sum);
        }
    }
};

// Maps of side / 2 -> maps of side with a frame `border` wide; `end` is what is done to each sum.
const double = ({ inputs, outputs, side, packed, bias }, input, output, border, end) => {
    const half = side / 2, inRow = (half + 2) * inputs, outRow = side + 2 * border;
    for (let parity = 0; parity < 4; parity++) {
        const down = parity >> 1, right = parity & 1;
        for (let o = 0; o < outputs; o += 4) {
            const weightsAt = (parity * outputs + o) * 4 * inputs;
            const b0 = bias[o], b1 = bias[o + 1], b2 = bias[o + 2], b3 = bias[o + 3];
            for (let y = 0; y < half; y++) {
                for (let x = 0; x < half; x += 4) {
                    let s0 = b0, s1 = b1, s2 = b2, s3 = b3, t0 = b0, t1 = b1, t2 = b2, t3 = b3;
                    let u0 = b0, u1 = b1, u2 = b2, u3 = b3, v0 = b0, v1 = b1, v2 = b2, v3 = b3;
                    let w = weightsAt;
                    for (let tap = 0; tap < 4; tap++) {
                        let i = (y + down + (tap >> 1)) * inRow + (x + right + (tap & 1)) * inputs;
                        for (const beyond = i + inputs; i < beyond; i++, w += 4) {
                            const w0 = packed[w], w1 = packed[w + 1], w2 = packed[w + 2], w3 = packed[w + 3];
                            const s = input[i], t = input[i + inputs], u = input[i + 2 * inputs], v = input[i + 3 * inputs];
                            s0 += s * w0; s1 += s * w1; s2 += s * w2; s3 += s * w3;
                            t0 += t * w0; t1 += t * w1; t2 += t * w2; t3 += t * w3;
                            u0 += u * w0; u1 += u * w1; u2 += u * w2; u3 += u * w3;
                            v0 += v * w0; v1 += v * w1; v2 += v * w2; v3 += v * w3;
                        }
                    }
                    let at = ((2 * y + down + border) * outRow + 2 * x + right + border) * outputs + o;
                    const put = (a, b, c, d) => {
                        output[at] = end(a);
                        output[at + 1] = end(b);
                        output[at + 2] = end(c);
                        output[at + 3] = end(d);
                        at += 2 * outputs;
                    };
                    put(s0, s1, s2, s3);
                    put(t0, t1, t2, t3);
                    put(u0, u1, u2, u3);
                    put(v0, v1, v2, v3);
                }
            }
        }
    }
};

// Return {draw(z) -> RGBA pixels, Uint8ClampedArray(side x side x 4)} for what readGenerator returned.
export function plainGenerator({ side, layers: [first, ...others] }) {
    const hidden = others.map(arrange), last = hidden.pop();
    const maps = [first, ...hidden].map((layer) => new Float32Array((layer.side + 2) ** 2 * upToFours(layer.outputs)));
    return {
        draw(z) {
            const pixels = new Uint8ClampedArray(side * side * 4);
            open(first, z, maps[0]);
            hidden.forEach((layer, n) => double(layer, maps[n], maps[n + 1], 1, relu));
            double(last, maps.at(-1), pixels, 0, level);
            for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
            return pixels;
        },
    };
}
