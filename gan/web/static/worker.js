// The plain generator off the page's own thread, so that nothing stutters while it draws.
// Messages in: {network} first, what readGenerator returned; then {id, z}. Out: {id, pixels}.
import { plainGenerator } from "./plain.js";

let generator;
self.onmessage = ({ data: { network, id, z } }) => {
    if (network) generator = plainGenerator(network);
    const pixels = z && generator.draw(z);
    postMessage({ id, pixels }, pixels ? [pixels.buffer] : []);
};
