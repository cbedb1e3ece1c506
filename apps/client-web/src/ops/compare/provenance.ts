import type { Provenance } from "@fedtune/figures";
import type { RunGroup } from "./model/groups.ts";

/** Where the figures of a comparison come from. */
export function provenanceOf(groups: readonly RunGroup[]): Provenance {
  const runs = groups.flatMap((group) => group.runs);
  return {
    run: runs.map(({ id }) => id).join(" "),
    configHash: runs[0]?.configHash ?? "",
    at: new Date().toISOString(),
    isSimulation: runs.some(({ isSimulation }) => isSimulation),
  };
}
