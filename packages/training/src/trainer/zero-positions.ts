import { selectRoles } from "@fedtune/core";
import type { FactorRole, Layout } from "@fedtune/core";

/** What of a round's parameters is not trained where it starts at zero. */
export interface ZeroRule {
  readonly layout: Layout;
  readonly train: readonly FactorRole[];
  /** Roles of which no value is trained that starts at zero. */
  readonly freezeZeros: readonly FactorRole[];
}

/** Positions of packed trained values, `[trained values]`, that are zero in roles that keep their zeros; ascending. */
export function zeroPositions(
  { layout, train, freezeZeros }: ZeroRule,
  parameters: Float32Array,
): readonly number[] {
  if (freezeZeros.length === 0) return [];
  const factors = selectRoles(layout, train).factors.filter(({ role }) =>
    freezeZeros.includes(role),
  );
  return factors.flatMap(({ offset, size }) =>
    Array.from({ length: size }, (_, i) => offset + i).filter((at) => parameters[at] === 0),
  );
}
