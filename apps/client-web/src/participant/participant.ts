/** A data holder's part as pages use it: the desk is in a worker, so that nothing here ever takes long. */
import { FedtuneError } from "@fedtune/core";
import type { Power } from "./device-report.ts";
import type { ActionName, Participant, ParticipantActions, ParticipantSnapshot } from "./types.ts";
import { actionNames } from "./wire/action-names.ts";
import { firstSnapshot } from "./wire/first-snapshot.ts";
import type { DeskLine, FromDesk } from "./wire/messages.ts";
import { applyPatch } from "./wire/patch.ts";

/** What a participant needs of its page. */
export interface ParticipantPorts {
  /** Starts the worker; `crashed` is called when it is gone for good. */
  readonly openDesk: (
    hear: (message: FromDesk) => void,
    crashed: (reason: string) => void,
  ) => DeskLine;
  /** Tells of the device's power now and whenever it changes; the result ends that. */
  readonly watchPower: (changed: (power: Power) => void) => () => void;
  /** Tells whenever a network comes or goes; the result ends that. */
  readonly watchNetwork: (changed: (isOnline: boolean) => void) => () => void;
  /** Whether the screen is to stay on; the last call holds. */
  readonly keepScreenOn: (keep: boolean) => void;
  /** Asks the browser to keep everything until the holder deletes it; where it says no, it may go when room is short. */
  readonly keepStorage: () => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Longest wait for what is under way to end in good order. */
const CLOSE_MS = 5_000;

/** Starts the worker, which opens the browser's store; the page shows `opening` meanwhile. */
export function createParticipant(ports: ParticipantPorts): Participant {
  let snapshot: ParticipantSnapshot = firstSnapshot;
  const listeners = new Set<() => void>();
  const waiting = new Map<number, Waiting>();
  const closing: { done: () => void } = { done: () => undefined };
  const show = (next: ParticipantSnapshot): void => {
    if (next.stage.kind === "starting" && snapshot.stage.kind !== "starting") ports.keepStorage();
    snapshot = next;
    ports.keepScreenOn(wantsScreen(next));
    for (const listener of [...listeners]) listener();
  };
  const line = ports.openDesk(
    (message) => {
      if (message.type === "changed") {
        // Made on the other side from a snapshot by `patchOf`.
        show(applyPatch(snapshot, message.patch) as ParticipantSnapshot);
      } else if (message.type === "closed") closing.done();
      else settle(waiting, message);
    },
    (reason) => {
      show(crashedSnapshot(snapshot, reason));
      for (const { reject } of waiting.values()) reject(crash(reason));
      waiting.clear();
    },
  );
  const stops = [
    ports.watchPower((power) => {
      line.post({ type: "power", power });
    }),
    ports.watchNetwork((isOnline) => {
      line.post({ type: "network", isOnline });
    }),
  ];
  return {
    snapshot: () => snapshot,
    subscribe(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    actions: actionsOver(line, waiting),
    async close() {
      for (const stop of stops) stop();
      ports.keepScreenOn(false);
      await new Promise<void>((resolve) => {
        closing.done = resolve;
        setTimeout(resolve, CLOSE_MS);
        line.post({ type: "close" });
      });
      line.end();
    },
  };
}

function wantsScreen({ settings, stage }: ParticipantSnapshot): boolean {
  return settings.keepScreenOn && (stage.kind === "training" || stage.kind === "starting");
}

function actionsOver(line: DeskLine, waiting: Map<number, Waiting>): ParticipantActions {
  let last = 0;
  const call = (action: ActionName, input: readonly unknown[]): Promise<unknown> => {
    const id = (last += 1);
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    line.post({ type: "call", id, action, input });
    return answer;
  };
  const actions = actionNames.map((name) => [
    name,
    (...input: readonly unknown[]) => call(name, input),
  ]);
  // One function for each name of the table that its type is of.
  return Object.fromEntries(actions) as ParticipantActions;
}

type Answer = Extract<FromDesk, { readonly type: "answered" | "failed" }>;

function settle(waiting: Map<number, Waiting>, message: Answer): void {
  const asked = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.type === "answered") {
    asked?.resolve(message.value);
    return;
  }
  const { code, message: text, data } = message.error;
  asked?.reject(new FedtuneError(code, text, { data }));
}

function crash(reason: string): FedtuneError {
  const message = `Cannot go on: a part of these pages crashed (${reason}); reload them, nothing is lost`;
  return new FedtuneError("internal", message, { data: { reason } });
}

/** What was there stays to be seen. */
function crashedSnapshot(before: ParticipantSnapshot, reason: string): ParticipantSnapshot {
  const problem = crash(reason).toJSON();
  const { stage } = before;
  if (!("invitation" in stage)) {
    return { ...before, stage: { kind: "unsupported", missing: ["workers"] } };
  }
  const { invitation, client, file, device, privacy, session } = stage;
  const road = { invitation, client, file, device, privacy, session };
  return { ...before, stage: { kind: "failed", problem, ...road } };
}
