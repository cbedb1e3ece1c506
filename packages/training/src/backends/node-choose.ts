/** The backends of Node, best first. */
import type { Backend, BackendRequest, ChosenBackend } from "./backend.ts";
import { chooseFrom } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { tfjsNode, tfjsNodeGpu } from "./node-tensorflow.ts";
import { nodeWebgpu } from "./node-webgpu.ts";
import { wasm } from "./wasm.ts";

/** In the order in which `auto` tries them. */
const nodeBackends: readonly Backend[] = [tfjsNodeGpu, tfjsNode, nodeWebgpu, wasm, cpu];

/**
 * Makes the requested backend current in this thread.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`
 */
export function chooseBackend(request: BackendRequest): Promise<ChosenBackend> {
  return chooseFrom(nodeBackends, request);
}
