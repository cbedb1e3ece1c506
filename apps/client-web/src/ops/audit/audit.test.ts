import { describe, expect, it } from "vitest";
import { actionText, actorText, dataText, verdict } from "./audit-model.ts";

describe("an entry of the audit log", () => {
  it("says who did what with what", () => {
    expect(actorText("operator:keller")).toBe("keller");
    expect(actorText("token:ci")).toBe("token:ci");
    expect(actionText("createEnrolmentToken")).toBe("create enrolment token");
    expect(dataText({ role: "viewer", maxUses: 3, client: null })).toBe(
      "role viewer, maxUses 3, client null",
    );
    expect(dataText({})).toBe("");
  });
});

describe("the chain", () => {
  const head = { sequence: 1_412, hash: "ab" };

  it("is whole", () => {
    expect(verdict({ fault: null, head })).toMatchObject({ isWhole: true });
    expect(verdict({ fault: null, head }).text).toMatch(/^1,412 entries/);
    expect(verdict({ fault: null, head: null }).text).toBe("The log is empty.");
  });

  it.each(["missing", "edited", "unlinked"] as const)("has an entry that is %s", (problem) => {
    const { isWhole, text } = verdict({ fault: { sequence: 7, problem }, head });
    expect(isWhole).toBe(false);
    expect(text).toMatch(/^Entry 7 /);
  });
});
