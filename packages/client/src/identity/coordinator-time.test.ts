import { FedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { coordinatorTime } from "./coordinator-time.ts";

const refusal = (data: Record<string, unknown>, code = "credential-expired" as const) =>
  new FedtuneError(code, "its expiry is past", { data });

describe("the coordinator's time", () => {
  it("[SE11] is this device's until a refusal tells otherwise, and follows it from then on", () => {
    let here = 1_000_000;
    const time = coordinatorTime(() => here);
    expect(time.now()).toBe(1_000_000);
    expect(time.learn(refusal({ now: 87_400_000, expires: 1_060_000 }))).toBe(true);
    expect([time.now(), time.offsetMs()]).toEqual([87_400_000, 86_400_000]);
    here += 500;
    expect(time.now()).toBe(87_400_500);
  });

  it("[SE11] does not try again when the clock was right already", () => {
    const time = coordinatorTime(() => 1_000_000);
    expect(time.learn(refusal({ now: 1_002_000 }))).toBe(false);
    expect(time.learn(refusal({ now: 9_000_000 }))).toBe(true);
    expect(time.learn(refusal({ now: 9_000_100 }))).toBe(false);
    expect(time.offsetMs()).toBe(8_000_000);
  });

  it.each([
    ["another error", new FedtuneError("signature-invalid", "no", { data: { now: 9_000_000 } })],
    ["an error without a time", refusal({})],
    ["a time that is none", refusal({ now: "tomorrow" })],
    ["a time past all numbers", refusal({ now: Infinity })],
    ["no error of ours", new Error("now")],
  ])("[SE11] learns nothing from %s", (_, error) => {
    const time = coordinatorTime(() => 1_000_000);
    expect(time.learn(error)).toBe(false);
    expect(time.offsetMs()).toBe(0);
  });
});
