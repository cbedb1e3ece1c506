/** Taking part, with everything that it needs loaded when it is needed first. */
import type { Desk } from "./desk.ts";
import { loaded } from "./loading.ts";

/** Takes part if this tab may. */
export async function begin(desk: Desk): Promise<void> {
  const part = await loaded(() => import("./part.ts"));
  await part.begin(desk);
}

/** Another tab takes part: this one watches. */
export async function watchOthers(desk: Desk): Promise<void> {
  const part = await loaded(() => import("./part.ts"));
  part.waitForOthers(desk);
}
