import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { axeFindings, looksAt } from "../test-support/browser.ts";
import { sampleConfig, sampleEpsilon } from "../run/fixture/config.ts";
import { sampleHistory } from "../run/fixture/history.ts";
import { runBench } from "../run/test-support/run-bench.ts";
import { methodRuns, methodScenes } from "./fixture/methods.ts";

const missing = chromiumPath() === null;
const address = `/compare?runs=${methodRuns.join(",")}`;

const views = [address, "/compare", "/simulations", "/simulations/nobody"];

/** The folder that `fedtune simulate --out` would have written for the sample run. */
async function simulationFolder(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), "fedtune-simulation-")), "fedsa-lora-seed-42");
  const { rounds, evaluations } = sampleHistory();
  const lines = rounds.map(({ round, traffic, accepted, ...row }) =>
    JSON.stringify({
      ...{ round, training: row.training, method: {}, aggregationError: row.aggregationError },
      ...{ evaluation: evaluations[round]?.metrics, evaluationTraffic: null, ...traffic },
      ...{ sampled: row.sampled, accepted: accepted?.length, refusals: {}, declined: 0, gone: 0 },
      ...{ seconds: row.seconds, epsilon: sampleEpsilon(round) },
    }),
  );
  await mkdir(folder);
  await writeFile(join(folder, "rounds.jsonl"), `${lines.join("\n")}\n`);
  await writeFile(join(folder, "config.json"), JSON.stringify(sampleConfig));
  return folder;
}

describe.skipIf(missing)(`comparisons and simulations ${missing ? withoutChromium : ""}`, () => {
  const bench = runBench();

  it("stand as settings with their seeds, tested in pairs, and say what differs", async () => {
    const { open, scenes } = bench();
    for (const [name, scene] of methodScenes()) scenes.set(name, scene);
    const page = await open(address);
    await page.getByRole("heading", { name: "Compare 4 runs" }).waitFor();
    await page.getByText("paired t-test on 3 shared seeds").waitFor();
    await page.getByRole("row", { name: /^ffa-lora .*points, p/ }).waitFor();
    await page.getByRole("row", { name: /adapter.loraAlpha 16 16 32 16/ }).waitFor();
    expect(await page.getByText("not reached in 40 rounds").count()).toBeGreaterThan(0);
  });

  it("keep their whole view in the address", async () => {
    const { open, scenes, pathOf } = bench();
    for (const [name, scene] of methodScenes()) scenes.set(name, scene);
    const page = await open(address);
    await page.getByRole("radio", { name: "bytes up per client" }).click();
    await page.getByRole("textbox", { name: "Target" }).fill("70");
    await expect.poll(() => pathOf(page)).toContain("&x=bytes&target=70");
    await page.getByRole("button", { name: "Take fedavg out" }).click();
    await page.getByRole("heading", { name: "Compare 3 runs" }).waitFor();
    expect(pathOf(page)).not.toContain("fedavg");
    await page.getByRole("button", { name: "Show all" }).click();
    expect(pathOf(page)).toContain("all=1");
    await page.reload();
    await page.getByRole("heading", { name: "Compare 3 runs" }).waitFor();
    await expect.poll(() => page.getByRole("textbox", { name: "Target" }).inputValue()).toBe("70");
  });

  it("begin with nothing, and take runs from a list", async () => {
    const { open, pathOf } = bench();
    const page = await open("/compare");
    await page.getByText("Nothing to compare yet").waitFor();
    await page.getByRole("button", { name: "Add a run" }).click();
    await page.getByRole("button", { name: "Add message-triage" }).click();
    await expect.poll(() => pathOf(page)).toBe("/compare?runs=message-triage");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Compare 1 run" }).waitFor();
  });

  it("name a run that could not be read, and show the others", async () => {
    const { open } = bench();
    const page = await open("/compare?runs=message-triage,nobody");
    await page.getByText("Could not load nobody").waitFor();
    await page.getByRole("heading", { name: "Compare 1 run" }).waitFor();
  });

  it("of simulations: a folder is read in the browser, kept, shown in the same views, marked", async () => {
    const { open, pathOf } = bench();
    const folder = await simulationFolder();
    const page = await open("/simulations");
    await page.getByText("No simulation here yet").waitFor();
    await page.locator("input[webkitdirectory]").setInputFiles(folder);
    await page.getByRole("link", { name: "fedsa-lora-seed-42" }).click();
    await page.getByRole("heading", { name: "fedsa-lora-seed-42", level: 1 }).waitFor();
    await page.getByText("Simulation", { exact: true }).waitFor();
    expect(await page.getByText("simulation", { exact: true }).count()).toBeGreaterThan(2);
    await page.reload();
    await page.getByRole("heading", { name: "fedsa-lora-seed-42", level: 1 }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("link", { name: "Compare" }).last().click();
    await page.getByRole("heading", { name: "Compare 1 run" }).waitFor();
    expect(pathOf(page)).toMatch(/runs=sim%3A[0-9a-f]{16}$/);
    await rm(join(folder, ".."), { recursive: true });
  });

  it("of simulations: says what is wrong with a file, and sends nothing", async () => {
    const { open } = bench();
    const page = await open("/simulations");
    const sent: string[] = [];
    page.on("request", (request) => {
      if (request.method() !== "GET") sent.push(request.url());
    });
    const name = "rounds.jsonl";
    const files = { name, mimeType: "application/json", buffer: Buffer.from('{"round":1}\n') };
    await page.locator("input[type=file]").last().setInputFiles(files);
    await page
      .getByRole("alert")
      .getByText(/rounds.jsonl, line 1/)
      .waitFor();
    expect(sent).toEqual([]);
  });

  it("are saved with everything that is shown", async () => {
    const { open, scenes } = bench();
    for (const [key, scene] of methodScenes()) scenes.set(key, scene);
    const page = await open(address);
    await page.getByText("paired t-test").waitFor();
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const saving = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Everything, JSON" }).click();
    const text = await readFile(await (await saving).path(), "utf8");
    expect(JSON.parse(text)).toMatchObject({
      results: [
        { label: "fedsa-lora" },
        { label: "fedsvd" },
        { label: "ffa-lora" },
        { label: "fedavg" },
      ],
      costToReach: { metric: "accuracy", target: 0.8 },
    });
  });

  it.each(looksAt(views))(
    "axe finds nothing at $looking, and nothing is too wide",
    async ({ looking, pages }) => {
      const { open, scenes, site } = bench();
      for (const [name, scene] of methodScenes()) scenes.set(name, scene);
      const page = await open(address, looking);
      for (const path of pages) {
        await page.goto(site.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForLoadState("networkidle");
        expect(await axeFindings(page), path).toEqual([]);
        const excess = (): Promise<number> =>
          page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
        await expect.poll(excess, { message: path, timeout: 5_000 }).toBeLessThanOrEqual(0);
      }
    },
  );
});
