/** The accountants by name. */
import type { Accountant, AccountantName } from "./accountant.ts";
import { gaussianAccountant } from "./gaussian.ts";
import { prvAccountant } from "./prv.ts";
import { rdpAccountant } from "./rdp.ts";
import { treeAccountant } from "./tree.ts";

/** Every accountant, by its name. */
export const accountants: Readonly<Record<AccountantName, Accountant>> = {
  rdp: rdpAccountant,
  prv: prvAccountant,
  gaussian: gaussianAccountant,
  tree: treeAccountant,
};
