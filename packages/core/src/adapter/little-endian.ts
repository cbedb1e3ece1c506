/** Numbers as little-endian bytes, whatever the host; on a little-endian host an aligned read costs nothing. */

/** Whether this machine stores the low byte first. */
export const isLittleEndianHost = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Reverses each group of `width` bytes, in place; returns its argument. */
export function reverseEach(bytes: Uint8Array, width: number): Uint8Array {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}

/** Bytes that a typed array of `width`-byte elements may lie over: the same memory when possible, else a copy. */
function hostOrder(bytes: Uint8Array, width: number): Uint8Array {
  if (!isLittleEndianHost) return reverseEach(bytes.slice(), width);
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

/** Reads float32 values; may share memory with `bytes`. Length must be a multiple of 4. */
export function readFloat32(bytes: Uint8Array): Float32Array {
  const host = hostOrder(bytes, 4);
  return new Float32Array(host.buffer, host.byteOffset, bytes.length / 4);
}

/** Reads unsigned 16-bit integers; may share memory with `bytes`. Length must be a multiple of 2. */
export function readUint16(bytes: Uint8Array): Uint16Array {
  const host = hostOrder(bytes, 2);
  return new Uint16Array(host.buffer, host.byteOffset, bytes.length / 2);
}

/** Writes values to the start of `target`, which needs no alignment. */
export function writeLittleEndian(values: Float32Array | Uint16Array, target: Uint8Array): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  target.set(bytes);
  if (!isLittleEndianHost) {
    reverseEach(target.subarray(0, bytes.length), values.BYTES_PER_ELEMENT);
  }
}
