// Pictures on canvases: `pixels` are RGBA, side x side, as a generator draws them.

export function paint(canvas, pixels, side) {
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    canvas.getContext("2d").putImageData(new ImageData(pixels, side), 0, 0);
}

// How large a picture of `pixels` a side may be drawn in `room` CSS pixels so that each of its pixels covers a whole number
// of the screen's. Where not even one fits, it fills the room.
export function wholeSize(pixels, room, most = 8) {
    const ratio = window.devicePixelRatio || 1;
    const factor = Math.min(Math.floor((room * ratio) / pixels + 0.001), Math.floor(most * ratio));
    return factor >= 1 ? (pixels * factor) / ratio : room;
}

export function setSize(canvas, size) {
    canvas.style.width = canvas.style.height = `${size}px`;
}

// Return the picture `factor` times as large, its pixels as squares.
export function enlarge(pixels, side, factor) {
    const large = new Uint8ClampedArray(pixels.length * factor ** 2);
    const from = new Uint32Array(pixels.buffer), to = new Uint32Array(large.buffer), width = side * factor;
    for (let i = 0; i < to.length; i++) {
        to[i] = from[Math.floor(i / width / factor) * side + Math.floor((i % width) / factor)];
    }
    return large;
}
