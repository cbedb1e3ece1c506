import { FedtuneError } from "@fedtune/core";
import type { Io } from "../io.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune export` was asked for; exactly one of `server` and `dataDir` is there. */
export interface ExportOptions {
  readonly out: string;
  readonly run?: string | undefined;
  readonly round?: number | undefined;
  readonly server?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly coldStart?: string | undefined;
}

/**
 * Exports a run's adapter.
 *
 * @throws FedtuneError `usage` when neither a coordinator nor a folder is named
 */
export async function runExport(options: ExportOptions, io: Io): Promise<undefined> {
  if (options.server === undefined && options.dataDir === undefined) {
    throw new FedtuneError("usage", "Cannot export: neither --server nor --data-dir is given", {
      data: { help: "fedtune export --help" },
    });
  }
  return exportFrom(options, io);
}

function exportFrom(_options: ExportOptions, _io: Io): Promise<undefined> {
  return Promise.reject(notWired("export"));
}
