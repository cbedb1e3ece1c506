import { ChevronUp } from "lucide-react";
import { useState } from "react";
import { Dialog } from "../../ui/dialog.tsx";
import { costLine } from "./cost-rows.ts";
import { CostPanel } from "./cost-panel.tsx";
import type { CountedCost } from "./cost-panel.tsx";
import { words } from "./words.ts";
import styles from "./cost-bar.module.css";

/** The cost in a line at the bottom, where there is no room beside the form; it opens. */
export function CostBar({ estimate }: { readonly estimate: CountedCost }) {
  const [isOpen, setOpen] = useState(false);
  const cost = estimate.data?.cost ?? null;
  return (
    <>
      <button
        type="button"
        className={styles["bar"]}
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
        }}
      >
        <span>{cost === null ? words.cost.open : costLine(cost)}</span>
        <ChevronUp size={16} aria-hidden />
      </button>
      <Dialog
        isOpen={isOpen}
        onClose={() => {
          setOpen(false);
        }}
        title={words.cost.open}
      >
        <CostPanel estimate={estimate} />
      </Dialog>
    </>
  );
}
