import { scopes } from "@fedtune/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { Copy } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Select } from "../../ui/select.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { firstToken, lifetimes, tokenErrors, withScope } from "./people-model.ts";
import type { Lifetime, TokenForm } from "./people-model.ts";
import { words as all } from "./words.ts";
import styles from "./people.module.css";

const words = all.tokens;

const lengths = Object.entries(words.lastsFor).map(([value, label]) => ({
  ...{ value: value as Lifetime, label },
}));

/** A dialog that makes a token and shows its secret once. */
export function NewTokenDialog({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={words.add}>
      {isOpen ? <NewToken onDone={onClose} /> : null}
    </Dialog>
  );
}

function NewToken({ onDone }: { readonly onDone: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: ({ name, scopes: wanted, lasts }: TokenForm) =>
      api.createToken({
        body: { name: name.trim(), scopes: [...wanted], expiresInSeconds: lifetimes[lasts] },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.tokens }),
  });
  if (make.data === undefined) {
    return <TokenFields error={make.error} isBusy={make.isPending} onMake={make.mutate} />;
  }
  const { secret } = make.data;
  return (
    <div className={styles["form"]}>
      <p>
        <b>{words.made}</b> {words.madeText}
      </p>
      <output className={styles["secret"]}>{secret}</output>
      <div className={styles["actions"]}>
        <Copy text={secret} label={words.copy} />
        <Button kind="solid" onClick={onDone}>
          {words.done}
        </Button>
      </div>
    </div>
  );
}

interface TokenFieldsProps {
  readonly error: Error | null;
  readonly isBusy: boolean;
  readonly onMake: (form: TokenForm) => void;
}

function TokenFields({ error, isBusy, onMake }: TokenFieldsProps) {
  const [form, setForm] = useState(firstToken);
  const [errors, setErrors] = useState<ReturnType<typeof tokenErrors>>({});
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = tokenErrors(form);
    setErrors(found);
    if (Object.keys(found).length === 0) onMake(form);
  };
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      {error === null ? null : <LoadError title={words.failed} error={error} isUrgent />}
      <TextField
        {...{ label: words.name, error: errors.name, value: form.name, autoComplete: "off" }}
        onChange={(name) => {
          setForm({ ...form, name });
        }}
      />
      <fieldset className={styles["scopes"]}>
        <legend>{words.scopes}</legend>
        {scopes.map((scope) => (
          <Checkbox
            key={scope}
            label={
              <>
                {all.scopes[scope]} <code className={styles["key"]}>{scope}</code>
              </>
            }
            isChecked={form.scopes.includes(scope)}
            onChange={(isWanted) => {
              setForm({ ...form, scopes: withScope(form.scopes, scope, isWanted) });
            }}
          />
        ))}
        {errors.scopes === undefined ? null : <p className={styles["error"]}>{errors.scopes}</p>}
      </fieldset>
      <Select
        {...{ label: words.lasts, value: form.lasts, options: lengths }}
        onChange={(lasts) => {
          setForm({ ...form, lasts });
        }}
      />
      <Button type="submit" kind="solid" isBusy={isBusy}>
        {words.create}
      </Button>
    </form>
  );
}
