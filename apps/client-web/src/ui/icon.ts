/** Icons are lucide's: 14 px in text, 16 in buttons, 18 at headings; never alone without a word. */
import type { LucideIcon } from "lucide-react";

/** Any icon component. */
export type Icon = LucideIcon;

/** Size and stroke at their place. */
export const iconSizes = {
  text: { size: 14, strokeWidth: 2.2 },
  button: { size: 16, strokeWidth: 2 },
  heading: { size: 18, strokeWidth: 1.8 },
} as const;
