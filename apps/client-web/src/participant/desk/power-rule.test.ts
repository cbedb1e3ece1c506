import { expect, it } from "vitest";
import { pausedByPower } from "./power-rule.ts";

const battery = (charge: number | null) => ({ source: "battery", charge }) as const;

it.each([
  ["mains", { source: "mains", charge: 0.1 } as const, true, null, null],
  ["a device that does not say", { source: "unknown", charge: null } as const, true, null, null],
  ["battery where that is unwanted", battery(0.9), true, null, "mains-wanted"],
  ["a full battery", battery(0.9), false, null, null],
  ["a battery at 20 %", battery(0.2), false, null, "battery"],
  ["a battery that has stopped it, at 22 %", battery(0.22), false, "battery", "battery"],
  ["a battery that has stopped it, at 30 %", battery(0.3), false, "battery", null],
  ["a battery at 22 %", battery(0.22), false, null, null],
  ["a battery of unknown charge", battery(null), false, null, null],
] as const)("with %s", (_, power, onlyOnMains, before, by) => {
  expect(pausedByPower(power, { onlyOnMains }, before)).toBe(by);
});
