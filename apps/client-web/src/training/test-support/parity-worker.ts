/** The worker of the parity page. */
import type { ChosenBrowserBackend } from "@fedtune/training/browser";
import type { ParityAnswer, ParityRequest, PlainResult } from "./parity-plain.ts";

(globalThis as { __zod_globalConfig?: object }).__zod_globalConfig = { jitless: true };

addEventListener("message", ({ data }: MessageEvent<ParityRequest>) => {
  void answer(data).then(
    (result) => postMessage(result),
    (error: unknown) => {
      // What is thrown in a timer reaches the page as the worker's error.
      setTimeout(() => {
        throw error;
      });
    },
  );
});

async function answer({ backend, cases, extent }: ParityRequest): Promise<ParityAnswer> {
  const { chooseBrowserBackend } = await import("@fedtune/training/browser");
  const { compareExamples, computeCase, computeKernels } = await import("./parity-work.ts");
  const { plainResult, revivedCase } = await import("./parity-plain.ts");
  const { browserPlatform } = await import("../platform.ts");
  let chosen: ChosenBrowserBackend;
  try {
    chosen = await chooseBrowserBackend(browserPlatform(), backend);
  } catch (error) {
    return { unavailable: String(error) };
  }
  const kernels = [...(await computeKernels(extent))].map(
    ([name, values]) => [name, [...values]] as const,
  );
  const results: PlainResult[] = [];
  for (const given of cases)
    results.push(plainResult(await computeCase(httpFiles, revivedCase(given), extent)));
  return { chosen, kernels, results, compared: await compareExamples(httpFiles, "golden", extent) };
}

/** The checkpoints as the test's server has them. */
const httpFiles = {
  async read(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await fetch(`/${path}`)).arrayBuffer());
  },
  async exists(path: string): Promise<boolean> {
    return (await fetch(`/${path}`, { method: "HEAD" })).ok;
  },
  stream(): never {
    throw new RangeError("Cannot stream here");
  },
};
