/** The training layer in Node: disk, native backends, worker threads. */
export { backendNames } from "./backends/backend.ts";
export type { BackendName, BackendRequest, ChosenBackend } from "./backends/backend.ts";
export { chooseBackend } from "./backends/node-choose.ts";
export { builtinModelFolder, householdFile } from "./backends/node-assets.ts";
export { measureSpeed } from "./backends/speed.ts";
export type { BackendSpeed } from "./backends/speed.ts";
export { nodeFiles } from "./backends/node-files.ts";
export { createWorkerTrainer } from "./backends/worker-trainer.ts";
export type { WorkerTrainer } from "./backends/worker-trainer.ts";
export type { WorkerSetup } from "./backends/worker-messages.ts";
