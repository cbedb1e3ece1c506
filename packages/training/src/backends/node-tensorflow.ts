/** TensorFlow's native library through tfjs-node; optional, since its install script is never run by `npm ci`. */
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import type { KernelRequest, KernelState } from "./kernels/attach.ts";
import { quietNative } from "./quiet-native.ts";
import { nativeOf } from "./tensorflow/native.ts";
import { installNativeKernels, removeNativeKernels } from "./tensorflow/registry.ts";

/** TensorFlow on the CPU, with kernels of whole layers unless the stock ones are asked for. */
export function tfjsNodeOver({ kernels }: Pick<KernelRequest, "kernels">): Backend {
  return {
    name: "tfjs-node",
    tfName: "tensorflow",
    load: () => loadNative(() => import("@tensorflow/tfjs-node"), "npm run setup:tfjs-node"),
    finish: () => Promise.resolve(attach(kernels)),
  };
}

function attach(kernels: KernelRequest["kernels"]): KernelState {
  removeNativeKernels();
  if (kernels === "stock") return { kernels, threads: 1, notes: [] };
  const native = nativeOf(tf.backend());
  if (native === null) {
    const note =
      "tfjs-node: computes with TensorFlow.js' own operations, since it is not inside as ours expect it";
    return { kernels: "stock", threads: 1, notes: [note] };
  }
  installNativeKernels(native);
  return { kernels: "own", threads: 1, notes: [] };
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
