import { createContext, use, useState, type ReactNode } from "react";
import type { ParticipantActions } from "../../participant/index.ts";

/** A run that is to be opened once its page is there. */
export interface PendingRun {
  readonly run: string;
  readonly open: (actions: ParticipantActions) => Promise<void>;
}

/** At most one run waits; it is taken once. */
export interface PendingRuns {
  put(pending: PendingRun): void;
  /** Null: none waits for this address. */
  take(run: string): PendingRun | null;
}

function pendingRuns(first: PendingRun | null): PendingRuns {
  let waiting = first;
  return {
    put(pending) {
      waiting = pending;
    },
    take(run) {
      const found = waiting?.run === run ? waiting : null;
      if (found !== null) waiting = null;
      return found;
    },
  };
}

const PendingContext = createContext<PendingRuns>(pendingRuns(null));

/** The run that the page was opened with. */
export interface PendingRunProviderProps {
  readonly link: string | null;
  readonly children: ReactNode;
}

/** Keeps the link of an invitation until the page of its run opens it: the address bar never holds its secret. */
export function PendingRunProvider({ link, children }: PendingRunProviderProps) {
  const [runs] = useState(() => pendingRuns(link === null ? null : pendingLink(link)));
  return <PendingContext value={runs}>{children}</PendingContext>;
}

/** Where a run is left for its page to open. */
export const usePendingRuns = (): PendingRuns => use(PendingContext);

/** A link as a run to be opened. */
function pendingLink(link: string): PendingRun | null {
  const [, segment] =
    /^\/join\/([^/]+)/.exec(URL.canParse(link) ? new URL(link).pathname : "") ?? [];
  return segment === undefined
    ? null
    : { run: decodeURIComponent(segment), open: (actions) => actions.openLink(link) };
}
