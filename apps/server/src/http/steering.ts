/** Telling a coordinator what to do, and knowing when it has done it. */
import { FedtuneError } from "@fedtune/core";
import type { Clock, Coordinator, CoordinatorListener, RoundEvent, RunId } from "@fedtune/core";

/** What an operator tells a run. */
export type Command = "pause" | "resume" | "stop";

/** Steers the coordinators whose listeners it is. */
export interface Steering {
  /** To be heard by the coordinator that is steered. */
  readonly listener: CoordinatorListener;
  /**
   * Resolves when the command has been carried out, its rows written.
   *
   * @throws FedtuneError `timeout` when the run is at something else for too long; it obeys later
   */
  command(coordinator: Coordinator, command: Command): Promise<void>;
}

/** Longest wait for a command to be carried out. */
const COMMAND_TIMEOUT_MS = 10_000;

/** Makes a helm. */
export function steering(clock: Clock): Steering {
  const heard = new Map<RoundEvent, () => void>();
  return {
    listener: {
      stateChanged: (_state, event) => heard.get(event)?.(),
    },
    async command(coordinator, command) {
      // An event is looked at when all that the one before has asked for is done, and a second one changes nothing.
      coordinator.post({ type: command });
      const second: RoundEvent = { type: command };
      const done = new Promise<void>((resolve) => heard.set(second, resolve));
      coordinator.post(second);
      try {
        await within(clock, done, { run: coordinator.setup.id, command });
      } finally {
        heard.delete(second);
      }
    },
  };
}

function within(
  clock: Clock,
  done: Promise<void>,
  { run, command }: { readonly run: RunId; readonly command: Command },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(COMMAND_TIMEOUT_MS, () => {
      const message = `Cannot say yet that run "${run}" took up ${command}: it is at something else`;
      reject(new FedtuneError("timeout", message, { data: { run, command } }));
    });
    void done.then(() => {
      stop();
      resolve();
    });
  });
}
