/** The one place where doctor asks the training package what it can compute with. */
import { asFedtuneError } from "@fedtune/core";
import { backendNames, chooseBackend, measureSpeed } from "@fedtune/training/node";
import type { BackendName } from "@fedtune/training/node";
import type { Finding } from "./doctor.ts";

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
  try {
    await chooseBackend(name);
  } catch (error) {
    const { code, message } = asFedtuneError(error);
    const state = code === "backend-unavailable" ? "missing" : "broken";
    return { name: label, state, found: message.replace(/^Cannot use backend "[^"]*": /, "") };
  }
  const { gflops, stepMs } = await measureSpeed();
  const speed = `${rounded(gflops)} GFLOP/s, ${rounded(stepMs)} ms per small step`;
  const first = before.every(({ state }) => state !== "ok");
  const found = `computes right; ${speed}${first ? "; taken unless another is named" : ""}`;
  return { name: label, state: "ok", found, speed: { gflops, stepMs } };
}

/** Three digits. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function works(findings: readonly Finding[], name: BackendName): boolean {
  return findings.some((finding) => finding.name === `backend ${name}` && finding.state === "ok");
}
