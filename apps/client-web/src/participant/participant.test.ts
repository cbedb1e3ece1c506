import { FedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { createParticipant } from "./participant.ts";
import type { ParticipantPorts } from "./participant.ts";
import { actionNames } from "./wire/action-names.ts";
import { firstSnapshot } from "./wire/first-snapshot.ts";
import type { FromDesk, ToDesk } from "./wire/messages.ts";
import { patchOf } from "./wire/patch.ts";
import type { ParticipantSnapshot } from "./types.ts";

/** A participant whose desk is the test. */
function opened() {
  const heard: ToDesk[] = [];
  const screen: boolean[] = [];
  const storage: string[] = [];
  let say = (_: FromDesk): void => undefined;
  let crash = (_: string): void => undefined;
  const ports: ParticipantPorts = {
    openDesk(hear, crashed) {
      say = hear;
      crash = crashed;
      return { post: (message) => void heard.push(structuredClone(message)), end: () => undefined };
    },
    watchPower(changed) {
      changed({ source: "mains", charge: 1 });
      return () => undefined;
    },
    watchNetwork: () => () => undefined,
    keepScreenOn: (keep) => void screen.push(keep),
    keepStorage: () => void storage.push("asked"),
  };
  const participant = createParticipant(ports);
  return {
    ...{ participant, heard, screen, storage },
    say: (message: FromDesk) => {
      say(structuredClone(message));
    },
    crash: (reason: string) => {
      crash(reason);
    },
    show(after: ParticipantSnapshot) {
      const patch = patchOf(participant.snapshot(), after);
      if (patch !== null) say(structuredClone({ type: "changed", patch }));
    },
  };
}

const road = { kind: "training", invitation: { title: "triage" }, session: { rounds: [] } };
const training = { ...firstSnapshot, stage: road } as unknown as ParticipantSnapshot;

describe("a participant", () => {
  it("begins as opening, and tells its listeners of every change until they go", () => {
    const { participant, show } = opened();
    expect(participant.snapshot().stage).toEqual({ kind: "opening" });
    let changes = 0;
    const stop = participant.subscribe(() => (changes += 1));
    show(training);
    expect([participant.snapshot().stage.kind, changes]).toEqual(["training", 1]);
    stop();
    show(firstSnapshot);
    expect(changes).toBe(1);
  });

  it("the same snapshot is the same object, as pages that compare them want", () => {
    const { participant, show } = opened();
    const before = participant.snapshot();
    expect(participant.snapshot()).toBe(before);
    show(training);
    expect(participant.snapshot()).not.toBe(before);
    expect(participant.snapshot().settings).toBe(before.settings);
  });

  it("calls an action by its name, and gives back its value or its error with its code", async () => {
    const { participant, heard, say } = opened();
    const trying = participant.actions.tryText("one", "two");
    const leaving = participant.actions.leave();
    const calls = heard.filter((message) => message.type === "call");
    expect(calls).toMatchObject([
      { action: "tryText", input: ["one", "two"] },
      { action: "leave", input: [] },
    ]);
    say({ type: "answered", id: calls[0]?.id ?? 0, value: [{ label: "a", probability: 1 }] });
    const error = {
      code: "usage",
      message: "no",
      data: { step: "left" },
      retryable: false,
    } as const;
    say({ type: "failed", id: calls[1]?.id ?? 0, error });
    expect(await trying).toEqual([{ label: "a", probability: 1 }]);
    await expect(leaving).rejects.toThrow(FedtuneError);
    await expect(leaving).rejects.toMatchObject({ code: "usage", data: { step: "left" } });
  });

  it("has every action, and passes on what only a page knows", () => {
    const { participant, heard } = opened();
    expect(Object.keys(participant.actions).toSorted()).toEqual([...actionNames].toSorted());
    expect(heard).toContainEqual({ type: "power", power: { source: "mains", charge: 1 } });
  });

  it("keeps the screen on while training where that is wanted, and asks for lasting storage at the start", () => {
    const { show, screen, storage } = opened();
    const starting = { ...training, stage: { ...training.stage, kind: "starting" } };
    show(starting as ParticipantSnapshot);
    expect([screen.at(-1), storage]).toEqual([false, ["asked"]]);
    show({ ...training, settings: { ...training.settings, keepScreenOn: true } });
    expect([screen.at(-1), storage]).toEqual([true, ["asked"]]);
    show(firstSnapshot);
    expect(screen.at(-1)).toBe(false);
  });

  it("shows what was there when its worker crashes, and ends the calls that wait", async () => {
    const { participant, show, crash } = opened();
    show(training);
    const waiting = participant.actions.pause();
    crash("out of memory");
    await expect(waiting).rejects.toMatchObject({ code: "internal" });
    expect(participant.snapshot().stage).toMatchObject({
      ...{ kind: "failed", invitation: { title: "triage" }, problem: { code: "internal" } },
    });
  });

  it("is unsupported when its worker never comes", () => {
    const { participant, crash } = opened();
    crash("its code could not be loaded");
    expect(participant.snapshot().stage).toEqual({ kind: "unsupported", missing: ["workers"] });
  });
});
