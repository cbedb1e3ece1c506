/** How taking part ended, and what follows from it. */
import { measureFinal } from "../session/final-accuracy.ts";
import type { PartEnd } from "../session/take-part.ts";
import { finalCodes } from "../types.ts";
import { changeMembership } from "./desk.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** Writes the end down; who was stopped says itself why. */
export async function settle(desk: Desk, end: PartEnd, session: Session): Promise<void> {
  switch (end.kind) {
    case "left":
      return;
    case "finished": {
      const { status, rounds } = end;
      await measureFinal(session);
      await changeMembership(desk, { step: "finished", end: { status, rounds } });
      desk.set({ live: { kind: "idle" } });
      return;
    }
    case "refused": {
      const { problem } = end;
      if (problem.code === "client-replaced") {
        desk.set({ live: { kind: "elsewhere", report: null } });
      } else if (finalCodes.has(problem.code)) {
        await changeMembership(desk, { step: "refused", problem });
        desk.set({ live: { kind: "idle" } });
      } else desk.set({ live: { kind: "failed", problem } });
    }
  }
}
