/** Rotary positions: pairs of numbers of a head are turned by an angle that grows with the position. Su et al., arXiv 2104.09864, equation 34. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./with-gradient.ts";

/** Cosines and sines of consecutive positions, `[1, length, 1, headSize / 2]`. */
export interface RotaryAngles {
  readonly cos: tf.Tensor4D;
  readonly sin: tf.Tensor4D;
}

/** Which positions, and how fast the angles grow. */
export interface RotaryPositions {
  /** The first one. */
  readonly from: number;
  readonly length: number;
  /** Numbers per head; even. */
  readonly headSize: number;
  /** Base of the angles. */
  readonly theta: number;
}

/** Angle of pair i at position p: `p theta^(-2 i / headSize)`, in float64 before it is rounded. */
export function rotaryAngles({ from, length, headSize, theta }: RotaryPositions): RotaryAngles {
  const half = headSize / 2;
  const [cos, sin] = [new Float32Array(length * half), new Float32Array(length * half)];
  for (let row = 0; row < length; row++) {
    for (let pair = 0; pair < half; pair++) {
      const angle = (from + row) * theta ** ((-2 * pair) / headSize);
      cos[row * half + pair] = Math.cos(angle);
      sin[row * half + pair] = Math.sin(angle);
    }
  }
  const shape: [number, number, number, number] = [1, length, 1, half];
  return { cos: tf.tensor4d(cos, shape), sin: tf.tensor4d(sin, shape) };
}

/** How rows are split: x `[batch * length, heads * headSize]`. */
export interface RotaryShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
}

/** Turns (x[i], x[i + headSize / 2]) of every head, HuggingFace's pairing; the gradient is turned back. */
export function rotate(x: tf.Tensor2D, angles: RotaryAngles, shape: RotaryShape): tf.Tensor2D {
  return withGradient({
    inputs: [x],
    forward: (save) => {
      save([angles.cos, angles.sin]);
      return turn(x, angles, shape);
    },
    backward: (dy, saved) => {
      const [cos = angles.cos, sin = angles.sin] = saved as readonly tf.Tensor4D[];
      return [turn(dy as tf.Tensor2D, { cos, sin: tf.neg(sin) }, shape)];
    },
  }) as tf.Tensor2D;
}

function turn(
  x: tf.Tensor2D,
  { cos, sin }: RotaryAngles,
  { batch, length, heads }: RotaryShape,
): tf.Tensor2D {
  const half = x.shape[1] / heads / 2;
  const split = tf.reshape(x, [batch, length, heads, 2 * half]);
  const first = tf.slice(split, [0, 0, 0, 0], [batch, length, heads, half]);
  const second = tf.slice(split, [0, 0, 0, half], [batch, length, heads, half]);
  const turned = [
    tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
    tf.add(tf.mul(second, cos), tf.mul(first, sin)),
  ];
  return tf.reshape(tf.concat(turned, 3), x.shape);
}
