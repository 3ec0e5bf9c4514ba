// The whole generator in one screen of shader. A graphics card works out every pixel of a picture at the same time, by the
// same small program; here the "picture" is what a layer of the network makes, and one draw call is one layer:
//
//     z, 1 x 1 pixel, 100 channels -> 4 x 4, 512 -> 8 x 8, 256 -> 16 x 16, 128 -> 32 x 32, 64 -> 64 x 64, red green blue
//
// A texture's pixel has four numbers (RGBA), so channels go in fours: a map of 512 channels of 4 x 4 pixels is a texture
// 4 wide and 128 * 4 high, 128 blocks of four channels, one below the other.

const VERTEX = `#version 300 es
    // A triangle that covers all of the target, so that the fragment shader below runs once for each of its pixels.
    void main() {
        gl_Position = vec4(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1, 0, 1);
    }`;

// A transposed convolution puts a stamp of 4 x 4 weights onto the output for each input pixel, `stride` pixels apart, and
// adds up where stamps overlap. Asked from the output's side: the stamp of the input pixel (row, column) lies with its
// weight (ky, kx) on this pixel (y, x) where row * stride + ky = y + padding, and the same across. With stride 2 that
// leaves 2 x 2 input pixels, with stride 1 (the first layer, whose input has one pixel) a single one.
const FRAGMENT = (end) => `#version 300 es
    precision highp float;
    precision highp int;
    precision highp sampler2D;
    uniform sampler2D maps;     // what the layer before drew
    uniform sampler2D weights;  // column: input channel; row: 16 * block of four output channels + 4 * ky + kx
    uniform int inSide, outSide, inBlocks, stride, padding;
    out vec4 color;             // four output channels of one pixel

    void main() {
        ivec2 place = ivec2(gl_FragCoord.xy);
        int block = place.y / outSide, y = place.y % outSide, x = place.x;
        vec4 sum = texelFetch(weights, ivec2(4 * inBlocks, 16 * block), 0);  // the bias stands behind the last input channel
        for (int ky = (y + padding) % stride; ky < 4; ky += stride) {
            int row = (y + padding - ky) / stride;
            if (y + padding < ky || row >= inSide) continue;
            for (int kx = (x + padding) % stride; kx < 4; kx += stride) {
                int column = (x + padding - kx) / stride;
                if (x + padding < kx || column >= inSide) continue;
                int tap = 16 * block + 4 * ky + kx;
                for (int i = 0; i < inBlocks; i++) {
                    vec4 value = texelFetch(maps, ivec2(column, i * inSide + row), 0);
                    sum += value.r * texelFetch(weights, ivec2(4 * i, tap), 0)
                         + value.g * texelFetch(weights, ivec2(4 * i + 1, tap), 0)
                         + value.b * texelFetch(weights, ivec2(4 * i + 2, tap), 0)
                         + value.a * texelFetch(weights, ivec2(4 * i + 3, tap), 0);
                }
            }
        }
        color = ${end};
    }`;
const HIDDEN = FRAGMENT("max(sum, 0.0)"); // ReLU
// From [-1, 1] to [0, 1], which a texture of bytes rounds to 0 ... 255. Some cards' own tanh overflows far from 0.
const LAST = FRAGMENT("vec4((tanh(clamp(sum.rgb, -15.0, 15.0)) + 1.0) / 2.0, 1.0)");

const compile = (gl, fragment) => {
    const program = gl.createProgram();
    for (const [kind, text] of [
        [gl.VERTEX_SHADER, VERTEX],
        [gl.FRAGMENT_SHADER, fragment],
    ]) {
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, text);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("the shader does not compile here");
    return program;
};

// A texture that is read by whole pixels alone: nothing is smoothed, nothing wraps around.
const makeTexture = (gl, format, width, height, type = null, values = null) => {
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
        gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
    if (values) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, type, values);
    return texture;
};

// Weights (inputs x outputs x 4 x 4) and bias as the shader wants them: one pixel has the weights from one input channel to
// four output channels, at one of the 16 places of the stamp.
const arrange = ({ inputs, outputs, weights, bias }) => {
    const width = 4 * Math.ceil(inputs / 4) + 1,
        blocks = Math.ceil(outputs / 4);
    const values = new Float32Array(width * 16 * blocks * 4);
    for (let o = 0; o < outputs; o++) {
        const row = 16 * (o >> 2),
            lane = o & 3;
        for (let i = 0; i < inputs; i++) {
            for (let tap = 0, from = (i * outputs + o) * 16; tap < 16; tap++) {
                values[((row + tap) * width + i) * 4 + lane] = weights[from + tap];
            }
        }
        values[(row * width + width - 1) * 4 + lane] = bias[o];
    }
    return { width, height: 16 * blocks, values };
};

const PROGRAMS = /swiftshader|llvmpipe|softpipe|software|basic render/i; // slower than the plain way

// Return {draw(z) -> promise of RGBA pixels, Uint8ClampedArray(side x side x 4), stop(), renderer: the card's name} for
// what readGenerator returned. Throws where this browser's graphics cannot do it, or are a program
// themselves and not `slowToo` will do; `onLost` is called when they stop being able to.
export function webglGenerator({ zDim, side, layers }, slowToo, onLost) {
    const canvas = document.createElement("canvas");
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false });
    if (!gl) throw new Error("this browser has no WebGL 2");
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
    if (!slowToo && PROGRAMS.test(renderer))
        throw new Error("no graphics card stands behind WebGL here, only a program");
    canvas.addEventListener("webglcontextlost", onLost);
    // Maps are drawn into, which numbers of 32 bits need leave for; those of 16 are coarser, and the self-test decides.
    const fine = gl.getExtension("EXT_color_buffer_float");
    if (!fine && !gl.getExtension("EXT_color_buffer_half_float")) throw new Error("its textures hold no fractions");
    const mapFormat = fine ? gl.RGBA32F : gl.RGBA16F;

    const hidden = compile(gl, HIDDEN),
        last = compile(gl, LAST);
    const zValues = new Float32Array(4 * Math.ceil(zDim / 4));
    const zTexture = makeTexture(gl, gl.RGBA32F, 1, zValues.length / 4);
    let before = { map: zTexture, side: 1, blocks: zValues.length / 4 };
    const passes = layers.map((layer, n) => {
        const isLast = n === layers.length - 1;
        const { width, height, values } = arrange(layer);
        const blocks = height / 16;
        const map = makeTexture(gl, isLast ? gl.RGBA8 : mapFormat, layer.side, layer.side * blocks);
        const target = gl.createFramebuffer();
        gl.bindFramebuffer(gl.FRAMEBUFFER, target);
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, map, 0);
        if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE)
            throw new Error("no map can be drawn into");
        const program = isLast ? last : hidden;
        const numbers = {
            maps: 0,
            weights: 1,
            inSide: before.side,
            outSide: layer.side,
            inBlocks: before.blocks,
            stride: layer.stride,
            padding: layer.padding,
        };
        const pass = {
            target,
            program,
            input: before.map,
            weights: makeTexture(gl, gl.RGBA32F, width, height, gl.FLOAT, values),
            uniforms: Object.entries(numbers).map(([name, value]) => [gl.getUniformLocation(program, name), value]),
            width: layer.side,
            height: layer.side * blocks,
        };
        before = { map, side: layer.side, blocks };
        return pass;
    });
    if (gl.getError()) throw new Error("the graphics have no room for the network");

    const readBack = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, readBack);
    const drawOne = async (z) => {
        zValues.set(z);
        gl.activeTexture(gl.TEXTURE0);
        gl.bindTexture(gl.TEXTURE_2D, zTexture);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 1, zValues.length / 4, gl.RGBA, gl.FLOAT, zValues);
        for (const { target, program, input, weights, uniforms, width, height } of passes) {
            gl.bindFramebuffer(gl.FRAMEBUFFER, target);
            gl.viewport(0, 0, width, height);
            gl.useProgram(program);
            for (const [place, value] of uniforms) gl.uniform1i(place, value);
            for (const [unit, texture] of [input, weights].entries()) {
                gl.activeTexture(gl.TEXTURE0 + unit);
                gl.bindTexture(gl.TEXTURE_2D, texture);
            }
            gl.drawArrays(gl.TRIANGLES, 0, 3);
        }
        // The card works while the page goes on; the fence says when it is through. Its first row is a picture's first here.
        gl.bufferData(gl.PIXEL_PACK_BUFFER, side * side * 4, gl.STREAM_READ);
        gl.readPixels(0, 0, side, side, gl.RGBA, gl.UNSIGNED_BYTE, 0);
        const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
        gl.flush();
        while (gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) await new Promise((later) => setTimeout(later));
        gl.deleteSync(fence);
        const pixels = new Uint8ClampedArray(side * side * 4);
        gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, pixels);
        return pixels;
    };
    let line = Promise.resolve(); // one picture after the other
    const draw = (z) => (line = line.then(() => drawOne(z)));
    const stop = () =>
        line.then(() => {
            canvas.removeEventListener("webglcontextlost", onLost);
            gl.getExtension("WEBGL_lose_context")?.loseContext(); // gives its memory back
        });
    return { draw, stop, renderer };
}
