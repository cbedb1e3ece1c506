import { rngFromSeed } from "@fedtune/core";
import { expect, it } from "vitest";
import { devicesSchema } from "./config.ts";
import { drawDevice, transferMs } from "./device.ts";

const draw = (config: object, count = 4000) => {
  const parsed = devicesSchema.parse(config);
  return Array.from({ length: count }, (_, k) =>
    drawDevice(parsed, rngFromSeed("d").fork(String(k))),
  );
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

it("speeds are lognormal about their median", () => {
  const logs = draw({ examplesPerSecond: 20, speedSigma: 0.7 }).map(({ examplesPerSecond }) =>
    Math.log(examplesPerSecond! / 20),
  );
  expect(Math.abs(mean(logs))).toBeLessThan((4 * 0.7) / Math.sqrt(logs.length));
  const deviation = Math.sqrt(mean(logs.map((log) => log * log)));
  expect(Math.abs(deviation / 0.7 - 1)).toBeLessThan(4 / Math.sqrt(2 * logs.length));
  // The mean of the law itself: median times exp(sigma^2 / 2).
  const speeds = logs.map((log) => 20 * Math.exp(log));
  expect(Math.abs(mean(speeds) / (20 * Math.exp(0.245)) - 1)).toBeLessThan(0.06);
});

it("classes are drawn by their shares, and say only what differs", () => {
  const devices = draw({
    examplesPerSecond: 5,
    latencyMs: 80,
    classes: [
      { name: "phone", share: 7 },
      { name: "server", share: 3, examplesPerSecond: 500, latencyMs: 2 },
    ],
  });
  const phones = devices.filter(({ kind }) => kind === "phone");
  expect(Math.abs(phones.length / devices.length - 0.7)).toBeLessThan(4 * Math.sqrt(0.21 / 4000));
  expect(phones[0]).toMatchObject({ examplesPerSecond: 5, latencyMs: 80 });
  const server = devices.find(({ kind }) => kind === "server");
  expect(server).toMatchObject({ examplesPerSecond: 500, latencyMs: 2, uploadRate: null });
});

it("one field's spread does not change another's draws", () => {
  const both = draw({ examplesPerSecond: 5, speedSigma: 1, uploadMbps: 3, bandwidthSigma: 1 }, 5);
  const one = draw({ uploadMbps: 3, bandwidthSigma: 1 }, 5);
  expect(both.map(({ uploadRate }) => uploadRate)).toEqual(one.map(({ uploadRate }) => uploadRate));
});

it("a blob takes its latency and its bits over the bandwidth", () => {
  const [device] = draw({ uploadMbps: 8, downloadMbps: 16, latencyMs: 20 }, 1);
  expect(transferMs(device!, { direction: "up", bytes: 1_000_000 })).toBe(1020);
  expect(transferMs(device!, { direction: "down", bytes: 1_000_000 })).toBe(520);
});
