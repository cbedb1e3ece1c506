/** The texts of a run's pages. */
import { formatDecimal } from "@fedtune/figures";

/** What a limit's texts need to know of a run. */
export interface Limits {
  readonly maxNorm: number | null;
}

/** Why an update was not taken, or a round given up, by code. */
const refusals: Readonly<Record<string, string>> = {
  "shape-mismatch": "update of the wrong shape",
  "layout-mismatch": "update of another layout",
  "not-finite": "update with values that are not finite",
  "codec-invalid": "update that does not decode",
  "wrong-round": "update of another round",
  "late-update": "update after the round had closed",
  "update-conflict": "another update of this client is already there",
  "update-too-large": "update larger than the run allows",
  "norm-exceeded": "update norm above the limit",
  "not-selected": "not selected for this round",
  "budget-exhausted": "its privacy budget is used up",
  "training-failed": "training failed on the device",
  "backend-unavailable": "nothing on the device can train",
  "backend-broken": "the device stopped computing",
  "data-invalid": "its data cannot be used",
  "label-unknown": "its data has labels that the run does not know",
  "signature-invalid": "signature that does not fit its key",
  "credential-revoked": "its key was revoked",
  "blob-corrupt": "update damaged on the way",
  "quorum-missed": "too few updates at the deadline",
  "not-enough-clients": "too few clients",
  "no-updates": "no update at all",
  "zero-weight": "updates without any weight",
  timeout: "no answer in time",
  "transport-closed": "connection lost",
};

/** Why something was refused, in words; a code without words stands for itself. */
export function refusalText(code: string, { maxNorm }: Limits): string {
  const text = refusals[code] ?? code;
  return code === "norm-exceeded" && maxNorm !== null
    ? `${text}, ${formatDecimal(maxNorm, 1)}`
    : text;
}

/** Why an update was refused, as short as a tile. */
const shortRefusals: Readonly<Record<string, string>> = {
  "norm-exceeded": "norm above limit",
  "not-finite": "not finite",
  "shape-mismatch": "wrong shape",
  "layout-mismatch": "wrong layout",
  "codec-invalid": "unreadable",
  "update-too-large": "too large",
  "update-conflict": "sent twice",
  "late-update": "late",
  "budget-exhausted": "over budget",
  "training-failed": "training failed",
  "signature-invalid": "signature",
};

/** The same for a tile. */
export const shortRefusal = (code: string): string => shortRefusals[code] ?? code;
