import { describe, expect, it } from "vitest";
import { readFloat32, readUint16, reverseEach, writeLittleEndian } from "./little-endian.ts";

describe("little-endian numbers", () => {
  const values = new Float32Array([1, -2.5, 3e38, 0]);

  it("[AD4] float32 bytes are those of a little-endian DataView, at any alignment", () => {
    for (const offset of [0, 1, 2, 3]) {
      const target = new Uint8Array(20).subarray(offset, offset + 16);
      writeLittleEndian(values, target);
      const view = new DataView(target.buffer, target.byteOffset);
      expect([...values].map((_, index) => view.getFloat32(index * 4, true))).toEqual([...values]);
      expect(readFloat32(target)).toEqual(values);
    }
  });

  it("[AD4] 16-bit words are read at any alignment, and shared when aligned", () => {
    const bytes = new Uint8Array([9, 0x34, 0x12, 0xff, 0xff]);
    expect([...readUint16(bytes.subarray(1))]).toEqual([0x1234, 0xffff]);
    const aligned = new Uint8Array([1, 0]);
    expect(readUint16(aligned).buffer).toBe(aligned.buffer);
  });

  it("[AD4] groups of bytes are reversed for a host of the other order", () => {
    expect([...reverseEach(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), 4)]).toEqual([
      4, 3, 2, 1, 8, 7, 6, 5,
    ]);
  });
});
