// From a seed to its latent, number for number as numpy.random.RandomState(seed).standard_normal(length) as float32.
const SIZE = 624,
    SHIFT = 397;

// The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998): 32 random bits a call.
const twister = (seed) => {
    const state = new Uint32Array(SIZE);
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    let at = SIZE;
    const renew = () => {
        for (let i = 0; i < SIZE; i++) {
            const y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
            state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
        }
        at = 0;
    };
    return () => {
        if (at === SIZE) renew();
        let y = state[at++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return (y ^ (y >>> 18)) >>> 0;
    };
};

// Return z, Float32Array(length), of a whole seed from 0 to 2^32 - 1.
export function sampleZ(seed, length) {
    const bits = twister(seed);
    const uniform = () => ((bits() >>> 5) * 67108864 + (bits() >>> 6)) / 9007199254740992; // 53 bits, in [0, 1)
    const z = new Float32Array(length);
    for (let i = 0; i < length; i += 2) {
        // Marsaglia's polar method draws two at a time, and numpy gives the second first
        let x1, x2, r2;
        do {
            x1 = 2 * uniform() - 1;
            x2 = 2 * uniform() - 1;
            r2 = x1 * x1 + x2 * x2;
        } while (r2 >= 1 || r2 === 0);
        const f = Math.sqrt((-2 * Math.log(r2)) / r2);
        z[i] = f * x2;
        if (i + 1 < length) z[i + 1] = f * x1;
    }
    return z;
}
