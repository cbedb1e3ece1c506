/** Step 3: what the check of this device found, how long it will take, and what one agrees to. */
import { formatCount, formatEstimate, formatPercent } from "@fedtune/figures";
import type {
  BrowserBackend,
  DeviceFacts,
  DeviceState,
  Invitation,
  Power,
  Road,
} from "../../participant/index.ts";
import { deviceWords } from "../words/device.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { rateText } from "./file.ts";
import { messageOfError } from "./messages.ts";
import type { Message } from "./messages.ts";
import { promiseOf, promiseView } from "./promise.ts";
import { bytesText, roundsToCome, runSlots, wholeRunBytes } from "./run-words.ts";

/** A line of the check. */
export interface CheckLine {
  readonly term: string;
  readonly value: string;
  readonly state: "waits" | "running" | "good";
  /** 0 to 1 where it is known. */
  readonly share: number | null;
}

/** A backend that was passed over, and what that means. */
export interface FallbackView {
  readonly title: string;
  readonly text: string;
  readonly tried: readonly string[];
}

/** Step 3. */
export interface DevicePageView {
  readonly state: DeviceState["kind"];
  readonly title: string;
  readonly lead: string;
  readonly lines: readonly CheckLine[];
  readonly fallback: FallbackView | null;
  readonly problem: Message | null;
  readonly time: { readonly value: string; readonly note: string | null } | null;
  /** Lines with `**bold**` parts; empty before the check is done. */
  readonly summary: readonly string[];
  /** Of the box that has to be ticked; null: no box. */
  readonly box: string | null;
}

/** What a backend is called; with the card's own name where the browser tells it. */
export function backendText(
  backend: BrowserBackend,
  { threads = 1, card = null }: { readonly threads?: number; readonly card?: string | null } = {},
): string {
  switch (backend) {
    case "webgpu":
      return card === null ? deviceWords.webgpu : fill(deviceWords.webgpuCard, { card });
    case "webgl":
      return deviceWords.webgl;
    case "wasm":
      return threads > 1
        ? fill(deviceWords.wasmThreads, { threads: String(threads) })
        : deviceWords.wasm;
    case "cpu":
      return deviceWords.cpu;
  }
}

/** Step 3 as its page shows it. */
export function devicePageView(road: Road, power: Power): DevicePageView {
  const { device, invitation } = road;
  const facts = device.kind === "fit" ? device.facts : null;
  return {
    state: device.kind,
    title: titles[device.kind],
    lead:
      facts === null
        ? fill(deviceWords.lead, { model: bytesText(invitation.model.bytes) })
        : deviceWords.leadFit,
    lines: checkLines(device, { invitation, power }),
    fallback: facts === null ? null : fallbackView(facts, invitation),
    problem:
      device.kind === "problem" ? messageOfError(device.problem, problemFacts(invitation)) : null,
    time: facts === null ? null : timeView(facts, invitation),
    summary: facts === null ? [] : summaryOf(road),
    box: promiseView(promiseOf(invitation), runSlots(invitation)).box,
  };
}

const titles: Readonly<Record<DeviceState["kind"], string>> = {
  none: deviceWords.title,
  checking: deviceWords.titleChecking,
  problem: deviceWords.titleProblem,
  fit: deviceWords.titleFit,
};

const problemFacts = (invitation: Invitation) => {
  const { organiser, server } = runSlots(invitation);
  return { organiser, server };
};

function checkLines(
  device: DeviceState,
  { invitation, power }: { readonly invitation: Invitation; readonly power: Power },
): readonly CheckLine[] {
  const waits = (term: string): CheckLine => line(term, deviceWords.waits, "waits");
  const lines = {
    model: line(
      deviceWords.model,
      fill(deviceWords.modelValue, { bytes: bytesText(invitation.model.bytes) }),
      "waits",
    ),
    backend: waits(deviceWords.backend),
    speed: waits(deviceWords.speed),
  };
  const here = line(
    deviceWords.model,
    fill(deviceWords.modelHere, { bytes: bytesText(invitation.model.bytes) }),
    "good",
  );
  if (device.kind === "checking") return runningLines(device, { ...lines, here });
  if (device.kind !== "fit") return [lines.model, lines.backend, lines.speed];
  const { backend, threads, card, stepsPerSecond, memory, browser } = device.facts;
  const speed = fill(deviceWords.speedValue, { rate: rateText(stepsPerSecond) });
  return [
    here,
    line(deviceWords.backend, backendText(backend, { threads, card }), "good"),
    line(deviceWords.speed, speed, "good"),
    line(deviceWords.memory, bytesText(memory.neededBytes), "good"),
    line(deviceWords.browser, browser, "good"),
    line(deviceWords.power, powerText(power), "good"),
  ];
}

function runningLines(
  { step, doneBytes, totalBytes }: Extract<DeviceState, { kind: "checking" }>,
  lines: Readonly<Record<"model" | "backend" | "speed" | "here", CheckLine>>,
): readonly CheckLine[] {
  const { model, backend, speed, here } = lines;
  switch (step) {
    case "download": {
      const fetching =
        doneBytes === null || totalBytes === null
          ? { ...model, state: "running" as const }
          : {
              ...line(
                deviceWords.model,
                fill(deviceWords.modelFetching, {
                  bytes: bytesText(doneBytes),
                  total: bytesText(totalBytes),
                }),
                "running",
              ),
              share: totalBytes === 0 ? 1 : doneBytes / totalBytes,
            };
      return [fetching, backend, speed];
    }
    case "backend":
      return [here, line(deviceWords.backend, deviceWords.backendChecking, "running"), speed];
    case "speed":
      return [
        here,
        { ...backend, value: deviceWords.backendChecking, state: "good" },
        line(deviceWords.speed, deviceWords.speedChecking, "running"),
      ];
  }
}

const line = (term: string, value: string, state: CheckLine["state"]): CheckLine => ({
  term,
  value,
  state,
  share: null,
});

/** What the device runs on. */
function powerText({ source, charge }: Power): string {
  if (source === "mains") return deviceWords.powerMains;
  if (source === "unknown") return deviceWords.powerUnknown;
  return charge === null
    ? deviceWords.powerBattery
    : fill(deviceWords.powerBatteryAt, { percent: formatPercent(charge, 0) });
}

/** Only what would have been better was a wish. */
function fallbackView(facts: DeviceFacts, invitation: Invitation): FallbackView | null {
  const { backend, passedOver, roundSeconds } = facts;
  const card = passedOver.find(({ backend: name }) => name === "webgpu");
  if (backend === "webgpu" || card === undefined) return null;
  const reason = reasons[card.reason];
  return {
    title: backend === "webgl" ? deviceWords.fallbackWebglTitle : deviceWords.fallbackTitle,
    text:
      roundSeconds === null
        ? fill(deviceWords.fallbackTextPlain, { reason })
        : fill(deviceWords.fallbackText, {
            reason,
            work: formatEstimate(1000 * roundSeconds * roundsToCome(invitation)),
          }),
    tried: passedOver.map(({ backend: name, message }) =>
      fill(deviceWords.detailsItem, { backend: backendText(name), reason: message }),
    ),
  };
}

const reasons: Readonly<Record<DeviceFacts["passedOver"][number]["reason"], string>> = {
  missing: deviceWords.reasonMissing,
  blocked: deviceWords.reasonBlocked,
  software: deviceWords.reasonSoftware,
  limits: deviceWords.reasonLimits,
  broken: deviceWords.reasonBroken,
  lost: deviceWords.reasonLost,
  memory: deviceWords.reasonMemory,
  failed: deviceWords.reasonFailed,
};

function timeView({ roundSeconds }: DeviceFacts, invitation: Invitation) {
  const rounds = roundsToCome(invitation);
  if (roundSeconds === null) return { value: deviceWords.timeUnknown, note: null };
  return {
    value: fill(deviceWords.timeValue, { work: formatEstimate(1000 * roundSeconds * rounds) }),
    note: fill(deviceWords.timeNote, {
      round: formatEstimate(1000 * roundSeconds),
      rounds: formatCount(rounds),
    }),
  };
}

function summaryOf({ file, invitation }: Road): readonly string[] {
  const { subject } = nounsOf(invitation);
  const rows = file.kind === "usable" ? file.facts.usedRows : 0;
  return [
    ...(file.kind === "usable"
      ? [
          fill(deviceWords.summaryFile, {
            file: file.facts.name,
            rows: formatCount(rows),
            subjects: inNumber(rows, subject),
          }),
        ]
      : []),
    fill(deviceWords.summaryLeaves, {
      bytes: bytesText(invitation.bytes.upPerRound),
      total: bytesText(wholeRunBytes(invitation)),
    }),
    promiseLine(invitation),
  ];
}

function promiseLine(invitation: Invitation): string {
  const promise = promiseOf(invitation);
  if (promise.kind === "none") return deviceWords.summaryNoPromise;
  if (promise.kind === "simulation") return deviceWords.summarySimulation;
  const right = String(promise.odds.rightOutOf100);
  return promise.kind === "record"
    ? fill(deviceWords.summaryPromise, { right, subject: nounsOf(invitation).subject.one })
    : fill(deviceWords.summaryPromiseUser, { right });
}
