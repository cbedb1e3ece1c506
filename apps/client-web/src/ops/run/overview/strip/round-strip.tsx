import { formatCount } from "@fedtune/figures";
import { ArrivalAxis } from "../../../../chart/arrival-axis.tsx";
import { Card } from "../../../../ui/card.tsx";
import { classes } from "../../../../ui/classes.ts";
import { Countdown } from "../../../../ui/countdown.tsx";
import { StateIcon } from "../../../../ui/state-icon.tsx";
import type { RoundStrip as Strip } from "../../model/strip.ts";
import { standings } from "../../model/strip.ts";
import { countText, outlookText, standingLooks } from "./strip-words.ts";
import { Members } from "./tiles.tsx";
import styles from "./round-strip.module.css";

/** The open round. */
export interface RoundStripProps {
  readonly strip: Strip;
  /** When the round closes at the latest, ms since 1970; null: it has no deadline now. */
  readonly closesAtMs: number | null;
}

/** The open round: how long it still has, who is in, who is expected. */
export function RoundStrip({ strip, closesAtMs }: RoundStripProps) {
  return (
    <Card className={styles["strip"]}>
      <div className={styles["columns"]}>
        <Closing strip={strip} closesAtMs={closesAtMs} />
        <Members strip={strip} />
        <div className={styles["end"]}>
          <Counts strip={strip} />
          <Arrivals strip={strip} />
        </div>
      </div>
    </Card>
  );
}

function Closing({ strip, closesAtMs }: RoundStripProps) {
  const label = `Round ${formatCount(strip.round)} closes`;
  const { word, text, tone } = outlookText(strip.outlook, strip);
  return (
    <div>
      <p className={styles["label"]}>
        {closesAtMs === null ? `Round ${formatCount(strip.round)}` : `${label} in`}
      </p>
      <p className={styles["time"]}>
        {closesAtMs === null ? (
          "open"
        ) : (
          <Countdown label={label} untilMs={closesAtMs} now={Date.now} />
        )}
      </p>
      <Quorum strip={strip} />
      <p className={classes(styles["outlook"], styles[tone])}>
        {word === "" ? null : <b className={styles["word"]}>{word} </b>}
        {text}
      </p>
    </div>
  );
}

/** Needed updates up to which each has a cell of its own. */
const mostCells = 40;

function Quorum({ strip: { counts, needed } }: { readonly strip: Strip }) {
  if (counts === null) return <p className={styles["quorum"]}>{formatCount(needed)} needed</p>;
  const arrived = counts.uploaded;
  const cells = Math.min(needed, mostCells);
  const full = Math.min(Math.floor((arrived / Math.max(needed, 1)) * cells), cells);
  return (
    <>
      <p className={styles["quorum"]}>
        <b className={styles["arrived"]}>
          {formatCount(arrived)} of {formatCount(needed)}
        </b>{" "}
        needed {arrived === 1 ? "is" : "are"} in
      </p>
      <div className={styles["cells"]} aria-hidden>
        {Array.from({ length: cells }, (_, at) => (
          // Cells have no identity but their place.
          <i key={at} className={classes(styles["cell"], at < full && styles["full"])} />
        ))}
      </div>
    </>
  );
}

function Counts({ strip: { counts } }: { readonly strip: Strip }) {
  if (counts === null)
    return (
      <p className={styles["hidden"]}>
        Who takes part is hidden in this run: its privacy noise counts on that.
      </p>
    );
  return (
    <ul className={styles["counts"]}>
      {standings.map((standing) => (
        <li key={standing} className={styles["count"]} data-tone={standingLooks[standing].tone}>
          <StateIcon icon={standingLooks[standing].icon} />
          <span className={styles["words"]}>{countText(counts[standing], standing)}</span>
        </li>
      ))}
    </ul>
  );
}

function Arrivals({ strip: { clock, arrivals, outlook } }: { readonly strip: Strip }) {
  if (clock === null) return null;
  const quorumMs = "atMs" in outlook && outlook.kind !== "reached" ? outlook.atMs : null;
  return <ArrivalAxis chart={{ ...clock, quorumMs, arrivals }} />;
}
