/** Closing the run that is shown. */
import { FedtuneError } from "@fedtune/core";
import type { Desk } from "./desk.ts";
import { closeEngine } from "./engine.ts";
import { noRoad } from "./state.ts";

/** Closes what is open: the coordinator takes it for a tab that was closed. */
export async function closeRoad(desk: Desk): Promise<void> {
  const { road } = desk;
  if (road === null) return;
  road.ends.abort();
  road.busy?.abort(new FedtuneError("cancelled", "Another run was opened"));
  await road.part?.stop({ isQuiet: true });
  await desk.writing;
  await closeEngine(desk);
  road.line?.close();
  desk.road = null;
  desk.set({ ...noRoad, front: null });
}
