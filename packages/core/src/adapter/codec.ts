/** Encoders of a flat vector of float32 values: what a message's payload consists of. */
import { FedtuneError } from "../errors.ts";
import { checkFinite } from "./finite.ts";
import { floatsToHalves, halvesToFloats, isHalfFinite, MAX_HALF } from "./half.ts";
import { decodeInt8, encodeInt8, int8Bytes } from "./int8.ts";
import { readFloat32, readUint16, writeLittleEndian } from "./little-endian.ts";

/** Names of the codecs, in config and plans. */
export const codecNames = ["f32", "f16", "int8"] as const;
/** One of {@link codecNames}. */
export type CodecName = (typeof codecNames)[number];

/** Encodes and decodes vectors; little endian, the same bytes on every platform, no state. */
export interface VectorCodec {
  readonly name: CodecName;
  /** Exact size of `length` encoded values. */
  encodedBytes(length: number): number;
  /** @throws FedtuneError `not-finite` with the index of the first value that is not finite in this codec */
  encode(values: Float32Array): Uint8Array;
  /** As `encode`, into a target of exactly `encodedBytes(values.length)`; any alignment. */
  encodeInto(values: Float32Array, target: Uint8Array): void;
  /**
   * Restores `length` values. The result may share memory with `bytes`: read it, or copy it.
   *
   * @throws FedtuneError `codec-invalid` when the size is wrong, `not-finite` with the index of the first bad value;
   * `trusted` bytes were decoded before, so they are not searched for bad values again
   */
  decode(bytes: Uint8Array, length: number, trusted?: boolean): Float32Array;
}

/** What a codec itself has to say; sizes are checked around it. */
interface CodecCore {
  readonly name: CodecName;
  encodedBytes(length: number): number;
  write(values: Float32Array, target: Uint8Array): void;
  read(bytes: Uint8Array, length: number): Float32Array;
}

const f32: CodecCore = {
  name: "f32",
  encodedBytes: (length) => length * 4,
  write(values, target) {
    checkFinite(values, "encode");
    writeLittleEndian(values, target);
  },
  read: readFloat32,
};

const f16: CodecCore = {
  name: "f16",
  encodedBytes: (length) => length * 2,
  write(values, target) {
    checkFinite(values, "encode");
    const halves = floatsToHalves(values);
    checkFits(halves, values);
    writeLittleEndian(halves, target);
  },
  read: (bytes) => halvesToFloats(readUint16(bytes)),
};

function checkFits(halves: Uint16Array, values: Float32Array): void {
  for (let index = 0; index < halves.length; index++) {
    if (isHalfFinite(halves[index] ?? 0)) continue;
    const message = `Cannot encode value ${index} as f16: it is ${values[index] ?? 0}, wanted at most ${MAX_HALF}`;
    throw new FedtuneError("not-finite", message, { data: { index } });
  }
}

const int8: CodecCore = {
  name: "int8",
  encodedBytes: int8Bytes,
  write: encodeInt8,
  read: decodeInt8,
};

function sized(core: CodecCore): VectorCodec {
  const { name } = core;
  const encodedBytes = (length: number): number => core.encodedBytes(length);
  const encodeInto = (values: Float32Array, target: Uint8Array): void => {
    const wanted = encodedBytes(values.length);
    if (target.length !== wanted) {
      throw new RangeError(`Cannot encode into ${target.length} bytes: wanted ${wanted}`);
    }
    core.write(values, target);
  };
  return {
    name,
    encodedBytes,
    encodeInto,
    encode(values) {
      const bytes = new Uint8Array(encodedBytes(values.length));
      encodeInto(values, bytes);
      return bytes;
    },
    decode(bytes, length, trusted = false) {
      const wanted = encodedBytes(length);
      if (bytes.length === wanted) {
        const values = core.read(bytes, length);
        if (!trusted) checkFinite(values, "decode");
        return values;
      }
      throw new FedtuneError(
        "codec-invalid",
        `Cannot decode ${length} ${name} values: got ${bytes.length} bytes, wanted ${wanted}`,
        { data: { codec: name, length, bytes: bytes.length, wanted } },
      );
    },
  };
}

/** Every codec by its name. */
export const codecs: Readonly<Record<CodecName, VectorCodec>> = {
  f32: sized(f32),
  f16: sized(f16),
  int8: sized(int8),
};
