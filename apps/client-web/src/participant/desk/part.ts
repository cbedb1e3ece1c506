/** Step 4: taking part, from here on, by this tab alone. */
import { FedtuneError, asFedtuneError } from "@fedtune/core";
import { problemOf } from "../problem.ts";
import { takeHold } from "../platform/exclusive.ts";
import type { Hold } from "../platform/exclusive.ts";
import { takePart } from "../session/take-part.ts";
import { placeKey } from "../storage/place.ts";
import { changeMembership, refreshMembership, roadOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { engineOf, giveRows } from "./engine.ts";
import { copyOf } from "./file-step.ts";
import { settle } from "./part-end.ts";
import { pausedByPower } from "./power-rule.ts";
import { openSession } from "./session.ts";
import type { Stops } from "./session.ts";
import { enrolOnce } from "./signing.ts";
import { startWaits } from "./waits.ts";

/** Name of the place that only one tab of a browser has at a time. */
export function placeName(desk: Desk): string {
  return `${storeOf(desk).name} ${placeKey(roadOf(desk).place)}`;
}

/** Takes part if this tab may: not on battery when that is unwanted, and not beside another tab. */
export async function begin(desk: Desk): Promise<void> {
  const road = roadOf(desk);
  if (road.part !== null || road.waiting !== null) return;
  const by = pausedByPower(desk.get().power, desk.get().settings, null);
  if (by !== null) {
    desk.set({ live: { kind: "paused", by } });
    return;
  }
  desk.set({ live: { kind: "starting" } });
  const hold = await takeHold(desk.ports.locks, placeName(desk), { mode: "if-free" });
  if (hold === null) waitForOthers(desk);
  else launch(desk, hold);
}

/** Another tab takes part: this one shows what it says, and goes on when it ends. */
export function waitForOthers(desk: Desk): void {
  const road = roadOf(desk);
  if (road.waiting !== null || road.part !== null) return;
  const waiting = new AbortController();
  road.waiting = waiting;
  if (desk.get().live.kind !== "elsewhere") desk.set({ live: { kind: "elsewhere", report: null } });
  road.line?.post({ type: "ask" });
  const signal = AbortSignal.any([waiting.signal, road.ends.signal]);
  void takeHold(desk.ports.locks, placeName(desk), { mode: "wait", signal }).then((hold) => {
    if (road.waiting === waiting) road.waiting = null;
    if (hold === null) return;
    if (desk.road === road) launch(desk, hold);
    else hold.release();
  });
}

/** How long another tab has to hand its place over. */
const HAND_OVER_MS = 5_000;

/** Takes the place of another tab: it is asked to stop, and made to when it does not answer. */
export function takeOver(desk: Desk): void {
  const road = roadOf(desk);
  road.line?.post({ type: "hand-over" });
  desk.ports.clock.after(HAND_OVER_MS, () => {
    if (desk.road !== road || road.waiting === null) return;
    road.waiting.abort();
    road.waiting = null;
    void takeHold(desk.ports.locks, placeName(desk), { mode: "steal" }).then((hold) => {
      if (hold !== null) launch(desk, hold);
    });
  });
}

function launch(desk: Desk, hold: Hold): void {
  const road = roadOf(desk);
  const stops = new AbortController();
  const how = { isQuiet: false };
  void hold.lost.then(() => {
    how.isQuiet = true;
    stops.abort();
  });
  const done = work(desk, { signal: stops.signal, how })
    .catch((error: unknown) => {
      fail(desk, error, stops.signal);
    })
    .finally(async () => {
      await desk.writing;
      road.part = null;
      hold.release();
    });
  road.part = {
    async stop({ isQuiet }) {
      how.isQuiet = isQuiet;
      stops.abort();
      await done;
    },
  };
}

function fail(desk: Desk, error: unknown, stops: AbortSignal): void {
  const failure = asFedtuneError(error);
  // Another tab has opened this client's record: it takes part now.
  if (failure.code === "client-replaced") desk.set({ live: { kind: "elsewhere", report: null } });
  else if (!stops.aborted) desk.set({ live: { kind: "failed", problem: problemOf(failure) } });
}

async function work(desk: Desk, stops: Stops): Promise<void> {
  const { step, pausedByHolder } = await refreshMembership(desk);
  if (step !== "started" || pausedByHolder) {
    desk.set({ live: { kind: "idle" } });
    return;
  }
  desk.set({ live: { kind: "starting" } });
  const data = await copyOf(desk);
  if (data === null) {
    await changeMembership(desk, { step: "file", file: null });
    desk.set({ live: { kind: "idle" } });
    return;
  }
  await enrolOnce(desk, stops.signal);
  const trainer = engineOf(desk);
  const rows = giveRows(trainer, data);
  await unless(stops.signal, trainer.ready());
  const session = await openSession(desk, { trainer, rows, stops });
  const waits = startWaits(desk);
  try {
    await settle(desk, await takePart({ ...session.options, wait: waits.wait }), session);
  } finally {
    waits.end();
  }
}

/** Loading a model cannot be called off; what waits for it can. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(new FedtuneError("cancelled", "It was stopped before it had begun"));
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject);
  });
}
