import { plainText } from "@fedtune/figures";
import { describe, expect, test } from "vitest";
import type { Invitation } from "../../participant/index.ts";
import { invitation } from "../test-support/fixture.ts";
import { trainedFold } from "./trained.ts";

const factsOf = (changes: Partial<Invitation>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    trainedFold({ ...invitation, ...changes }).facts.map(({ term, value, note }) => [
      term,
      note === undefined ? plainText(value) : `${plainText(value)}; ${note}`,
    ]),
  );
const open = { privacy: { mode: "none" } } as const;

describe("what exactly is trained", () => {
  test("is told in plain words: adapter, work in a round, people", () => {
    expect(factsOf(open)).toMatchObject({
      "What is added to it": "lora on query, value; rank 8, alpha 16",
      "Work in a round": "one pass over your messages; a step learns from 32 messages",
      "Longest text": "128 tokens; what is longer is cut",
      Optimiser: "AdamW, learning rate 0.001",
      "Taking part": "31 clinics so far; a round waits for at least 12 clinics",
    });
  });

  test("private training takes the steps that its guarantee counts", () => {
    const facts = factsOf({});
    expect(facts["Work in a round"]).toBe("58 steps, each from rows drawn by chance");
  });

  test("passes and steps in number, and a run of labels without labels", () => {
    const training = { ...invitation.training, localEpochs: 3, maxSteps: 40, batchSize: 1 };
    const facts = factsOf({ ...open, training, labels: [] });
    expect(facts["Work in a round"]).toBe(
      "3 passes over your messages, at most 40 steps; a step learns from 1 message",
    );
    expect(facts).not.toHaveProperty("Labels");
  });

  test("how many take part is not told where it is hidden", () => {
    const facts = factsOf({ participants: { joined: null, wanted: 1 } });
    expect(facts["Taking part"]).toBe(
      "nobody is told how many; a round waits for at least 1 clinic",
    );
  });
});
