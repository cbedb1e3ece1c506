import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";
import styles from "./tooltip.module.css";

/** A hint on hover and focus. */
export interface TooltipProps {
  /** Never the only copy of a fact. */
  readonly text: ReactNode;
  /** One element that takes a ref and events. */
  readonly children: ReactElement<Record<string, unknown>>;
}

/** A hint beside an element, on hover and focus. */
export const Tooltip = ({ text, children }: TooltipProps) => (
  <Base.Root>
    <Base.Trigger render={children} />
    <Base.Portal>
      <Base.Positioner sideOffset={6} className={styles["place"]}>
        <Base.Popup className={styles["popup"]}>{text}</Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  </Base.Root>
);
