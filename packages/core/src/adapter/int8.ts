/**
 * Block-wise symmetric 8-bit integers: each block of 64 values shares one float32 scale.
 *
 * Bytes: all scales (float32, little endian), then one signed byte in [-127, 127] for each value. A value becomes
 * `q * scale`, `scale = max |value| of the block / 127`, q rounded half to even: off by at most `scale / 2`. With 64
 * values a block the scales add 6 % to the size, and one outlier costs only its 63 neighbours their precision.
 */
import { FedtuneError } from "../errors.ts";
import { checkFinite, notFinite } from "./finite.ts";
import { readFloat32, writeLittleEndian } from "./little-endian.ts";

/** Values that share a scale. */
export const INT8_BLOCK = 64;
/** The largest float32 whose product with 127 is finite in float32. */
const MAX_SCALE = 2.6793883890187504e36;
/** Adding and subtracting 1.5 * 2^52 rounds a float64 of small magnitude to an integer, half to even. */
const ROUND = 6755399441055744;

/** Bytes of `length` values. */
export function int8Bytes(length: number): number {
  return Math.ceil(length / INT8_BLOCK) * 4 + length;
}

/**
 * Quantises `values` into `target`, `[int8Bytes(values.length)]`.
 *
 * @throws FedtuneError `not-finite` with the index of the first NaN or infinity
 */
export function encodeInt8(values: Float32Array, target: Uint8Array): void {
  checkFinite(values, "encode");
  const scales = new Float32Array(Math.ceil(values.length / INT8_BLOCK));
  const codes = new Int8Array(target.buffer, target.byteOffset + scales.byteLength, values.length);
  for (let block = 0; block < scales.length; block++) {
    const start = block * INT8_BLOCK;
    const end = Math.min(start + INT8_BLOCK, values.length);
    const scale = Math.min(Math.fround(largest(values, start, end) / 127), MAX_SCALE);
    scales[block] = scale;
    if (scale === 0) codes.fill(0, start, end);
    else quantise(values.subarray(start, end), scale, codes.subarray(start, end));
  }
  writeLittleEndian(scales, target);
}

function largest(values: Float32Array, start: number, end: number): number {
  let max = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > max) max = magnitude;
  }
  return max;
}

function quantise(values: Float32Array, scale: number, codes: Int8Array): void {
  for (let i = 0; i < values.length; i++) {
    const rounded = (values[i] ?? 0) / scale + ROUND - ROUND;
    // A subnormal scale is coarse: the quotient may pass 127.
    codes[i] = rounded > 127 ? 127 : rounded < -127 ? -127 : rounded;
  }
}

/**
 * Restores `length` values from `[int8Bytes(length)]` bytes.
 *
 * @throws FedtuneError `codec-invalid` on a scale or code that no encoder writes, `not-finite` on a scale that is not finite
 */
export function decodeInt8(bytes: Uint8Array, length: number): Float32Array {
  const blocks = Math.ceil(length / INT8_BLOCK);
  const scales = readFloat32(bytes.subarray(0, blocks * 4));
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset + blocks * 4, length);
  const values = new Float32Array(length);
  for (let block = 0; block < blocks; block++) {
    const scale = scales[block] ?? 0;
    checkScale(scale, block);
    const end = Math.min((block + 1) * INT8_BLOCK, length);
    for (let i = block * INT8_BLOCK; i < end; i++) {
      const code = codes[i] ?? 0;
      if (code === -128) throw invalid(`Cannot decode value ${i}: code -128 is not in use`, i);
      values[i] = code * scale;
    }
  }
  return values;
}

function checkScale(scale: number, block: number): void {
  if (scale >= 0 && scale <= MAX_SCALE) return;
  const index = block * INT8_BLOCK;
  if (!Number.isFinite(scale)) {
    throw notFinite(`decode value ${index} by the scale of its block`, scale, { index });
  }
  throw invalid(`Cannot decode block ${block}: scale ${scale}, wanted 0 to ${MAX_SCALE}`, index);
}

function invalid(message: string, index: number): FedtuneError {
  return new FedtuneError("codec-invalid", message, { data: { index } });
}
