// Off line after the first visit: all files of the page are kept, and answered with where the network does not answer.
const STORE = `gan-studio ${registration.scope}`;
const plain = (address) => address.split(/[?#]/)[0]; // a link's query is the page's own business

self.addEventListener("install", (event) =>
    event.waitUntil(
        (async () => {
            const { files } = await (await fetch("site.json")).json();
            await (await caches.open(STORE)).addAll(["./", ...files]);
        })(),
    ),
);

const answer = async (request) => {
    const store = await caches.open(STORE);
    try {
        const fresh = await fetch(request);
        if (fresh.status === 200) await store.put(plain(request.url), fresh.clone());
        return fresh;
    } catch {
        return (await store.match(plain(request.url))) ?? Response.error();
    }
};
self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});
