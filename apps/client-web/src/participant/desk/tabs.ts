/** Hearing the other tabs of this browser that have the same run open, and answering them. */
import { placeKey } from "../storage/place.ts";
import { watchOthers } from "./begin.ts";
import { refreshMembership, storeOf } from "./desk.ts";
import type { Desk, Road } from "./desk.ts";
import type { TabLine } from "./desk-ports.ts";
import { noRoad } from "./state.ts";
import { tabWord } from "./tab-line.ts";
import type { TabWord } from "./tab-line.ts";

/** How often a tab that only watches asks, and how often one that takes part answers at most. */
const ASK_MS = 2_000;

/** Opens the line of a run. */
export function openTabLine(desk: Desk, road: Road): TabLine {
  const { ports } = desk;
  const name = `${storeOf(desk).name} ${placeKey(road.place)}`;
  const line = ports.openLine(name, (message) => {
    const word = tabWord(message);
    if (word !== null && desk.road === road) hear(desk, road, word);
  });
  let cancel = ask();
  return {
    post: line.post,
    close() {
      cancel();
      line.close();
    },
  };

  function ask(): () => void {
    return ports.clock.after(ASK_MS, () => {
      if (desk.get().live.kind === "elsewhere") line.post({ type: "ask" } satisfies TabWord);
      cancel = ask();
    });
  }
}

function hear(desk: Desk, road: Road, word: TabWord): void {
  switch (word.type) {
    case "ask":
      if (road.part === null) return;
      road.line?.post({ type: "mirror", report: desk.get().memory.report } satisfies TabWord);
      return;
    case "mirror":
      if (road.part !== null) return;
      if (desk.get().live.kind !== "elsewhere") void watchOthers(desk);
      desk.set({ live: { kind: "elsewhere", report: word.report } });
      return;
    case "hand-over":
      void handOver(desk, road);
      return;
    case "stop":
      void stopHere(desk, road);
      return;
    case "gone":
      void road.part?.stop({ isQuiet: true });
      desk.set({ ...noRoad, front: { kind: "no-invitation" } });
  }
}

/** The holder has paused, or left, in another tab. */
async function stopHere(desk: Desk, road: Road): Promise<void> {
  await road.part?.stop({ isQuiet: false });
  await refreshMembership(desk);
  desk.set({ live: { kind: "idle" } });
}

/** Stops without leaving, and watches from here on. */
async function handOver(desk: Desk, road: Road): Promise<void> {
  if (road.part === null) return;
  await road.part.stop({ isQuiet: true });
  await watchOthers(desk);
}
