import { OctagonX } from "lucide-react";
import { useId } from "react";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Pill } from "../../ui/pill.tsx";
import { FormField } from "./form-field.tsx";
import type { Field } from "./form/field.ts";
import type { Section } from "./sections.ts";
import { words } from "./words.ts";
import styles from "./form.module.css";

/** The id of a section, to be linked to. */
export function sectionId(id: string): string {
  return `section-${id}`;
}

/** The form: every section with what it asks for. */
export function SchemaForm({ sections }: { readonly sections: readonly Section[] }) {
  return (
    <div className={styles["form"]}>
      {sections.map((section) => (
        <FormSection key={section.id} section={section} />
      ))}
    </div>
  );
}

function FormSection({ section }: { readonly section: Section }) {
  const { id, title, about, fields, moreFields, problems } = section;
  const heading = useId();
  return (
    <section id={sectionId(id)} className={styles["section"]} aria-labelledby={heading}>
      <div className={styles["head"]}>
        <h2 id={heading}>{title}</h2>
        {problems.length === 0 ? null : (
          <Pill tone="bad" icon={OctagonX}>
            {words.toFix(problems.length)}
          </Pill>
        )}
      </div>
      <p className={styles["about"]}>{about}</p>
      <Fields fields={fields} />
      {moreFields.length === 0 ? null : (
        <div className={styles["more"]}>
          <Disclosure title={words.more(moreFields.length)}>
            <Fields fields={moreFields} />
          </Disclosure>
        </div>
      )}
    </section>
  );
}

function Fields({ fields }: { readonly fields: readonly Field[] }) {
  if (fields.length === 0) return null;
  return (
    <div className={styles["fields"]}>
      {fields.map((field) => (
        <FormField key={field.path} field={field} />
      ))}
    </div>
  );
}
