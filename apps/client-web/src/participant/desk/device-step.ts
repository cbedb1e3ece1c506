/** Step 3: whether this device can do it, and how long it will take. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { DeviceQuestion, DeviceReport } from "../../training/types.ts";
import { problemOf } from "../problem.ts";
import type { BrowserBackend, DeviceFacts } from "../device-report.ts";
import type { Invitation } from "../invitation.ts";
import { writeSettings } from "../storage/settings-store.ts";
import { changeMembership, membershipOf, roadOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { closeEngine, engineOf, giveRows } from "./engine.ts";
import { copyOf } from "./file-step.ts";
import { enrolOnce } from "./signing.ts";

/** Checks; what it finds, or what is wrong, is in the state. */
export async function checkDevice(desk: Desk, backend: BrowserBackend | null): Promise<void> {
  const road = roadOf(desk);
  if (road.part !== null) {
    throw new FedtuneError("usage", "Cannot check this device while it trains: pause it first");
  }
  road.busy?.abort();
  const busy = new AbortController();
  road.busy = busy;
  await wantBackend(desk, backend);
  const data = await copyOf(desk);
  if (data === null) return;
  await changeMembership(desk, { step: "device", device: null });
  const nothing = { doneBytes: null, totalBytes: null };
  desk.set({ device: { kind: "checking", step: "download", ...nothing } });
  try {
    await enrolOnce(desk, busy.signal);
    const trainer = engineOf(desk);
    const question = questionOf(membershipOf(desk).invitation, giveRows(trainer, data));
    const report = await trainer.check(question, { signal: busy.signal });
    busy.signal.throwIfAborted();
    const facts = factsOf(desk, report);
    await changeMembership(desk, { step: "ready", device: facts });
    desk.set({ device: { kind: "fit", facts } });
  } catch (error) {
    if (!busy.signal.aborted) showFailure(desk, asFedtuneError(error));
  }
}

async function wantBackend(desk: Desk, backend: BrowserBackend | null): Promise<void> {
  const { settings } = desk.get();
  if (settings.backend === backend) return;
  const next = { ...settings, backend };
  await writeSettings(storeOf(desk), next);
  desk.set({ settings: next });
  await closeEngine(desk);
}

/** A file that is too large for the memory is the file's problem. */
function showFailure(desk: Desk, error: FedtuneError): void {
  const { reason, bytes, limit } = error.data;
  const isFile = reason === "too-large" && typeof bytes === "number" && typeof limit === "number";
  const { file } = desk.get();
  if (isFile && file.kind === "usable") {
    const problems = [{ kind: "too-large", bytes, limitBytes: limit }] as const;
    const { name } = file.facts;
    desk.set({ file: { kind: "problem", name, facts: file.facts, problems } });
  }
  desk.set({ device: { kind: "problem", problem: problemOf(error) } });
}

/** What is trained in a round; private training takes the steps that its guarantee counts. */
function questionOf(invitation: Invitation, data: DeviceQuestion["data"]): DeviceQuestion {
  const { adapter, privacy, rounds, training } = invitation;
  const counted = privacy.mode === "record-level" ? Math.ceil(privacy.steps / rounds.total) : null;
  return {
    adapter,
    task: taskOf(invitation),
    training: { ...training, maxSteps: counted ?? training.maxSteps },
    data,
  };
}

function taskOf({ task, labels }: Invitation): DeviceQuestion["task"] {
  if (task === "causal-lm") return { kind: task, labels: [] };
  const kind = task === "image-classification" ? task : "sequence-classification";
  return { kind, labels: [...labels] };
}

function factsOf({ ports }: Desk, report: DeviceReport): DeviceFacts {
  const { backend, stepSeconds, stepsPerRound, memory } = report;
  const { name, device: card, threads, passedOver } = backend;
  return {
    ...{ backend: name, card, threads, passedOver },
    stepsPerSecond: 1 / stepSeconds,
    memory: { neededBytes: memory.usedBytes, limitBytes: memory.limitBytes },
    roundSeconds: stepsPerRound === null ? null : stepsPerRound * stepSeconds,
    browser: ports.device.browser,
  };
}
