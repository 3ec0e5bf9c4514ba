// Shared by the components below: how large a picture of `pixels` a side may be drawn in `room` CSS pixels so that
// each of its pixels covers a whole number of the screen's. Where not even one fits, it fills the room.
const wholeSize = (pixels, room, most = 8) => {
    const ratio = window.devicePixelRatio || 1;
    const factor = Math.min(Math.floor((room * ratio) / pixels + 0.001), Math.floor(most * ratio));
    return factor >= 1 ? (pixels * factor) / ratio : room;
};
