/** What this browser offers to the engine; for workers. */
import { stockBinaryUrl } from "@fedtune/training/browser";
import type {
  BrowserPlatform,
  Gpu,
  ThreadPlatform,
  ThreadSetup,
  WebglFacts,
} from "@fedtune/training/browser";

const START_DEADLINE_MS = 10_000;

/** This worker's browser. */
export function browserPlatform(): BrowserPlatform {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  return { threads: browserThreads(), gpu: gpu ?? null, probeWebgl };
}

function browserThreads(): ThreadPlatform {
  return {
    cores: navigator.hardwareConcurrency,
    maySleep: true,
    ...(crossOriginIsolated ? {} : { alone: "this page is not isolated from other origins" }),
    async readStockBinary() {
      const response = await fetch(stockBinaryUrl());
      if (!response.ok) throw new Error(`its binary did not come: status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    startThread,
  };
}

function startThread(setup: ThreadSetup): Promise<void> {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
  return new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      worker.terminate();
      reject(new Error(reason));
    };
    const timer = setTimeout(
      () => fail(`a thread did not start within ${START_DEADLINE_MS} ms`),
      START_DEADLINE_MS,
    );
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve();
    };
    worker.onerror = ({ message }) => fail(message || "the thread's code could not be loaded");
    worker.postMessage(setup);
  });
}

/** A context of its own, given back at once. */
function probeWebgl(): WebglFacts | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (gl === null) return null;
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer: unknown = gl.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return { renderer: String(renderer) };
}
