import { describe, expect, it } from "vitest";
import {
  connectionStates,
  memberStates,
  participantStates,
  roundStates,
  runStates,
  type StateLook,
} from "./states.ts";

const tables: Record<string, Record<string, StateLook>> = {
  roundStates,
  memberStates,
  participantStates,
  runStates,
  connectionStates,
};

describe.each(Object.entries(tables))("%s", (_, table) => {
  const looks = Object.values(table);

  it("every state has a word of its own", () => {
    expect(new Set(looks.map((look) => look.word)).size).toBe(looks.length);
  });

  it("two states of one tone differ in their icon, or in how far the same thing is", () => {
    const known = new Set(["accent loader-circle", "wait clock-3", "accent hourglass"]);
    const seen = new Set<string>();
    for (const { tone, icon } of looks) {
      const key = `${tone} ${icon}`;
      expect(seen.has(key) && !known.has(key), key).toBe(false);
      seen.add(key);
    }
  });

  it("words are sentence case and never call anything an error", () => {
    for (const { word } of looks) expect(word).toMatch(/^[A-Z][a-z, ]+$/);
  });
});

it("privacy's colour is only for privacy", () => {
  const privacy = Object.values(tables).flatMap((table) =>
    Object.values(table).filter((look) => look.tone === "privacy"),
  );
  expect(privacy.map((look) => look.word)).toEqual(["Budget spent"]);
});
