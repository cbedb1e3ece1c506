import { chartCsv, chartJson } from "@fedtune/figures";
import { Braces, ChevronDown, Sheet } from "lucide-react";
import { saveFile } from "../../chart/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Menu } from "../../ui/menu.tsx";
import type { CompareParts } from "./compare-page.tsx";
import { compareChart } from "./model/chart.ts";
import { costsToReach } from "./model/cost-to-reach.ts";
import { resultsOf } from "./model/results.ts";
import { provenanceOf } from "./provenance.ts";

/** The comparison as files; drawings are with the chart. */
export function CompareDownloads({ groups, view, placeOf }: CompareParts) {
  const curves = () => compareChart(groups, view, placeOf);
  const csv = (): void => {
    const text = chartCsv(curves(), provenanceOf(groups));
    saveFile("compare.csv", new Blob([text], { type: "text/csv" }));
  };
  const json = (): void => {
    const { metric, target } = view;
    const named = (group: { readonly id: string; readonly label: string }) => ({
      ...{ id: group.id, label: group.label },
    });
    const whole = {
      curves: JSON.parse(chartJson(curves(), provenanceOf(groups))) as unknown,
      results: resultsOf(groups, metric).map(({ group, ...result }) => ({
        ...named(group),
        ...result,
      })),
      costToReach: {
        ...{ metric, target },
        groups: costsToReach(groups, { metric, value: target }).map(({ group, ...cost }) => ({
          ...{ ...named(group), ...cost },
        })),
      },
    };
    const text = `${JSON.stringify(whole, null, 2)}\n`;
    saveFile("compare.json", new Blob([text], { type: "application/json" }));
  };
  return (
    <Menu
      trigger={<Button iconEnd={ChevronDown}>Download</Button>}
      items={[
        { label: "Curves, CSV", icon: Sheet, onSelect: csv },
        { label: "Everything, JSON", icon: Braces, onSelect: json },
      ]}
    />
  );
}
