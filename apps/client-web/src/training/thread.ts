/** Entry of a helping thread: it serves the kernels over the memory that it is given until it is ended. */
import type { ThreadSetup } from "@fedtune/training/browser";

interface Exports {
  serve(control: number, slot: number): void;
}

addEventListener("message", ({ data }: MessageEvent<ThreadSetup>) => {
  const module = data.module as WebAssembly.Module;
  const memory = data.memory as WebAssembly.Memory;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  postMessage("serving");
  (exports as unknown as Exports).serve(data.control, data.slot);
});
