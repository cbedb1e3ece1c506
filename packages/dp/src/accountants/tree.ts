/**
 * Tree aggregation (DP-FTRL): the Renyi cost a k^2 ceil(log2(steps + 1)) / (2 z^2) of a tree over `steps` releases that a
 * unit enters at most k times (Kairouz et al. 2021, arXiv 2103.00039, appendix D). No sampling is needed for it.
 *
 * Several trees compose: the paper's restarts without a unit in two trees cost only the deepest one, which the caller
 * states as a single row.
 */
import { refuseUnknown, understands } from "./accountant.ts";
import type { Accountant } from "./accountant.ts";
import { componentsOf } from "./components.ts";
import { fromRenyiCurve, renyiOrders } from "./renyi.ts";

/** Renyi accounting of trees alone. */
export const treeAccountant: Accountant = {
  name: "tree",
  summary: "Renyi divergences of binary trees of sums (DP-FTRL)",
  supports: (event, relation) => understands("tree", event, relation),
  compose: (query) => {
    refuseUnknown("tree", query);
    const { squaredSignal } = componentsOf(query.events, query.relation);
    const divergences = Float64Array.from(renyiOrders, (order) => (order * squaredSignal) / 2);
    return fromRenyiCurve({ accountant: "tree", orders: renyiOrders, divergences });
  },
};
