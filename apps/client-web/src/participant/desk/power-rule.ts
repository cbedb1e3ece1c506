/** When a device pauses by itself, and when it goes on. */
import type { Power, Settings } from "../device-report.ts";
import type { PausedBy } from "../types.ts";

/** Charge at which a device on battery stops by itself. */
const LOW_CHARGE = 0.2;
/** Charge from which it goes on: not at once, or it would stop and go. */
const ENOUGH_CHARGE = 0.25;

/** Why the device must not train now; null: it may. `before`: why it stood still until now. */
export function pausedByPower(
  { source, charge }: Power,
  { onlyOnMains }: Pick<Settings, "onlyOnMains">,
  before: PausedBy | null,
): "battery" | "mains-wanted" | null {
  if (source !== "battery") return null;
  if (onlyOnMains) return "mains-wanted";
  if (charge === null) return null;
  const least = before === "battery" ? ENOUGH_CHARGE : LOW_CHARGE;
  return charge <= least ? "battery" : null;
}
