import { Check, CircleDashed, Clock3, OctagonX } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { iconSizes } from "../../ui/icon.ts";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import { ListCard } from "../parts/list-card.tsx";
import { useSave } from "../parts/save.ts";
import { useActions } from "../frame/participant-context.tsx";
import type { LogLine } from "../model/transfers.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import styles from "./sent-log.module.css";

const icons = { ok: Check, idle: CircleDashed, wait: Clock3, bad: OctagonX } as const;

/** Lines that are seen at first. */
const few = 6;

/** Everything that this device has sent, as it happens. */
export function SentLog({ lines }: { readonly lines: readonly LogLine[] }) {
  const actions = useActions();
  const save = useSave();
  const [isLong, setLong] = useState(false);
  const shown = isLong ? lines : lines.slice(0, few);
  return (
    <ListCard
      title={trainWords.log}
      actions={
        lines.length === 0 ? undefined : (
          <Button
            size="small"
            kind="quiet"
            onClick={() => save(async () => [await actions.downloadTransfers()])}
          >
            {trainWords.logSave}
          </Button>
        )
      }
    >
      {lines.length === 0 ? (
        <p className={styles["empty"]}>{trainWords.logEmpty}</p>
      ) : (
        <table className={styles["table"]}>
          <VisuallyHidden as="caption">{trainWords.log}</VisuallyHidden>
          <thead>
            <tr>
              {[
                trainWords.logTime,
                trainWords.logRound,
                trainWords.logBytes,
                trainWords.logResult,
              ].map((head) => (
                <th key={head} scope="col">
                  <VisuallyHidden>{head}</VisuallyHidden>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((line) => (
              <Line key={line.key} line={line} />
            ))}
          </tbody>
        </table>
      )}
      {lines.length > few ? (
        <p className={styles["more"]}>
          <Button size="small" kind="quiet" onClick={() => setLong(!isLong)}>
            {isLong
              ? trainWords.logLess
              : fill(trainWords.logMore, { count: String(lines.length) })}
          </Button>
        </p>
      ) : null}
    </ListCard>
  );
}

function Line({ line: { time, what, bytes, result, short, tone } }: { readonly line: LogLine }) {
  const Drawn = icons[tone];
  return (
    <tr>
      <td className={styles["time"]}>{time}</td>
      <td>{what}</td>
      <td className={styles["bytes"]}>{bytes}</td>
      <td>
        <span className={styles["result"]} data-tone={tone}>
          <Drawn {...iconSizes.text} aria-hidden />
          <span className={styles["long"]}>{result}</span>
          <span className={styles["short"]}>{short}</span>
        </span>
      </td>
    </tr>
  );
}
