import { trainingSchema } from "@fedtune/core";
import { expect, test } from "vitest";
import { accountants } from "./accountants/registry.ts";
import { privacySchema } from "./privacy-settings.ts";
import type { RecordLevelPrivacy } from "./privacy-settings.ts";
import { plannedEvents, plannedSteps, recordLevelIssues, stepNoise } from "./record-level.ts";

function settingsOf(changes: object = {}): RecordLevelPrivacy {
  const settings = privacySchema.parse({
    mode: "record-level",
    samplingRate: 0.01,
    noiseMultiplier: 1,
    ...changes,
  });
  if (settings.mode !== "record-level") throw new Error("wanted record-level");
  return settings;
}

const trainingOf = (changes: object = {}) => trainingSchema.parse(changes);
const issuesOf = (privacy: object, training: object = {}) =>
  recordLevelIssues(settingsOf(privacy), trainingOf(training)).map(({ field }) => field);

test("[DP21] a round is as many steps as maxSteps says, or as it takes to see an example localEpochs times", () => {
  const steps = (samplingRate: number, training: object) =>
    plannedSteps({ samplingRate }, trainingOf(training));
  expect(steps(0.01, {})).toBe(100);
  expect(steps(0.3, {})).toBe(4);
  expect(steps(0.3, { localEpochs: 3 })).toBe(12);
  expect(steps(1, { localEpochs: 3 })).toBe(3);
  expect(steps(0.01, { localEpochs: 3, maxSteps: 7 })).toBe(7);
});

test("[DP21] the events of a round are known before it, and priced by the accountants", () => {
  const events = plannedEvents(settingsOf(), trainingOf({ localEpochs: 2 }));
  const event = { mechanism: "poisson-gaussian", samplingRate: 0.01, noiseMultiplier: 1 };
  expect(events).toEqual([{ ...event, steps: 200 }]);
  const composed = accountants.rdp.compose({ events, relation: "add-or-remove-one" });
  const { epsilon } = composed.epsilon(1e-5);
  expect(epsilon).toBeGreaterThan(0.5);
});

test("what no accountant takes is refused", () => {
  const noise = { noiseMultiplier: null, targetEpsilon: 3 };
  const code = "config-invalid";
  expect(() => plannedEvents(settingsOf(noise), trainingOf())).toThrow(
    expect.objectContaining({ code }),
  );
  expect(() => plannedEvents(settingsOf({ samplingRate: 1e-12 }), trainingOf())).toThrow(
    expect.objectContaining({ code }),
  );
});

test("[DP19] maxGradNorm has no place beside clipNorm", () => {
  expect(issuesOf({})).toEqual([]);
  expect(issuesOf({}, { maxGradNorm: 1 })).toEqual(["training.maxGradNorm"]);
});

test("[DP19] the bits of adaptive clipping need noise below a tenth of batchSize, or a deviation of their own", () => {
  const adaptiveClipping = {};
  expect(issuesOf({ adaptiveClipping, noiseMultiplier: 1.59 }, { batchSize: 16 })).toEqual([]);
  const tooMuch = { adaptiveClipping, noiseMultiplier: 1.6 };
  expect(issuesOf(tooMuch, { batchSize: 16 })).toEqual(["privacy.noiseMultiplier"]);
  const own = { adaptiveClipping: { clippedCountStddev: 5 }, noiseMultiplier: 1.6 };
  expect(issuesOf(own, { batchSize: 16 })).toEqual([]);
});

test("[DP19] integer noise has a range", () => {
  expect(issuesOf({ hardened: true, noiseMultiplier: 60 })).toEqual([]);
  expect(issuesOf({ hardened: true, noiseMultiplier: 61 })).toEqual(["privacy.noiseMultiplier"]);
  const adaptiveClipping = { clippedCountStddev: 20_000 };
  expect(issuesOf({ hardened: true, adaptiveClipping })).toEqual([
    "privacy.adaptiveClipping.clippedCountStddev",
  ]);
});

test("both releases of an adaptive step together cost what the noise multiplier alone does", () => {
  expect(stepNoise(settingsOf(), 1.3, trainingOf())).toEqual({
    noiseMultiplier: 1.3,
    bitDeviation: null,
  });
  const settings = settingsOf({ adaptiveClipping: {} });
  const { noiseMultiplier, bitDeviation } = stepNoise(settings, 1.3, trainingOf({ batchSize: 40 }));
  expect(bitDeviation).toBe(2);
  // One example moves the vector by the clip norm and the bits by 1/2.
  expect(noiseMultiplier ** -2 + (0.5 / 2) ** 2).toBeCloseTo(1.3 ** -2, 12);
});
