/** Where each stage is shown, and which pages of the road may be looked at. */
import type { Stage, StageKind } from "../../participant/index.ts";

/** Pages of the road, in order. */
export const pages = ["explain", "file", "device", "train", "done"] as const;
/** One of {@link pages}. */
export type PageName = (typeof pages)[number];

/** The page that a stage is shown on; null: the address says nothing (it is opened, cannot be, or belongs to no run). */
export function pageOf(stage: StageKind): PageName | null {
  switch (stage) {
    case "invited":
      return "explain";
    case "file":
      return "file";
    case "device":
    case "ready":
      return "device";
    case "starting":
    case "training":
    case "paused":
    case "elsewhere":
    case "failed":
      return "train";
    case "refused":
    case "left":
    case "finished":
      return "done";
    default:
      return null;
  }
}

/** The address of a page of a run. */
export function pathOf(run: string, page: PageName): string {
  const start = `/join/${encodeURIComponent(run)}`;
  return page === "explain" ? start : `${start}/${page}`;
}

/** The page that an address names; null: none of a run's. */
export function pageAt(segment: string | undefined): PageName | null {
  if (segment === undefined || segment === "") return "explain";
  return pages.find((page) => page === segment && page !== "explain") ?? null;
}

/** The furthest page that may be looked at: with a usable file, the check of the device too. */
function reachedPage(stage: Stage): PageName | null {
  const page = pageOf(stage.kind);
  return stage.kind === "file" && stage.file.kind === "usable" ? "device" : page;
}

/**
 * The page to show at an address. What lies behind on the road may be looked at again, but for the check of a device that
 * trains already; what lies ahead may not.
 */
export function shownPage(stage: Stage, wanted: PageName): PageName | null {
  const reached = reachedPage(stage);
  if (reached === null) return null;
  // Once training has begun, the letter and the training itself are what there is to read.
  const hasStarted = reached === "train" || reached === "done";
  if (hasStarted) return wanted === "explain" ? "explain" : reached;
  return pages.indexOf(wanted) < pages.indexOf(reached) ? wanted : reached;
}

/**
 * The page to go to by itself when a stage follows another; null: one stays where one is. A file that became usable is
 * looked at first.
 */
export function followingPage(before: StageKind, after: StageKind): PageName | null {
  const [from, to] = [pageOf(before), pageOf(after)];
  if (to === null || to === from || (from === "file" && to === "device")) return null;
  return to;
}

/** Steps of the road, as the header counts them: 0 to 3. */
export function stepOf(page: PageName): number {
  return Math.min(pages.indexOf(page), 3);
}

/** The run of a stage; null before one is named. */
export function runOf(stage: Stage): string | null {
  if ("invitation" in stage) return stage.invitation.run;
  return "run" in stage ? stage.run : null;
}
