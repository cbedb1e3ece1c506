import {
  formatAgo,
  formatBytes,
  formatCount,
  formatPercent,
  formatTimer,
  memberStates,
  noValue,
  orNoValue,
  participantStates,
} from "@fedtune/figures";
import type { StateLook } from "@fedtune/figures";
import { Link } from "wouter";
import { StateWord } from "../../../ui/pill.tsx";
import type { Column } from "../../../ui/table-model.ts";
import type { Participant } from "../model/api-types.ts";
import type { ParticipantRow, ParticipantState } from "../model/participants-table.ts";
import { refusalText } from "../words.ts";
import type { Limits } from "../words.ts";
import styles from "./participants.module.css";

/** What the columns need to know beside a row. */
export interface ParticipantContext extends Limits {
  readonly hrefOf: (client: string) => string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Below this a client has just been seen. */
const justNowMs = 2_000;

/** How a state looks, and how its word goes on. */
export function stateWords(
  state: ParticipantState,
  facts: Pick<Participant, "lastSeen">,
  { nowMs, ...limits }: Limits & Pick<ParticipantContext, "nowMs">,
): { readonly look: StateLook; readonly rest: string } {
  if (state.in === "last-round")
    return { look: memberStates.lateDropped, rest: ` in round ${formatCount(state.round)}` };
  if (state.in === "run") {
    const since =
      facts.lastSeen === null
        ? ""
        : ` for ${formatAgo(nowMs - Date.parse(facts.lastSeen)).replace(" ago", "")}`;
    return { look: participantStates[state.name], rest: state.name === "away" ? since : "" };
  }
  const { member, name } = state;
  const look = memberStates[name];
  if (name === "refused" || name === "declined")
    return { look, rest: member.code === null ? "" : `: ${refusalText(member.code, limits)}` };
  const share = member.progress === null ? "" : ` ${formatPercent(member.progress, 0)}`;
  return { look, rest: name === "training" || name === "uploading" ? share : "" };
}

/** What computes: `Chrome 156 · WebGPU`. */
const backends: Readonly<Record<string, string>> = { webgpu: "WebGPU", webgl: "WebGL" };

/** Software and backend of a device; a dash where it does not say. */
export function runsInText({ software, device }: Pick<Participant, "software" | "device">): string {
  const count = device?.threads ?? null;
  const threads = count === null ? "" : `, ${formatCount(count)} threads`;
  const backend =
    device === null ? null : `${backends[device.backend] ?? device.backend}${threads}`;
  const parts = [software, backend].filter((part) => part !== null);
  return parts.length === 0 ? noValue : parts.join(" \u00b7 ");
}

type ParticipantColumn = Column<ParticipantRow>;

const agoText = (lastSeen: string | null, nowMs: number): string => {
  if (lastSeen === null) return noValue;
  const since = nowMs - Date.parse(lastSeen);
  return since < justNowMs ? "now" : formatAgo(since);
};

function who(context: ParticipantContext): readonly ParticipantColumn[] {
  return [
    {
      ...{ id: "name", header: "Name", phone: "title" },
      cell: ({ facts: { client } }) => (
        <Link href={context.hrefOf(client)} className={styles["name"]}>
          {client}
        </Link>
      ),
      sortValue: ({ facts }) => facts.client,
    },
    {
      ...{ id: "state", header: "State", phone: "fact" },
      cell: ({ facts, state }) => {
        const { look, rest } = stateWords(state, facts, context);
        return (
          <span className={styles["state"]}>
            <StateWord look={look}>{rest}</StateWord>
          </span>
        );
      },
    },
    {
      ...{ id: "device", header: "Device" },
      cell: ({ facts: { device } }) => device?.platform ?? noValue,
      sortValue: ({ facts }) => facts.device?.platform ?? null,
    },
    {
      ...{ id: "runs-in", header: "Runs in" },
      cell: ({ facts }) => <span className={styles["quiet"]}>{runsInText(facts)}</span>,
      sortValue: ({ facts }) => facts.software,
    },
  ];
}

function number(
  [id, header]: readonly [id: string, header: string],
  value: (facts: Participant) => number | null,
  text: (value: number) => string = formatCount,
): ParticipantColumn {
  return {
    ...{ id, header, align: "end" },
    cell: ({ facts }) => orNoValue(value(facts), text),
    sortValue: ({ facts }) => value(facts),
  };
}

const roundsText = (count: number): string =>
  count === 1 ? "1 round" : `${formatCount(count)} rounds`;

function numbers({ nowMs }: ParticipantContext): readonly ParticipantColumn[] {
  return [
    number(
      ["training", "Training, mean"],
      ({ meanTrainingSeconds }) => meanTrainingSeconds,
      (seconds) => formatTimer(seconds * 1000),
    ),
    {
      ...{ id: "seen", header: "Last seen", align: "end", phone: "fact" },
      cell: ({ facts }) => agoText(facts.lastSeen, nowMs),
      sortValue: ({ facts }) => (facts.lastSeen === null ? null : -Date.parse(facts.lastSeen)),
    },
    number(
      ["behind", "Behind"],
      ({ staleness }) => staleness,
      (count) => (count === 0 ? "0" : roundsText(count)),
    ),
    { ...number(["share", "Weight"], ({ share }) => share, formatPercent), phone: "fact" },
    number(["accepted", "Rounds in"], ({ accepted }) => accepted),
    number(["sent", "Sent"], ({ bytesUp }) => bytesUp, formatBytes),
    number(["refused", "Refused"], ({ refused }) => refused),
  ];
}

/** Columns of the participants. */
export function participantColumns(context: ParticipantContext): readonly ParticipantColumn[] {
  return [...who(context), ...numbers(context)];
}
