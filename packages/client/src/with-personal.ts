import { scatterRoles } from "@fedtune/core";
import type { FactorRole, Layout } from "@fedtune/core";

/** The held adapter with this client's own factors in place; the held values themselves when it has none. */
export function withPersonal(
  layout: Layout,
  { values }: { readonly values: Float32Array },
  { own, roles }: { readonly own: Float32Array | null; readonly roles: readonly FactorRole[] },
): Float32Array {
  if (own === null) return values;
  const start = values.slice();
  scatterRoles(layout, start, { roles, packed: own });
  return start;
}
