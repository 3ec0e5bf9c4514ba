// Pictures as pixels: decoded, cut out of sheets, enlarged smoothly or in whole pixels.
const decoded = new Map(); // the latest images, by address
const KEPT = 80;
const MOST = 768; // pixels a side that are worth computing; beyond that the browser enlarges
const REST = 120; // milliseconds without another picture
const SHARPEN = 0.4; // share of what the smallest blur takes away that is added
const LOBES = 3; // of Lanczos' kernel

// Return the image at an address; what is no address is a picture already, as on the page that draws by itself: a canvas.
export const decode = (address) => {
    if (typeof address !== "string") return address;
    if (!decoded.has(address)) {
        const image = new Image();
        image.src = address;
        const lost = (problem) => {
            decoded.delete(address); // it may be there when it is asked for again
            throw problem;
        };
        decoded.set(
            address,
            image.decode().then(() => image, lost),
        );
        if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value);
    }
    return decoded.get(address);
};

// The style in which pictures are enlarged: "smooth", "pixels" or "sharper", which is smooth until it is there.
export const style = () => document.documentElement.dataset.enlarge ?? "smooth";
export const onStyle = (redraw) => document.addEventListener("enlarge", redraw);

// The pixels of one picture of a sheet, `side` large, `columns` to a row.
export const cut = (sheet, side, columns, index) => {
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(
        sheet,
        (index % columns) * side,
        Math.floor(index / columns) * side,
        side,
        side,
        0,
        0,
        side,
        side,
    );
    return context.getImageData(0, 0, side, side);
};

// The pixels of a square picture at an address.
export const whole = async (address) => {
    const image = await decode(address);
    return cut(image, image.width, 1, 0);
};

// How large a picture of `pixels` a side may be drawn in `room` CSS pixels so that each of its pixels covers a whole
// number of the screen's. Where not even one fits, it fills the room.
export const wholeSize = (pixels, room) => {
    const ratio = window.devicePixelRatio || 1;
    const factor = Math.floor((room * ratio) / pixels + 0.001);
    return factor >= 1 ? (pixels * factor) / ratio : room;
};

// Draw pixels onto a canvas that is `room` CSS pixels wide. What is enlarged smoothly is enlarged by the browser first, and
// finely once it rests: that takes longer than a step of a slider may.
const resting = new WeakMap(); // canvas -> the timer of its fine picture
export const paint = (canvas, pixels, room) => {
    const side = pixels.width;
    const smooth = style() !== "pixels";
    const size = smooth ? room : wholeSize(side, room);
    const wanted = Math.min(Math.round(size * (window.devicePixelRatio || 1)), MOST);
    canvas.style.width = canvas.style.height = `${size}px`;
    canvas.style.imageRendering = smooth ? "auto" : "pixelated";
    put(canvas, pixels);
    clearTimeout(resting.get(canvas));
    if (smooth && wanted > 2 * side)
        resting.set(
            canvas,
            setTimeout(() => put(canvas, enlarge(pixels, wanted)), REST),
        );
};
const put = (canvas, pixels) => {
    canvas.width = canvas.height = pixels.width;
    canvas.getContext("2d").putImageData(pixels, 0, 0);
};

// Lanczos with a light unsharp mask before it: what Python does with saved pictures.
export const enlarge = (pixels, size) => {
    const side = pixels.width;
    const taps = kernel(side, size);
    const source = sharpen(pixels);
    const wide = new Float32Array(side * size * 3);
    for (let y = 0; y < side; y++)
        for (let x = 0; x < size; x++) {
            const to = (y * size + x) * 3;
            for (let k = 0; k < 2 * LOBES; k++) {
                const weight = taps.weights[x * 2 * LOBES + k];
                const from = (y * side + taps.at[x * 2 * LOBES + k]) * 3;
                for (let c = 0; c < 3; c++) wide[to + c] += weight * source[from + c];
            }
        }
    const large = new ImageData(size, size);
    const out = large.data; // clamps by itself
    for (let y = 0; y < size; y++) {
        const [at, weights] = [taps.at, taps.weights];
        const first = y * 2 * LOBES;
        for (let x = 0; x < size; x++) {
            let [red, green, blue] = [0, 0, 0];
            for (let k = first; k < first + 2 * LOBES; k++) {
                const from = (at[k] * size + x) * 3;
                red += weights[k] * wide[from];
                green += weights[k] * wide[from + 1];
                blue += weights[k] * wide[from + 2];
            }
            const to = (y * size + x) * 4;
            out[to] = red;
            out[to + 1] = green;
            out[to + 2] = blue;
            out[to + 3] = 255;
        }
    }
    return large;
};

const kernels = new Map();
const kernel = (side, size) => {
    const name = `${side} ${size}`;
    if (!kernels.has(name)) {
        const at = new Int32Array(size * 2 * LOBES),
            weights = new Float32Array(size * 2 * LOBES);
        for (let x = 0; x < size; x++) {
            const centre = ((x + 0.5) * side) / size - 0.5;
            const first = Math.floor(centre) - LOBES + 1;
            let sum = 0;
            for (let k = 0; k < 2 * LOBES; k++) {
                const place = x * 2 * LOBES + k;
                at[place] = Math.min(Math.max(first + k, 0), side - 1);
                sum += weights[place] = lanczos(centre - first - k);
            }
            for (let k = 0; k < 2 * LOBES; k++) weights[x * 2 * LOBES + k] /= sum;
        }
        kernels.set(name, { at, weights });
    }
    return kernels.get(name);
};
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0);

// Add to each pixel a share of its difference from the mean of its neighbourhood, weighted 1 2 1 both ways.
const sharpen = ({ data, width }) => {
    const out = new Float32Array(width * width * 3);
    const clamp = (i) => Math.min(Math.max(i, 0), width - 1);
    for (let y = 0; y < width; y++)
        for (let x = 0; x < width; x++)
            for (let c = 0; c < 3; c++) {
                let mean = 0;
                for (let j = -1; j <= 1; j++)
                    for (let i = -1; i <= 1; i++)
                        mean +=
                            (2 - Math.abs(i)) * (2 - Math.abs(j)) * data[(clamp(y + j) * width + clamp(x + i)) * 4 + c];
                const own = data[(y * width + x) * 4 + c];
                out[(y * width + x) * 3 + c] = Math.min(Math.max(own + SHARPEN * (own - mean / 16), 0), 255);
            }
    return out;
};
