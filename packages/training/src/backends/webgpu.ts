/** WebGPU on real hardware; a software adapter is slower than WebAssembly and is refused unless it is asked for. */
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "./backend.ts";
import { refusal } from "./backend.ts";

/** What of an adapter is looked at. */
export interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly vendor?: string;
    readonly architecture?: string;
    readonly description?: string;
  };
  readonly limits?: {
    readonly maxBufferSize?: number;
    readonly maxStorageBufferBindingSize?: number;
  };
}

/** The `navigator.gpu` of the platform, as far as it is used. */
export interface Gpu {
  requestAdapter(options?: {
    readonly powerPreference: "high-performance";
  }): Promise<GpuAdapter | null>;
}

/** What an adapter must be. */
export interface GpuRequest {
  /** Also takes an adapter that the processor imitates. */
  readonly allowSoftware?: boolean;
  /** Bytes of the largest tensor: a buffer must hold it. */
  readonly largestTensorBytes?: number;
  /** Told of the adapter that is taken. */
  onAdapter?(adapter: GpuAdapter): void;
}

/** The backend over whatever provides `navigator.gpu`. */
export function webgpuOver(
  provide: () => Promise<Gpu>,
  request: GpuRequest = {},
): Backend<"webgpu"> {
  return {
    name: "webgpu",
    tfName: "webgpu",
    async load() {
      const gpu = await provide();
      // As TensorFlow.js will ask.
      const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
      if (adapter === null) throw refusal("blocked", "there is no GPU adapter");
      if (isSoftware(adapter) && request.allowSoftware !== true)
        throw refusal("software", "the only GPU adapter is a software one");
      checkLimits(adapter, request);
      request.onAdapter?.(adapter);
      await import("@tensorflow/tfjs-backend-webgpu");
      // Small tensors go to the graphics card too: what passes the self-test is what trains.
      tf.env().set("WEBGPU_CPU_FORWARD", false);
    },
  };
}

/** Names that a processor's imitation of a graphics card goes by, in WebGPU's and WebGL's words. */
export const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

function isSoftware({ isFallbackAdapter, info }: GpuAdapter): boolean {
  const names = [info?.architecture, info?.description].join(" ");
  return (
    isFallbackAdapter === true || info?.isFallbackAdapter === true || softwareNames.test(names)
  );
}

function checkLimits({ limits = {} }: GpuAdapter, { largestTensorBytes = 0 }: GpuRequest): void {
  for (const name of ["maxBufferSize", "maxStorageBufferBindingSize"] as const) {
    const limit = limits[name] ?? Number.POSITIVE_INFINITY;
    if (limit >= largestTensorBytes) continue;
    const message = `its ${name} is ${limit} bytes, the model's largest tensor has ${largestTensorBytes}`;
    throw refusal("limits", message);
  }
}
