import { fileURLToPath } from "node:url";
import { nodeFiles, chooseBackend } from "@fedtune/training/node";
import type { BrowserBackendOptions } from "@fedtune/training/browser";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  relativeDifference,
  relativeNorm,
} from "../../../../packages/training/src/test-support/golden.ts";
import { goldenAdapters, goldenCase } from "./test-support/parity-cases.ts";
import type { ParityHarness } from "./test-support/parity-page.ts";
import type { ParityAnswer } from "./test-support/parity-plain.ts";
import { plainCase, plainResult } from "./test-support/parity-plain.ts";
import { computeCase, computeKernels } from "./test-support/parity-work.ts";
import type { ParityResult } from "./test-support/parity-work.ts";
import type { Site } from "./test-support/site.ts";
import { serveSite } from "./test-support/site.ts";

const goldenFolder = fileURLToPath(
  new URL("../../../../packages/training/golden", import.meta.url),
);

type Answer = Extract<ParityAnswer, { readonly chosen: object }>;
type Engine = readonly [title: string, options: BrowserBackendOptions, cases: number];

/** Imitated graphics cards take seconds a step: of the golden models they get few. */
const all = goldenAdapters.length;
const engines: readonly Engine[] = [
  ["cpu", { backend: "cpu" }, all],
  ["wasm with our kernels on one thread", { backend: "wasm", threads: 1 }, all],
  ["wasm with our kernels on two threads", { backend: "wasm", threads: 2 }, all],
  ["wasm with its own kernels", { backend: "wasm", kernels: "stock" }, all],
  ["webgl, imitated by the processor", { backend: "webgl", allowSoftware: true }, 3],
  ["webgpu, imitated by the processor", { backend: "webgpu", allowSoftware: true }, 1],
];

const here = chromiumPath() !== null;
const cases = await Promise.all(goldenAdapters.map((one) => goldenCase(one, "golden")));

describe.skipIf(!here)(`engines in a page${here ? "" : ` (${withoutChromium})`}`, () => {
  let site: Site;
  let browser: Browser;
  let page: Page;
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    site = await serveSite(["parity.html"], { golden: goldenFolder });
    browser = await launchChromium({ gpu: "software" });
    page = await browser.newPage();
    await page.goto(`${site.url}/parity.html`);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  async function ask([title, backend, count]: Engine): Promise<ParityAnswer> {
    const known = answers.get(title);
    if (known !== undefined) return known;
    const request = { backend, cases: cases.slice(0, count).map(({ given }) => plainCase(given)) };
    const answer = await page.evaluate(
      (asked) => (globalThis as unknown as { harness: ParityHarness }).harness.run(asked),
      request,
    );
    if (answer.unavailable === undefined) answers.set(title, answer);
    return answer;
  }

  async function answered(engine: Engine, skip: (why: string) => never): Promise<Answer> {
    const answer = await ask(engine);
    if (answer.unavailable === undefined) return answer;
    // Only software WebGPU depends on how Chromium was built.
    expect(engine[1].backend, answer.unavailable).toBe("webgpu");
    return skip(answer.unavailable);
  }

  describe.each(engines)("%s", (...engine) => {
    test("[TN10] passes its self-test and is what runs", async ({ skip }) => {
      const { chosen } = await answered(engine, skip);
      const [, { backend, kernels = "own", threads = 1 }] = engine;
      const isWasm = backend === "wasm";
      expect(chosen).toMatchObject({
        name: backend,
        kernels: isWasm ? kernels : "stock",
        threads: isWasm ? threads : 1,
        ...{ notes: [], passedOver: [] },
      });
    });

    test("[TN2] kernels and layers agree with plain JavaScript", async ({ skip }) => {
      const { kernels } = await answered(engine, skip);
      await chooseBackend("cpu");
      const wanted = await computeKernels();
      expect(kernels.map(([name]) => name)).toEqual([...wanted.keys()]);
      for (const [name, values] of kernels)
        expect(relativeDifference(values, wanted.get(name)!), name).toBeLessThan(1e-5);
    });

    test("[TN1] [TN2] logits, gradients and five steps of each optimiser equal PyTorch's", async ({
      skip,
    }) => {
      const { results } = await answered(engine, skip);
      expect(results).toHaveLength(engine[2]);
      results.forEach((found, index) => {
        const { given, expected } = cases[index]!;
        expect(relativeDifference(found.logits, expected.logits), given.name).toBeLessThan(1e-5);
        expect(found.loss, given.name).toBeCloseTo(expected.loss, 5);
        expect(relativeDifference(found.gradient, expected.gradient), given.name).toBeLessThan(
          1e-5,
        );
        for (const name of ["sgd", "momentum", "adamw"] as const) {
          const [run, wanted] = [found.runs[name], expected.runs[name]];
          expect(relativeDifference(run.losses, wanted.losses), given.name).toBeLessThan(1e-5);
          expect(relativeNorm(run.parameters, wanted.parameters), given.name).toBeLessThan(2e-5);
        }
      });
    });
  });

  test("[TN18] [TN4] our kernels give the same bits in a page and in Node, on one thread and on two", async () => {
    await chooseBackend("wasm", { threads: 1 });
    const kernels = [...(await computeKernels())].map(([name, values]) => [name, [...values]]);
    const results: ParityResult[] = [];
    for (const { given } of cases)
      results.push(
        await computeCase(nodeFiles, {
          ...given,
          base: given.base.replace("golden", goldenFolder),
        }),
      );
    for (const engine of engines.slice(1, 3)) {
      const answer = await ask(engine);
      expect(answer).toMatchObject({ kernels });
      expect(answer).toMatchObject({ results: results.map(plainResult) });
    }
  });

  test("nothing of it breaks a strict content security policy", () => {
    expect(answers.size).toBeGreaterThan(3);
    expect(site.requests.filter(({ path }) => path === "/csp-report")).toEqual([]);
  });
});
