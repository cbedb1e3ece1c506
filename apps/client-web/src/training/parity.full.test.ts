import { fileURLToPath } from "node:url";
import { nodeFiles, chooseBackend } from "@fedtune/training/node";
import type { BrowserBackendOptions } from "@fedtune/training/browser";
import { chromiumPath, launchChromium, withoutChromium } from "@fedtune/testkit/chromium";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectOwn } from "../../../../packages/training/src/test-support/example-expectation.ts";
import {
  relativeDifference,
  relativeNorm,
} from "../../../../packages/training/src/test-support/golden.ts";
import { goldenAdapters, goldenCase } from "./test-support/parity-cases.ts";
import type { ParityHarness } from "./test-support/parity-page.ts";
import type { ParityAnswer } from "./test-support/parity-plain.ts";
import { plainCase, plainResult } from "./test-support/parity-plain.ts";
import { computeCase, computeKernels, wholeExtent } from "./test-support/parity-work.ts";
import type { ParityExtent, ParityResult } from "./test-support/parity-work.ts";
import type { Site } from "./test-support/site.ts";
import { serveSite } from "./test-support/site.ts";

const goldenFolder = fileURLToPath(
  new URL("../../../../packages/training/golden", import.meta.url),
);

type Answer = Extract<ParityAnswer, { readonly chosen: object }>;

interface Engine {
  readonly backend: BrowserBackendOptions;
  /** So many of the golden models. */
  readonly cases: number;
  readonly extent: ParityExtent;
}

const whole = { cases: goldenAdapters.length, extent: wholeExtent };
/** Imitated graphics cards take seconds a step, and longer to compile each shader: they get a part. */
const part: ParityExtent = { steppers: ["adamw"], products: 3, pairs: 1 };
const engines: readonly [title: string, Engine][] = [
  ["cpu", { backend: { backend: "cpu" }, ...whole }],
  ["wasm with our kernels on one thread", { backend: { backend: "wasm", threads: 1 }, ...whole }],
  ["wasm with our kernels on two threads", { backend: { backend: "wasm", threads: 2 }, ...whole }],
  ["wasm with its own kernels", { backend: { backend: "wasm", kernels: "stock" }, ...whole }],
  [
    "webgl, imitated by the processor",
    { backend: { backend: "webgl", allowSoftware: true }, cases: 3, extent: part },
  ],
  [
    "webgpu, imitated by the processor",
    { backend: { backend: "webgpu", allowSoftware: true }, cases: 1, extent: part },
  ],
];
/** On a machine with other work the slowest takes its time. */
const slow = { timeout: 600_000 };

const here = chromiumPath() !== null;
const cases = await Promise.all(goldenAdapters.map((one) => goldenCase(one, "golden")));

describe.skipIf(!here)(`engines in a page${here ? "" : ` (${withoutChromium})`}`, () => {
  let site: Site;
  let browser: Browser;
  let page: Page;
  const answers = new Map<string, Promise<ParityAnswer>>();

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

  function ask(title: string, { backend, cases: count, extent }: Engine): Promise<ParityAnswer> {
    const given = cases.slice(0, count).map((one) => plainCase(one.given));
    const answer =
      answers.get(title) ??
      page.evaluate(
        (request) => (globalThis as unknown as { harness: ParityHarness }).harness.run(request),
        { backend, extent, cases: given },
      );
    answers.set(title, answer);
    return answer;
  }

  describe.each(engines)("%s", (title, engine) => {
    async function answered(skip: (why: string) => never): Promise<Answer> {
      const answer = await ask(title, engine);
      if (answer.unavailable === undefined) return answer;
      // Only software WebGPU depends on how Chromium was built.
      expect(engine.backend.backend, answer.unavailable).toBe("webgpu");
      return skip(answer.unavailable);
    }

    test("[TN10] passes its self-test and is what runs", slow, async ({ skip }) => {
      const { chosen } = await answered(skip);
      const { backend, kernels = "own", threads = 1 } = engine.backend;
      const isWasm = backend === "wasm";
      expect(chosen).toMatchObject({
        name: backend,
        kernels: isWasm ? kernels : "stock",
        threads: isWasm ? threads : 1,
        ...{ notes: [], passedOver: [] },
      });
    });

    test("[TN2] kernels and layers agree with plain JavaScript", slow, async ({ skip }) => {
      const { kernels } = await answered(skip);
      await chooseBackend("cpu");
      const wanted = await computeKernels(engine.extent);
      expect(kernels.map(([name]) => name)).toEqual([...wanted.keys()]);
      for (const [name, values] of kernels)
        expect(relativeDifference(values, wanted.get(name)!), name).toBeLessThan(1e-5);
    });

    test(
      "[TN1] [TN2] logits, gradients and five steps of optimisers equal PyTorch's",
      slow,
      async ({ skip }) => {
        const { results } = await answered(skip);
        expect(results).toHaveLength(engine.cases);
        results.forEach((found, index) => {
          const { given, expected } = cases[index]!;
          expect(relativeDifference(found.logits, expected.logits), given.name).toBeLessThan(1e-5);
          expect(found.loss, given.name).toBeCloseTo(expected.loss, 5);
          expect(relativeDifference(found.gradient, expected.gradient), given.name).toBeLessThan(
            1e-5,
          );
          for (const name of engine.extent.steppers) {
            const [run, wanted] = [found.runs[name]!, expected.runs[name]!];
            expect(relativeDifference(run.losses, wanted.losses), given.name).toBeLessThan(1e-5);
            expect(relativeNorm(run.parameters, wanted.parameters), given.name).toBeLessThan(2e-5);
          }
        });
      },
    );

    test("[TN17] gradients per example equal a loop of batches of one", slow, async ({ skip }) => {
      const { compared } = await answered(skip);
      expect(compared).toHaveLength(engine.extent.pairs);
      for (const one of compared) expectOwn(one, 1e-5);
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
    for (const [title, engine] of engines.slice(1, 3)) {
      const answer = await ask(title, engine);
      expect(answer).toMatchObject({ kernels });
      expect(answer).toMatchObject({ results: results.map(plainResult) });
    }
  });

  test("nothing of it breaks a strict content security policy", () => {
    expect(answers.size).toBeGreaterThan(3);
    expect(site.requests.filter(({ path }) => path === "/csp-report")).toEqual([]);
  });
});
