/** The training layer in Node: disk, native backends, worker threads. */
export { backendNames } from "./backends/backend.ts";
export type { BackendName, BackendRequest, ChosenBackend } from "./backends/backend.ts";
export { chooseBackend } from "./backends/node-choose.ts";
export { builtinModelFolder, householdFile } from "./backends/node-assets.ts";
export { measureSpeed } from "./backends/speed.ts";
export type { BackendSpeed } from "./backends/speed.ts";
export { nodeFiles } from "./backends/node-files.ts";
export { fetchHubModel, hubModelFolder } from "./backends/node-hub.ts";
export type { HubModel, HubRequest } from "./backends/node-hub.ts";
export { hubName, isCommit, isMarked, parseHubName } from "./backends/node-hub-name.ts";
export type { HubName } from "./backends/node-hub-name.ts";
export { hubSettings } from "./backends/node-hub-settings.ts";
export type { HubSettings } from "./backends/node-hub-settings.ts";
export { peakMemoryBytes, stepBytes } from "./backends/node-memory.ts";
export type { KernelOptions } from "./backends/kernels/attach.ts";
export { createWorkerTrainer } from "./backends/worker-trainer.ts";
export type { WorkerTrainer } from "./backends/worker-trainer.ts";
export type { WorkerSetup } from "./backends/worker-messages.ts";
