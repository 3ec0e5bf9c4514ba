// Strokes as a pad makes them: made simple, written as text, drawn. What Python's strokes.py reads and draws, too.
export const SIDE = 512; // of the pad, in steps
export const WIDTHS = { thin: 5, thick: 11, erase: 28, hint: 16 };
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTERS = { thin: "t", thick: "k", erase: "e", hint: "h" };
const TOOLS = { t: "thin", k: "thick", e: "erase", h: "hint" };
const PARTS = 4; // of a step, as written
const MEDIUM = 0.5; // the pressure where a device knows none
const OFF = 0.45; // steps that a simpler stroke may miss the one that was drawn

const signs = (value) => {
    const whole = Math.min(Math.max(Math.round(value * PARTS), 0), SIDE * PARTS);
    return SIGNS[whole >> 6] + SIGNS[whole & 63];
};
export const write = (strokes) =>
    strokes
        .map(({ tool, points, colour = "" }) => {
            const pressed = points.some(([, , pressure]) => pressure !== MEDIUM);
            const letter = pressed ? LETTERS[tool].toUpperCase() : LETTERS[tool];
            const place = ([x, y, pressure]) => signs(x) + signs(y) + (pressed ? SIGNS[Math.round(pressure * 63)] : "");
            return letter + colour + points.map(place).join("");
        })
        .join(".");

export const read = (text) =>
    (text ? text.split(".") : []).map((part) => {
        const tool = TOOLS[part[0].toLowerCase()];
        const size = part[0] === part[0].toLowerCase() ? 4 : 5;
        const begin = tool === "hint" ? 7 : 1;
        const number = (at) => (SIGNS.indexOf(part[at]) * 64 + SIGNS.indexOf(part[at + 1])) / PARTS;
        const points = [];
        for (let at = begin; at + size <= part.length; at += size)
            points.push([number(at), number(at + 2), size === 5 ? SIGNS.indexOf(part[at + 4]) / 63 : MEDIUM]);
        return { tool, points, colour: part.slice(1, begin) };
    });

// Ramer, Douglas and Peucker: only points without which the line would be another.
export const simple = (points) => {
    if (points.length < 3) return points;
    const [[x0, y0], [x1, y1]] = [points[0], points.at(-1)];
    const long = Math.hypot(x1 - x0, y1 - y0);
    let furthest = 0,
        most = 0;
    for (let i = 1; i < points.length - 1; i++) {
        const [x, y] = points[i];
        const off = long ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / long : Math.hypot(x - x0, y - y0);
        if (off > most) [furthest, most] = [i, off];
    }
    if (most < OFF) return [points[0], points.at(-1)];
    return [...simple(points.slice(0, furthest + 1)).slice(0, -1), ...simple(points.slice(furthest))];
};

// Draw a stroke, or what of it comes after the point `from`, onto the layer of lines or that of hints.
export const brush = (context, { tool, points, colour }, from = 0) => {
    const scale = context.canvas.width / SIDE;
    context.globalCompositeOperation = tool === "erase" ? "destination-out" : "source-over";
    context.strokeStyle = context.fillStyle = tool === "hint" ? `#${colour}` : "#000";
    context.lineCap = "round";
    const wide = (pressure) => WIDTHS[tool] * (0.5 + pressure) * scale;
    for (let i = Math.max(from, 0); i < points.length; i++) {
        const [x, y, pressure] = points[i],
            [a, b, before] = points[i - 1] ?? points[i];
        context.beginPath();
        if (i) {
            context.lineWidth = (wide(pressure) + wide(before)) / 2;
            context.moveTo(a * scale, b * scale);
            context.lineTo(x * scale, y * scale);
            context.stroke();
        } else {
            context.arc(x * scale, y * scale, wide(pressure) / 2, 0, 7);
            context.fill();
        }
    }
    context.globalCompositeOperation = "source-over";
};

export const mirrored = (stroke) => ({ ...stroke, points: stroke.points.map(([x, ...rest]) => [SIDE - x, ...rest]) });
