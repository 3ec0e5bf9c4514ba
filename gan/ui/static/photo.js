// Pictures that a pad takes in: a file of the visitor's, a drawing as ink.
import { checkSides } from "./files.js";
import { whole } from "./pixels.js";

const SIDE = 512; // pixels of the longer one
const LONGEST = 42_000; // characters

// A file's picture, upright, as its EXIF says; one that is too large for a page is refused in a sentence.
export const read = async (file) => {
    const image = await createImageBitmap(file);
    checkSides(file, image.width, image.height);
    return image;
};

// A file's picture, small enough for an event: on white, as a data URI.
export const photo = async (file) => {
    const image = await read(file);
    for (let side = SIDE; ; side *= 0.8) {
        const scale = Math.min(1, side / Math.max(image.width, image.height));
        const size = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
        const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
        const context = canvas.getContext("2d");
        context.fillStyle = "#fff";
        context.fillRect(0, 0, ...size);
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, ...size);
        const uri = canvas.toDataURL("image/jpeg", 0.8);
        if (uri.length <= LONGEST) return uri;
    }
};

// A grey drawing as ink: the darker, the less is seen through it.
export const layer = async (uri) => {
    const pixels = await whole(uri);
    const ink = new OffscreenCanvas(pixels.width, pixels.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
        pixels.data[i + 3] = 255 - pixels.data[i];
        pixels.data[i] = pixels.data[i + 1] = pixels.data[i + 2] = 0;
    }
    ink.getContext("2d").putImageData(pixels, 0, 0);
    return { uri, ink };
};
