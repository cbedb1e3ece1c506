/** IEEE 754 binary16 and bfloat16 by integer arithmetic. */

/** The largest finite half, 65504. */
export const MAX_HALF = 65504;

/** Bits of a float32 to the nearest half, ties to even; beyond 65520 infinity; NaN stays NaN. */
export function halfFromFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 lies halfway between 65504 and the first value that does not fit.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | subnormalHalf(magnitude);
  const rounding = 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((magnitude - 0x38000000 + rounding) >>> 13);
}

/** Below 2^-14 a half counts in units of 2^-24. */
function subnormalHalf(magnitude: number): number {
  if (magnitude <= 0x33000000) return 0;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const units = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (units & 1) === 1) ? units + 1 : units;
}

/** The value of a half; exact. */
export function floatFromHalf(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

let table: Float32Array | null = null;

/** Value of each of the 65,536 halves, made once. */
function halfTable(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, half) => floatFromHalf(half));
  return table;
}

/** Whether a half is neither an infinity nor NaN. */
export function isHalfFinite(half: number): boolean {
  return (half & 0x7c00) !== 0x7c00;
}

/** Widens halves to float32. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  const values = halfTable();
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = values[halves[i] ?? 0] ?? 0;
  return floats;
}

/** Rounds float32 values to halves, ties to even. */
export function floatsToHalves(floats: Float32Array): Uint16Array {
  const bits = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < bits.length; i++) halves[i] = halfFromFloatBits(bits[i] ?? 0);
  return halves;
}

/** Widens bfloat16 values to float32: the upper half of the same bits. */
export function bfloatsToFloats(bfloats: Uint16Array): Float32Array {
  const bits = new Uint32Array(bfloats.length);
  for (let i = 0; i < bfloats.length; i++) bits[i] = (bfloats[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}
