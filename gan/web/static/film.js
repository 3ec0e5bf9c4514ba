// Frames as a film, recorded by the browser itself as they pass: it takes as long as the film does.
import { sheetOf } from "./large.js";
import { style } from "./pixels.js";

const SAVED_SIDE = 512; // pixels; frames are enlarged to it by a whole factor
const KINDS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

// Return {blob, kind: "webm" or, where a browser knows no other, "mp4"} of frames (RGBA pixels); throw a sentence where
// this browser records nothing, or slows the page down as it is out of sight. The browser enlarges, which takes no time.
export async function recordFilm(frames, side, fps, onFrame) {
    const type = KINDS.find((kind) => window.MediaRecorder?.isTypeSupported(kind));
    if (!type) throw "This browser records no films; save the frames as PNG.";
    const factor = Math.max(1, Math.floor(SAVED_SIDE / side));
    const canvas = Object.assign(document.createElement("canvas"), { width: side * factor, height: side * factor });
    const pen = canvas.getContext("2d");
    Object.assign(pen, { imageSmoothingEnabled: style() !== "pixels", imageSmoothingQuality: "high" });
    const stream = canvas.captureStream(0); // a frame when it is asked for
    const [track] = stream.getVideoTracks();
    const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 8_000_000 });
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.start();
    const start = performance.now();
    for (const [n, pixels] of frames.entries()) {
        if (document.hidden) {
            recorder.stop();
            throw "Films are recorded while this page is in sight. Stay with it, and save the film again.";
        }
        pen.drawImage(sheetOf([pixels], side, 1), 0, 0, canvas.width, canvas.height);
        (track.requestFrame ? track : stream).requestFrame(); // of the stream in Firefox
        onFrame(n + 1);
        const due = start + ((n + 1) * 1000) / fps;
        await new Promise((later) => setTimeout(later, Math.max(0, due - performance.now())));
    }
    recorder.stop();
    await stopped;
    return { blob: new Blob(pieces, { type }), kind: type.includes("webm") ? "webm" : "mp4" };
}
