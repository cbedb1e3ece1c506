import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digest } from "../ids.ts";
import type { Hash } from "../ports.ts";
import {
  factorRoles,
  factorView,
  gatherRoles,
  layoutHash,
  layoutOf,
  scatterRoles,
  selectRoles,
  type FactorSpec,
} from "./layout.ts";

const hash: Hash = {
  sha256: (bytes) => digest(createHash("sha256").update(bytes).digest("hex")),
};
const spec: fc.Arbitrary<FactorSpec> = fc.record({
  name: fc.string({ minLength: 1 }),
  module: fc.string(),
  role: fc.constantFrom(...factorRoles),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
});
const specs = fc.uniqueArray(spec, { selector: ({ name }) => name, maxLength: 6 });
const counting = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => index);

describe("layout", () => {
  it("[AD3] factors follow one another without gaps", () => {
    fc.assert(
      fc.property(specs, (list) => {
        const layout = layoutOf(list);
        const all = counting(layout.size);
        const parts = layout.factors.flatMap((factor) => [...factorView(all, factor)]);
        expect(parts).toEqual([...all]);
      }),
    );
  });

  it("[AD3] the hash changes with every name, module, role, shape and order", () => {
    fc.assert(
      fc.property(specs, specs, (a, b) => {
        const same = JSON.stringify(layoutOf(a)) === JSON.stringify(layoutOf(b));
        expect(layoutHash(layoutOf(a), hash) === layoutHash(layoutOf(b), hash)).toBe(same);
      }),
    );
    const base = { name: "a", module: "m", role: "up", shape: [2, 3] } as const;
    const changes = [
      [base],
      [{ ...base, name: "b" }],
      [{ ...base, module: "n" }],
      [{ ...base, role: "down" as const }],
      [{ ...base, shape: [3, 2] }],
      [{ ...base, shape: [6] }],
      [base, { ...base, name: "b" }],
      [{ ...base, name: "b" }, base],
    ];
    const hashes = changes.map((list) => layoutHash(layoutOf(list), hash));
    expect(new Set(hashes).size).toBe(changes.length);
  });

  it("[AD3] what is gathered by role is scattered back to its place, and nothing else is touched", () => {
    fc.assert(
      fc.property(specs, fc.subarray([...factorRoles]), (list, roles) => {
        const layout = layoutOf(list);
        const values = counting(layout.size);
        const packed = gatherRoles(layout, values, roles);
        expect(packed.length).toBe(selectRoles(layout, roles).size);
        const target = new Float32Array(layout.size).fill(-1);
        scatterRoles(layout, target, { roles, packed });
        for (const factor of layout.factors) {
          const wanted = roles.includes(factor.role) ? factorView(values, factor) : null;
          expect([...factorView(target, factor)]).toEqual(
            wanted === null ? new Array<number>(factor.size).fill(-1) : [...wanted],
          );
        }
      }),
    );
  });

  it("[AD3] refuses a factor twice, an empty extent and a vector of another length", () => {
    const one = { name: "a", module: "m", role: "up", shape: [2] } as const;
    const mismatch = expect.objectContaining({ code: "layout-mismatch" }) as unknown;
    expect(() => layoutOf([one, one])).toThrow(mismatch);
    for (const extent of [0, -1, 1.5, NaN]) {
      expect(() => layoutOf([{ ...one, shape: [extent] }])).toThrow(mismatch);
    }
    const part = { roles: ["up"], packed: new Float32Array(3) } as const;
    expect(() => {
      scatterRoles(layoutOf([one]), new Float32Array(2), part);
    }).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });
});
