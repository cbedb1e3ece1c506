import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { BrowserPlatform } from "./browser-choose.ts";
import { chooseBrowserBackend } from "./browser-choose.ts";
import { nodeThreads } from "./node-threads.ts";
import type { GpuAdapter } from "./webgpu.ts";

/** A browser without graphics, whose WebAssembly is Node's. */
const bare: BrowserPlatform = { threads: nodeThreads, gpu: null, probeWebgl: () => null };
const withGpu = (adapter: GpuAdapter | null): BrowserPlatform => ({
  ...bare,
  gpu: { requestAdapter: () => Promise.resolve(adapter) },
});
const broken = () => Promise.reject(new Error("status 404"));
const withoutWasm = { ...bare, threads: { ...nodeThreads, readStockBinary: broken } };

describe("the backends of a browser", () => {
  // The memory of wasm is made when it is first used: who cannot have it comes first.
  test("[TN10] end at plain JavaScript, with a reason for each one before it", async () => {
    const found = await chooseBrowserBackend(withoutWasm, { backend: "auto" });
    expect(found).toMatchObject({ name: "cpu", kernels: "stock", threads: 1, device: null });
    expect(found.passedOver).toEqual([
      {
        backend: "webgpu",
        reason: "missing",
        message: 'Cannot use backend "webgpu": this browser has no WebGPU',
      },
      { backend: "wasm", reason: "failed", message: 'Cannot use backend "wasm": status 404' },
      {
        backend: "webgl",
        reason: "missing",
        message: 'Cannot use backend "webgl": the browser gives no WebGL 2',
      },
    ]);
    expect(found.notes).toEqual(
      found.passedOver.map(({ backend, message }) => `${backend}: ${message}`),
    );
    expect(tf.getBackend()).toBe("cpu");
  });

  test.each([
    ["blocked", null, /no GPU adapter/],
    ["software", { isFallbackAdapter: true }, /software/],
    ["software", { info: { isFallbackAdapter: true } }, /software/],
    ["software", { info: { vendor: "google", architecture: "swiftshader" } }, /software/],
    ["software", { info: { description: "llvmpipe (LLVM 15.0.6)" } }, /software/],
    ["limits", { limits: { maxBufferSize: 2 ** 20 } }, /maxBufferSize is 1048576 bytes/],
    [
      "limits",
      { limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 27 } },
      /maxStorageBufferBindingSize is 134217728 bytes, .* tensor has 200000000/,
    ],
  ] as const)(
    "[TN10] pass WebGPU over as %s for an adapter like %j",
    async (reason, adapter, message) => {
      const options = { backend: "auto", threads: 1, largestTensorBytes: 2e8 } as const;
      const { name, passedOver } = await chooseBrowserBackend(withGpu(adapter), options);
      expect(name).toBe("wasm");
      expect(passedOver).toMatchObject([{ backend: "webgpu", reason }]);
      expect(passedOver[0]?.message).toMatch(message);
      await expect(
        chooseBrowserBackend(withGpu(adapter), { ...options, backend: "webgpu" }),
      ).rejects.toMatchObject({ code: "backend-unavailable", data: { reason } });
    },
  );

  test("[TN10] pass WebGL over where the processor imitates it", async () => {
    const renderer = "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)))";
    const imitated = { ...bare, probeWebgl: () => ({ renderer }) };
    await expect(chooseBrowserBackend(imitated, { backend: "webgl" })).rejects.toMatchObject({
      data: { reason: "software" },
    });
  });

  test("[TN10] go past what failed earlier in this tab, unless it is asked for by name", async () => {
    const message = "Lost the graphics device of webgpu: no reason";
    const avoid = [{ backend: "webgpu", reason: "lost", message }] as const;
    const platform = withGpu({ info: { description: "a real one" } });
    const found = await chooseBrowserBackend(platform, { backend: "auto", threads: 1, avoid });
    expect(found.name).toBe("wasm");
    expect(found.passedOver).toEqual([
      {
        backend: "webgpu",
        reason: "lost",
        message: `Cannot use backend "webgpu": ${message}`,
      },
    ]);
  });

  test("[TN10] run on one thread where memory cannot be shared, and say why", async () => {
    const alone = { ...bare, threads: { ...nodeThreads, alone: "this page is not isolated" } };
    const notes = ["wasm: one thread, since this page is not isolated"];
    const found = await chooseBrowserBackend(alone, { backend: "wasm", threads: 4 });
    expect(found).toMatchObject({ name: "wasm", kernels: "own", threads: 1, notes });
    const single = await chooseBrowserBackend(alone, { backend: "wasm", threads: 1 });
    expect(single.notes).toEqual([]);
  });
});
