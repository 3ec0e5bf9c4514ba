// Off line after the first visit: all files of the page are kept, and answered with where the network does not answer.
// VERSION, in a line above, is another one where any of them is: so this is another worker, which keeps the new ones.
const OURS = `gan-studio ${registration.scope} `,
    STORE = OURS + VERSION;
const plain = (address) => address.split(/[?#]/)[0]; // a link's query is the page's own business

self.addEventListener("install", (event) =>
    event.waitUntil(
        (async () => {
            const { files } = await (await fetch("site.json")).json();
            await (await caches.open(STORE)).addAll(["./", ...files]);
        })(),
    ),
);

self.addEventListener("activate", (event) =>
    event.waitUntil(
        (async () => {
            const old = (await caches.keys()).filter((name) => `${name} `.startsWith(OURS) && name !== STORE);
            await Promise.all(old.map((name) => caches.delete(name)));
        })(),
    ),
);

const answer = async (event) => {
    const { request } = event,
        store = await caches.open(STORE);
    try {
        const fresh = await fetch(request);
        const keep = () => store.put(plain(request.url), fresh.clone()).catch(() => {}); // a full disk takes no answer away
        if (fresh.status === 200) event.waitUntil(keep());
        return fresh;
    } catch {
        return (await store.match(plain(request.url))) ?? Response.error();
    }
};
self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(event));
});
