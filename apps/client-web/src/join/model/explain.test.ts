import { plainText } from "@fedtune/figures";
import { describe, expect, test } from "vitest";
import { freshRoad, invitation, promise, road, scene } from "../test-support/fixture.ts";
import { borderView, explainView } from "./explain.ts";

const settings = { budgetEpsilon: 8 };

describe("step 1 of the sample run", () => {
  const view = explainView(road, settings, scene);

  test("the border says in bytes what leaves", () => {
    expect(view.border.leaves).toBe("Leaves, up to 40 times");
    expect(view.border.staying.map(({ note }) => note)).toEqual([
      "Every message and every label",
      "41,484 numbers, fitted to your clinic only",
      "One button deletes all of it",
    ]);
    expect(view.border.leaving[0]).toMatchObject({
      text: "**148\u202FkB** of numbers per round",
      note: "36,864 numbers, blurred with noise before they leave",
    });
    expect(view.border.total).toBe("At most **5.9\u202FMB** of numbers in the whole run");
    expect(view.border.foot).toBe(
      "Comes in: the model to start from (90.9\u202FMB, once) and the joint result (148\u202FkB per round). Nobody receives a message, neither the organiser nor the other clinics.",
    );
  });

  test("who asks, from where, until when", () => {
    const [by, server, until, time] = view.who;
    expect(by).toMatchObject({ value: "Example University Hospital", note: "triage@example.org" });
    expect(server?.value).toBe("fed.example.org");
    expect(until?.value).toBe("30 Nov 2026");
    expect(time?.value).toBe("about 25\u202Fmin of work");
    expect(explainView(freshRoad, settings, scene).who[3]?.value).toContain("once this device");
  });

  test("experts find epsilon, delta and the rest behind a fold", () => {
    const [expert, trained] = view.folds;
    expect(plainText(expert?.tag ?? "")).toBe("ε\u00A03.00 at δ\u00A010^\u22125");
    expect(expert?.facts.find(({ term }) => term === "Who adds noise")?.value).toBe("this device");
    expect(trained?.tag).toBe("FedSA-LoRA, rank 8");
  });
});

describe("other runs", () => {
  test("without own factors the border names two things that stay", () => {
    const numbers = { ...invitation.numbers, stays: 0 };
    expect(borderView({ ...invitation, numbers }).staying).toHaveLength(2);
  });

  test.each([
    [{ mode: "none" } as const, "no noise: see below"],
    [
      { ...promise, mode: "user-level", whoAddsNoise: "coordinator" } as const,
      "no noise yet: see below",
    ],
    [{ ...promise, mode: "user-level", whoAddsNoise: "clients" } as const, "blurred with noise"],
  ])("%#", (privacy, said) => {
    expect(borderView({ ...invitation, privacy }).leaving[0]?.note).toContain(said);
  });

  test("the organiser's own words are marked as theirs", () => {
    const described = { ...road, invitation: { ...invitation, description: "We sort letters." } };
    expect(explainView(described, settings, scene).description).toEqual({
      intro: "Example University Hospital writes:",
      text: "We sort letters.",
    });
  });

  test("an invitation that names nothing still reads well", () => {
    const bare = { ...invitation, title: " ", organiser: null, organiserContact: null };
    const nameless = { ...bare, subject: null, party: null, invitation: null };
    const view = explainView({ ...freshRoad, invitation: nameless }, settings, scene);
    expect(view.title).toBe("Help train a model together");
    expect(view.lead).toMatch(/^Several participants teach/);
    expect(view.border.foot).toContain("Nobody receives a row");
    expect(view.who[2]?.value).toBe("the run ends");
    expect(view.phoneFacts).toContain("the organiser");
  });
});
