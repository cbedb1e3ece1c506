/** Entry of a worker thread whose graphics device is lost when its parent says so. */
import * as tf from "@tensorflow/tfjs";
import { parentPort, workerData } from "node:worker_threads";
import type { Backend, ChosenBackend } from "../backends/backend.ts";
import { avoiding, chooseFrom } from "../backends/backend.ts";
import { cpu } from "../backends/cpu.ts";
import { startNodeService } from "../backends/node-service.ts";
import { nodeWebgpuOver } from "../backends/node-webgpu.ts";
import type { FromWorker, TrainerTasks, WorkerSetup } from "../backends/worker-messages.ts";
import { serveTasks } from "../backends/worker-service.ts";
import type { FragileSetup } from "./fragile.ts";
import { faults } from "./fragile.ts";

interface Readable {
  device?: { readonly lost: Promise<{ readonly message: string }>; destroy?(): void };
  read(id: object): Promise<unknown>;
}

const setup = workerData as WorkerSetup & FragileSetup;
const fault = new Int32Array(setup.fault);

/** Loses the current backend's device at the first read after the parent has said so: in the middle of a step. */
function breakWhenTold(lose: (backend: Readable) => void): void {
  const backend = tf.backend() as unknown as Readable;
  const read = backend.read.bind(backend);
  backend.read = (id) => {
    if (Atomics.load(fault, faults.loseNow) > 0) {
      Atomics.sub(fault, faults.loseNow, 1);
      lose(backend);
    }
    return read(id);
  };
}

/** The processor under the name of a graphics card. */
const imitated: Backend = {
  name: "webgpu",
  tfName: "fragile",
  async load() {
    await cpu.load();
    if (Atomics.load(fault, faults.stayAway) > 0) throw new Error("there is no GPU adapter");
    const factory = tf.findBackendFactory("cpu");
    if (!tf.registerBackend("fragile", factory)) return;
    for (const kernel of tf.getKernelsForBackend("cpu"))
      tf.registerKernel({ ...kernel, backendName: "fragile" });
  },
  finish() {
    const backend = tf.backend() as unknown as Readable;
    let end = (_: { readonly message: string }): void => undefined;
    backend.device = { lost: new Promise((resolve) => (end = resolve)) };
    breakWhenTold(() => {
      end({ message: "the driver was reset" });
      backend.read = () => Promise.reject(new Error("AbortError: the buffer is not mapped"));
      throw new Error("the queue takes nothing more");
    });
    return Promise.resolve({ kernels: "stock", threads: 1, notes: [] });
  },
};

/** Dawn's device on any adapter, lost by its own call. */
const dawn: Backend = {
  ...nodeWebgpuOver({ allowSoftware: true }),
  finish() {
    breakWhenTold(({ device }) => device?.destroy?.());
    return Promise.resolve({ kernels: "stock", threads: 1, notes: [] });
  },
};

const tell = (message: FromWorker<TrainerTasks, ChosenBackend>): void =>
  parentPort?.postMessage(message);
// Of the thread, not of the process.
const onClosed = (): void => process.exit();
const receive = serveTasks<TrainerTasks, ChosenBackend>({ tell, onClosed }, () =>
  startNodeService({
    ...{ setup, tell },
    choose: (request, options) =>
      chooseFrom(
        avoiding([setup.device === "dawn" ? dawn : imitated, cpu], options?.avoid ?? []),
        request,
      ),
  }),
);
parentPort?.on("message", receive);
