import { expectSameBits, nodeHash, toyLayout } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { digest } from "../ids.ts";
import type { BroadcastPart } from "../method.ts";
import { rngFromSeed } from "../rng.ts";
import { layoutHash, selectRoles } from "./layout.ts";
import { decodePart, encodePart } from "./part-blob.ts";
import type { PartContext } from "./part-blob.ts";
import { applyParts } from "./parts.ts";
import { largest, pick } from "./top-k.ts";

const layout = toyLayout(4);
const context: PartContext = {
  rank: 4,
  layout,
  layoutHash: layoutHash(layout, nodeHash),
  modules: [],
  modulesHash: digest("0".repeat(64)),
};
const roles = ["down", "up"] as const;
const rng = rngFromSeed("part");
const whole = Float32Array.from({ length: selectRoles(layout, roles).size }, () => rng.normal());
const support = largest(whole, 9);
const sparse = {
  ...{ kind: "factors", id: "round-2/rank-4", rank: 4, roles, support },
  values: pick(whole, support),
} as const satisfies BroadcastPart;

function refOf(bytes: Uint8Array, kept: number | null) {
  const hash = nodeHash.sha256(bytes);
  return { kind: "factors" as const, round: 2, roles: [...roles], kept, hash, bytes: bytes.length };
}

describe("a sparse part", () => {
  const bytes = encodePart(sparse, 2, context);

  it("[AG22] [AD4] comes back under its hash, and sets all that it leaves out to zero", () => {
    const ref = refOf(bytes, 9);
    const part = decodePart(bytes, ref, context);
    expect(part).toEqual({ ...sparse, id: ref.hash });
    const before = Float32Array.from({ length: layout.size }, () => rng.normal());
    const { values } = applyParts(layout, before, [part]);
    const expected = before.slice();
    const factors = layout.factors.filter(({ role }) => role === "down" || role === "up");
    const packed = new Float32Array(whole.length);
    for (const at of support) packed[at] = whole[at]!;
    let at = 0;
    for (const { offset, size } of factors) {
      expected.set(packed.subarray(at, at + size), offset);
      at += size;
    }
    expectSameBits(values, expected);
  });

  it.each([
    ["as a dense one", null, "codec-invalid"],
    ["with more values than named", 8, "update-too-large"],
    ["with fewer values than named", 10, "shape-mismatch"],
  ])("[AD5] is not read %s", (_what, kept, code) => {
    expect(() => decodePart(bytes, refOf(bytes, kept), context)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
