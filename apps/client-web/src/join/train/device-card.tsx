import { Monitor, Plug } from "lucide-react";
import type { ReactNode } from "react";
import type { Effort } from "../../participant/index.ts";
import { Card } from "../../ui/card.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Switch } from "../../ui/switch.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import type { DeviceCardView } from "../model/train.ts";
import { Facts } from "../parts/facts.tsx";
import { trainWords } from "../words/train.ts";
import styles from "./device-card.module.css";

/** This device. */
export interface DeviceCardProps {
  readonly device: DeviceCardView;
  /** On larger screens only: phones have a dock. */
  readonly buttons: ReactNode;
}

const efforts = [
  { value: "gentle", label: trainWords.gentle },
  { value: "normal", label: trainWords.normal },
  { value: "full", label: trainWords.full },
] as const satisfies readonly { readonly value: Effort; readonly label: string }[];

/** What calculates, and how hard it may. */
export function DeviceCard({ device, buttons }: DeviceCardProps) {
  const actions = useActions();
  const { backend, speed, memory } = device;
  return (
    <Card title={trainWords.device} size="large">
      <div className={styles["facts"]}>
        {backend === null ? null : <Facts facts={[{ term: trainWords.backend, value: backend }]} />}
        <div className={styles["pair"]}>
          <Facts facts={[{ term: trainWords.speed, value: speed }]} />
          {memory === null ? null : <Facts facts={[{ term: trainWords.memory, value: memory }]} />}
        </div>
      </div>
      <p className={styles["question"]}>{trainWords.effort}</p>
      <Segmented
        label={trainWords.effort}
        value={device.effort}
        options={efforts}
        isWide
        onChange={(effort) => start(actions.setEffort(effort))}
      />
      <p className={styles["note"]}>{device.effortNote}</p>
      <div className={styles["switches"]}>
        <Switch
          label={trainWords.mains}
          icon={Plug}
          isOn={device.onlyOnMains}
          help={device.canTellMains ? undefined : trainWords.mainsUnknown}
          onChange={(isOn) => start(actions.setOnlyOnMains(isOn))}
        />
        <Switch
          label={trainWords.screen}
          icon={Monitor}
          isOn={device.keepScreenOn}
          onChange={(isOn) => start(actions.setKeepScreenOn(isOn))}
        />
      </div>
      <div className={styles["buttons"]}>{buttons}</div>
    </Card>
  );
}
