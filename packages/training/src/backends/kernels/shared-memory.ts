/** Makes the memory of a WebAssembly binary one that threads can share. */

const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;
const SHARED_WITH_MAXIMUM = 3;

/**
 * The binary with its memory marked as shared; nothing else changes.
 *
 * The memory section must hold one memory with a maximum, as that of TensorFlow.js' single-threaded binary does.
 * WebAssembly core specification 5.5.8 (memory section); threads proposal (flag 3).
 *
 * @throws Error when the section is not like that
 */
export function withSharedMemory(binary: Uint8Array): Uint8Array {
  const at = memoryFlags(binary);
  if (binary[at - 1] !== 1 || binary[at] !== HAS_MAXIMUM)
    throw new Error("the binary does not have one memory with a maximum");
  const shared = Uint8Array.from(binary);
  shared[at] = SHARED_WITH_MAXIMUM;
  return shared;
}

/** Place of the flags of the first memory. */
function memoryFlags(binary: Uint8Array): number {
  // Magic number and version come first.
  let at = 8;
  while (at < binary.length) {
    const id = binary[at] ?? 0;
    const { value, next } = unsignedNumber(binary, at + 1);
    if (id === MEMORY_SECTION) return next + 1;
    at = next + value;
  }
  throw new Error("the binary has no memory of its own");
}

/** LEB128. */
function unsignedNumber(binary: Uint8Array, start: number): { value: number; next: number } {
  let [value, scale, next] = [0, 1, start];
  for (;;) {
    const byte = binary[next] ?? 0;
    value += (byte % 128) * scale;
    scale *= 128;
    next += 1;
    if (byte < 128) return { value, next };
  }
}
