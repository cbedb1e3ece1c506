/** The backends of Node, best first. */
import * as tf from "@tensorflow/tfjs";
import type { AvoidedBackend, Backend, BackendRequest, ChosenBackend } from "./backend.ts";
import { avoiding, chooseFrom } from "./backend.ts";
import { cpu } from "./cpu.ts";
import type { KernelOptions, KernelRequest } from "./kernels/attach.ts";
import { heapOf } from "./kernels/heap.ts";
import type { NativeRequest } from "./node-tensorflow.ts";
import { tfjsNodeGpu, tfjsNodeOver } from "./node-tensorflow.ts";
import { nodeThreads } from "./node-threads.ts";
import { nodeWebgpuOver } from "./node-webgpu.ts";
import { wasmOver } from "./wasm.ts";

/** In the order in which `auto` tries them. */
function nodeBackends(request: KernelRequest & NativeRequest): readonly Backend[] {
  return [
    tfjsNodeGpu,
    tfjsNodeOver(request),
    nodeWebgpuOver(),
    wasmOver(nodeThreads, request),
    cpu,
  ];
}

/** What is wanted of a backend of Node. */
export interface NodeBackendOptions extends KernelOptions, Partial<NativeRequest> {
  /** Backends that failed earlier: `auto` goes past them. */
  readonly avoid?: readonly AvoidedBackend[];
}

/**
 * Makes the requested backend current in this thread.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`
 */
export async function chooseBackend(
  request: BackendRequest,
  {
    kernels = "own",
    threads = "auto",
    matmulPrecision = "f32",
    avoid = [],
  }: NodeBackendOptions = {},
): Promise<ChosenBackend> {
  const backends = nodeBackends({ kernels, threads, matmulPrecision });
  const tried = request === "auto" ? avoiding(backends, avoid) : backends;
  const chosen = await chooseFrom(tried, request);
  // Without our kernels, too, a full memory is to be an error and no address.
  if (chosen.name === "wasm" && chosen.kernels === "stock") heapOf(tf.backend());
  if (matmulPrecision === "f32" || (chosen.name === "tfjs-node" && chosen.kernels === "own"))
    return chosen;
  const note = `${chosen.name}: products in float32, since bfloat16 is there with our kernels of tfjs-node alone`;
  return { ...chosen, notes: [...chosen.notes, note] };
}
