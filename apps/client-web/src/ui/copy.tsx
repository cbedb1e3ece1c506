import { formatHash } from "@fedtune/figures";
import { Copy as CopyIcon } from "lucide-react";
import { Button } from "./button.tsx";
import { Tooltip } from "./tooltip.tsx";
import { useNotify } from "./notices.tsx";
import styles from "./copy.module.css";

/** Puts text on the clipboard and says so. */
export function useCopy(): (text: string) => void {
  const notify = useNotify();
  return (text) => {
    navigator.clipboard.writeText(text).then(
      () => notify("Copied"),
      () => notify("This browser does not let the page copy; select the text instead"),
    );
  };
}

/** A button that copies. */
export interface CopyProps {
  readonly text: string;
  /** "Copy link" */
  readonly label: string;
  readonly size?: "small" | "normal";
}

/** Copies a text. */
export function Copy({ text, label, size = "normal" }: CopyProps) {
  const copy = useCopy();
  return (
    <Button size={size} icon={CopyIcon} onClick={() => copy(text)}>
      {label}
    </Button>
  );
}

/** A hash, a key or another long name. */
export interface HashProps {
  readonly value: string;
  /** What it is ("Hash of the config"). */
  readonly label: string;
}

/** First and last four letters; a press copies all of it. */
export function Hash({ value, label }: HashProps) {
  const copy = useCopy();
  return (
    <Tooltip text={<span className={styles["whole"]}>{value}</span>}>
      <button
        type="button"
        className={styles["hash"]}
        aria-label={`${label} ${formatHash(value)}, copy`}
        onClick={() => copy(value)}
      >
        {formatHash(value)}
      </button>
    </Tooltip>
  );
}
