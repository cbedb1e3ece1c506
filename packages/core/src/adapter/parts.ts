import { FedtuneError } from "../errors.ts";
import type { BroadcastPart, FactoredResidual } from "../method.ts";
import type { Layout } from "./layout.ts";
import { scatterRoles } from "./layout.ts";

/**
 * Applies published parts in order, as every party does.
 *
 * Factor parts overwrite their roles in a copy of `values` (`[layout.size]`); residuals are handed back in order, to
 * be added to the base once each. The caller owns the result; the inputs are not modified.
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
    if (part.kind === "factors") {
      scatterRoles(layout, next, { roles: part.roles, packed: part.values });
    } else {
      part.modules.forEach(checkResidual);
      residuals.push(...part.modules);
    }
  }
  return { values: next, residuals };
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
