/** The memory of this machine and of this process. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import type { BackendName } from "./backend.ts";

/** Most that this process had in memory at once, in bytes; all its threads and native libraries count. */
export function peakMemoryBytes(): number {
  // In kilobytes on every platform.
  return 1024 * process.resourceUsage().maxRSS;
}

/** WebAssembly's memory ends here, less what the model and the backend's own data take. */
const WASM_BYTES = 3 * 2 ** 30;

/**
 * What a training step may take on a backend, in bytes, where `trainers` work at the same time; null for graphics cards, of
 * which nobody knows. Follows from the machine alone, not from what is free at the moment: the same machine always
 * divides a step into the same parts.
 */
export function stepBytes(backend: BackendName, trainers = 1): number | null {
  if (backend === "tfjs-node-gpu" || backend === "webgpu") return null;
  const share = machineBytes() / 2 / trainers;
  return backend === "wasm" ? Math.min(WASM_BYTES, share) : share;
}

/** The machine's memory, or what a container may have of it. */
function machineBytes(): number {
  const limit = Number(cgroupLimit());
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function cgroupLimit(): string {
  try {
    return readFileSync("/sys/fs/cgroup/memory.max", "utf8").trim();
  } catch {
    return "";
  }
}
