import { formatCount } from "@fedtune/figures";
import { Braces, ChevronDown, Package, Sheet } from "lucide-react";
import { allows, useMe } from "../../api/session.ts";
import { LoadError } from "../../shell/load-error.tsx";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Menu } from "../../../ui/menu.tsx";
import type { MenuItem } from "../../../ui/menu.tsx";
import type { RunViews } from "../use-run-data.ts";
import { saveMetrics } from "./save-metrics.ts";
import { useAdapterDownload } from "./use-adapter-download.ts";

/** What can be kept of a run. */
export function DownloadMenu({ views }: { readonly views: RunViews }) {
  const { id, rows, run } = views;
  const mayTake = allows(useMe(), "adapters:read");
  const { mutate, error, reset, isPending } = useAdapterDownload(id);
  const hasAdapter = mayTake && run.committedRounds > 0;
  const adapter = (round: "latest" | "best", detail: string): MenuItem => ({
    ...{ label: round === "latest" ? "Latest adapter" : "Best adapter", icon: Package, detail },
    isDisabled: !hasAdapter,
    onSelect: () => {
      mutate(round);
    },
  });
  const metrics = (kind: "csv" | "json"): MenuItem => ({
    label: `Metrics, ${kind.toUpperCase()}`,
    ...{ icon: kind === "csv" ? Sheet : Braces, isDisabled: rows.length === 0 },
    onSelect: () => {
      saveMetrics(views, kind);
    },
  });
  const items = [
    adapter("latest", `PEFT, round ${formatCount(run.committedRounds)}`),
    adapter("best", "PEFT"),
    ...[metrics("csv"), metrics("json")],
  ];
  return (
    <>
      <Menu
        trigger={
          <Button iconEnd={ChevronDown} isBusy={isPending}>
            Download
          </Button>
        }
        items={items}
      />
      <Dialog isOpen={error !== null} onClose={reset} title="The adapter was not saved">
        <LoadError title="What went wrong" error={error} />
      </Dialog>
    </>
  );
}
