import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";
import type { PrivacyAuditAnswer } from "./privacy-audit.ts";

const steps = ["--sampling-rate", "0.2", "--steps", "20", "--delta", "1e-5"] as const;
const plan = [...steps, "--noise-multiplier", "2"] as const;

const audit = (...argv: readonly string[]) => callMain("privacy", "audit", ...argv);

async function answer(...argv: readonly string[]) {
  const { code, stdout, stderr } = await audit(...argv, "--json");
  expect(stderr).toBe("");
  return { code, ...(JSON.parse(stdout) as PrivacyAuditAnswer) };
}

describe("fedtune privacy audit", () => {
  it.each(["1", "2", "3"])(
    "[DP20] [DP30] certifies no more than the claim, and exits with 0 (seed %s)",
    async (seed) => {
      const found = await answer(...plan, "--seed", seed);
      expect(found).toMatchObject({ code: 0, holds: true, seed: Number(seed), canaries: 1000 });
      expect(found.claimedEpsilon).toBeCloseTo(2.2197, 3);
      expect(found.certified.epsilon).toBeLessThan(found.claimedEpsilon);
      expect(found.mostCertifiable).toBeGreaterThan(found.claimedEpsilon);
    },
  );

  it("[DP20] [DP30] without noise certifies more than the claim, and exits with 1", async () => {
    const found = await answer(...plan, "--seed", "1", "--without-noise");
    expect(found).toMatchObject({ code: 1, holds: false, withoutNoise: true });
    expect(found.certified.epsilon).toBeGreaterThan(3);
    const { code, stdout } = await audit(...plan, "--seed", "1", "--without-noise");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^noise from +nowhere: it was left out$/m);
    expect(stdout).toMatch(/^verdict +the claim is refuted: more leaks than it admits$/m);
  });

  it("[DP11] [DP30] takes the operating system's noise unless there is a seed, which gives all of it again", async () => {
    const seeded = await answer(...plan, "--seed", "5", "--canaries", "200");
    expect(await answer(...plan, "--seed", "5", "--canaries", "200")).toEqual(seeded);
    const { code, stdout } = await audit(...plan, "--canaries", "200");
    expect([0, 1]).toContain(code);
    expect(stdout).toMatch(/^claimed +epsilon 2\.219\d+ at delta 0\.00001$/m);
    expect(stdout).toMatch(/^certified +epsilon at least [\d.]+$/m);
    expect(stdout).toMatch(/^confidence +95 %$/m);
    expect(stdout).toMatch(/^canaries +200 gradients, of which \d+ in the data$/m);
    expect(stdout).toMatch(/^noise from +the operating system$/m);
  });

  it("[DP20] [DP30] audits a base model's training, gradients and all", async () => {
    const folder = fileURLToPath(
      new URL("../../../../packages/training/golden/tiny-bert", import.meta.url),
    );
    const half = ["--sampling-rate", "0.5", "--steps", "6", "--delta", "1e-5", "--seed", "2"];
    const argv = [...half, "--noise-multiplier", "4", "--model", folder];
    const found = await answer(...argv);
    expect(found).toMatchObject({ code: 0, model: folder, canaries: 256, holds: true });
    expect(found.mostCertifiable).toBeGreaterThan(found.claimedEpsilon);
    expect(await answer(...argv, "--without-noise")).toMatchObject({ code: 1, holds: false });
  });

  it("[DP30] says so when the claim is beyond what the canaries can refute", async () => {
    const argv = [...steps, "--noise-multiplier", "0.5", "--canaries", "100", "--seed", "1"];
    const { code, stdout } = await audit(...argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^verdict +none: the claim is beyond what so few canaries certify/m);
  });
});

describe("fedtune privacy audit refuses", () => {
  it.each([
    [[...steps], "needs --noise-multiplier"],
    [["--noise-multiplier", "1", "--delta", "1e-5"], "needs --steps"],
    [["--noise-multiplier", "1", "--steps", "2"], "needs --delta"],
    [[...plan, "--canaries", "31"], "Wanted an integer in [32, 100000]."],
    [[...plan, "--accountant", "tree"], "Cannot audit --accountant tree: wanted prv or rdp"],
    [[...plan, "--relation", "replace-one"], "Cannot audit --relation replace-one"],
    [[...plan, "--unit", "user"], "Cannot audit --unit user: wanted example"],
    [[...plan, "--ledger", "spent.json"], "--ledger means nothing for fedtune privacy audit"],
    [[...plan, "--epsilon", "1"], "--epsilon means nothing for fedtune privacy audit"],
    [[...plan, "--delta", "0.5"], "privacy.delta = 0.5"],
    [[...plan, "--noise-multiplier", "0.001"], "noiseMultiplier = 0.001"],
  ])("[DP30] %j", async (argv, why) => {
    const { code, stdout, stderr } = await audit(...argv);
    expect(stderr).toContain(why);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
