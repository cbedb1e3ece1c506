/** Devices that are lost while training: nothing on them can be read or computed any more. */
import * as tf from "@tensorflow/tfjs";
import { FedtuneError } from "@fedtune/core";

interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
}
interface Canvas {
  addEventListener(type: "webglcontextlost", listener: () => void): void;
}
/** What graphics backends of TensorFlow.js 4.22 hold; all of it is looked for, none of it relied upon. */
interface GraphicsBackend {
  readonly device?: GpuDevice;
  readonly gpgpu?: { readonly gl?: { readonly canvas?: Canvas } };
}

/** Tells once when the current backend's graphics device is lost. */
export function watchDevice(backend: string, onLost: (error: FedtuneError) => void): void {
  const { device, gpgpu } = tf.backend() as GraphicsBackend;
  const lost = (why: string): void => onLost(deviceLost(backend, why));
  if (backend === "webgpu") void device?.lost.then(({ message }) => lost(message || "no reason"));
  if (backend === "webgl")
    gpgpu?.gl?.canvas?.addEventListener("webglcontextlost", () =>
      lost("the browser took the context away"),
    );
}

/** TensorFlow tells of a dead CUDA device only in the words of what failed on it; full memory is another matter. */
const cudaLost =
  /CUDA_ERROR_(?!OUT_OF_MEMORY)|CU(DNN|BLAS)_STATUS_(?!ALLOC_FAILED)|illegal memory access|device-side assert/;

/** The loss that an error of a job tells of; null where it tells of none. */
export function lossToldBy(error: unknown, backend: string): FedtuneError | null {
  if (backend !== "tfjs-node-gpu" || !(error instanceof Error)) return null;
  return cudaLost.test(error.message) ? deviceLost(backend, error.message) : null;
}

/** The error of a job whose device is gone. */
function deviceLost(backend: string, why: string): FedtuneError {
  return new FedtuneError("training-failed", `Lost the graphics device of ${backend}: ${why}`, {
    data: { reason: "device-lost", backend },
  });
}

/** Whether the error is the loss of a backend's device, and of which. */
export function lostBackend({ data }: FedtuneError): string | null {
  return data["reason"] === "device-lost" && typeof data["backend"] === "string"
    ? data["backend"]
    : null;
}
