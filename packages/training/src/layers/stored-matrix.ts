/** Frozen matrices in as many bytes as the device can spare: float32 on the device, or fewer bits on the host, widened for each use. */
import * as tf from "@tensorflow/tfjs";
import { codecs } from "@fedtune/core";

/**
 * How frozen weights are kept. `f16`: rounded to 11 significant bits, so off by at most 2^-11 of each value above 2^-14.
 * `int8`: 255 steps per row of W, so off by at most 1/254 of the row's largest value.
 */
export const basePrecisions = ["f32", "f16", "int8"] as const;
/** One of {@link basePrecisions}. */
export type BasePrecision = (typeof basePrecisions)[number];

/** A frozen matrix, `[rows, columns]`. */
export interface StoredMatrix {
  readonly shape: readonly [rows: number, columns: number];
  /** The matrix as a tensor: kept on the device, or made anew in the current scope, which ends it. */
  whole(): tf.Tensor2D;
  /** Some rows, `[ids, columns]`; the ids on the host and on the device. */
  rows(ids: Int32Array, onDevice: tf.Tensor1D): tf.Tensor2D;
  dispose(): void;
}

/** Values of some rows of a matrix that is kept in fewer bits. */
type Widen = (from: number, to: number) => Float32Array;

/** Keeps a matrix, row-major. The caller disposes it. */
export function storedMatrix(
  values: Float32Array,
  shape: readonly [rows: number, columns: number],
  precision: BasePrecision,
): StoredMatrix {
  const [rows, columns] = shape;
  if (precision === "f32") {
    const kept = tf.keep(tf.tensor2d(values, [rows, columns]));
    return {
      shape,
      whole: () => kept,
      rows: (_, ids) => tf.gather(kept, ids),
      dispose: () => kept.dispose(),
    };
  }
  const widen = precision === "f16" ? halves(values, columns) : steps(values, columns);
  return {
    shape,
    whole: () => tf.tensor2d(widen(0, rows), [rows, columns]),
    rows(ids) {
      const chosen = new Float32Array(ids.length * columns);
      ids.forEach((id, place) => chosen.set(widen(id, id + 1), place * columns));
      return tf.tensor2d(chosen, [ids.length, columns]);
    },
    dispose: () => undefined,
  };
}

/** Two bytes a value. Values beyond 65504, which no checkpoint has, are refused by the codec. */
function halves(values: Float32Array, columns: number): Widen {
  const { f16 } = codecs;
  const bytes = f16.encode(values);
  return (from, to) => {
    const part = bytes.subarray(2 * from * columns, 2 * to * columns);
    return f16.decode(part, (to - from) * columns, true);
  };
}

/** One byte a value, and four a row. */
function steps(values: Float32Array, columns: number): Widen {
  const rows = values.length / columns;
  const scales = new Float32Array(rows);
  const kept = new Int8Array(values.length);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    const scale = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    scales[row] = scale;
    if (scale > 0)
      own.forEach((value, column) => (kept[row * columns + column] = Math.round(value / scale)));
  }
  return (from, to) => {
    const wide = new Float32Array((to - from) * columns);
    for (let row = from; row < to; row++) {
      const scale = scales[row] ?? 0;
      for (let column = 0; column < columns; column++)
        wide[(row - from) * columns + column] = (kept[row * columns + column] ?? 0) * scale;
    }
    return wide;
  };
}
