import { FedtuneError } from "@fedtune/core";
import { accountants } from "@fedtune/dp";
import type { AccountantName, LedgerRow } from "@fedtune/dp";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { readPrivacyLedger } from "./privacy-ledger.ts";

/** What `fedtune privacy ledger` was asked for. */
export interface ShowLedgerOptions {
  readonly ledger?: string | undefined;
  readonly accountant: AccountantName;
}

/**
 * Verifies a data holder's ledger and says whose it is, what it holds and what that costs.
 *
 * @throws FedtuneError `usage` without a ledger; what reading it throws
 */
export async function showLedger(options: ShowLedgerOptions, io: Io): Promise<undefined> {
  const { ledger: path } = options;
  if (path === undefined) {
    const data = { help: "fedtune privacy --help" };
    throw new FedtuneError("usage", "fedtune privacy ledger needs --ledger FILE", { data });
  }
  const { events, ledger } = await readPrivacyLedger(path);
  if (ledger === null) {
    const message = `Cannot show ${path}: it is a plain list of events, wanted the ledger of a data holder`;
    throw new FedtuneError("file-unreadable", message, { data: { path } });
  }
  const { key, rows, head } = ledger;
  const { relation, delta } = key;
  const query = { relation, events };
  const cost =
    events.length === 0 ? null : accountants[options.accountant].compose(query).epsilon(delta);
  const epsilon = cost?.upper ?? 0;
  io.result({ ...key, head, epsilon, accountant: options.accountant, events, rows }, () =>
    [
      tableText(
        [],
        [
          ["data holder", key.holder],
          ["data set", key.dataset],
          ["unit", key.unit],
          ["neighbours", relation],
          ["epsilon so far", `at most ${epsilon.toPrecision(6)} at delta ${delta}`],
          ["accountant", options.accountant],
          ["rows", `${rows.length}, the chain is whole`],
        ],
      ),
      tableText(["when", "run", "round", "attempt", "what"], rows.map(rowCells)),
    ].join("\n\n"),
  );
  return undefined;
}

function rowCells(row: LedgerRow): string[] {
  const { time, run, round, attempt, state } = row;
  const what = "events" in row ? `${state}: ${row.events.map(eventText).join("; ")}` : state;
  return [time, run, String(round), String(attempt), what];
}

function eventText(event: Extract<LedgerRow, { state: "reserved" }>["events"][number]): string {
  const rate = "samplingRate" in event ? ` at rate ${event.samplingRate}` : "";
  return `${event.steps} x ${event.mechanism}${rate}, noise ${event.noiseMultiplier}`;
}
