/** Labels of data sets of any kind. */
import { FedtuneError, nearest } from "@fedtune/core";

/** Where a label was found. */
interface LabelPlace {
  /** For people: file, and line or name, up to "holds". */
  readonly place: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The error about a label outside the task's list. */
export function unknownLabel(
  label: string,
  labels: readonly string[],
  { place, data }: LabelPlace,
): FedtuneError {
  const known = nearest(label, labels);
  const list = labels.length > 20 ? `${labels.slice(0, 20).join(", ")}, ...` : labels.join(", ");
  const hint = known === null ? `expected one of ${list}` : `did you mean "${known}"?`;
  const message = `Cannot use ${place} holds the unknown label "${label}"; ${hint}`;
  return new FedtuneError("label-unknown", message, { data: { ...data, label, nearest: known } });
}

/** The distinct labels of a data set, if there is something to tell apart. @throws FedtuneError `data-invalid` */
export function checkLabels(
  labels: readonly string[],
  { path, label: column }: { readonly path: string; readonly label: string },
): readonly string[] {
  if (labels.length >= 2) return labels;
  const has = labels.length === 0 ? "no rows" : `only the label "${labels.join("")}"`;
  const message = `Cannot learn from ${path}: column "${column}" has ${has}, expected at least 2 labels`;
  throw new FedtuneError("data-invalid", message, { data: { path, column, labels } });
}
