// The bytes of model.safetensors -> the layers of a generator as float32, batch norm folded into the weights as they are read.
const EPSILON = 1e-5; // of torch's batch norm
const WRAPPERS = /\b(module|_orig_mod)\./g; // what DataParallel and torch.compile put into the names of weights

// Return Float32Array of what `toFloat` makes of each number.
const each = (numbers, toFloat) => {
    const values = new Float32Array(numbers.length);
    for (let i = 0; i < values.length; i++) values[i] = toFloat(numbers[i]);
    return values;
};
// Every float16 there is, by its bits.
const HALVES = each(
    Uint16Array.from({ length: 65536 }, (_, bits) => bits),
    (bits) => {
        const exponent = (bits >> 10) & 31,
            fraction = bits & 1023,
            sign = bits >> 15 ? -1 : 1;
        if (exponent === 0) return sign * fraction * 2 ** -24;
        return exponent === 31
            ? fraction
                ? NaN
                : sign * Infinity
            : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    },
);
const READERS = {
    F16: (bytes) => each(new Uint16Array(bytes), (bits) => HALVES[bits]),
    BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
    F32: (bytes) => new Float32Array(bytes),
    F64: (bytes) => new Float32Array(new Float64Array(bytes)),
};

// Return name -> {shape, values} of the tensors of floats in an ArrayBuffer of safetensors: 8 bytes that say how long the
// header is, the header in JSON, then the numbers.
const readTensors = (buffer) => {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const tensors = {};
    for (const [name, { dtype, shape, data_offsets: [from, to] = [] }] of Object.entries(header)) {
        if (!READERS[dtype]) continue; // a counter, or notes
        tensors[name.replace(WRAPPERS, "")] = {
            shape,
            values: READERS[dtype](buffer.slice(8 + length + from, 8 + length + to)),
        };
    }
    return tensors;
};

// Return {zDim, side, layers}; a layer is a transposed convolution, {inputs, outputs, stride, padding, side (of what it
// draws), weights (inputs x outputs x 4 x 4), bias (outputs)}: what batch norm would do after it is done to its weights.
export function readGenerator(buffer) {
    const tensors = readTensors(buffer);
    const layers = [];
    for (let place = 0; tensors[`main.${place}.weight`]; place += 3) {
        // in between: main.1 is batch norm, main.2 is ReLU
        const {
            shape: [inputs, outputs],
            values: weights,
        } = tensors[`main.${place}.weight`];
        const bias = new Float32Array(outputs);
        const norm = (what) => tensors[`main.${place + 1}.${what}`].values;
        if (tensors[`main.${place + 1}.weight`]) {
            const scale = norm("weight").map((gamma, o) => gamma / Math.sqrt(norm("running_var")[o] + EPSILON));
            norm("bias").forEach((beta, o) => (bias[o] = beta - norm("running_mean")[o] * scale[o]));
            for (let start = 0, o = 0; start < weights.length; start += 16, o = (o + 1) % outputs) {
                for (let i = start; i < start + 16; i++) weights[i] *= scale[o];
            }
        }
        const first = place === 0; // from 1 pixel to 4; the others double the side
        layers.push({
            inputs,
            outputs,
            weights,
            bias,
            stride: first ? 1 : 2,
            padding: first ? 0 : 1,
            side: 4 << layers.length,
        });
    }
    return { zDim: layers[0].inputs, side: layers.at(-1).side, layers };
}
