import { formatTimer } from "@fedtune/figures";
import type { MemberTimeline } from "../model/api-types.ts";
import styles from "./rounds.module.css";

/** A member's way through an attempt. */
export interface MemberTrackProps {
  readonly member: MemberTimeline;
  /** What fills the whole width. */
  readonly wholeMs: number;
}

interface Stretch {
  readonly name: "select" | "train" | "upload";
  readonly fromMs: number;
  readonly toMs: number;
}

/** Until it trained, until its update left, until it was there; what did not happen is left out. */
function stretchesOf({
  orderedMs,
  startedMs,
  uploadedMs,
  acceptedMs,
  refusedMs,
  trainingSeconds,
}: MemberTimeline): readonly Stretch[] {
  const arrived = acceptedMs ?? refusedMs ?? uploadedMs;
  const began = startedMs ?? orderedMs;
  if (began === null) return [];
  const select: Stretch = { name: "select", fromMs: orderedMs ?? 0, toMs: began };
  if (arrived === null) return [select];
  const trained = trainingSeconds === null ? arrived : began + trainingSeconds * 1000;
  const left = Math.min(Math.max(trained, began), arrived);
  return [
    select,
    { name: "train", fromMs: began, toMs: left },
    { name: "upload", fromMs: left, toMs: arrived },
  ];
}

/** A member's time as stretches on the attempt's axis, with the instant of its end. */
export function MemberTrack({ member, wholeMs }: MemberTrackProps) {
  const stretches = stretchesOf(member);
  const place = (ms: number): string => `${Math.min((100 * ms) / wholeMs, 100)}%`;
  const text = stretches.map(
    ({ name, fromMs, toMs }) => `${name} ${formatTimer(fromMs)} to ${formatTimer(toMs)}`,
  );
  const { acceptedMs, refusedMs } = member;
  const endMs = acceptedMs ?? refusedMs;
  return (
    <span
      className={styles["track"]}
      role="img"
      aria-label={text.join(", ") || "nothing yet"}
      title={text.join(", ")}
    >
      {stretches.map(({ name, fromMs, toMs }) => (
        <i
          key={name}
          className={`${styles["stretch"] ?? ""} ${styles[name] ?? ""}`}
          style={{ left: place(fromMs), width: place(toMs - fromMs) }}
        />
      ))}
      {endMs === null ? null : (
        <i
          className={styles["end"]}
          data-tone={acceptedMs === null ? "bad" : "ok"}
          style={{ left: place(endMs) }}
        />
      )}
    </span>
  );
}
