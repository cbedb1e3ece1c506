/** The training layer in a browser: backends of a worker, and both sides of a worker with a trainer. */
export { stockBinaryUrl } from "./backends/browser-assets.ts";
export {
  browserBackendNames,
  chooseBrowserBackend,
  fallbackReasons,
} from "./backends/browser-choose.ts";
export type {
  BrowserBackendName,
  BrowserBackendOptions,
  BrowserBackendRequest,
  BrowserPassedOver,
  BrowserPlatform,
  ChosenBrowserBackend,
  FallbackReason,
} from "./backends/browser-choose.ts";
export { watchDevice } from "./backends/device-lost.ts";
export type { WebglFacts } from "./backends/browser-webgl.ts";
export { browserImages, withBitmap } from "./backends/browser-images.ts";
export type { PictureBitmap, PicturePage } from "./backends/browser-images.ts";
export { deviceMemory } from "./backends/browser-memory.ts";
export type { KernelOptions } from "./backends/kernels/attach.ts";
export type { ThreadPlatform, ThreadRequest, ThreadSetup } from "./backends/kernels/threads.ts";
export { measureSpeed } from "./backends/speed.ts";
export type { BackendSpeed } from "./backends/speed.ts";
export type { Gpu, GpuAdapter } from "./backends/webgpu.ts";
export { fromPlain, toPlain } from "./backends/worker-messages.ts";
export type {
  AskMessage,
  FromWorker,
  PlainError,
  Progress,
  TaskTable,
  ToWorker,
  TrainerTasks,
} from "./backends/worker-messages.ts";
export { serveTasks } from "./backends/worker-service.ts";
export type { Service, ServiceLine, TaskHandlers } from "./backends/worker-service.ts";
export { workerTasks } from "./backends/worker-session.ts";
export type {
  WorkerEvents,
  WorkerLine,
  WorkerSource,
  WorkerTasks,
} from "./backends/worker-session.ts";
