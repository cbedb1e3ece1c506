/** A coordinator that cannot go on with a run that can: another one owns it, the store will be there again, or it goes down. */
import type { ErrorCode } from "../errors.ts";
import type { RoundState } from "./types.ts";

/** Whether an error says that the run is not this process' any more. */
export function isLoss(code: ErrorCode): boolean {
  return code === "stale-epoch" || code === "storage-failed" || code === "draining";
}

/** Whether the run was lost: nothing is said about it any more, since its owner may say something else. */
export function hasLostRun({ failure }: Pick<RoundState, "failure">): boolean {
  return failure !== null && isLoss(failure.code);
}
