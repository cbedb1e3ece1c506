/** A tab with a trainer, for tests: everything goes through the browser's remote control as plain data. */
import type { TrainJob } from "@fedtune/core";
import { launchChromium } from "@fedtune/testkit/chromium";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { BrowserTrainerOptions, ChosenBrowserBackend, EngineProgress } from "../types.ts";
import type { TestModel } from "./jobs.ts";
import { siteFolders } from "./jobs.ts";
import type { Site } from "./site.ts";
import { serveSite } from "./site.ts";
import type { TrainerHarness } from "./trainer-page.ts";

declare const harness: TrainerHarness;

/** A site and a browser for the tests of one file. */
export interface Bench {
  readonly site: Site;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Builds the site and starts Chromium with imitated graphics cards. */
export async function openBench(): Promise<Bench> {
  const site = await serveSite(["trainer.html"], siteFolders);
  const browser = await launchChromium({ gpu: "software" });
  return {
    ...{ site, browser },
    async close() {
      await browser.close();
      await site.close();
    },
  };
}

/** A data file under its path. */
export interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** What training in the tab gave, with arrays as arrays. */
export interface PlainResult {
  readonly factors: number[];
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly privacyEvents: readonly unknown[];
}

/** What was thrown. */
export interface PlainFailure {
  readonly code: string;
  readonly message: string;
  readonly data: object;
}

/** One tab. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Makes the tab's trainer, with a data file where one is given. */
  open(model: TestModel, options?: Partial<BrowserTrainerOptions>, file?: TestFile): Promise<void>;
  ready(): Promise<ChosenBrowserBackend>;
  setFile(file: TestFile): Promise<void>;
  /** Trains to the end. */
  train(job: TrainJob): Promise<PlainResult>;
  /** Trains until it fails, or is aborted after so many steps. */
  failure(job: TrainJob, stopAfter?: number): Promise<PlainFailure>;
  /** Steps of the last job. */
  steps(): Promise<readonly number[]>;
  progress(): Promise<readonly EngineProgress[]>;
  /** Processor time of the page's own thread, so far. */
  computedSeconds(): Promise<number>;
  /** Every breach of the content security policy, in the page and in its workers. */
  violations(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A job as JSON: the page makes its arrays. */
export function plainJob(job: TrainJob): { job: object; start: number[] } {
  return { job: { ...job, start: null }, start: [...job.start] };
}

/** Opens a tab in a context of its own, or in a given one. */
export async function openTab(
  { site, browser }: Pick<Bench, "site" | "browser">,
  { url = site.url, context: given }: { url?: string; context?: BrowserContext } = {},
): Promise<Tab> {
  const context = given ?? (await browser.newContext());
  const page = await context.newPage();
  site.requests.length = 0;
  await page.goto(`${url}/trainer.html`);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  return {
    ...{ page, context },
    open: (model, options = {}, file) =>
      page.evaluate(
        async ({ options: all, file: data }) => {
          await harness.open(all);
          if (data !== undefined) harness.trainer.setFile(data.path, new File([data.text], "f"));
        },
        { options: { model: model.files, ...options }, file },
      ),
    ready: () => page.evaluate(() => harness.trainer.ready()),
    setFile: (file) =>
      page.evaluate(({ path, text }) => {
        harness.trainer.setFile(path, new File([text], "f"));
      }, file),
    train: (job) =>
      page.evaluate(async ({ job: plain, start }) => {
        const control = harness.control();
        const { factors, ...told } = await harness.trainer.train(
          harness.job(plain, start),
          control,
        );
        return { ...told, factors: [...factors] };
      }, plainJob(job)),
    failure: (job, stopAfter) =>
      page.evaluate(
        ({ job: plain, start, stop }) =>
          harness.failure(harness.trainer.train(harness.job(plain, start), harness.control(stop))),
        { ...plainJob(job), stop: stopAfter },
      ),
    steps: () => page.evaluate(() => harness.steps),
    progress: () => page.evaluate(() => harness.progress),
    async computedSeconds() {
      const { metrics } = await devtools.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    },
    async violations() {
      const inPage = await page.evaluate(() => harness.violations);
      const reports = site.requests.filter(({ path }) => path === "/csp-report");
      return [...inPage, ...reports.map(({ body }) => body)];
    },
    close: () => context.close(),
  };
}
