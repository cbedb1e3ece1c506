/** The one place where doctor asks the training package what it can compute with. */
import { asFedtuneError } from "@fedtune/core";
import { backendNames, chooseBackend, measureSpeed, peakMemoryBytes } from "@fedtune/training/node";
import type { BackendName, ChosenBackend } from "@fedtune/training/node";
import type { Finding } from "./doctor.ts";
import { bytesText } from "./report-text.ts";

/** Tries every backend on a small training step, the preferred one first; the first that works is what `auto` takes. */
export async function listBackends(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of backendNames) {
    // Both are the same library to TensorFlow.js: once the GPU's is loaded, the other one cannot be.
    const shadowed = name === "tfjs-node" && works(findings, "tfjs-node-gpu");
    if (!shadowed) findings.push(await tryBackend(name, findings));
  }
  return findings;
}

async function tryBackend(name: BackendName, before: readonly Finding[]): Promise<Finding> {
  const label = `backend ${name}`;
  let chosen: ChosenBackend;
  try {
    chosen = await chooseBackend(name);
  } catch (error) {
    const { code, message } = asFedtuneError(error);
    const state = code === "backend-unavailable" ? "missing" : "broken";
    return { name: label, state, found: message.replace(/^Cannot use backend "[^"]*": /, "") };
  }
  const speed = await measureSpeed();
  const { kernels, threads, notes } = chosen;
  const processBytes = peakMemoryBytes();
  const parts = [
    "passed its self-test",
    ...(name === "wasm"
      ? [`${kernels} kernels on ${threads} thread${threads === 1 ? "" : "s"}`]
      : []),
    `${rounded(speed.gflops)} GFLOP/s`,
    `${rounded(speed.stepMs)} ms and ${bytesText(speed.stepBytes)} per small step`,
    `process at ${bytesText(processBytes)} at most`,
    ...(before.every(({ state }) => state !== "ok") ? ["taken unless another is named"] : []),
  ];
  return {
    ...{ name: label, state: "ok", found: parts.join("; "), speed },
    ...(notes.length === 0 ? {} : { advice: notes.join("; ") }),
    computing: { kernels, threads, processBytes },
  };
}

/** Three digits. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function works(findings: readonly Finding[], name: BackendName): boolean {
  return findings.some((finding) => finding.name === `backend ${name}` && finding.state === "ok");
}
