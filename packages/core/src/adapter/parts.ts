import { FedtuneError } from "../errors.ts";
import type { BroadcastPart, FactoredResidual } from "../method.ts";
import type { Layout } from "./layout.ts";
import { scatterRoles, selectRoles } from "./layout.ts";
import { rotateDown } from "./rotation.ts";
import { spread } from "./top-k.ts";

/**
 * Applies published parts in order, as every party does.
 *
 * Factor parts overwrite their roles in a copy of `values` (`[layout.size]`), sparse ones with zeros between what they
 * bring; rotations turn A; residuals are handed back in order, to be added to the base once each. The caller owns the
 * result; the inputs are not modified.
 *
 * @throws FedtuneError `shape-mismatch` when `values` or a factor part does not fit the layout, or when the two sides
 * of a residual disagree with its rank
 */
export function applyParts(
  layout: Layout,
  values: Float32Array,
  parts: readonly BroadcastPart[],
): { values: Float32Array; residuals: FactoredResidual[] } {
  if (values.length !== layout.size) {
    throw new FedtuneError(
      "shape-mismatch",
      `Cannot apply parts to ${String(values.length)} values, expected ${String(layout.size)}`,
      { data: { size: values.length, expected: layout.size } },
    );
  }
  const next = values.slice();
  const residuals: FactoredResidual[] = [];
  for (const part of parts) {
    if (part.kind === "residual") {
      part.modules.forEach(checkResidual);
      residuals.push(...part.modules);
    } else if (part.kind === "rotation") {
      rotateDown(layout, next, part.values);
    } else {
      scatterRoles(layout, next, { roles: part.roles, packed: packedValues(layout, part) });
    }
  }
  return { values: next, residuals };
}

/** All values of a factor part; zero where a sparse one brings nothing. */
function packedValues(
  layout: Layout,
  { roles, values, support }: Extract<BroadcastPart, { kind: "factors" }>,
): Float32Array {
  if (support === undefined) return values;
  return spread(values, support, selectRoles(layout, roles).size);
}

function checkResidual({ module, rank, left, right }: FactoredResidual): void {
  if (left.length % rank === 0 && right.length % rank === 0) return;
  throw new FedtuneError(
    "shape-mismatch",
    `Cannot apply the residual of "${module}": ${String(left.length)} and ${String(right.length)} values, ` +
      `expected multiples of rank ${String(rank)}`,
    { data: { module, rank, left: left.length, right: right.length } },
  );
}
