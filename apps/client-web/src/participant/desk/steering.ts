/** What a holder does while training, and what the browser tells meanwhile. */
import { FedtuneError } from "@fedtune/core";
import type { Effort, Power, Settings } from "../device-report.ts";
import { writeSettings } from "../storage/settings-store.ts";
import type { PausedBy } from "../types.ts";
import { changeMembership, membershipOf, roadOf, storeOf, tell } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { paceEngine } from "./engine.ts";
import { begin } from "./begin.ts";
import { pausedByPower } from "./power-rule.ts";
import { countPrivacy } from "./privacy-count.ts";
import type { TabWord } from "./tab-line.ts";

/** Takes part from here on; again after a failure, or after having left. */
export async function start(desk: Desk): Promise<void> {
  const { step, file } = membershipOf(desk);
  if (step === "finished" || step === "refused" || file === null) {
    const message = `Cannot start: this device is at "${step}", wanted a file and a checked device`;
    throw new FedtuneError("usage", message, { data: { step } });
  }
  await changeMembership(desk, { step: "started", pausedByHolder: false });
  await begin(desk);
}

/** Leaves the round politely. */
export async function pause(desk: Desk): Promise<void> {
  await changeMembership(desk, { pausedByHolder: true });
  await standStill(desk, "holder");
}

/** Goes on. */
export async function resume(desk: Desk): Promise<void> {
  await changeMembership(desk, { pausedByHolder: false });
  await begin(desk);
}

/** Takes no part any more; what it has learned stays until it is deleted. */
export async function leave(desk: Desk): Promise<void> {
  await changeMembership(desk, { step: "left" });
  await stopEverywhere(desk);
  desk.set({ live: { kind: "idle" } });
}

/** Here, or in the other tab that takes part. */
async function stopEverywhere(desk: Desk): Promise<void> {
  const road = roadOf(desk);
  road.waiting?.abort();
  road.waiting = null;
  if (desk.get().live.kind === "elsewhere") road.line?.post({ type: "stop" } satisfies TabWord);
  await road.part?.stop({ isQuiet: false });
}

async function standStill(desk: Desk, by: PausedBy): Promise<void> {
  tell(desk, { type: "away", because: "paused", at: desk.ports.wallTime() });
  await stopEverywhere(desk);
  desk.set({ live: { kind: "paused", by } });
}

/** Changes a setting; those about power take effect at once. */
export async function changeSettings(desk: Desk, changes: Partial<Settings>): Promise<void> {
  const settings = { ...desk.get().settings, ...changes };
  await writeSettings(storeOf(desk), settings);
  desk.set({ settings });
  await heedPower(desk);
}

/** How hard the device may work, from the next step on. */
export async function setEffort(desk: Desk, effort: Effort): Promise<void> {
  await changeSettings(desk, { effort });
  paceEngine(desk, effort);
}

/** The holder's own limit, before anything is charged against it. */
export async function setBudget(desk: Desk, epsilon: number | null): Promise<void> {
  if (epsilon !== null && !(epsilon > 0 && epsilon <= 1000)) {
    const message = `Cannot set a privacy budget of ${epsilon}: wanted a number above 0, at most 1000`;
    throw new FedtuneError("config-invalid", message, { data: { epsilon } });
  }
  const step = desk.get().membership?.step ?? null;
  if (step === "started") {
    const message = "Cannot change the privacy budget while this device takes part";
    throw new FedtuneError("usage", message, { data: { step } });
  }
  await changeSettings(desk, { budgetEpsilon: epsilon });
  if (step !== null) await countPrivacy(desk);
}

/** The device's power has changed. */
export async function hearPower(desk: Desk, power: Power): Promise<void> {
  desk.set({ power });
  await heedPower(desk);
}

async function heedPower(desk: Desk): Promise<void> {
  const { live, power, settings } = desk.get();
  const before = live.kind === "paused" ? live.by : null;
  const by = pausedByPower(power, settings, before);
  const isAtWork = live.kind === "starting" || live.kind === "training";
  if (isAtWork && by !== null) await standStill(desk, by);
  if (live.kind !== "paused" || live.by === "holder") return;
  if (by === null) await begin(desk);
  else if (by !== live.by) desk.set({ live: { kind: "paused", by } });
}

/** The browser says that there is a network, or none. */
export function hearNetwork(desk: Desk, isOnline: boolean): void {
  const { live } = desk.get();
  const isAtWork = live.kind === "starting" || live.kind === "training";
  if (isAtWork) {
    const at = desk.ports.wallTime();
    tell(desk, { type: "link", link: isOnline ? "reconnecting" : "offline", at });
  }
  if (isOnline) for (const wake of [...desk.wakers]) wake();
}
