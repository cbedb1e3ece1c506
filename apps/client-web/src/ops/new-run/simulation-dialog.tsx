import { Copy } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import type { JsonObject } from "./form/json.ts";
import { words } from "./words.ts";
import styles from "./simulation-dialog.module.css";

/** The config to try, while the dialog is open. */
export interface SimulationDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly config: JsonObject;
}

/** How a config is tried without anybody's device. */
export function SimulationDialog({ isOpen, onClose, config }: SimulationDialogProps) {
  const { title, text, save, copy, note } = words.simulation;
  const name = typeof config["name"] === "string" ? config["name"] : "run";
  const command = `fedtune simulate --config ${name}.json --out ${name}`;
  const address = useFile(isOpen ? config : null);
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={title}>
      <p>{text}</p>
      <pre className={styles["command"]}>{command}</pre>
      <div className={styles["actions"]}>
        <LinkButton href={address} download={`${name}.json`} icon={Download}>
          {save}
        </LinkButton>
        <Copy text={command} label={copy} />
      </div>
      <p className={styles["note"]}>{note}</p>
    </Dialog>
  );
}

/** The address of a config as a file, for as long as it is shown. */
function useFile(config: JsonObject | null): string {
  const [address, setAddress] = useState("");
  const text = config === null ? null : JSON.stringify(config, null, 2);
  useEffect(() => {
    if (text === null) return;
    const made = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    setAddress(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [text]);
  return address;
}
