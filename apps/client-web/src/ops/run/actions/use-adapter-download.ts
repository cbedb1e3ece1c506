import { FedtuneError } from "@fedtune/core";
import { useMutation } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { useNotify } from "../../../ui/notices.tsx";
import { saveFile } from "../../../chart/save-file.ts";

/** Longest that a file of this site is waited for. */
const TIMEOUT_MS = 60_000;

async function fetchBytes(url: string): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { credentials: "same-origin", redirect: "error", signal });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  const message = `Cannot fetch a file of the base model: the server answered ${response.status}`;
  throw new FedtuneError("blob-missing", message);
}

const lackText = (lacking: readonly string[]): string =>
  lacking.length === 0 ? "" : ` Not in it: ${lacking.join(", ")}; each client has its own.`;

/** Saves an adapter of a run as PEFT's files; the code that writes them is loaded with the first download. */
export function useAdapterDownload(run: string) {
  const api = useApi();
  const notify = useNotify();
  return useMutation({
    mutationFn: async (round: string) => {
      const { adapterArchive } = await import("./peft-download.ts");
      return adapterArchive({ api, fetchBytes, run, round, origin: location.origin });
    },
    onSuccess: ({ name, bytes, lacking }) => {
      saveFile(name, new Blob([bytes], { type: "application/zip" }));
      notify(`Saved ${name}.${lackText(lacking)}`);
    },
  });
}
