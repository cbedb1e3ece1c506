import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Select } from "../../ui/select.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { firstPerson, personErrors } from "./people-model.ts";
import type { Operator, PersonForm } from "./people-model.ts";
import { words as all } from "./words.ts";
import styles from "./people.module.css";

const words = all.people;

const roles = Object.entries(all.roles).map(([value, label]) => {
  const role = value as Operator["role"];
  return { value: role, label, detail: all.roleHelp[role] };
});

/** A dialog that adds a person. */
export function NewOperatorDialog({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={words.add}>
      {isOpen ? <NewOperator onDone={onClose} /> : null}
    </Dialog>
  );
}

function NewOperator({ onDone }: { readonly onDone: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const [form, setForm] = useState(firstPerson);
  const [errors, setErrors] = useState<ReturnType<typeof personErrors>>({});
  const add = useMutation({
    mutationFn: (person: PersonForm) =>
      api.createOperator({ body: { ...person, name: person.name.trim() } }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: keys.operators });
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = personErrors(form);
    setErrors(found);
    if (Object.keys(found).length === 0) add.mutate(form);
  };
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      {add.error === null ? null : <LoadError title={words.failed} error={add.error} isUrgent />}
      <TextField
        {...{ label: words.name, help: words.nameHelp, error: errors.name, value: form.name }}
        autoComplete="off"
        onChange={(name) => {
          setForm({ ...form, name });
        }}
      />
      <Select
        {...{ label: words.role, value: form.role, options: roles }}
        help={all.roleHelp[form.role]}
        onChange={(role) => {
          setForm({ ...form, role });
        }}
      />
      <TextField
        {...{ label: words.password, help: words.passwordHelp, error: errors.password }}
        {...{ value: form.password, type: "password", autoComplete: "new-password" }}
        onChange={(password) => {
          setForm({ ...form, password });
        }}
      />
      <Button type="submit" kind="solid" isBusy={add.isPending}>
        {words.create}
      </Button>
    </form>
  );
}
