import { formatCount, formatEpsilonLeft, formatDate, formatTimeOfDay } from "@fedtune/figures";
import { ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ReactNode, RefObject } from "react";
import { Link } from "wouter";
import { useArrival } from "../shell/arrivals.ts";
import { iconSizes } from "../../ui/icon.ts";
import { StatePill } from "../../ui/pill.tsx";
import { TabLinks } from "../../ui/tabs.tsx";
import type { TabLink } from "../../ui/tabs.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { Run } from "./model/api-types.ts";
import { headState } from "./model/header.ts";
import { mechanismText } from "./model/privacy.ts";
import type { PrivacyView } from "./model/privacy.ts";
import type { RunSettings } from "./model/settings.ts";
import styles from "./run-head.module.css";
import { timeZone } from "./time-zone.ts";

/** The head of a run's page. */
export interface RunHeadProps {
  readonly run: Run;
  readonly settings: RunSettings;
  readonly privacy: PrivacyView | null;
  readonly tabs: readonly TabLink[];
  readonly current: string;
  readonly actions: ReactNode;
}

/** Name, state, actions, tabs; once they have left the screen one line stays. */
export function RunHead({ run, settings, privacy, tabs, current, actions }: RunHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const isPast = useIsPast(end);
  useArrival(heading);
  return (
    <>
      <div className={styles["head"]}>
        <div className={styles["line"]}>
          <nav aria-label="Where this is" className={styles["way"]}>
            <Link href="/runs" className={styles["back"]}>
              Runs
            </Link>
            <ChevronRight {...iconSizes.text} aria-hidden />
          </nav>
          <h1 ref={heading} tabIndex={-1} className={styles["name"]}>
            {run.id}
          </h1>
          <StateOf run={run} settings={settings} />
          {run.status === "running" && !run.isOpen ? <Tag>driven by another server</Tag> : null}
          <div className={styles["actions"]}>{actions}</div>
        </div>
        <Facts {...{ run, settings, privacy }} />
        <TabLinks label="Views of this run" tabs={tabs} current={current} />
        <div ref={end} />
      </div>
      {isPast ? (
        <div className={styles["short"]}>
          <span className={styles["shortName"]}>{run.id}</span>
          <StateOf run={run} settings={settings} />
        </div>
      ) : null}
    </>
  );
}

function StateOf({ run, settings }: Pick<RunHeadProps, "run" | "settings">) {
  const { look, rest } = headState(run, settings);
  return <StatePill look={look}>{rest}</StatePill>;
}

function Facts({ run, settings, privacy }: Pick<RunHeadProps, "run" | "settings" | "privacy">) {
  const { kind, rank, targetModules, model, labels, method } = settings;
  const unit = settings.privacy.mode === "user-level" ? "client" : "row";
  const limit = privacy?.limit ?? privacy?.projected ?? null;
  const most = limit === null ? "" : `, \u03b5 at most ${formatEpsilonLeft(limit)} per ${unit}`;
  const created = Date.parse(run.createdAt);
  const at = formatTimeOfDay(created, timeZone).slice(0, 5);
  const started = `${formatDate(created, timeZone)}, ${at}`;
  return (
    <ul className={styles["facts"]}>
      <li>{method}</li>
      <li>{`${kind}, rank ${formatCount(rank)}, ${targetModules.join(" and ")}`}</li>
      <li>{labels.length === 0 ? model : `${model}, ${formatCount(labels.length)} labels`}</li>
      <li>{`${mechanismText(settings)}${most}`}</li>
      <li className={styles["quiet"]}>{`started ${started}`}</li>
    </ul>
  );
}

/** Whether a mark has left the screen at its upper edge. */
function useIsPast(mark: RefObject<HTMLElement | null>): boolean {
  const [isPast, setPast] = useState(false);
  useEffect(() => {
    const element = mark.current;
    if (element === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry !== undefined) setPast(!entry.isIntersecting && entry.boundingClientRect.top < 0);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [mark]);
  return isPast;
}
