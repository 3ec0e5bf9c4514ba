// PNGs that carry a recipe, written as gan/ui/encode.py does; and a zip of several.
const KEY = "gan-studio"; // keyword of the text that holds the recipe, as JSON
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
});
const crc = (bytes) => bytes.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), -1) ^ -1;
const ascii = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const big = (number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
const join = (parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
};
const chunk = (name, content) => {
    const named = join([ascii(name), content]);
    return join([big(content.length), named, big(crc(named))]);
};
const deflate = async (bytes) => {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
};
// JSON of signs that any PNG reader takes; other signs are escaped, as Python does it.
const toAscii = (value) =>
    JSON.stringify(value).replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

// Return the bytes of a PNG of RGBA pixels, with the recipe where there is one.
export async function writePng(pixels, side, recipe = null) {
    const rows = new Uint8Array(side * (1 + 3 * side)); // each begins with the number of its filter: 0, none
    for (let y = 0, at = 0; y < side; y++) {
        at++;
        for (let x = 0; x < side; x++, at += 3)
            rows.set(pixels.subarray((y * side + x) * 4, (y * side + x) * 4 + 3), at);
    }
    const head = [...big(side), ...big(side), 8, 2, 0, 0, 0]; // 8 bits, red green blue
    const text = recipe ? [chunk("tEXt", ascii(`${KEY}\0${toAscii(recipe)}`))] : [];
    return join([SIGNATURE, chunk("IHDR", head), ...text, chunk("IDAT", await deflate(rows)), chunk("IEND", [])]);
}

// Return the bytes of a zip of [name, bytes], nothing compressed: PNGs are already.
export function writeZip(files) {
    const little = (number, bytes) => Array.from({ length: bytes }, (_, i) => Math.floor(number / 256 ** i) & 255);
    const parts = [],
        index = [];
    let at = 0;
    for (const [title, bytes] of files) {
        const name = new TextEncoder().encode(title);
        // Version 2.0, a name in UTF-8, stored, midnight of the first of January 1980.
        const shared = [
            ...little(20, 2),
            ...little(0x0800, 2),
            0,
            0,
            0,
            0,
            33,
            0,
            ...little(crc(bytes), 4),
            ...little(bytes.length, 4),
            ...little(bytes.length, 4),
            ...little(name.length, 2),
            0,
            0,
        ];
        parts.push(Uint8Array.from([...little(0x04034b50, 4), ...shared]), name, bytes);
        index.push(
            Uint8Array.from([...little(0x02014b50, 4), 20, 0, ...shared, ...Array(10).fill(0), ...little(at, 4)]),
            name,
        );
        at += 30 + name.length + bytes.length;
    }
    const size = index.reduce((sum, part) => sum + part.length, 0),
        count = little(files.length, 2);
    const end = Uint8Array.from([
        ...little(0x06054b50, 4),
        0,
        0,
        0,
        0,
        ...count,
        ...count,
        ...little(size, 4),
        ...little(at, 4),
        0,
        0,
    ]);
    return join([...parts, ...index, end]);
}
