// The page's own files: beside it, by relative address, or inside it where everything is one HTML file.
const inside = (name) => document.getElementById(`file:${name}`)?.textContent;

// Return where a browser finds a sample grid.
export const addressOf = (name) => {
    const text = inside(name);
    if (text) return `data:image/webp;base64,${text}`;
    return new URL(name.split("/").map(encodeURIComponent).join("/"), document.baseURI).href;
};

// Return the bytes of a file, an ArrayBuffer; one that cannot be had is an Error with a sentence.
export async function readFile(name) {
    const text = inside(name);
    if (text) return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
    const answer = await fetch(addressOf(name)).catch(() => null);
    if (!answer?.ok) throw new Error(`${name} could not be fetched (${answer ? answer.status : "no connection"}).`);
    return answer.arrayBuffer();
}

// Return what a file of JSON says.
export const readJson = async (name) => JSON.parse(new TextDecoder().decode(await readFile(name)));

// Whether the whole page is one file.
export const isOneFile = () => Boolean(inside("site.json"));
