/** What every field of the form needs of the form around it. */
import { createContext, use } from "react";
import type { Change } from "./form/changes.ts";
import type { FormAction, FormState } from "./form/form-state.ts";
import type { Json } from "./form/json.ts";
import type { Problem } from "./problems.ts";

/** What is said of an option beside its name. */
export interface OptionFacts {
  readonly title: string;
  readonly text: string;
  readonly meta: string;
}

/** The form around a field. */
export interface FormContextValue {
  readonly values: Json;
  readonly entries: FormState["entries"];
  readonly changes: ReadonlyMap<string, Change>;
  readonly problems: readonly Problem[];
  readonly dispatch: (action: FormAction) => void;
  /** By the path of the choice and the name of the option. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, OptionFacts>>>>;
}

/** Set by the form. */
export const FormContext = createContext<FormContextValue | null>(null);

/** The form around. @throws RangeError outside of one */
export function useForm(): FormContextValue {
  const form = use(FormContext);
  if (form === null) throw new RangeError("Cannot draw a field: no form is around it");
  return form;
}
