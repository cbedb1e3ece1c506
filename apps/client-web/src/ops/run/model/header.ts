/** The head of a run's page: its state in a word, what may be done with it. */
import { roundStates, runStates } from "@fedtune/figures";
import type { StateLook } from "@fedtune/figures";
import type { Run } from "./api-types.ts";
import type { RunSettings } from "./settings.ts";

/** The state of a run as its pill shows it. */
export interface RunHeadState {
  readonly look: StateLook;
  /** Goes on after its word: `, round 27 of 40`. */
  readonly rest: string;
}

/** What an operator may do with a run in its state; scopes aside. */
export interface RunActions {
  readonly canInvite: boolean;
  readonly canPause: boolean;
  readonly canResume: boolean;
  readonly canStop: boolean;
}

/** What the head needs of a run. */
export type HeadOf = Pick<Run, "status" | "isOpen" | "numRounds" | "committedRounds" | "state">;

const ended = {
  completed: runStates.finished,
  stopped: runStates.stopped,
  failed: runStates.failed,
};

const withRest = (look: StateLook, detail: string): RunHeadState => ({ look, rest: `, ${detail}` });

/** The run's state in the words of the table of states. */
export function headState(run: HeadOf, { needed }: Pick<RunSettings, "needed">): RunHeadState {
  const { status, state, numRounds, committedRounds } = run;
  const at = `round ${state.round} of ${numRounds}`;
  if (status !== "running") {
    const all = status === "completed" && committedRounds === numRounds;
    const detail = all ? `${numRounds} rounds` : `${committedRounds} of ${numRounds} rounds`;
    return withRest(ended[status], detail);
  }
  if (state.paused && (state.phase === "idle" || state.phase === "waiting"))
    return withRest(runStates.paused, `${committedRounds} of ${numRounds} rounds`);
  switch (state.phase) {
    case "waiting":
    case "idle":
      return { look: runStates.waiting, rest: ` (${state.present} of ${needed} here)` };
    case "collecting":
      return withRest(roundStates.collecting, at);
    case "evaluating":
      return withRest(roundStates.evaluating, at);
    default:
      return withRest(roundStates.aggregating, at);
  }
}

/** What may be done. */
export function runActions({ status, isOpen, state }: HeadOf): RunActions {
  const goesOn = status === "running";
  return {
    canInvite: goesOn,
    canPause: goesOn && isOpen && !state.paused,
    canResume: goesOn && isOpen && state.paused,
    canStop: goesOn,
  };
}

/** The title of the window: what is most urgent first, since that is what a tab shows. */
export function windowTitle(run: HeadOf & Pick<Run, "id">): string {
  const { status, state } = run;
  const first = status === "running" ? `Round ${state.round}` : ended[status].word;
  return `${first} · ${run.id} · fedtune`;
}
