// The page's own files: beside it, by relative address, or inside it where everything is one HTML file.

// Return the bytes of a file, an ArrayBuffer; one that cannot be had is an Error with a sentence.
export async function readFile(name) {
    const inside = document.getElementById(`file:${name}`);
    if (inside) return Uint8Array.from(atob(inside.textContent), (sign) => sign.charCodeAt(0)).buffer;
    const address = name.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) throw new Error(`${name} could not be fetched (${answer ? answer.status : "no connection"}).`);
    return answer.arrayBuffer();
}

// Return what a file of JSON says.
export const readJson = async (name) => JSON.parse(new TextDecoder().decode(await readFile(name)));

// Whether the whole page is one file.
export const isOneFile = () => Boolean(document.getElementById("file:site.json"));
