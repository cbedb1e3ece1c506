/** The pages over a fake participant: `?state=NAME` says in which state. */
import { mount } from "../mount.tsx";
import { fakeParticipant } from "./fake-participant.ts";
import { nowMs } from "./fixture.ts";
import { states } from "./states.ts";

const query = new URLSearchParams(location.search);
const name = query.get("state") ?? "enter";
const state = states[name];
if (state === undefined) throw new RangeError(`Cannot show state "${name}"`);
const participant = fakeParticipant(state.snapshot);
Reflect.set(globalThis, "participant", participant);
/** Goes to another state without loading the page anew. */
Reflect.set(globalThis, "show", async (next: string) => {
  const wanted = states[next];
  if (wanted === undefined) throw new RangeError(`Cannot show state "${next}"`);
  participant.set(wanted.snapshot);
  // A stage that follows another may go on by itself first.
  for (const _ of [1, 2]) await new Promise((resolve) => requestAnimationFrame(resolve));
  history.pushState(null, "", wanted.path);
});
mount({
  participant,
  timeZone: "UTC",
  now: () => nowMs,
  link: null,
  tag: query.has("tag") ? "Sample data" : undefined,
});
