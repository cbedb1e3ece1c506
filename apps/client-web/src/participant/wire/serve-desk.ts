/** A desk behind a line of messages: the worker's side. */
import { asFedtuneError } from "@fedtune/core";
import { problemOf } from "../problem.ts";
import { createDesk } from "../desk/create-desk.ts";
import type { DeskPorts } from "../desk/desk-ports.ts";
import { firstSnapshot } from "./first-snapshot.ts";
import type { FromDesk, ToDesk } from "./messages.ts";
import { patchOf } from "./patch.ts";

/** Between two words about changes; what takes part changes with every step. */
const CHANGES_MS = 100;

/** Serves; the result hears what the page says. */
export function serveDesk(
  ports: DeskPorts,
  post: (message: FromDesk) => void,
): (message: ToDesk) => void {
  let told = firstSnapshot;
  let isWaiting = false;
  let last = -Infinity;
  const flush = (): void => {
    isWaiting = false;
    last = ports.clock.now();
    const next = desk.snapshot();
    const patch = patchOf(told, next);
    told = next;
    if (patch !== null) post({ type: "changed", patch });
  };
  const changed = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    ports.clock.after(Math.max(0, last + CHANGES_MS - ports.clock.now()), flush);
  };
  const desk = createDesk(ports, changed);
  const call = async ({ id, action, input }: Extract<ToDesk, { type: "call" }>): Promise<void> => {
    try {
      const act: (...all: never[]) => Promise<unknown> = desk.actions[action];
      const value = await act(...(input as never[]));
      // What an action changed is there before its answer.
      flush();
      post({ type: "answered", id, value });
    } catch (error) {
      flush();
      post({ type: "failed", id, error: problemOf(asFedtuneError(error)) });
    }
  };
  return (message) => {
    switch (message.type) {
      case "call":
        void call(message);
        return;
      case "power":
        desk.hearPower(message.power);
        return;
      case "network":
        desk.hearNetwork(message.isOnline);
        return;
      case "close":
        void desk.close().finally(() => {
          post({ type: "closed" });
        });
    }
  };
}
