/** TensorFlow's native library through tfjs-node; optional, since its install script is never run by `npm ci`. */
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import type { KernelRequest, KernelState } from "./kernels/attach.ts";
import { quietNative } from "./quiet-native.ts";
import { nativeOf } from "./tensorflow/native.ts";
import type { MatmulPrecision } from "./tensorflow/precision.ts";
import { measurePrecisions } from "./tensorflow/precision.ts";
import { installNativeKernels, removeNativeKernels } from "./tensorflow/registry.ts";

/** What is wanted of TensorFlow on the CPU. */
export interface NativeRequest extends Pick<KernelRequest, "kernels"> {
  readonly matmulPrecision: MatmulPrecision;
}

/** TensorFlow on the CPU, with kernels of whole layers unless the stock ones are asked for. */
export function tfjsNodeOver(request: NativeRequest): Backend {
  return {
    name: "tfjs-node",
    tfName: "tensorflow",
    load: () => loadNative(() => import("@tensorflow/tfjs-node"), "npm run setup:tfjs-node"),
    finish: () => Promise.resolve(attach(request)),
  };
}

function attach({ kernels, matmulPrecision }: NativeRequest): KernelState {
  removeNativeKernels();
  if (kernels === "stock") return { kernels, threads: 1, notes: [] };
  const native = nativeOf(tf.backend());
  if (native === null) {
    const note =
      "tfjs-node: computes with TensorFlow.js' own operations, since it is not inside as ours expect it";
    return { kernels: "stock", threads: 1, notes: [note] };
  }
  const state = { kernels: "own", threads: 1, notes: [] } as const;
  installNativeKernels(native, matmulPrecision);
  if (matmulPrecision === "f32") return state;
  // A wish is met whatever the clock says: else two trainers of one process could differ.
  const { exact, rounded } = measurePrecisions(native);
  const note = "tfjs-node: products in bfloat16 are not faster than in float32 on this processor";
  return { ...state, matmulPrecision, notes: rounded < exact ? [] : [note] };
}

/** TensorFlow on a CUDA GPU. */
export const tfjsNodeGpu: Backend = {
  name: "tfjs-node-gpu",
  tfName: "tensorflow",
  async load() {
    await loadNative(() => import("@tensorflow/tfjs-node-gpu"), "npm run setup:tfjs-node-gpu");
    const native = tf.findBackend("tensorflow") as { readonly isUsingGpuDevice?: boolean } | null;
    if (native?.isUsingGpuDevice === true) return;
    tf.removeBackend("tensorflow");
    throw new Error("its library is there, but it found no CUDA device");
  },
};

async function loadNative(load: () => Promise<unknown>, script: string): Promise<void> {
  quietNative();
  // Node 23 removed a function that tfjs-node still calls.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  try {
    await load();
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Error(
      `its native library is not there; \`${script}\` fetches it (${reason ?? "unknown reason"})`,
      { cause: error },
    );
  }
}
