// Pictures larger than a generator draws them, in the style that the page shows: smooth, or their pixels as squares.
import { enlarge, style } from "./pixels.js";

// Return the RGBA pixels of a picture `factor` times as large.
export function enlarged(pixels, side, factor) {
    if (factor === 1) return pixels;
    return style() === "pixels"
        ? squares(pixels, side, factor)
        : enlarge(new ImageData(pixels, side), side * factor).data;
}

const squares = (pixels, side, factor) => {
    const large = new Uint8ClampedArray(pixels.length * factor ** 2);
    const from = new Uint32Array(pixels.buffer),
        to = new Uint32Array(large.buffer),
        width = side * factor;
    for (let i = 0; i < to.length; i++) {
        to[i] = from[Math.floor(i / width / factor) * side + Math.floor((i % width) / factor)];
    }
    return large;
};

// Return a canvas of several pictures, `columns` to a row; one that is null is left free.
export function sheetOf(pictures, side, columns) {
    const rows = Math.ceil(pictures.length / columns);
    const canvas = Object.assign(document.createElement("canvas"), { width: columns * side, height: rows * side });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    for (const [k, pixels] of pictures.entries()) {
        if (pixels) pen.putImageData(new ImageData(pixels, side), (k % columns) * side, Math.floor(k / columns) * side);
    }
    return canvas;
}
