import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch, patchOf } from "./patch.ts";

const json = fc.jsonValue({ maxDepth: 4 });

describe("a patch", () => {
  it("turns any plain value into any other", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const patch = patchOf(before, after);
        const clone = patch === null ? null : structuredClone(patch);
        expect(clone === null ? before : applyPatch(before, clone)).toEqual(after);
      }),
    );
  });

  it("holds what changed alone; the rest stays the same object", () => {
    const rounds = [1, 2, 3];
    const before = {
      stage: { kind: "training", by: 1, session: { rounds, work: { done: 1 } } },
      a: {},
    };
    const session = { rounds, work: { done: 2 } };
    const after = { ...before, stage: { kind: "training", session } };
    const patch = patchOf(before, after);
    expect(JSON.stringify(patch)).not.toContain("[1,2,3]");
    const result = applyPatch(before, patch!) as typeof after;
    expect(result).toEqual(after);
    expect(result.stage.session.rounds).toBe(rounds);
    expect(result.a).toBe(before.a);
  });

  it("takes fields as fields, whatever people call their labels", () => {
    const after: unknown = JSON.parse('{"mapped":{"__proto__":"other","constructor":"x"}}');
    const result = applyPatch({ mapped: {} }, patchOf({ mapped: {} }, after)!);
    expect(JSON.stringify(result)).toBe(JSON.stringify(after));
    expect(Object.getPrototypeOf((result as { mapped: object }).mapped)).toBe(Object.prototype);
  });

  it("is none for the same value, and for objects that are equal field by field", () => {
    const shared = { x: 1 };
    expect(patchOf(shared, shared)).toBeNull();
    expect(patchOf({ shared }, { shared })).toBeNull();
    expect(patchOf(Number.NaN, Number.NaN)).toBeNull();
  });
});
