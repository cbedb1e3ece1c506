import { Copy } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { saveFile } from "../../chart/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Download } from "lucide-react";
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
  const saveConfig = (): void => {
    const content = JSON.stringify(config, null, 2);
    saveFile(`${name}.json`, new Blob([content], { type: "application/json" }));
  };
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={title}>
      <p>{text}</p>
      <pre className={styles["command"]}>{command}</pre>
      <div className={styles["actions"]}>
        <Button icon={Download} onClick={saveConfig}>
          {save}
        </Button>
        <Copy text={command} label={copy} />
      </div>
      <p className={styles["note"]}>{note}</p>
    </Dialog>
  );
}
