/** Generators for property tests. */
import { factorRoles, layoutOf } from "@fedtune/core";
import type { Layout, MethodUpdate } from "@fedtune/core";
import * as fc from "fast-check";

/** Layouts of one to six factors with small shapes. */
export function layouts(): fc.Arbitrary<Layout> {
  const factor = fc.record({
    role: fc.constantFrom(...factorRoles),
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
  });
  return fc
    .array(factor, { minLength: 1, maxLength: 6 })
    .map((factors) =>
      layoutOf(
        factors.map((f, i) => ({ ...f, name: `m${String(i)}.factor`, module: `m${String(i)}` })),
      ),
    );
}

/** Finite float32 vectors of moderate size. */
export function vectors(length: number): fc.Arbitrary<Float32Array> {
  const value = fc.float({ min: -8, max: 8, noNaN: true });
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
}

/** Adapters of a layout: any finite values. */
export function adapters(layout: Layout): fc.Arbitrary<Float32Array> {
  return vectors(layout.size);
}

/** Cohorts of one to four updates, each like one of `templates` with its own weight, index and change. */
export function updates(
  templates: readonly [MethodUpdate, ...MethodUpdate[]],
): fc.Arbitrary<MethodUpdate[]> {
  const one = fc.constantFrom(...templates).chain((template) =>
    fc
      .record({
        weight: fc.double({ min: 0.5, max: 1000, noNaN: true }),
        delta: vectors(template.delta.length),
      })
      .map((own) => ({ ...template, ...own })),
  );
  return fc
    .array(one, { minLength: 1, maxLength: 4 })
    .map((cohort) => cohort.map((update, index) => ({ ...update, index })));
}
