import { useEffect, useState } from "react";
import { focusWithin } from "../shell/focus.ts";
import { fieldId } from "./field-id.ts";

/** How the config is shown. */
export type FormView = "form" | "json";

/** How the config is shown, and the way to one of its fields wherever one is. */
export interface ShownForm {
  readonly view: FormView;
  readonly setView: (view: FormView) => void;
  /** Shows the form and puts the focus on a field. */
  readonly goTo: (path: string) => void;
}

/** Holds how the config of a page is shown. */
export function useFormView(): ShownForm {
  const [view, setView] = useState<FormView>("form");
  const [wanted, setWanted] = useState<{ readonly path: string } | null>(null);
  useEffect(() => {
    if (wanted !== null) focusWithin(fieldId(wanted.path));
  }, [wanted]);
  const goTo = (path: string): void => {
    setView("form");
    setWanted({ path });
  };
  return { view, setView, goTo };
}
