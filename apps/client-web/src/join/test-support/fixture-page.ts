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
mount({
  participant,
  timeZone: "UTC",
  now: () => nowMs,
  tag: query.has("tag") ? "Sample data" : undefined,
});
