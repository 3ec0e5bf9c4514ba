// A picture file of the visitor's, made small enough for an event: upright, on white, as a data URI.
const SIDE = 512; // pixels of the longer one
const LONGEST = 42_000; // characters

export const photo = async (file) => {
    const image = await createImageBitmap(file); // upright, as its EXIF says
    for (let side = SIDE; ; side *= 0.8) {
        const scale = Math.min(1, side / Math.max(image.width, image.height));
        const size = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
        const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
        const context = canvas.getContext("2d");
        context.fillStyle = "#fff";
        context.fillRect(0, 0, ...size);
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, ...size);
        const uri = canvas.toDataURL("image/webp", 0.8);
        if (uri.length <= LONGEST) return uri;
    }
};
